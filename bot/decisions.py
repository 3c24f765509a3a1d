"""What the bot can decide to do about a message. ``bot.policy`` makes these, ``bot.recording`` carries them out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from handoff.models import Priority, Reason


@dataclass(frozen=True)
class Option:
    """One of the choices of a clarifying question."""

    article_id: str
    title: str


@dataclass(frozen=True)
class Answer:
    """Answer from this article.

    ``also``: the articles that answer the further questions of the same message, in their order. ``rest``: what is done
    about a question of the message that is not answered.
    """

    article_id: str
    also: tuple[str, ...] = ()
    rest: Rest | None = None


@dataclass(frozen=True)
class Clarify:
    """Ask which of these articles it is about (at most three).

    ``is_another``: the best article was told already, so these are the next best.
    """

    options: tuple[Option, ...]
    is_another: bool = False


@dataclass(frozen=True)
class Escalate:
    """Hand over to a person, with the coded reason."""

    reason: Reason
    intent: str | None = None
    priority: Priority = Priority.P2
    tier: int = 1
    team: str | None = None
    suggestion: str | None = None
    """Id of the article that may well answer: the agent gets its answer to send, edit or skip."""


class Why(Enum):
    """Why a message is declined in one sentence (the values are keys of ``replies.yml``)."""

    FOREIGN = "foreign"
    VAGUE = "vague"
    EMPTY = "empty"
    FILE_ONLY = "file_only"
    TOO_FAST = "too_fast"
    TOO_MANY_TICKETS = "too_many_tickets"
    PRIVATE_ONLY = "private_only"


@dataclass(frozen=True)
class Decline:
    """Say one sentence and nothing else."""

    why: Why


@dataclass(frozen=True)
class Rest:
    """What is done about one question of a message whose other questions are answered."""

    question: str
    decision: Clarify | Escalate | Decline
    is_first: bool = False
    """The customer asked it before the others. A choice to make stands at the end all the same."""


@dataclass(frozen=True)
class SmallTalk:
    """Return a greeting, a thank-you and the like. ``key`` is the sentence where the intent brings none."""

    intent: str | None
    key: str = "smalltalk"


@dataclass(frozen=True)
class Silence:
    """Record the message and say nothing."""

    why: str


@dataclass(frozen=True)
class Thumb:
    """The customer pressed a thumb under an answer."""

    message_id: int
    is_helpful: bool


@dataclass(frozen=True)
class Confirm:
    """The customer says that it is solved."""


@dataclass(frozen=True)
class Reopen:
    """The customer says that it is not solved yet."""


@dataclass(frozen=True)
class StartOver:
    """The customer wants to ask the bot something else, whatever happens to the matter so far."""


@dataclass(frozen=True)
class Welcome:
    """Say who the bot is. ``code``: what a deep link carried, which may tie the customer to an account."""

    code: str = ""


@dataclass(frozen=True)
class ShowTickets:
    """Show the customer their own tickets: all that are not closed, or the one with this number."""

    number: int | None = None


@dataclass(frozen=True)
class ChooseLanguage:
    """Speak this language from now on (BCP 47), whatever the messages look like; None: offer the choice."""

    language: str | None = None


@dataclass(frozen=True)
class BeginAdding:
    """The customer wants to add something to one of their tickets: what they write next goes there."""

    number: int


@dataclass(frozen=True)
class AddToTicket:
    """What the customer wrote goes to a ticket of theirs, wherever it was said."""

    number: int


@dataclass(frozen=True)
class CloseTicket:
    """The customer needs no more of a ticket of theirs."""

    number: int


@dataclass(frozen=True)
class ReopenTicket:
    """The customer wants a person to look at a ticket of theirs again."""

    number: int


@dataclass(frozen=True)
class Rate:
    """A number for how we are: for what the message with the pressed button asked about, or for an own ticket."""

    score: int
    message_id: int | None = None
    number: int | None = None


@dataclass(frozen=True)
class SurveyWords:
    """What the customer says beside the number that they gave."""

    survey_id: int


@dataclass(frozen=True)
class Surveys:
    """Whether the customer wants to be asked how they like us."""

    are_wanted: bool


Decision = (
    Answer
    | Clarify
    | Escalate
    | Decline
    | SmallTalk
    | Silence
    | Thumb
    | Confirm
    | Reopen
    | StartOver
    | Welcome
    | ShowTickets
    | ChooseLanguage
    | BeginAdding
    | AddToTicket
    | CloseTicket
    | ReopenTicket
    | Rate
    | SurveyWords
    | Surveys
)


def name_of(decision: Decision) -> str:
    """The name that reports, messages and ``firstline ask`` use: answer, clarify, escalate, decline, smalltalk, …"""
    return type(decision).__name__.lower()
