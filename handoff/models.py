"""The desk's tables: people, threads, conversations, messages, deliveries, tickets."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from store.columns import BigId, Json, Utc, enum_column


class Role(Enum):
    """What a staff member may do. Agents work tickets, editors the KB; both may read all that a viewer reads, and an
    admin may do everything (``handoff.permissions`` has the table)."""

    VIEWER = "viewer"
    AGENT = "agent"
    EDITOR = "editor"
    ADMIN = "admin"


class Scope(Enum):
    """What an API token may do: the same as the role of that name; ``read`` is what a viewer may."""

    READ = "read"
    AGENT = "agent"
    EDITOR = "editor"
    ADMIN = "admin"


class Owner(Enum):
    BOT = "bot"
    HUMAN = "human"


class Direction(Enum):
    INCOMING = "incoming"
    OUTGOING = "outgoing"
    ACTIVITY = "activity"


class Author(Enum):
    CUSTOMER = "customer"
    BOT = "bot"
    AGENT = "agent"
    SYSTEM = "system"


class Reason(Enum):
    """Why the bot handed over: a closed list."""

    ASKED_FOR_HUMAN = "asked_for_human"
    NO_KNOWLEDGE = "no_knowledge"
    LOW_CONFIDENCE = "low_confidence"
    HUMAN_ONLY_TOPIC = "human_only_topic"
    NEGATIVE_FEEDBACK = "negative_feedback"
    REPEATED_QUESTION = "repeated_question"
    SENSITIVE = "sensitive"
    BOT_STUCK = "bot_stuck"
    URGENT = "urgent"


class TicketStatus(Enum):
    OPEN = "open"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Priority(Enum):
    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class DeliveryState(Enum):
    READY = "ready"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"


class Action(Enum):
    """What a button under a message does when the customer presses it."""

    PERSON = "person"
    HELPFUL = "helpful"
    NOT_HELPFUL = "not_helpful"
    OPTION = "option"
    NONE_OF_THESE = "none_of_these"
    SOLVED = "solved"
    NOT_YET = "not_yet"
    SOMETHING_ELSE = "something_else"
    LANGUAGE = "language"
    TICKET = "ticket"
    """Show one of the customer's own tickets; the argument is its number, as below."""
    ADD_TO_TICKET = "add_to_ticket"
    CLOSE_TICKET = "close_ticket"
    REOPEN_TICKET = "reopen_ticket"
    CSAT = "csat"
    """A rating of how a ticket was dealt with; the argument is 1 to 5."""
    NPS = "nps"
    """How likely they would recommend us; the argument is 0 to 10."""
    NO_SURVEYS = "no_surveys"


class Impact(Enum):
    """How many people the matter stops."""

    ONE = "one"
    SOME = "some"
    ALL = "all"


class Urgency(Enum):
    """How long it can wait, in the customer's eyes."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Source(Enum):
    """How the matter came to the desk: through a channel, or told to an agent who wrote it down."""

    CHANNEL = "channel"
    PHONE = "phone"
    EMAIL = "email"
    VISIT = "visit"


class WaitsFor(Enum):
    """Whom or what a pending ticket waits for."""

    CUSTOMER = "customer"
    BOT = "bot"
    TIME = "time"


class Plan(Enum):
    """An account's service package."""

    STANDARD = "standard"
    ENTERPRISE = "enterprise"
    VIP = "vip"


def key() -> Any:
    """The column of a table's own id."""
    return Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))


def reference(table: str, *, nullable: bool = False, index: bool = True) -> Any:
    """The column of another table's id."""
    column: Column[int] = Column(BigId, ForeignKey(f"{table}.id"), nullable=nullable, index=index)
    return Field(default=None, sa_column=column) if nullable else Field(sa_column=column)


class Staff(SQLModel, table=True):
    """Somebody who works here: agent, editor, admin or viewer."""

    __tablename__ = "staff"
    id: int | None = key()
    email: str = Field(max_length=254, unique=True)
    name: str = Field(max_length=120)
    role: Role = Field(sa_type=enum_column(Role))
    language: str = Field(default="en", max_length=16)
    password_hash: str | None = Field(default=None, max_length=200)
    created_at: datetime = Field(sa_type=Utc)
    disabled_at: datetime | None = Field(default=None, sa_type=Utc)


class SignInLink(SQLModel, table=True):
    """A one-time link: it lets one staff member in once, to choose a password. ``staff_id`` None: the first admin."""

    __tablename__ = "sign_in_link"
    token_sha256: str = Field(primary_key=True, max_length=64)
    staff_id: int | None = reference("staff", nullable=True)
    expires_at: datetime = Field(sa_type=Utc)
    used_at: datetime | None = Field(default=None, sa_type=Utc)


class StaffSession(SQLModel, table=True):
    """A signed-in browser. Only the hash of its cookie is kept."""

    __tablename__ = "staff_session"
    token_sha256: str = Field(primary_key=True, max_length=64)
    staff_id: int = reference("staff")
    created_at: datetime = Field(sa_type=Utc)
    last_seen_at: datetime = Field(sa_type=Utc)


class ApiToken(SQLModel, table=True):
    """A key to the API, shown once and kept as its hash."""

    __tablename__ = "api_token"
    id: int | None = key()
    name: str = Field(max_length=120, unique=True)
    scope: Scope = Field(sa_type=enum_column(Scope))
    token_sha256: str = Field(max_length=64, unique=True)
    created_at: datetime = Field(sa_type=Utc)
    last_used_at: datetime | None = Field(default=None, sa_type=Utc)
    revoked_at: datetime | None = Field(default=None, sa_type=Utc)


class Account(SQLModel, table=True):
    """A customer's company and its service package."""

    __tablename__ = "account"
    id: int | None = key()
    name: str = Field(max_length=200, unique=True)
    plan: Plan = Field(default=Plan.STANDARD, sa_type=enum_column(Plan))
    created_at: datetime = Field(sa_type=Utc)


class AccountDomain(SQLModel, table=True):
    """An e-mail domain whose people belong to an account, where a channel vouches for the address (Slack)."""

    __tablename__ = "account_domain"
    domain: str = Field(primary_key=True, max_length=253)
    """Lower case, ASCII (IDNA)."""
    account_id: int = reference("account")


class AccountLink(SQLModel, table=True):
    """A one-time link that ties whoever opens it in a channel to an account. Only the hash of its code is kept."""

    __tablename__ = "account_link"
    code_sha256: str = Field(primary_key=True, max_length=64)
    account_id: int = reference("account")
    created_at: datetime = Field(sa_type=Utc)
    expires_at: datetime = Field(sa_type=Utc)
    used_at: datetime | None = Field(default=None, sa_type=Utc)
    customer_id: int | None = reference("customer", nullable=True)
    """Who used it."""


class Customer(SQLModel, table=True):
    """Somebody who asks, as one channel knows them."""

    __tablename__ = "customer"
    __table_args__ = (UniqueConstraint("channel", "external_id"),)
    id: int | None = key()
    channel: str = Field(max_length=16)
    external_id: str = Field(max_length=120)
    name: str | None = Field(default=None, max_length=200)
    language: str | None = Field(default=None, max_length=16)
    prefers_language: str | None = Field(default=None, max_length=16)
    """What they chose by ``/language``: it wins over what a message looks like."""
    timezone: str | None = Field(default=None, max_length=64)
    account_id: int | None = reference("account", nullable=True)
    joined_to_id: int | None = reference("customer", nullable=True)
    """The same person as this customer (who is joined to nobody): an agent said so."""
    profiled_at: datetime | None = Field(default=None, sa_type=Utc)
    """When the channel was last asked what it knows of them."""
    email: str | None = Field(default=None, max_length=254)
    """Where replies go as well, because the customer said so or somebody of the staff wrote it down. Nobody has checked
    it, so a web visitor's counts for their own conversations only."""
    no_surveys_at: datetime | None = Field(default=None, sa_type=Utc)
    """When they said that they do not want to be asked how they like us."""
    created_at: datetime = Field(sa_type=Utc)


class Thread(SQLModel, table=True):
    """A place in a channel; words are delivered in order within it."""

    __tablename__ = "thread"
    __table_args__ = (UniqueConstraint("channel", "external_id"),)
    id: int | None = key()
    channel: str = Field(max_length=16)
    external_id: str = Field(max_length=200)
    unreachable: str | None = Field(default=None, max_length=200)
    """Why nothing can be sent here now (a sentence for agents); None while it can."""
    is_staff: bool = False
    """Only people who work here read it: notices of the desk may go there, and private words."""
    created_at: datetime = Field(sa_type=Utc)


class Conversation(SQLModel, table=True):
    """The messages about one matter. ``version`` moves with everything that a turn must not overlook."""

    __tablename__ = "conversation"
    id: int | None = key()
    thread_id: int = reference("thread")
    customer_id: int = reference("customer")
    owner: Owner = Field(default=Owner.BOT, sa_type=enum_column(Owner))
    version: int = 0
    language: str = Field(default="en", max_length=16)
    opened_at: datetime = Field(sa_type=Utc)
    last_message_at: datetime = Field(sa_type=Utc, index=True)
    closed_at: datetime | None = Field(default=None, sa_type=Utc)
    confirmed: bool | None = None
    """What the customer said when asked whether it is solved; None while unasked or unanswered."""


class Message(SQLModel, table=True):
    """Words in a conversation, or an activity line about it. ``private`` ones never leave the desk."""

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_conversation_id_id", "conversation_id", "id"),
        UniqueConstraint("thread_id", "external_id"),
    )
    id: int | None = key()
    conversation_id: int = reference("conversation", index=False)
    thread_id: int = reference("thread", index=False)
    direction: Direction = Field(sa_type=enum_column(Direction))
    author: Author = Field(sa_type=enum_column(Author))
    staff_id: int | None = reference("staff", nullable=True)
    private: bool = False
    text: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=Utc)
    external_id: str | None = Field(default=None, max_length=200)
    """The channel's own id: set on arrival for incoming, after sending for outgoing."""
    edited_at: datetime | None = Field(default=None, sa_type=Utc)
    """When its sender last changed it; what it said before is in ``message_revision``."""
    deleted_at: datetime | None = Field(default=None, sa_type=Utc)
    """When its sender took it back. Agents still read it, marked as deleted."""
    decision: str | None = Field(default=None, max_length=16)
    """On an outgoing message of the bot: answer, clarify, escalate, decline or smalltalk."""
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    """What a room above wants to keep with it, as plain values. Incoming: ``reading`` {intent, intent_confidence,
    confidence, language, release, passages: [{article, version, passage, title, heading, score}]}. Outgoing:
    ``citations``, ``options``, ``reason``. Activity: ``activity`` (its name) and its arguments."""


class MessageRevision(SQLModel, table=True):
    """What a message said before its sender edited it."""

    __tablename__ = "message_revision"
    id: int | None = key()
    message_id: int = reference("message")
    text: str = Field(sa_type=Text)
    replaced_at: datetime = Field(sa_type=Utc)


class SentPart(SQLModel, table=True):
    """A part of a message that a channel took as several: the second and later ones, by the channel's ids."""

    __tablename__ = "sent_part"
    __table_args__ = (UniqueConstraint("thread_id", "external_id"),)
    id: int | None = key()
    message_id: int = reference("message")
    thread_id: int = reference("thread", index=False)
    number: int
    """From 1; part 0 is the message's own ``external_id``."""
    external_id: str = Field(max_length=200)


class Attachment(SQLModel, table=True):
    """A stored file that came, or goes, with a message."""

    __tablename__ = "attachment"
    id: int | None = key()
    message_id: int = reference("message")
    file_id: int = reference("stored_file")


class Button(SQLModel, table=True):
    """A button under an outgoing message. Its token is all that a channel carries; it works once."""

    __tablename__ = "button"
    token: str = Field(primary_key=True, max_length=43)
    message_id: int = reference("message")
    action: Action = Field(sa_type=enum_column(Action))
    label: str = Field(max_length=200)
    position: int = 0
    """The order in which the buttons of a message are shown."""
    argument: str | None = Field(default=None, max_length=200)
    pressed_at: datetime | None = Field(default=None, sa_type=Utc)


class Delivery(SQLModel, table=True):
    """One thing that must leave the process, in the order of its thread."""

    __tablename__ = "delivery"
    __table_args__ = (
        # A message can go to several places: the chat, and an e-mail address as well.
        UniqueConstraint("message_id", "thread_id"),
        Index("ix_delivery_thread_id_id", "thread_id", "id"),
        Index("ix_delivery_state_not_before", "state", "not_before"),
    )
    id: int | None = key()
    message_id: int = reference("message", index=False)
    thread_id: int = reference("thread", index=False)
    """The thread of the message, or another place that gets a copy of it."""
    state: DeliveryState = Field(default=DeliveryState.READY, sa_type=enum_column(DeliveryState))
    attempts: int = 0
    doubts: int = 0
    """How many of the attempts ended without anybody knowing whether the message arrived."""
    not_before: datetime = Field(sa_type=Utc)
    lease_until: datetime | None = Field(default=None, sa_type=Utc)
    worker: str | None = Field(default=None, max_length=64)
    error: str | None = Field(default=None, max_length=300)
    created_at: datetime = Field(sa_type=Utc)
    sent_at: datetime | None = Field(default=None, sa_type=Utc)


class Ticket(SQLModel, table=True):
    """The numbered work item of a conversation."""

    __tablename__ = "ticket"
    __table_args__ = (
        Index("ix_ticket_status_number", "status", "number"),
        Index("ix_ticket_status_due_at_number", "status", "due_at", "number"),
        Index("ix_ticket_assignee_id_status", "assignee_id", "status"),
        Index("ix_ticket_team_status", "team", "status"),
    )
    id: int | None = key()
    number: int = Field(sa_column=Column(BigId, nullable=False, unique=True))
    conversation_id: int = Field(sa_column=Column(BigId, ForeignKey("conversation.id"), nullable=False, unique=True))
    customer_id: int = reference("customer")
    status: TicketStatus = Field(default=TicketStatus.OPEN, sa_type=enum_column(TicketStatus))
    priority: Priority = Field(default=Priority.P2, sa_type=enum_column(Priority))
    tier: int = 1
    team: str | None = Field(default=None, max_length=64)
    reason: Reason | None = Field(default=None, sa_type=enum_column(Reason))
    """Why the bot handed over; None when a person took the conversation on their own account."""
    subject: str = Field(max_length=200)
    assignee_id: int | None = reference("staff", nullable=True, index=False)
    impact: Impact | None = Field(default=None, sa_type=enum_column(Impact))
    urgency: Urgency | None = Field(default=None, sa_type=enum_column(Urgency))
    priority_by_id: int | None = reference("staff", nullable=True, index=False)
    """Who confirmed or changed the priority; None while it is the bot's proposal."""
    category: str | None = Field(default=None, max_length=100, index=True)
    source: Source = Field(default=Source.CHANNEL, sa_type=enum_column(Source))
    waits_for: WaitsFor | None = Field(default=None, sa_type=enum_column(WaitsFor))
    """Of a pending ticket; None otherwise."""
    snoozed_until: datetime | None = Field(default=None, sa_type=Utc)
    """When a ticket that waits for a time comes back."""
    external_url: str | None = Field(default=None, max_length=500)
    """The matter in another system: an issue tracker, an incident."""
    merged_into_id: int | None = reference("ticket", nullable=True)
    """The ticket that goes on with this one's matter."""
    due_at: datetime | None = Field(default=None, sa_type=Utc)
    """When the next promise of a running clock falls due; None while nothing is promised. Kept by ``handoff.sla``."""
    created_at: datetime = Field(sa_type=Utc)
    updated_at: datetime = Field(sa_type=Utc)
    resolved_at: datetime | None = Field(default=None, sa_type=Utc)
    closed_at: datetime | None = Field(default=None, sa_type=Utc)


class Feedback(SQLModel, table=True):
    """A thumb on one of the bot's messages; the last one counts."""

    __tablename__ = "feedback"
    message_id: int = Field(sa_column=Column(BigId, ForeignKey("message.id"), primary_key=True))
    is_helpful: bool
    at: datetime = Field(sa_type=Utc)


class SuggestionState(Enum):
    OFFERED = "offered"
    SENT = "sent"
    EDITED = "edited"
    SKIPPED = "skipped"
    OUTDATED = "outdated"


class Suggestion(SQLModel, table=True):
    """An answer that the bot would give, waiting for an agent: Send, Edit or Skip. Plain values of the bot's.

    ``outdated``: the conversation moved on before anybody decided. ``sent_message_id``: the words that went out.
    """

    __tablename__ = "suggestion"
    id: int | None = key()
    conversation_id: int = reference("conversation")
    message_id: int = reference("message")
    """The customer's message that it answers."""
    text: str = Field(sa_type=Text)
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    """As in the message that would be sent: question, article, release, citations."""
    topic: str = Field(max_length=100, index=True)
    article: str = Field(max_length=100)
    confidence: float
    state: SuggestionState = Field(default=SuggestionState.OFFERED, sa_type=enum_column(SuggestionState))
    sent_message_id: int | None = reference("message", nullable=True)
    staff_id: int | None = reference("staff", nullable=True)
    offered_at: datetime = Field(sa_type=Utc)
    decided_at: datetime | None = Field(default=None, sa_type=Utc)


class AnswerAudit(SQLModel, table=True):
    """What a person found when looking at one of the bot's answers; the newest look counts."""

    __tablename__ = "answer_audit"
    message_id: int = Field(sa_column=Column(BigId, ForeignKey("message.id"), primary_key=True))
    is_right: bool
    right_article: str | None = Field(default=None, max_length=100)
    """Of a wrong answer: the article that would have been right, "" where the KB has none, None where nobody said."""
    note: str = Field(default="", max_length=500)
    staff_id: int = reference("staff")
    at: datetime = Field(sa_type=Utc)
