"""What can go wrong with the knowledge base, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kb_content.agreement import Named
    from kb_content.studio.models import Draft


class KbError(Exception):
    """The knowledge base could not do this. The class docstring is the message where none is given."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or " ".join((self.__doc__ or "").split()))


class NoSuchRelease(KbError):
    """There is no such release. Start one first."""


class ReleaseOutdated(KbError):
    """A newer release went live meanwhile, so this one was not published. Publish again."""


class BadName(KbError):
    """This name cannot be used: take letters a-z, digits, dots and dashes, beginning with a letter or digit, at most
    100."""


class NoSuchDraft(KbError):
    """This draft is no longer there: it was published or discarded meanwhile. Begin a new one."""


class DraftRefused(KbError):
    """This cannot be done with the draft as it is."""


class DraftChanged(KbError):
    """Somebody else saved this draft meanwhile. Look at both, take what you want of each, and save again."""

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self.draft = draft
        """As it is now, in no session."""


class DraftOutdated(ReleaseOutdated):
    """The knowledge base was changed after this draft was begun. Open the draft, take over what changed, and publish
    again."""


class ImportOutdated(KbError):
    """The knowledge base was changed while the import was being looked at. Look at it again."""


class NoSuchImport(KbError):
    """There is no such import to undo. Choose one from the list."""


class NotUndone(KbError):
    """This import cannot be undone: what it brought was changed since."""

    def __init__(self, message: str | None = None, changed: Sequence[Named] = ()) -> None:
        super().__init__(message)
        self.changed = tuple(changed)
        """What somebody changed since."""


class UndoneAlready(NotUndone):
    """This import was undone already."""


class ExportRefused(KbError):
    """The folder was not exported to: it holds files that would be lost."""


class RolloutRunning(KbError):
    """A release is being rolled out already. Promote it or stop it first."""


class NoRollout(KbError):
    """No release is being rolled out now."""


class NotStaged(KbError):
    """This release cannot be staged. Publish again."""


class NotRolledBack(KbError):
    """The knowledge base was not rolled back to this release."""


class LiveAlready(NotRolledBack):
    """This release is live already."""


class NeverLive(NotRolledBack):
    """This release was never live. Choose one that was."""


class FitGone(NotRolledBack):
    """What was fitted on this release is too old to be kept. Restore its articles from their versions and publish."""


class WhyRolledBack(NotRolledBack):
    """Say in a few words why it is rolled back: colleagues read it in the history."""


class GoldEmpty(KbError):
    """A gold question needs words: 1 to 2,000 characters. Write what a customer would ask."""


class GoldUndecided(KbError):
    """Say what the right answer is: name one or more articles, or tick that the knowledge base has no answer."""


class GoldKnown(KbError):
    """There is this gold question already, in the same language. Change that one."""


class GoldGone(KbError):
    """This gold question is no longer there: somebody deleted it, or an import replaced it."""


class GoldArticleUnknown(KbError):
    """The knowledge base has no article of that name. Choose one from the list."""

    def __init__(self, name: str = "") -> None:
        super().__init__(f"The knowledge base has no article “{name}”. Choose one from the list." if name else None)
        self.name = name
