"""Two releases side by side, and what is deleted while somebody is being answered."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, cast

import pytest
from sqlalchemy import text
from sqlmodel import col, select
from staged_kb import ALL, CHANGED, INVOICE, PASSWORD, WITHOUT, Shelves
from talk import HOUSE, START, AgentAtTheDesk, CustomerOnTheWeb, World
from typer.testing import CliRunner

from api.cli.main import app
from bot import suggestions
from bot.live import Live, Serving, Staged, lot
from bot.suggestions import SuggestionOutdated
from handoff.models import Direction, Message, Suggestion
from kb_content import rollouts
from kb_content.articles import Mode
from kb_content.catalogue import article_page
from retrieval.models import Vector
from store import Database, measures, reading, transaction

pytestmark = pytest.mark.usefixtures("quiet")

BEFORE, AFTER = "60 minutes", "15 minutes"


@pytest.fixture
def shelves(sqlite_database: Database) -> Shelves:
    return Shelves(sqlite_database, START)


@pytest.fixture
def live(shelves: Shelves) -> Live:
    """A server that has taken up a first release of all articles."""
    shelves.live(ALL)
    live = Live(HOUSE)
    assert live.refresh(shelves.database), live.problem
    return live


@pytest.fixture
def world(shelves: Shelves, live: Live) -> World:
    return World(shelves.database, live)


def visitors(live: Live) -> tuple[str, str]:
    """Somebody who gets the staged release, and somebody who does not."""
    assert live.staged
    names = [f"visitor-{number}" for number in range(100)]
    drawn = {live.staged.is_for(f"web:{name}", None): name for name in names}
    return drawn[True], drawn[False]


def hears(world: World, visitor: str, question: str = PASSWORD) -> str:
    return "\n".join(said["text"] for said in CustomerOnTheWeb(world, visitor).says(question))


def releases_told(database: Database) -> list[int | None]:
    """The release of each thing the bot said, in order."""
    with reading(database) as session:
        query = select(Message).where(Message.direction == Direction.OUTGOING).order_by(col(Message.id))
        return [message.detail.get("release") for message in session.exec(query)]


def staged(percent: int, accounts: frozenset[int] = frozenset(), rollout_id: int = 3) -> Staged:
    return Staged(rollout_id, percent, accounts, cast(Serving, None))


def test_a_place_is_within_the_share_for_good_and_a_larger_share_takes_nobody_out() -> None:
    places = [f"slack:C1/{number}" for number in range(4_000)]
    few, more = ({place for place in places if staged(percent).is_for(place, None)} for percent in (20, 60))
    assert 0.17 < len(few) / len(places) < 0.23
    assert 0.57 < len(more) / len(places) < 0.63
    assert few < more
    assert not any(staged(0).is_for(place, None) for place in places)
    assert all(staged(100).is_for(place, None) for place in places)
    others = {place for place in places if staged(20, rollout_id=4).is_for(place, None)}
    assert len(few & others) < len(few), "who was first once is not always first"


def test_a_named_account_gets_it_whatever_the_share() -> None:
    assert staged(0, frozenset({7})).is_for("web:ada", 7)
    assert not staged(0, frozenset({7})).is_for("web:ada", 8)
    assert 0 <= lot(1, "web:\ud800") < 100


def test_some_get_the_staged_release_until_everybody_does(world: World, shelves: Shelves) -> None:
    second = shelves.staged(CHANGED)
    assert world.live.refresh(world.database) is False, "what is live is what it was"
    first, (early, late) = cast(Serving, world.live.serving).release_id, visitors(world.live)
    assert AFTER in hears(world, early)
    assert BEFORE in hears(world, late)
    assert releases_told(world.database) == [second, first]
    held = world.live.staged
    with transaction(world.database) as session:
        rollouts.promote(session, 1, world.now)
    assert world.live.refresh(world.database)
    assert held
    assert world.live.serving is held.serving, "it is taken over as it is"
    assert world.live.staged is None
    assert AFTER in hears(world, "somebody-new")


def test_a_stopped_rollout_gives_everybody_what_is_live(world: World, shelves: Shelves) -> None:
    shelves.staged(CHANGED, percent=100)
    world.live.refresh(world.database)
    assert AFTER in hears(world, "ada")
    with transaction(world.database) as session:
        rollouts.stop(session, 1, world.now, reason="too short")
    # The server has not heard of it yet: what it would cite is no longer to be said.
    assert BEFORE in hears(world, "eve")
    assert world.live.staged is None
    with reading(world.database) as session:
        page = article_page(session, "reset-password", "en", 2)
    assert page
    assert page.was_published, "ada can still read what she was quoted"
    assert AFTER in page.article.body


def test_a_changed_share_is_taken_up_without_loading_anything(world: World, shelves: Shelves) -> None:
    shelves.staged(CHANGED, percent=100)
    world.live.refresh(world.database)
    before = world.live.staged
    with transaction(world.database) as session:
        rollouts.widen(session, 0, [5], world.now)
    world.live.refresh(world.database)
    assert before
    assert world.live.staged
    assert world.live.staged.serving is before.serving
    assert BEFORE in hears(world, "ada")


def test_a_staged_release_that_cannot_be_loaded_is_nobodys(world: World, shelves: Shelves) -> None:
    staged_id = shelves.staged(CHANGED, percent=100)
    with transaction(world.database) as session:
        session.execute(text("UPDATE kb_release SET parameters = x'00' WHERE id = :id"), {"id": staged_id})
    world.live.refresh(world.database)
    assert world.live.staged is None
    assert "rolled out" in (world.live.staged_problem or "")
    assert world.live.problem is None
    assert BEFORE in hears(world, "ada")


def test_everything_that_the_bot_decides_about_a_question_records_its_release(world: World) -> None:
    ada = CustomerOnTheWeb(world)
    ada.says(PASSWORD)
    ada.says("what is the weather like on Saturn's moons")
    ada.says("let me talk to a person")
    release = cast(Serving, world.live.serving).release_id
    assert releases_told(world.database) == [release] * 3


def test_what_was_deleted_is_not_cited_by_a_server_that_has_not_heard_of_it(world: World, shelves: Shelves) -> None:
    assert BEFORE in hears(world, "ada")
    second = shelves.live(WITHOUT)
    answered = CustomerOnTheWeb(world, "eve").says(PASSWORD)
    assert answered, "nobody is left without a word"
    assert not any(BEFORE in said["text"] for said in answered)
    assert cast(Serving, world.live.serving).release_id == second
    assert releases_told(world.database)[1:] == [second]


def test_where_the_new_release_cannot_be_loaded_only_what_still_stands_is_said(world: World, shelves: Shelves) -> None:
    shelves.live(WITHOUT, is_readable=False)
    said = CustomerOnTheWeb(world, "ada").says(PASSWORD)
    assert not any(BEFORE in one["text"] for one in said)
    assert said[0]["ticket"], "a person answers"
    assert "Billing" in hears(world, "eve", INVOICE), "this article is as it was"
    assert world.live.problem


def test_a_suggestion_whose_article_is_gone_is_not_sent(world: World, shelves: Shelves) -> None:
    serving = cast(Serving, world.live.serving)
    suggesting = dict.fromkeys(serving.policy.modes, Mode.SUGGEST)
    world.live.serving = replace(serving, policy=replace(serving.policy, modes=suggesting))
    hears(world, "ada")
    with reading(world.database) as session:
        offered = session.exec(select(Suggestion)).one()
    assert BEFORE in offered.text
    shelves.live(WITHOUT)
    bob = AgentAtTheDesk(world, "bob").actor
    deeds = {"send": (), "edit": (f"{offered.text} Good luck!",)}
    for deed, words in deeds.items():
        with transaction(world.database) as session, pytest.raises(SuggestionOutdated, match="changed or removed"):
            getattr(suggestions, deed)(session, 1, offered.id, *words, bob, world.now)
    with transaction(world.database) as session:
        said = suggestions.edit(session, 1, offered.id or 0, "Call us, please.", bob, world.now)
    assert not said.detail.get("citations")


BROKEN = {
    "a version was changed": "UPDATE article_version SET body = 'Something else.' WHERE number = 2",
    "an article was taken out of it": "DELETE FROM kb_release_article WHERE release_id = 2 AND version_id = 2",
    "its digest is another": "UPDATE kb_release SET digest = 'x' WHERE id = 2",
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_release_that_is_not_what_was_published_is_not_taken_up(world: World, shelves: Shelves, broken: str) -> None:
    second = shelves.live(CHANGED)
    with transaction(world.database) as session:
        session.execute(text(BROKEN[broken]))
    before, serving = measures.value("release_mismatches_total"), world.live.serving
    assert world.live.refresh(world.database) is False
    assert world.live.serving is serving
    assert f"Release {second} is not what was published" in (world.live.problem or "")
    assert measures.value("release_mismatches_total") == before + 1


def test_vectors_that_were_damaged_are_found(world: World, shelves: Shelves) -> None:
    shelves.live(CHANGED)
    with transaction(world.database) as session:
        for row in session.exec(select(Vector)):
            row.vec = bytes(len(row.vec))
    assert world.live.refresh(world.database) is False
    assert "no unit vectors" in (world.live.problem or "")


def verify(database: Database) -> tuple[int, list[dict[str, Any]]]:
    finished = CliRunner().invoke(app, ["kb", "verify", "--json"], env={"FIRSTLINE_DATABASE_URL": database.url})
    return finished.exit_code, json.loads(finished.stdout)


def test_a_command_compares_what_is_live_and_what_is_rolled_out_with_the_database(
    world: World, shelves: Shelves
) -> None:
    shelves.staged(CHANGED)
    code, found = verify(world.database)
    assert code == 0
    assert [(one["release"], one["articles"], one["faults"]) for one in found] == [(1, 3, []), (2, 3, [])]
    assert all(one["vectors"] >= one["passages"] >= 3 for one in found)
    assert found[0]["digest"] != found[1]["digest"]
    assert found[0]["vectors_digest"] != found[1]["vectors_digest"]
    with transaction(world.database) as session:
        session.execute(text(BROKEN["a version was changed"]))
    code, found = verify(world.database)
    assert code == 1
    assert [one["faults"] for one in found] == [
        [],
        ["version 2 of reset-password (en) was changed after it was published"],
    ]
