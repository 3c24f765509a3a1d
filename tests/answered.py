"""Conversations that the bot answered, and what became of them: written through the desk, without any model."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot import suggestions
from bot.audits import Judgement, judge
from handoff import desk
from handoff.actors import Actor
from handoff.conversations import add_incoming, open_conversation, rate, say
from handoff.customers import find_customer, find_thread
from handoff.models import Author, Conversation, Message, Reason, Role, Suggestion
from handoff.revisions import take_back
from handoff.rows import id_of
from handoff.staff import add_staff
from handoff.tickets import open_ticket
from kb_content import catalogue
from kb_content.articles import Article, Intent, LeadsTo, Mode
from kb_content.folder import Folder
from store import Database, transaction

ARTICLES = (
    Article("reset-password", "en", "Reset a password", "Press Forgot.", intent="account-access"),
    Article("reset-password", "zh", "重置密码", "点击忘记密码。", intent="account-access"),
    Article("invoices", "en", "Find an invoice", "Settings, Billing.", category="billing"),
    Article("claims", "en", "What we owe you", "Ask us.", intent="refunds"),
    Article("other", "en", "Everything else", "It depends."),
)
INTENTS = (
    Intent("account-access", examples={"en": ("I cannot sign in",)}),
    Intent("refunds", LeadsTo.ESCALATE, {"en": ("I want my money back",)}, mode=Mode.AUTO),
)


@dataclass
class Archive:
    """What was asked and answered in ``database``, one conversation a question."""

    database: Database
    now: datetime = field(default_factory=lambda: datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    _asked: int = 0

    def __post_init__(self) -> None:
        with transaction(self.database) as session:
            self.bob = Actor(id_of(add_staff(session, "bob@example.com", "Bob", Role.ADMIN, self.now)), "Bob")

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def publish(self, articles: tuple[Article, ...] = ARTICLES, intents: tuple[Intent, ...] = INTENTS) -> int:
        """Make these live, without any model; returns the release's id."""
        with transaction(self.database) as session:
            plan = catalogue.plan_import(session, Folder(articles=articles, intents=intents), "tests")
            catalogue.apply_import(session, plan, self.now)
            release_id = catalogue.start_release(session, self.now)
            catalogue.publish(session, release_id, None, 0.5, {}, self.now)
        return release_id

    def asked(self, question: str, **reading: Any) -> int:
        """A customer asks in a conversation of their own, whose id is returned."""
        self._asked += 1
        name, kept = f"ada{self._asked}", {"confidence": 0.9, "threshold": 0.5, "language": "en", **reading}
        with transaction(self.database) as session:
            thread = find_thread(session, "web", name, self.now)
            person = find_customer(session, "web", name, self.now)
            conversation = open_conversation(session, thread, person, "en", self.now)
            add_incoming(session, conversation, question, f"in-{self._asked}", self.now, {"reading": kept})
            return id_of(conversation)

    def answered(
        self,
        article: str = "reset-password",
        question: str = "I forgot my password",
        before: str | None = None,
        **reading: Any,
    ) -> int:
        """The bot answers a question of somebody's; returns the answer's message id."""
        conversation_id = self.asked(question, **reading)
        self.later(seconds=1)
        detail = {"question": question, "article": article, "before": before, "citations": [{"article": article}]}
        with transaction(self.database) as session:
            conversation = session.get_one(Conversation, conversation_id)
            said = say(session, conversation, "Press Forgot.", Author.BOT, self.now, decision="answer", detail=detail)
            return id_of(said)

    def suggested(self, article: str = "reset-password", question: str = "no way in", would_answer: bool = True) -> int:
        """The bot hands over with a suggestion; returns its id. The ticket's number is the conversation's place."""
        conversation_id = self.asked(question)
        self.escalated(conversation_id)
        with transaction(self.database) as session:
            conversation = session.get_one(Conversation, conversation_id)
            message = _first(session, conversation_id)
            detail = {"question": question, "article": article, "language": "en", "would_answer": would_answer}
            row = Suggestion(
                conversation_id=id_of(conversation),
                message_id=id_of(message),
                text="Press Forgot on the sign-in page and follow the link in the e-mail.",
                detail={**detail, "citations": [{"article": article}]},
                topic="account-access",
                article=article,
                confidence=0.9,
                offered_at=self.now,
            )
            session.add(row)
            session.flush()
            return id_of(row)

    def escalated(self, conversation_id: int, reason: Reason = Reason.LOW_CONFIDENCE) -> int:
        """The bot hands the conversation over; returns the ticket's number."""
        with transaction(self.database) as session:
            conversation = session.get_one(Conversation, conversation_id)
            number = open_ticket(session, conversation, reason, "help", self.now).number
            detail = {"reason": reason.value, "ticket": number}
            say(session, conversation, "A person!", Author.BOT, self.now, decision="escalate", detail=detail)
            return number

    def thumb(self, message_id: int, is_helpful: bool) -> None:
        with transaction(self.database) as session:
            rate(session, message_id, is_helpful, self.now)

    def found(self, message_id: int, is_right: bool, article: str | None = None) -> None:
        """Bob looks at an answer."""
        with transaction(self.database) as session:
            judge(session, message_id, Judgement(is_right, article), self.bob, self.now)

    def decides(self, suggestion_id: int, deed: str, text: str = "") -> None:
        """Bob sends, skips or edits a suggestion."""
        with transaction(self.database) as session:
            row = session.get_one(Suggestion, suggestion_id)
            number = _number(session, row.conversation_id)
            if deed == "edit":
                suggestions.edit(session, number, suggestion_id, text, self.bob, self.now)
            else:
                getattr(suggestions, deed)(session, number, suggestion_id, self.bob, self.now)

    def takes_back(self, external_id: str, name: str) -> None:
        """The customer deletes a message."""
        with transaction(self.database) as session:
            take_back(session, find_thread(session, "web", name, self.now), external_id, self.now)

    def ends(self, message_id: int, *, is_solved: bool, own_words: str = "") -> None:
        """A ticket about the answer is resolved, and the customer says whether it is solved."""
        self.later(minutes=1)
        with transaction(self.database) as session:
            conversation_id = session.get_one(Message, message_id).conversation_id
            number = desk.take_over(session, conversation_id, self.bob, self.now).number
            if own_words:
                desk.reply(session, number, own_words, self.bob, self.now)
            desk.resolve(session, number, self.bob, self.now, desk.ClosingWords("Solved?", "Yes", "No"))
            conversation = session.get_one(Conversation, conversation_id)
            (desk.confirm_solved if is_solved else desk.not_yet)(session, conversation, self.now)

    def judged(self, right: int, wrong: int, article: str = "reset-password") -> None:
        """So many right and wrong answers of one article, as audits found."""
        for number in range(right + wrong):
            self.found(self.answered(article), number < right)


def _first(session: Any, conversation_id: int) -> Message:
    from sqlmodel import col, select

    query = select(Message).where(Message.conversation_id == conversation_id).order_by(col(Message.id))
    found: Message = session.exec(query.limit(1)).one()
    return found


def _number(session: Any, conversation_id: int) -> int:
    from handoff.tickets import ticket_of

    ticket = ticket_of(session, conversation_id)
    assert ticket
    return ticket.number
