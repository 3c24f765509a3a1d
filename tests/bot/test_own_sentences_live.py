"""Customers hear the house's own sentences from the release that answers them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlmodel import select
from staged_kb import ALL, CHANGED, Shelves
from talk import HOUSE, START, CustomerOnTheWeb, World

from bot.live import Live
from bot.own_sentences import take_up
from bot.replies import say
from kb_content.models import KbSentence
from store import Database, transaction

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture
def world(sqlite_database: Database) -> Iterator[World]:
    shelves = Shelves(sqlite_database, START)
    _says(sqlite_database, "Any time!")
    shelves.live(ALL)
    live = Live(HOUSE)
    assert live.refresh(sqlite_database), live.problem
    yield World(sqlite_database, live)
    take_up({})


def test_the_live_release_s_sentence_is_said_and_the_staged_one_s_to_those_who_get_it(world: World) -> None:
    assert _thanked(world, "ada") == "Any time!"
    _says(world.database, "At your service!")
    assert _thanked(world, "bob") == "Any time!", "nothing is said before its release is live"
    Shelves(world.database, START).staged(CHANGED)
    world.live.refresh(world.database)
    heard = {world.live.staged.is_for(f"web:{name}", None): _thanked(world, name) for name in _visitors(world)}  # type: ignore[union-attr]
    assert heard == {True: "At your service!", False: "Any time!"}
    assert say("thanks", "en") == "Any time!", "what is said outside of a question is what is live"


def test_who_is_answered_from_a_release_that_went_live_meanwhile_hears_that_one_s_sentences(world: World) -> None:
    _says(world.database, "{title}, as of today:", "from_article")
    release_id = Shelves(world.database, START).live(CHANGED)
    (said, *_) = CustomerOnTheWeb(world, "ada").says("I forgot my password")
    assert "15 minutes" in said["text"], "the new article"
    assert said["text"].startswith("Reset a forgotten password, as of today:")
    assert world.live.serving
    assert world.live.serving.release_id == release_id


def _visitors(world: World) -> list[str]:
    """Somebody who gets the staged release, and somebody who does not."""
    assert world.live.staged
    names = [f"visitor-{number}" for number in range(100)]
    return list({world.live.staged.is_for(f"web:{name}", None): name for name in names}.values())


def _thanked(world: World, visitor: str) -> str:
    customer = CustomerOnTheWeb(world, visitor)
    customer.says("where do I find my invoices")
    return str(customer.says("thank you")[-1]["text"])


def _says(database: Database, text: str, key: str = "thanks") -> None:
    with transaction(database) as session:
        row = session.exec(select(KbSentence).where(KbSentence.key == key)).one_or_none()
        if row is None:
            session.add(KbSentence(key=key, language="en", text=text, source="console"))
        else:
            row.text = text
