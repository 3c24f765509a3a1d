"""What an import would do, as plain values and as lines for a reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from kb_content.agreement import Conflict, Named
from kb_content.articles import Article, Passage
from kb_content.settling import Entries, Settled

Key = tuple[str, str]
"""Article id and language."""


def key_of(article: Article) -> Key:
    return article.id, article.language


@dataclass(frozen=True)
class ImportPlan:
    """What an import would do. ``added`` includes archived articles that come back."""

    source: str
    added: tuple[Article, ...] = ()
    changed: tuple[Article, ...] = ()
    archived: tuple[Key, ...] = ()
    unchanged: tuple[Article, ...] = ()
    taken_over: tuple[Key, ...] = ()
    """Articles of another source that this one has too: from now on they follow this source."""
    unread: tuple[Key, ...] = ()
    """Articles that stay as they are because their files could not be read."""
    articles: Settled = field(default_factory=Settled, repr=False)
    intents: Entries = field(default_factory=Entries, repr=False)
    terms: Entries = field(default_factory=Entries, repr=False)
    sentences: Entries = field(default_factory=Entries, repr=False)
    gold: Entries = field(default_factory=Entries, repr=False)
    passages: dict[Key, tuple[Passage, ...]] = field(default_factory=dict, repr=False)
    """Cut while planning, so that carrying it out holds the database only briefly."""
    seen: dict[Key, str] = field(default_factory=dict, repr=False)
    """The hashes of what the KB said of the articles that it changes; empty where it said nothing."""

    @property
    def is_empty(self) -> bool:
        """Whether the KB already is as the folder says, or as it has to stay."""
        return not (self.added or self.changed or self.archived or self.taken_over) and all(
            entries.is_empty for entries in (self.intents, self.terms, self.sentences, self.gold)
        )

    @property
    def settled(self) -> tuple[Settled, ...]:
        return (self.articles, *(one.settled for one in (self.intents, self.terms, self.sentences, self.gold)))

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """What was changed here and in the folder, those included that somebody has decided."""
        return tuple(conflict for settled in self.settled for conflict in settled.conflicts)

    @property
    def undecided(self) -> tuple[Conflict, ...]:
        """Those that stay as they are here until somebody decides."""
        open_ones = {named for settled in self.settled for named in settled.conflicting}
        return tuple(conflict for conflict in self.conflicts if conflict.named in open_ones)

    @property
    def ahead(self) -> tuple[Named, ...]:
        """What was changed here alone and stays: an export brings it into the folder."""
        decided = {conflict.named for conflict in self.conflicts}
        return tuple(named for settled in self.settled for named in settled.kept if named not in decided)

    @property
    def intents_changed(self) -> tuple[str, ...]:
        return self.intents.names_changed

    @property
    def intents_removed(self) -> tuple[str, ...]:
        return self.intents.names_removed

    @property
    def gold_added(self) -> int:
        return len(self.gold.added) + len(self.gold.changed)

    @property
    def gold_removed(self) -> int:
        return len(self.gold.removed) + len(self.gold.changed)

    @property
    def terms_added(self) -> int:
        """Of the glossary; a changed term is one added and one removed."""
        return len(self.terms.added) + len(self.terms.changed)

    @property
    def terms_removed(self) -> int:
        return len(self.terms.removed) + len(self.terms.changed)

    def counts(self) -> dict[str, int]:
        """The sums of the plan, by name."""
        return {
            "added": len(self.added),
            "changed": len(self.changed),
            "archived": len(self.archived),
            "unchanged": len(self.unchanged),
            "ahead": len(self.ahead),
            "conflicts": len(self.conflicts),
            "undecided": len(self.undecided),
            "intents_changed": len(self.intents_changed),
            "intents_removed": len(self.intents_removed),
            "gold_added": self.gold_added,
            "gold_removed": self.gold_removed,
            "terms_added": self.terms_added,
            "terms_removed": self.terms_removed,
            "sentences_changed": len(self.sentences.names_changed),
            "sentences_removed": len(self.sentences.names_removed),
        }

    def lines(self) -> list[str]:
        """The plan for a reader: a line for each thing that changes, then the sums."""
        return [*self._lines(), self.summary()]

    def _lines(self) -> Iterator[str]:
        yield from (f"add      {_name(key_of(article))}  {article.title}" for article in self.added)
        yield from (f"change   {_name(key_of(article))}  {article.title}" for article in self.changed)
        yield from (f"archive  {_name(key)}" for key in self.archived)
        yield from (f"keep     {_name(key)}  (its file could not be read)" for key in self.unread)
        yield from (f"keep     {named}  (changed here only; an export brings it to the folder)" for named in self.ahead)
        yield from (f"conflict {conflict}" for conflict in self.undecided)
        yield from (f"adopt    {_name(key)}  (it came from another source)" for key in self.taken_over)
        for kind, entries in (("intent", self.intents), ("sentence", self.sentences)):
            yield from (f"adopt    {kind} {name}  (it came from another source)" for name in entries.names_adopted)
            yield from (f"change   {kind} {name}" for name in entries.names_changed)
            yield from (f"remove   {kind} {name}" for name in entries.names_removed)

    def summary(self) -> str:
        terms = f"; terms: {self.terms_added} added, {self.terms_removed} removed" if self._has_terms else ""
        conflicts = f"; conflicts: {len(self.undecided)}" if self.undecided else ""
        return (
            f"articles: {len(self.added)} added, {len(self.changed)} changed, {len(self.archived)} archived, "
            f"{len(self.unchanged)} unchanged; intents: {len(self.intents_changed)} changed, "
            f"{len(self.intents_removed)} removed; gold questions: {self.gold_added} added, {self.gold_removed} removed"
            f"{terms}{conflicts}"
        )

    @property
    def _has_terms(self) -> bool:
        """Whether a glossary has anything to do with it: most knowledge bases have none."""
        return bool(self.terms.rows or self.terms.removed)


def _name(key: Key) -> str:
    return f"{key[0]} ({key[1]})"
