"""What can stand in the way of publishing, in sentences."""

from __future__ import annotations

from kb_content.errors import KbError


class NothingToPublish(KbError):
    """There is nothing to publish: the draft is gone, or it was published already. Look at the list of drafts."""


class NotPublishable(KbError):
    """This draft cannot be published as it stands. Open it and see what is missing."""


class AlreadyUnderWay(KbError):
    """This draft is being published already. Wait until that is done, or cancel it."""


class BadShare(KbError):
    """The share of conversations that get it first is a whole number from 1 to 99. Correct it."""


class RolloutUnderWay(KbError):
    """Another release is being tried on some conversations. Promote or stop it first, or publish at once."""


class ImportRolledOut(RolloutUnderWay):
    """An import is being tried on some conversations, and whatever is published now would bring it to everybody. Give
    it to everybody or stop it first."""


class NotCancellable(KbError):
    """This publication is over already. Look at what became of it."""


class ReasonMissing(KbError):
    """Publishing although answers get worse needs a reason. Write one sentence."""
