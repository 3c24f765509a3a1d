"""The one table of the console's keys: the browser, the dialog that lists them and the command bar all read it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from handoff.models import Role
from handoff.permissions import Permission, allowed

_NEEDS = {"ticket": Permission.WORK_TICKETS, "editor": Permission.EDIT_ARTICLES}
"""What the deeds of a group need, where they do not say otherwise."""
_READERS = ("back", "versions")
_WORKERS = ("tick",)


@dataclass(frozen=True)
class Key:
    """What a key does. Its words are the text ``keys.<name>``.

    ``keys``: one key; "j k" are two, "Ctrl K" is a chord; none where only the command bar has the deed.
    ``at``: where on the page it is done, the first place that there is. ``does``: "press" it, or go "to" it and unfold
    what it is in; "own" is what the browser's files do themselves.
    ``choices``: the list whose every choice is a deed of the command bar.
    """

    group: str
    name: str
    keys: str = ""
    does: str = "own"
    at: str = ""
    choices: str = ""

    @property
    def pressed(self) -> str:
        """The one key that a browser listens for; empty for chords and for those that only the bar has."""
        return self.keys if len(self.keys) == 1 else ""

    @property
    def needs(self) -> Permission | None:
        """What whoever does it must be allowed to; None: everybody may."""
        if self.name in _READERS:
            return None
        return Permission.WORK_TICKETS if self.name in _WORKERS else _NEEDS.get(self.group)


KEYS = (
    Key("everywhere", "commands", "Ctrl K"),
    Key("everywhere", "search", "/", "to", "#find"),
    Key("everywhere", "help", "?", "own"),
    Key("everywhere", "close", "Esc"),
    Key("list", "move", "j k"),
    Key("list", "open", "Enter"),
    Key("list", "tick", "x"),
    Key("ticket", "claim", "c", "press", "[data-key='claim']"),
    Key("ticket", "take_over", "", "press", "[data-key='take-over']"),
    Key("ticket", "reply", "r", "to", "#reply-text"),
    Key("ticket", "note", "n", "to", "#note-text"),
    Key("ticket", "macros", "m"),
    Key("ticket", "suggestion", "i", "press", "[data-edit]"),
    Key("ticket", "send", "Ctrl Enter"),
    Key("ticket", "escalate", "u", "to", "#tier-reason", "#tier"),
    Key("ticket", "snooze", "s", "to", "#snooze-until", "#snooze-until"),
    Key("ticket", "wait", "w", "press", "[data-key='wait']"),
    Key("ticket", "priority", "p", "to", "#priority", "#priority"),
    Key("ticket", "assign", "a", "to", "#assignee", "#assignee"),
    Key("ticket", "team", "", "to", "#team", "#team"),
    Key("ticket", "tag", "t", "to", "#tags"),
    Key("ticket", "merge", "l", "to", "#merge-into, #link-other", "#merge-into"),
    Key("ticket", "split", "", "press", "[data-key='split']"),
    Key("ticket", "resolve", "e", "press", "[data-key='resolve']"),
    Key("ticket", "reopen", "", "press", "[data-key='reopen']"),
    Key("ticket", "hand_back", "", "press", "[data-key='hand-back']"),
    Key("ticket", "next", ".", "press", "[data-key='next']"),
    Key("ticket", "back", "g", "press", "[data-key='back']"),
    Key("editor", "new_article", "n", "press", "[data-key='new-article']"),
    Key("editor", "edit_article", "e", "press", "[data-key='edit']"),
    Key("editor", "write_body", "w", "to", "#body"),
    Key("editor", "save_draft", "Ctrl S"),
    Key("editor", "preview", "v", "to", "#previews"),
    Key("editor", "check", "c", "press", "[data-key='check']"),
    Key("editor", "ask_draft", "q", "to", "#ask-text, [data-key='ask']"),
    Key("editor", "versions", "h", "press", "[data-key='versions']"),
    Key("editor", "submit", "s", "press", "[data-key='submit']"),
    Key("editor", "approve", "a", "press", "[data-key='approve']"),
    Key("editor", "publish", "p", "to", "[data-key='publish']"),
    Key("editor", "publish_staged", "", "to", "#percent"),
)
GROUPS = {group: tuple(keys) for group, keys in groupby(KEYS, lambda key: key.group)}


def keys_for(role: Role) -> dict[str, tuple[Key, ...]]:
    """The keys of what somebody in this role may do, by group; no group is empty."""
    found = {
        group: tuple(key for key in keys if key.needs is None or allowed(role, key.needs))
        for group, keys in GROUPS.items()
    }
    return {group: keys for group, keys in found.items() if keys}
