"""People who were told something that turned out wrong, in the small world of ``talk``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from sqlmodel import select
from talk import ARTICLES, CustomerOnTheWeb, World, small_contents, text_of

from bot.learning.recall import earlier
from bot.learning.recall.finding import Scope
from bot.learning.recall.models import Recall, RecallRecipient, RecallState, RecipientState, Told
from bot.learning.recall.recalls import begin, prepare, set_texts
from bot.learning.recall.sending import PACE
from handoff.actors import OPERATOR
from handoff.models import Customer
from handoff.rows import id_of
from kb_content import catalogue
from kb_content.articles import Article
from kb_content.folder import Folder
from store import reading, transaction

QUESTION = "I forgot my password, can't get in"
OTHER = "How do I export my data?"
REASON = "The link is valid for one hour, not for a day."
CORRECTED = "The link in the e-mail works for one hour.\n\nAsk for a new one after that, as often as you like."


def know(world: World) -> None:
    """Put what the bot tells into the database, and look through what was said before: nothing."""
    publish(world)
    with transaction(world.database) as session:
        earlier.look_through(session, 100)


def publish(world: World, body: str | None = None) -> None:
    """Make the small KB live, the article about passwords with ``body`` if one is given."""
    articles = _articles()
    if body is not None:
        articles = tuple(
            replace(one, body=body) if (one.id, one.language) == ("reset-password", "en") else one for one in articles
        )
    with transaction(world.database) as session:
        catalogue.apply_import(session, catalogue.plan_import(session, Folder(articles=articles), "tests"), world.now)
        release_id = catalogue.start_release(session, world.now)
        catalogue.publish(session, release_id, None, 0.5, {}, world.now)


def does(world: World, deed: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """The operator does it, at once: nothing is sent by this."""
    with transaction(world.database) as session:
        return deed(session, *arguments, OPERATOR, world.now, **named)


def all_of(world: World, model: Any) -> list[Any]:
    with reading(world.database) as session:
        return list(session.exec(select(model)).all())


def told_passage(world: World, article: str = "reset-password") -> str:
    told: list[Told] = all_of(world, Told)
    return next(row.passage for row in told if row.article_id == article)


def prepared(world: World, scope: Scope | None = None, text: str = CORRECTED) -> int:
    """A recall of what the first customer was told about passwords, worded, with the article corrected."""
    scope = scope or Scope("reset-password", "en", (told_passage(world),))
    publish(world, CORRECTED)
    recall_id = id_of(does(world, prepare, scope, REASON))
    does(world, set_texts, recall_id, {"en": text})
    return recall_id


def customers(world: World, *names: str) -> list[CustomerOnTheWeb]:
    """People who all asked, and were told."""
    found = [CustomerOnTheWeb(world, name) for name in names]
    for one in found:
        assert "password" in text_of(one.says(QUESTION))
    return found


def corrected(customer: CustomerOnTheWeb) -> list[dict[str, Any]]:
    """The corrections that the customer can read."""
    return [one for one in customer.transcript() if CORRECTED in one["text"]]


def send_all(world: World, recall_id: int) -> None:
    does(world, begin, recall_id)
    while any(recall.state is RecallState.SENDING for recall in all_of(world, Recall)):
        world.work()
        world.later(seconds=PACE.total_seconds())
    world.work()


def states(world: World) -> dict[str, RecipientState]:
    """What became of each recipient, by who was told."""
    with reading(world.database) as session:
        query = select(Customer, RecallRecipient).where(RecallRecipient.customer_id == Customer.id)
        return {customer.external_id: recipient.state for customer, recipient in session.exec(query)}


@cache
def _articles() -> tuple[Article, ...]:
    return tuple(each.article for each in small_contents().articles if each.article.id in ARTICLES)
