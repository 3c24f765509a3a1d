"""Tables of the studio: drafts, publications, staged rollouts, files of articles, and imports that can be undone."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from store.columns import BigId, Json, Utc, enum_column


class DraftKind(Enum):
    ARTICLE = "article"
    INTENT = "intent"
    TERM = "term"
    SENTENCE = "sentence"


class DraftState(Enum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SCHEDULED = "scheduled"


class Draft(SQLModel, table=True):
    """What an editor is writing: at most one for each thing of the KB, shared by all editors. Gone when published.

    Staff are named by their ids as plain numbers: this room knows no staff.
    """

    __tablename__ = "kb_draft"
    # Publications and releases name drafts by their ids, which must never mean another.
    __table_args__ = (UniqueConstraint("kind", "name", "language"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    kind: DraftKind = Field(sa_type=enum_column(DraftKind))
    name: str = Field(max_length=200)
    """The article's id, the intent's name, the term, or the sentence's key."""
    language: str = Field(default="", max_length=40)
    """Empty for an intent, which has all of its languages in itself."""
    content: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    """What it is to be. Of an article everything but its id and language, by the names of ``Article``'s fields; of an
    intent and a term their file's values; of a sentence ``{"text": …}``."""
    is_removal: bool = False
    """It takes the thing out of the KB: an article is archived, a sentence is Firstline's own again."""
    base: int = 0
    """Of an article: the number of the version that it began from, 0 for a new one."""
    base_sha256: str = Field(default="", max_length=64)
    """The hash of what the KB said when it was begun, empty for something new."""
    revision: int = 1
    """Moved on by every save: who saves an older one is shown what the other wrote."""
    state: DraftState = Field(default=DraftState.DRAFT, sa_type=enum_column(DraftState))
    publish_at: datetime | None = Field(default=None, sa_type=Utc)
    ticked: list[str] = Field(default_factory=list, sa_type=Json)
    """The keys of changes (``content_check``) that an editor has looked at and meant."""
    origin: str = Field(default="", max_length=100)
    """Where it came from: ``ticket:123``, ``work:45``, ``version:3``, ``import:6``; empty when simply written."""
    note: str = Field(default="", sa_type=Text)
    """What editor and reviewer tell each other about it."""
    made_by: int | None = Field(default=None, sa_type=BigInteger)
    made_at: datetime = Field(sa_type=Utc)
    changed_by: int | None = Field(default=None, sa_type=BigInteger)
    changed_at: datetime = Field(sa_type=Utc)
    submitted_by: int | None = Field(default=None, sa_type=BigInteger)
    approved_by: int | None = Field(default=None, sa_type=BigInteger)


class PublicationState(Enum):
    ASKED = "asked"
    BUILDING = "building"
    CHECKING = "checking"
    BLOCKED = "blocked"
    """The check found answers that get worse, and nobody gave a reason to publish all the same."""
    STAGED = "staged"
    PUBLISHED = "published"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Publication(SQLModel, table=True):
    """One wish to publish, with how far it is and what its check found."""

    __tablename__ = "kb_publication"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    state: PublicationState = Field(default=PublicationState.ASKED, sa_type=enum_column(PublicationState))
    drafts: list[int] = Field(default_factory=list, sa_type=Json)
    """The ids of the drafts to publish; none for what an import or accepted questions changed."""
    asked_by: int | None = Field(default=None, sa_type=BigInteger)
    asked_at: datetime = Field(sa_type=Utc, index=True)
    override: str = Field(default="", sa_type=Text)
    """Why it is published although the check found answers that get worse."""
    percent: int | None = None
    """The share of conversations that get it first; None for all at once."""
    accounts: list[int] = Field(default_factory=list, sa_type=Json)
    """Accounts that get it first, whatever the share."""
    release_id: int | None = Field(
        default=None, sa_column=Column(BigId, ForeignKey("kb_release.id"), nullable=True, index=True)
    )
    progress: str = Field(default="", max_length=300)
    check: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    """What the full check found, see ``bot.learning.studio``."""
    problem: str = Field(default="", sa_type=Text)
    finished_at: datetime | None = Field(default=None, sa_type=Utc)

    @property
    def is_staged(self) -> bool:
        """Whether some get it first."""
        return self.percent is not None or bool(self.accounts)


class RolloutState(Enum):
    RUNNING = "running"
    PROMOTED = "promoted"
    STOPPED = "stopped"


class Rollout(SQLModel, table=True):
    """A release that some conversations get before the others. At most one runs."""

    __tablename__ = "kb_rollout"
    __table_args__ = (
        Index(
            "uq_kb_rollout_running",
            "state",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
    )
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    release_id: int = Field(sa_column=Column(BigId, ForeignKey("kb_release.id"), nullable=False, index=True))
    base_id: int = Field(sa_column=Column(BigId, ForeignKey("kb_release.id"), nullable=False))
    """The release that was live when it began, which the others get."""
    percent: int = 0
    accounts: list[int] = Field(default_factory=list, sa_type=Json)
    state: RolloutState = Field(default=RolloutState.RUNNING, sa_type=enum_column(RolloutState))
    begun_at: datetime = Field(sa_type=Utc)
    begun_by: int | None = Field(default=None, sa_type=BigInteger)
    ended_at: datetime | None = Field(default=None, sa_type=Utc)
    ended_by: int | None = Field(default=None, sa_type=BigInteger)
    reason: str = Field(default="", sa_type=Text)


class KbFile(SQLModel, table=True):
    """An image or another file that articles show: ``![…](files/NAME)`` in their Markdown."""

    __tablename__ = "kb_file"
    __table_args__ = (UniqueConstraint("name"),)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    name: str = Field(max_length=200)
    file_id: int = Field(sa_column=Column(BigId, ForeignKey("stored_file.id"), nullable=False, index=True))
    made_by: int | None = Field(default=None, sa_type=BigInteger)
    made_at: datetime = Field(sa_type=Utc)


class ImportState(Enum):
    ASKED = "asked"
    READING = "reading"
    READ = "read"
    """What it would change can be looked at."""
    FAILED = "failed"
    DONE = "done"
    UNDONE = "undone"


class KbImport(SQLModel, table=True):
    """One import, from the wish to what was there before it, so that it can be undone."""

    __tablename__ = "kb_import"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    source: str = Field(max_length=255)
    at: datetime = Field(sa_type=Utc)
    actor: str = Field(max_length=254)
    state: ImportState = Field(default=ImportState.DONE, sa_type=enum_column(ImportState))
    wish: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    """What is to be read, and how: see ``bot.learning.importing.wishes``. Empty where a command read a folder."""
    found: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    """What reading it gave, for the page that shows it."""
    progress: str = Field(default="", max_length=300)
    problem: str = Field(default="", sa_type=Text)
    summary: str = Field(default="", sa_type=Text)
    before: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    """What an undo puts back, and what must not have changed meanwhile."""
    undone_at: datetime | None = Field(default=None, sa_type=Utc)
    undone_by: str = Field(default="", max_length=254)


__all__ = [
    "Draft",
    "DraftKind",
    "DraftState",
    "ImportState",
    "KbFile",
    "KbImport",
    "Publication",
    "PublicationState",
    "Rollout",
    "RolloutState",
]
