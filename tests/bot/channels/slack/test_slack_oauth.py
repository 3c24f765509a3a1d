"""More than one workspace: each adds the app by itself, and what is of one never reaches another."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from slack_house import SlackHouse, is_down, settled, slack_house
from slack_sdk.oauth.installation_store import Installation
from sqlalchemy import func, select
from standins.slack.server import Http, SlackWorld, Team, Times

from bot.channels.base import Later, Outgoing, Status
from bot.channels.slack import tables
from bot.channels.slack.gaps import unseen
from bot.channels.slack.http import Answer
from bot.channels.slack.intake import quiet_logger
from bot.channels.slack.manifest import BOT_SCOPES
from bot.channels.slack.oauth import Installations, States
from bot.channels.slack.socket import Patience
from handoff.conversations import add_incoming, open_conversation
from handoff.customers import find_customer, find_thread
from store import Database, reading, transaction

CLIENT: dict[str, Any] = {"client_id": "1111.2222", "client_secret": "client-secret"}


@pytest.fixture
def world() -> Iterator[SlackWorld]:
    with SlackWorld(times=Times.quick()) as world:
        world.add_team("T1", installed=False)
        world.add_team("T2", installed=False)
        yield world
        assert world.complaints == []


@pytest.fixture
def house(world: SlackWorld, sqlite_database: Database, tmp_path: Path) -> Iterator[SlackHouse]:
    """Of no workspace of its own: all come by OAuth."""
    with slack_house(world, sqlite_database, tmp_path, http=True, bot_token=None, **CLIENT) as house:
        house.is_connected()
        yield house


def begun(house: SlackHouse) -> tuple[str, dict[str, str]]:
    """Somebody wants to add the app: Slack's page that asks them, and what their browser brings back from us."""
    page = house.connection.take_install("", {})
    assert page.status == 302
    cookie = SimpleCookie(page.headers["set-cookie"])
    return page.headers["location"], {"cookie": "; ".join(f"{name}={one.value}" for name, one in cookie.items())}


def added(house: SlackHouse, team: Team) -> Answer:
    page, browser = begun(house)
    back = house.world.approve(page, team.people[0] if team.people else team.add_person("admin"))
    return house.connection.take_oauth(urlsplit(back).query, browser)


def sent_to(house: SlackHouse, team: Team, person: Any, number: int = 1) -> tuple[str, ...]:
    return house.connection.channel.send(Outgoing(number, number, f"{team.id}:@{person.id}", f"answer {number}"))


def test_slacks_page_is_asked_for_the_scopes_of_the_manifest(house: SlackHouse) -> None:
    page, _ = begun(house)
    asked = parse_qs(urlsplit(page).query)
    assert page.startswith(f"{house.world.url}/oauth/v2/authorize?")
    assert asked["client_id"] == [CLIENT["client_id"]]
    assert asked["scope"] == [",".join(BOT_SCOPES)]
    assert asked["redirect_uri"] == [f"{house.address}/channels/slack/oauth_redirect"]


def test_two_workspaces_are_answered_with_their_own_tokens(house: SlackHouse) -> None:
    one, two = house.world.teams
    assert added(house, one).status == 200
    assert added(house, two).status == 200
    ann, bob = one.add_person("ann"), two.add_person("bob")
    ann.says("from one", ann.dm)
    bob.says("from two", bob.dm)
    kept = {payload["me"]["team_id"]: payload for payload in house.kept(2)}
    assert kept["T1"]["body"]["event"]["text"] == "from one"
    assert kept["T1"]["me"]["user_id"] == one.bot.user_id
    assert kept["T2"]["me"] == {"user_id": two.bot.user_id, "bot_id": two.bot.bot_id, "team_id": "T2"}
    sent_to(house, one, ann)
    sent_to(house, two, bob)
    assert [call.token for call in house.world.calls_of("chat.postMessage")] == [one.bot_token, two.bot_token]
    assert "answer 1" in ann.dm.wait_for_bot().words


def test_slack_is_not_asked_who_we_are_for_each_event(house: SlackHouse) -> None:
    added(house, house.world.teams[0])
    asked = len(house.world.calls_of("auth.test"))
    ann = house.world.teams[0].add_person("ann")
    for number in range(5):
        ann.says(f"number {number}", ann.dm)
    house.kept(5)
    assert len(house.world.calls_of("auth.test")) == asked


def test_a_token_of_our_own_and_workspaces_by_oauth_go_together(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    one, two = world.teams
    one.installs()
    with slack_house(world, sqlite_database, tmp_path, http=True, **CLIENT) as house:
        house.is_connected()
        added(house, two)
        ann, bob = one.add_person("ann"), two.add_person("bob")
        ann.says("from one", ann.dm)
        bob.says("from two", bob.dm)
        assert {payload["me"]["team_id"] for payload in house.kept(2)} == {"T1", "T2"}
        two.uninstalls()
        world.wait_for(lambda: not world.unacknowledged())
        house.is_connected()
        assert "T2" in house.connection.state.reason
        assert sent_to(house, one, ann)


def test_a_workspace_that_removed_the_app_is_forgotten_and_what_is_to_be_sent_there_waits(house: SlackHouse) -> None:
    one, two = house.world.teams
    added(house, one)
    added(house, two)
    ann, bob = one.add_person("ann"), two.add_person("bob")
    one.uninstalls()
    house.world.wait_for(lambda: not house.world.unacknowledged())
    with pytest.raises(Later):
        sent_to(house, one, ann)
    assert sent_to(house, two, bob)
    assert "T1 removed the app" in house.connection.state.reason
    assert house.connection.state.status is Status.CONNECTED
    assert _count(house.database, tables.BOTS) == _count(house.database, tables.INSTALLATIONS) == 1


def test_a_workspace_that_adds_the_app_again_is_answered_again(house: SlackHouse) -> None:
    one = house.world.teams[0]
    added(house, one)
    ann = one.add_person("ann")
    sent_to(house, one, ann)
    one.uninstalls()
    house.world.wait_for(lambda: not house.world.unacknowledged())
    added(house, one)
    assert sent_to(house, one, ann, 2)
    assert house.connection.state.reason == ""


def test_a_token_that_slack_refuses_while_sending_is_told(house: SlackHouse) -> None:
    one = house.world.teams[0]
    added(house, one)
    ann = one.add_person("ann")
    one.revokes_token(tells=False)
    with pytest.raises(Later):
        sent_to(house, one, ann)
    assert "T1" in house.connection.state.reason
    added(house, one)
    assert sent_to(house, one, ann)


def test_a_way_back_that_nobody_began_is_refused(house: SlackHouse) -> None:
    page, browser = begun(house)
    ann = house.world.teams[0].add_person("ann")
    back = urlsplit(house.world.approve(page, ann)).query
    forged = back.replace(parse_qs(back)["state"][0], "forged")
    assert house.connection.take_oauth(forged, browser).status == 400
    assert house.connection.take_oauth(forged, {"cookie": "slack-app-oauth-state=forged"}).status == 401
    assert house.connection.take_oauth(back, {}).status == 400
    assert _count(house.database, tables.BOTS) == 0
    assert house.connection.take_oauth(back, browser).status == 200


def test_a_way_back_works_once(house: SlackHouse) -> None:
    page, browser = begun(house)
    back = urlsplit(house.world.approve(page, house.world.teams[0].add_person("ann"))).query
    assert house.connection.take_oauth(back, browser).status == 200
    assert house.connection.take_oauth(back, browser).status == 401
    assert _count(house.database, tables.BOTS) == 1


def test_a_way_back_runs_out(house: SlackHouse, sqlite_database: Database) -> None:
    page, browser = begun(house)
    back = urlsplit(house.world.approve(page, house.world.teams[0].add_person("ann"))).query
    with transaction(sqlite_database) as session:
        session.execute(tables.OAUTH_STATES.update().values(expire_at=datetime(2020, 1, 1)))  # noqa: DTZ001
    assert house.connection.take_oauth(back, browser).status == 401
    begun(house)
    assert _count(sqlite_database, tables.OAUTH_STATES) == 1


def test_whoever_cancels_changes_nothing(house: SlackHouse) -> None:
    page, browser = begun(house)
    back = urlsplit(house.world.approve(page, house.world.teams[0].add_person("ann"), deny=True)).query
    assert house.connection.take_oauth(back, browser).status == 200
    assert _count(house.database, tables.BOTS) == 0


def test_a_database_that_is_down_is_said_and_keeps_nothing(house: SlackHouse) -> None:
    with is_down(house.database):
        answer = house.connection.take_install("", {})
    assert answer.status == 503
    assert b"database" in answer.body.lower()


def test_slack_that_does_not_answer_is_said(house: SlackHouse) -> None:
    page, browser = begun(house)
    back = urlsplit(house.world.approve(page, house.world.teams[0].add_person("ann"))).query
    house.world.fail_next("oauth.v2.access", "drop_before")
    assert house.connection.take_oauth(back, browser).status == 502


def test_without_an_app_of_several_workspaces_there_is_nothing_to_add(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    with slack_house(world, sqlite_database, tmp_path, http=True) as house:
        assert house.connection.take_install("", {}).status == 404
        assert house.connection.take_oauth("", {}).status == 404


def installation(team: str, token: str) -> Installation:
    return Installation(
        app_id="A1", team_id=team, user_id="U1", bot_token=token, bot_id="B1", bot_user_id="UBOT", token_type="bot"
    )


def test_the_newest_token_of_a_workspace_counts(database: Database) -> None:
    installations = Installations(database, "client", quiet_logger())
    installations.save(installation("T1", "xoxb-old"))
    installations.save(installation("T1", "xoxb-new"))
    installations.save(installation("T2", "xoxb-two"))
    found = installations.of_team("T1")
    assert found is not None
    assert found.token == "xoxb-new"
    assert "xoxb" not in repr(found)
    installations.forget("T1")
    assert installations.of_team("T1") is None
    assert installations.of_team("T2") is not None
    assert Installations(database, "another client", quiet_logger()).of_team("T2") is None


def test_an_installation_is_kept_whole_or_not_at_all(database: Database) -> None:
    installations = Installations(database, "client", quiet_logger())
    with pytest.raises(Exception, match="slack_bots"):
        _without_bots(database, lambda: installations.save(installation("T1", "xoxb-1")))
    assert _count(database, tables.INSTALLATIONS) == 0


def test_states_can_be_asked_for_from_many_threads_at_once(database: Database) -> None:
    states = States(database, quiet_logger())
    with ThreadPoolExecutor(8) as pool:
        issued = list(pool.map(lambda _: states.issue(), range(40)))
        consumed = list(pool.map(states.consume, [*issued, *issued]))
    assert len(set(issued)) == 40
    assert consumed.count(True) == 40


def _without_bots(database: Database, act: Any) -> None:
    tables.BOTS.drop(database.writer)
    try:
        act()
    finally:
        tables.BOTS.create(database.writer)


def _count(database: Database, table: Any) -> int:
    with reading(database) as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_workspace_that_refuses_our_token_keeps_nobody_from_looking_at_the_others(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    one, two = world.teams
    ann, bob = one.add_person("ann"), two.add_person("bob")
    hasty = {"http": True, "bot_token": None, "patience": Patience(between=0.0), **CLIENT}
    with slack_house(world, sqlite_database, tmp_path, **hasty) as house:
        house.is_connected()
        assert [added(house, team).status for team in (one, two)] == [200, 200]
        bob.says("hello", bob.dm)
        house.kept(1)
    now = datetime.now(UTC)
    for team, person in ((two, bob), (one, ann)):
        with transaction(sqlite_database) as session:
            customer = find_customer(session, "slack", f"{team.id}:{person.id}", now)
            thread = find_thread(session, "slack", f"{team.id}:@{person.id}", now)
            add_incoming(session, open_conversation(session, thread, customer, "en", now), "hi", None, now, {})
        now += timedelta(seconds=1)
    world.deliver_by = Http("http://127.0.0.1:9/", "secret")
    bob.says("is anybody there?", bob.dm)
    ann.says("and here?", ann.dm)
    world.wait_for(lambda: all(delivery.is_done for delivery in world.deliveries))
    for method in ("conversations.open", "conversations.history", "users.conversations"):
        world.fail_next(method, "token_revoked", times=99, team=one)
    with slack_house(world, sqlite_database, tmp_path, **hasty) as house:
        house.kept(2)
        assert house.texts() == ["hello", "is anybody there?"]
        # It is looked at once it takes the token again.
        settled(lambda: _unseen(sqlite_database) == {"T1"}, lambda: str(_unseen(sqlite_database)))


def test_what_was_said_while_a_workspace_was_without_the_app_is_fetched_once_it_adds_it_again(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    team = world.teams[0]
    ann = team.add_person("ann")
    hasty = {"http": True, "bot_token": None, "patience": Patience(between=0.0), **CLIENT}
    with slack_house(world, sqlite_database, tmp_path, **hasty) as house:
        house.is_connected()
        added(house, team)
        ann.says("hello", ann.dm)
        house.kept(1)
        team.uninstalls()
        house.warns("T1 removed the app")
        way, world.deliver_by = world.deliver_by, Http("http://127.0.0.1:9/", "secret")
        ann.says("is anybody there?", ann.dm)
        world.wait_for(lambda: all(delivery.is_done for delivery in world.deliveries))
        world.deliver_by = way
        added(house, team)
        house.kept(2)
        assert house.texts() == ["hello", "is anybody there?"]


def _unseen(database: Database) -> set[str]:
    """The workspaces that somebody has yet to look at."""
    with reading(database) as session:
        return set(unseen(session).teams)
