"""How an import settles each thing: by what the folder says, what the KB holds, and what both last agreed on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kb_content.agreement import Agreed, Conflict, Named, Recorded, Side, Verdict, settle


@dataclass(frozen=True)
class Held:
    """A thing as the KB holds it. ``sha256`` is empty where it is archived."""

    sha256: str
    source: str


@dataclass(frozen=True)
class Settled:
    """Of every thing that the folder or the KB has, who is right; and what both agree on once that is carried out."""

    verdicts: Mapping[Named, Verdict] = field(default_factory=dict)
    agreed: Mapping[Named, str] = field(default_factory=dict)
    """Only what is not agreed already; empty: that it is not there."""
    conflicts: tuple[Conflict, ...] = ()

    @property
    def taken(self) -> tuple[Named, ...]:
        return self._of(Verdict.TAKE)

    @property
    def kept(self) -> tuple[Named, ...]:
        return self._of(Verdict.KEEP)

    @property
    def conflicting(self) -> tuple[Named, ...]:
        return self._of(Verdict.CONFLICT)

    def _of(self, wanted: Verdict) -> tuple[Named, ...]:
        return tuple(named for named, verdict in self.verdicts.items() if verdict is wanted)


@dataclass(frozen=True)
class Merge:
    """What an import goes by. ``prefer`` settles what both changed, ``decided`` each for itself."""

    source: str
    replace: bool = False
    """Whether what comes from other sources goes, too."""
    agreed: Agreed = field(default_factory=dict)
    recorded: Recorded = field(default_factory=dict)
    prefer: Side | None = None
    decided: Mapping[str, Side] = field(default_factory=dict)
    """By the thing's name as it is shown."""

    def settle(
        self,
        theirs: Mapping[Named, str],
        ours: Mapping[Named, Held],
        is_unread: Callable[[Named], bool] = lambda named: False,
    ) -> Settled:
        """``theirs``: the hashes of what the folder says. What it has but could not be read stays as it is."""
        verdicts: dict[Named, Verdict] = {}
        agreed: dict[Named, str] = {}
        conflicts = []
        for named in (*theirs, *self._gone(theirs, ours, is_unread)):
            held, written = ours.get(named), theirs.get(named, "")
            verdict = self._verdict(named, written, held)
            if verdict is Verdict.CONFLICT:
                conflicts.append(Conflict(named, ours=bool(held and held.sha256), theirs=bool(written)))
                side = self.decided.get(str(named), self.prefer)
                verdict = {None: verdict, Side.OURS: Verdict.KEEP, Side.THEIRS: Verdict.TAKE}[side]
                settled = side is not None
            else:
                settled = verdict is not Verdict.KEEP
            verdicts[named] = verdict
            if settled and self.agreed.get(named) != written:
                agreed[named] = written
        return Settled(verdicts, agreed, tuple(conflicts))

    def _gone(
        self, theirs: Mapping[Named, str], ours: Mapping[Named, Held], is_unread: Callable[[Named], bool]
    ) -> list[Named]:
        """What the folder has no more, and, to be replaced, what other sources have."""
        return [
            named
            for named, held in sorted(ours.items())
            if named not in theirs
            and held.sha256
            and (self.replace or held.source == self.source)
            and not is_unread(named)
        ]

    def _verdict(self, named: Named, theirs: str, held: Held | None) -> Verdict:
        if not theirs and held and held.source != self.source:
            return Verdict.TAKE
        ours = held.sha256 if held else ""
        return settle(theirs, ours, self.agreed.get(named), self.recorded.get(named))


@dataclass(frozen=True)
class Entries:
    """What an import makes of the intents, terms, sentences or gold questions.

    ``rows``: what is to stand under its source, in the order of the folder, then what only the KB has.
    """

    rows: Mapping[Named, dict[str, Any]] = field(default_factory=dict)
    added: tuple[Named, ...] = ()
    changed: tuple[Named, ...] = ()
    removed: tuple[Named, ...] = ()
    adopted: tuple[Named, ...] = ()
    """As they were, but of another source until now."""
    settled: Settled = field(default_factory=Settled)

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed or self.removed or self.adopted)

    @property
    def names_changed(self) -> tuple[str, ...]:
        """New and changed ones, in the order of the folder."""
        touched = {*self.added, *self.changed}
        return tuple(named.name for named in self.rows if named in touched)

    @property
    def names_adopted(self) -> tuple[str, ...]:
        return tuple(sorted(named.name for named in self.adopted))

    @property
    def names_removed(self) -> tuple[str, ...]:
        return tuple(sorted(named.name for named in self.removed))


@dataclass(frozen=True)
class Row:
    """A row of the KB: what it says, by the hash of it, and where it came from."""

    data: dict[str, Any]
    sha256: str
    source: str


def plan_entries(
    merge: Merge,
    theirs: Mapping[Named, tuple[dict[str, Any], str]],
    ours: Mapping[Named, Row],
    is_unread: Callable[[Named], bool] = lambda named: False,
) -> Entries:
    """What becomes of things without versions. ``theirs``: what the folder says, with its hash."""
    held = {named: Held(row.sha256, row.source) for named, row in ours.items()}
    settled = merge.settle({named: sha256 for named, (_, sha256) in theirs.items()}, held, is_unread)
    rows: dict[Named, dict[str, Any]] = {}
    added: list[Named] = []
    changed: list[Named] = []
    removed: list[Named] = []
    adopted: list[Named] = []
    for named, verdict in settled.verdicts.items():
        row = ours.get(named)
        if verdict is Verdict.TAKE and named not in theirs:
            removed.append(named)
        elif verdict is Verdict.TAKE:
            rows[named] = theirs[named][0]
            (changed if row else added).append(named)
        elif row is not None and verdict is Verdict.SAME:
            rows[named] = row.data
            if row.source != merge.source:
                adopted.append(named)
        elif row is not None and row.source == merge.source:
            rows[named] = row.data
    rest = {n: row.data for n, row in ours.items() if row.source == merge.source and n not in rows and n not in removed}
    return Entries(rows | rest, tuple(added), tuple(changed), tuple(removed), tuple(adopted), settled)
