"""Who changed what since a folder and the knowledge base last said the same: settled as a merge settles it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

ARTICLE, INTENT, TERM, SENTENCE, GOLD = "article", "intent", "term", "sentence", "gold"


class Named(NamedTuple):
    """What names a thing of the KB: its kind, its name, and its language where it has one."""

    kind: str
    name: str
    language: str = ""

    def __str__(self) -> str:
        shown = f"{self.name} ({self.language})" if self.language else self.name
        return shown if self.kind == ARTICLE else f"{self.kind} {shown}"


Agreed = Mapping[Named, str]
"""The hash of what both said; empty: that there is no such thing."""


@dataclass(frozen=True)
class Exported:
    """What an export wrote of a thing: the hash of the file's content, and of what the KB held then."""

    file: str
    kb: str


Recorded = Mapping[Named, Exported]


class Side(Enum):
    """Whose content stands where both changed."""

    OURS = "ours"
    """The knowledge base's."""
    THEIRS = "theirs"
    """The folder's."""


class Verdict(Enum):
    SAME = "same"
    TAKE = "take"
    """Only the folder changed: the KB follows it."""
    KEEP = "keep"
    """Only the KB changed: it stays as it is."""
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Conflict:
    """What was changed in the KB and in the folder, each in its own way. ``ours``, ``theirs``: whether it is there."""

    named: Named
    ours: bool = True
    theirs: bool = True

    def __str__(self) -> str:
        if not self.theirs:
            return f"{self.named}  (changed here, deleted in the folder)"
        return f"{self.named}  (changed in both)" if self.ours else f"{self.named}  (taken out here, changed there)"


def settle(theirs: str, ours: str, agreed: str | None = None, exported: Exported | None = None) -> Verdict:
    """Who is right about a thing, by hashes; an empty one means that it is not there.

    ``agreed`` is what both last had, None where they never met over it; ``exported`` what an export into this very
    folder wrote, which may be newer.
    """
    if theirs == ours:
        return Verdict.SAME
    bases = [(agreed, agreed)] if agreed is not None else []
    bases += [(exported.file, exported.kb)] if exported else []
    for file, kb in bases or [("", "")]:
        if ours == kb:
            return Verdict.TAKE
        if theirs == file:
            return Verdict.KEEP
    return Verdict.CONFLICT
