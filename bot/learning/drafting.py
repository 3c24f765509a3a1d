"""An article out of a resolved ticket: similar articles first, then a draft in the customer's and the agents' words.

Masked: what is in the draft must be fit for everybody. Where it came from is the draft's ``origin``, for the staff.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, select

from bot.inbound_text import shorten
from bot.learning.instructions import as_markdown
from bot.learning.masking import MASK, hidden, is_telling, masked
from bot.learning.transcripts import reading_of
from bot.policy import ASKS_FOR_HUMAN
from bot.units import sentences
from handoff.actors import Actor, require
from handoff.card import is_from_agent
from handoff.conversations import add_activity, lock_conversation
from handoff.errors import HandoffError
from handoff.models import Author, Button, Conversation, Customer, Direction, Message, Staff, Ticket, TicketStatus
from handoff.people import account_of
from handoff.permissions import Permission
from handoff.rows import id_of
from kb_content.html import to_text
from kb_content.ids import slug
from kb_content.studio import drafts
from kb_content.studio.models import Draft, DraftKind
from kb_content.studio.names import free_article_id, spelled
from store import audit
from store.changes import note_change

if TYPE_CHECKING:
    from bot.live import Serving

QUESTIONS = 5
SIMILAR = 5
_LONGEST_TITLE = 80
_GLIMPSE = 300
_LONGEST_QUESTION = 300
_SOLVED = (TicketStatus.RESOLVED, TicketStatus.CLOSED)


class NotSolvedYet(HandoffError):
    """This ticket is not solved yet. Draft an article from it once it is."""


@dataclass(frozen=True)
class Outline:
    """What a ticket gives an article, masked."""

    title: str
    questions: tuple[str, ...]
    body: str
    language: str
    removed: tuple[str, ...] = ()
    """What was masked, for whoever looks it over."""


@dataclass(frozen=True)
class SimilarArticle:
    """A live article that may be about the same. ``text``: how its nearest passage begins, as plain words. ``share``:
    among all that are, from 0 to 1."""

    article_id: str
    language: str
    title: str
    text: str
    share: float


def origin_of(ticket: Ticket) -> str:
    return f"ticket:{ticket.number}"


def outline(session: Session, ticket: Ticket) -> Outline:
    """What the ticket's conversation gives an article. Raises NotSolvedYet. Reads only."""
    if ticket.status not in _SOLVED:
        raise NotSolvedYet
    conversation = session.get_one(Conversation, ticket.conversation_id)
    query = select(Message).where(Message.conversation_id == ticket.conversation_id).order_by(col(Message.id))
    every = [one for one in session.exec(query) if one.text.strip()]
    pressed = _pressed(session, id_of(conversation))
    said = [one for one in every if one.deleted_at is None and not _is_reply_to_us(one, pressed)]
    messages = _about_the_matter(said)
    # The subject is mostly the first words: taken back there, they are not to come back here.
    is_gone = any(one.deleted_at and ticket.subject.rstrip("…") in one.text for one in every)
    first = conversation.language.split("-")[0].lower() or "en"
    language, names = spelled(session).get(first, first), _names(session, ticket, messages)
    return outlined(messages, "" if is_gone else ticket.subject, language, names)


def _pressed(session: Session, conversation_id: int) -> set[str]:
    """What stands on the buttons that were pressed: in the transcript it looks like words of the customer's."""
    query = select(Button.label).join(Message, col(Message.id) == col(Button.message_id))
    pressed = col(Button.pressed_at).is_not(None)
    return set(session.exec(query.where(Message.conversation_id == conversation_id, pressed)))


def _is_reply_to_us(message: Message, pressed: Collection[str]) -> bool:
    """Whether the customer only did what was asked of them: pressed a button, gave a number, said why."""
    if message.direction is not Direction.INCOMING:
        return False
    read = reading_of(message)
    return message.text in pressed or (read.get("ground") == "request" and bool(read.get("rule")))


def _about_the_matter(said: Sequence[Message]) -> list[Message]:
    """``said`` without the customer's words that only asked for a person, where others say what it is about."""
    idle = {id(one) for one in said if reading_of(one).get("intent") == ASKS_FOR_HUMAN}
    left = [one for one in said if id(one) not in idle]
    has_matter = any(one.direction is Direction.INCOMING and is_telling(one.text) for one in left)
    return left if has_matter else list(said)


def outlined(messages: Sequence[Message], subject: str, language: str, names: Collection[str]) -> Outline:
    """The customer's words as title and example questions, the agents' as body. Pure."""
    asked = [one.text for one in messages if one.direction is Direction.INCOMING and not one.detail.get("command")]
    # What a suggestion says stands in the KB already.
    replies = [one.text for one in messages if is_from_agent(one) and not one.detail.get("citations")]
    body, removed = as_markdown(replies, names)
    said = [_question(text, names) for text in (asked or [subject])]
    questions = list(dict.fromkeys(text for text, _ in said if is_telling(text) and len(text) <= _LONGEST_QUESTION))
    title = _title(questions or [text for text, _ in said])
    gone = (*(one for _, found in said for one in found), *removed)
    return Outline(title, tuple(questions[:QUESTIONS]), body, language, tuple(dict.fromkeys(gone)))


def similar_articles(serving: Serving | None, found: Outline) -> list[SimilarArticle]:
    """The live articles that come nearest to what the customer asked, best first; encodes, so never in a transaction.

    None are known before there is a release.
    """
    asked = " ".join(found.questions[:2]) or found.title
    if serving is None or not asked:
        return []
    reading = serving.reader.read(asked, found.language)
    return [
        SimilarArticle(hit.article_id, hit.language, hit.title, _glimpse(to_text(hit.text)), hit.score)
        for hit in reading.hits[:SIMILAR]
    ]


def _glimpse(text: str) -> str:
    """How ``text`` begins, in its lines."""
    if len(text) <= _GLIMPSE:
        return text
    cut = text[:_GLIMPSE]
    at = max(cut.rfind(" "), cut.rfind("\n"))
    return f"{cut[: at if at > _GLIMPSE // 2 else _GLIMPSE].rstrip()}…"


def begin_new(session: Session, ticket: Ticket, found: Outline, actor: Actor, now: datetime) -> Draft:
    """A draft of an article of its own; the one that was begun from this ticket before, if it is still there."""
    require(session, actor, Permission.EDIT_ARTICLES)
    if (there := begun_before(session, ticket)) is not None:
        return there
    content = {"title": found.title, "questions": list(found.questions), "body": found.body}
    name, origin = free_article_id(session, slug(found.title)), origin_of(ticket)
    draft = drafts.begin(
        session, DraftKind.ARTICLE, name, found.language, actor.staff_id, now, origin, content, actor.name
    )
    _leave_trace(session, ticket, draft, actor, now)
    return draft


def begun_before(session: Session, ticket: Ticket) -> Draft | None:
    """The draft of a new article that this ticket gave."""
    query = select(Draft).where(Draft.kind == DraftKind.ARTICLE, Draft.origin == origin_of(ticket), Draft.base == 0)
    return session.exec(query.order_by(col(Draft.id)).limit(1)).first()


def add_to(
    session: Session, ticket: Ticket, found: Outline, article_id: str, language: str, actor: Actor, now: datetime
) -> Draft:
    """A draft of an article that is there already, with this ticket's questions and steps at its end.

    On to what its draft says, if it has one. Doing it twice adds nothing.
    """
    require(session, actor, Permission.EDIT_ARTICLES)
    staff_id, origin = actor.staff_id, origin_of(ticket)
    draft = drafts.begin(session, DraftKind.ARTICLE, article_id, language, staff_id, now, origin, actor=actor.name)
    content = with_outline(draft.content, found)
    if content == draft.content:
        return draft
    draft = drafts.save(session, id_of_draft(draft), draft.revision, content, staff_id, now, actor.name)
    _leave_trace(session, ticket, draft, actor, now)
    return draft


def with_outline(content: dict[str, Any], found: Outline) -> dict[str, Any]:
    """``content`` with the outline's questions and its body under a heading of their own. Pure."""
    questions = list(dict.fromkeys([*content.get("questions", ()), *found.questions]))
    body = str(content.get("body") or "").rstrip()
    if found.body and found.body not in body:
        body = f"{body}\n\n## {found.title}\n\n{found.body}".strip()
    return {**content, "questions": questions, "body": body if body else content.get("body", "")}


def id_of_draft(draft: Draft) -> int:
    assert draft.id is not None
    return draft.id


def _question(text: str, names: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """A customer's words on one line, masked, and what that took out. Sentences about themselves alone are left out."""
    said, removed = hidden(text, names)
    words = masked(said)
    plain = "".join(one for one in sentences(words) if MASK not in one).strip()
    return plain if is_telling(plain) else words, removed


def _title(asked: Sequence[str]) -> str:
    """The customer's first sentence that says what it is about."""
    every = [one.strip() for text in asked for one in sentences(text) if one.strip(f" {MASK}.,!?。，！？")]
    telling = next((one for one in every if is_telling(one) and MASK not in one), every[0] if every else "")
    words = shorten(telling.strip(f" {MASK}.,!。，！"), _LONGEST_TITLE)
    return words[:1].upper() + words[1:]


def _names(session: Session, ticket: Ticket, messages: Iterable[Message]) -> set[str]:
    """Everybody who is named in it: who asked, who answered, and their company."""
    customer = session.get_one(Customer, ticket.customer_id)
    account = account_of(session, customer)
    staff_ids = {one.staff_id for one in messages if one.author is Author.AGENT and one.staff_id is not None}
    staff = session.exec(select(Staff.name).where(col(Staff.id).in_(staff_ids))).all()
    people = [name for name in (customer.name, *staff) if name]
    parts = {part for name in people for part in name.split() if len(part) > 1}
    capitals = {name.title() for name in (*people, *parts) if name.isascii()}
    return {*people, *parts, *capitals, *([account.name] if account else [])}


def _leave_trace(session: Session, ticket: Ticket, draft: Draft, actor: Actor, now: datetime) -> None:
    """The ticket's colleagues see that it became an article."""
    conversation = lock_conversation(session, ticket.conversation_id)
    add_activity(session, conversation, "drafted", now, staff_id=actor.staff_id, article=draft.name)
    told = {"draft": draft.id, "article": draft.name, "language": draft.language}
    audit.record(session, actor.name, "ticket.drafted", "ticket", id_of(ticket), now, **told)
    note_change(session, "ticket", id_of(ticket), now)


__all__ = [
    "NotSolvedYet",
    "Outline",
    "SimilarArticle",
    "add_to",
    "begin_new",
    "begun_before",
    "outline",
    "outlined",
    "similar_articles",
    "with_outline",
]
