"""Tables of the knowledge base: articles with immutable versions, and the releases made of them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from store.columns import BigId, Json, Utc, enum_column


class KbArticle(SQLModel, table=True):
    """One language of an article, for good: its text is in its versions.

    ``current`` is the number of the version that the next release takes, 0 while none was ever published or imported.
    ``newest`` is the highest number there is: of a version that a check kept from going live, too. ``source`` names
    where it came from: an import of the same source keeps it equal to that folder.
    """

    __tablename__ = "kb_article"
    __table_args__ = (UniqueConstraint("article_id", "language"),)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    article_id: str = Field(max_length=100)
    language: str = Field(max_length=40)
    source: str = Field(max_length=255, index=True)
    newest: int = 0
    current: int = 0
    archived_at: datetime | None = Field(default=None, sa_type=Utc)


class ArticleVersion(SQLModel, table=True):
    """An article as it once was. Never changed, so that an old citation still shows what it quoted."""

    __tablename__ = "article_version"
    __table_args__ = (UniqueConstraint("kb_article_id", "number"),)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    kb_article_id: int = Field(sa_column=Column(BigId, ForeignKey("kb_article.id"), nullable=False))
    number: int
    title: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    meta: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    passages: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    """As they were cut when the version was made: their keys and anchors are in links that people keep."""
    sha256: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=Utc)
    made_by: int | None = Field(default=None, sa_type=BigInteger)
    """The staff member whose draft it was; None for what came from a folder."""


class KbIntent(SQLModel, table=True):
    __tablename__ = "kb_intent"
    __table_args__ = (UniqueConstraint("name"),)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    name: str = Field(max_length=100)
    data: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    source: str = Field(max_length=255, index=True)


class GlossaryRow(SQLModel, table=True):
    """A term with the other words that customers use for it. ``data`` is its entry in glossary.yml."""

    __tablename__ = "glossary_entry"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    data: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    source: str = Field(max_length=255, index=True)


class ProposalState(Enum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class ProposedQuestion(SQLModel, table=True):
    """An example question for an article that nobody has accepted yet.

    ``origin``: heading, ticket or model; ``plain``: its bare words, so that nothing is proposed twice.
    """

    __tablename__ = "proposed_question"
    __table_args__ = (UniqueConstraint("article_id", "language", "plain"),)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    article_id: str = Field(max_length=100)
    language: str = Field(max_length=40)
    text: str = Field(max_length=500)
    plain: str = Field(max_length=200)
    origin: str = Field(max_length=16)
    source: str = Field(default="", max_length=255)
    """Where it was found: a heading's anchor, a ticket's number."""
    state: ProposalState = Field(default=ProposalState.OPEN, sa_type=enum_column(ProposalState))
    created_at: datetime = Field(sa_type=Utc)
    decided_by: str | None = Field(default=None, max_length=254)
    decided_at: datetime | None = Field(default=None, sa_type=Utc)


class GoldRow(SQLModel, table=True):
    """A gold question. ``data`` is its JSON line."""

    __tablename__ = "gold_question"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    data: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    source: str = Field(max_length=255, index=True)


class KbSentence(SQLModel, table=True):
    """One of the bot's own sentences as this house says it, instead of the one that comes with Firstline."""

    __tablename__ = "kb_sentence"
    __table_args__ = (UniqueConstraint("key", "language"),)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    key: str = Field(max_length=100)
    language: str = Field(max_length=40)
    text: str = Field(sa_type=Text)
    source: str = Field(max_length=255, index=True)


class KbAgreed(SQLModel, table=True):
    """What a folder and the knowledge base said alike when they last met: who changed what since is told by it.

    ``kind``: article, intent, term, sentence or gold; ``name``: of a gold question the hash of its text. An
    empty hash: that there is no such thing.
    """

    __tablename__ = "kb_agreed"
    kind: str = Field(primary_key=True, max_length=16)
    name: str = Field(primary_key=True, max_length=200)
    language: str = Field(primary_key=True, max_length=40)
    sha256: str = Field(max_length=64)


class ReleaseState(Enum):
    BUILDING = "building"
    READY = "ready"
    STAGED = "staged"
    LIVE = "live"
    RETIRED = "retired"


class Release(SQLModel, table=True):
    """A set of article versions with what was fitted on it. At most one is live."""

    __tablename__ = "kb_release"
    __table_args__ = (
        Index(
            "uq_kb_release_live",
            "state",
            unique=True,
            sqlite_where=text("state = 'live'"),
            postgresql_where=text("state = 'live'"),
        ),
    )
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    state: ReleaseState = Field(default=ReleaseState.BUILDING, sa_type=enum_column(ReleaseState))
    created_at: datetime = Field(sa_type=Utc)
    live_at: datetime | None = Field(default=None, sa_type=Utc)
    digest: str = Field(max_length=64)
    """SHA-256 of all that it is built from: two releases with the same digest say the same."""
    intents: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    gold: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    glossary: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    questions: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    """Proposed questions that were accepted: {article, language, questions}, beside those of the article versions."""
    sentences: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    """The bot's own sentences as this house says them: {key, language, text}."""
    changes: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    """What it changes of the KB when it goes live: {kind, name, language, draft, revision, row, version, data}."""
    parameters: bytes | None = Field(default=None, sa_type=LargeBinary)
    threshold: float | None = None
    figures: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    source: str = Field(default="", max_length=255)


class ReleaseArticle(SQLModel, table=True):
    """Which article versions are in a release."""

    __tablename__ = "kb_release_article"
    release_id: int = Field(sa_column=Column(BigId, ForeignKey("kb_release.id"), primary_key=True))
    version_id: int = Field(sa_column=Column(BigId, ForeignKey("article_version.id"), primary_key=True, index=True))


__all__ = [
    "ArticleVersion",
    "GlossaryRow",
    "GoldRow",
    "KbAgreed",
    "KbArticle",
    "KbIntent",
    "KbSentence",
    "ProposalState",
    "ProposedQuestion",
    "Release",
    "ReleaseArticle",
    "ReleaseState",
]
