"""Updates by polling: in the database before they are confirmed, once each, whoever dies or disturbs."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import update
from standins.telegram import TelegramWorld, faults

from bot.channels.base import Inbound, Outgoing, OutgoingButton, State, Status, Unreadable
from bot.channels.telegram.connection import TelegramConnection
from bot.models import InboxRow
from store import Database, open_database, transaction
from store.models import Lease

Connects = Callable[..., AbstractContextManager[TelegramConnection]]
Becomes = Callable[..., State]
Rows = Callable[[Database], list[InboxRow]]
Breaks = Callable[[Database], AbstractContextManager[None]]


def test_what_people_say_is_kept_and_then_confirmed(
    world: TelegramWorld, connects: Connects, rows: Rows, database: Database
) -> None:
    ada, eve = world.person("Ada"), world.person("Eve")
    with connects(database) as connection:
        texts = [ada.says("one").text, eve.says("two").text, ada.says("three").text]
        world.wait_until_confirmed()
        kept = rows(database)
        events = [connection.channel.parse(json.loads(row.payload)) for row in kept]
    assert [event.text for event in events if isinstance(event, Inbound)] == texts
    assert [row.thread_key for row in kept] == [str(ada.id), str(eve.id), str(ada.id)]
    assert kept[0].event_key.startswith(f"{world.bot_id}:")


def test_what_was_said_while_nobody_listened_is_not_lost(
    world: TelegramWorld, connects: Connects, rows: Rows, sqlite_database: Database
) -> None:
    world.person("Ada").says("hello?")
    with connects(sqlite_database):
        world.wait_until_confirmed()
    assert len(rows(sqlite_database)) == 1


def test_a_server_that_does_not_know_webhooks_is_polled(
    world: TelegramWorld, connects: Connects, rows: Rows, sqlite_database: Database
) -> None:
    world.fault("getWebhookInfo", faults.Refuse(404, "Not Found: method not found"), times=10_000)
    with connects(sqlite_database):
        world.person("Ada").says("hello")
        world.wait_until_confirmed()
    assert len(rows(sqlite_database)) == 1


def test_what_was_kept_but_not_confirmed_comes_again_and_counts_once(
    world: TelegramWorld, connects: Connects, rows: Rows, sqlite_database: Database
) -> None:
    cut = world.fault("getUpdates", faults.DropBefore(), times=10_000, when=lambda args: "offset" in args)
    with connects(sqlite_database):
        world.person("Ada").says("hello")
        world.wait_for(lambda: cut.met, what="an attempt to confirm")
    assert len(rows(sqlite_database)) == 1
    assert len(world.pending) == 1
    world.plans.remove(cut)
    with connects(sqlite_database):
        world.wait_until_confirmed()
    assert len(rows(sqlite_database)) == 1


def test_nothing_is_confirmed_while_the_database_is_down(
    world: TelegramWorld, connects: Connects, becomes: Becomes, rows: Rows, breaks: Breaks, sqlite_database: Database
) -> None:
    with connects(sqlite_database) as connection:
        becomes(connection, Status.CONNECTED)
        with breaks(sqlite_database):
            world.person("Ada").says("hello")
            assert "Telegram keeps the messages" in becomes(connection, Status.TROUBLE).reason
            assert len(world.pending) == 1
        becomes(connection, Status.CONNECTED)
        world.wait_until_confirmed()
    assert len(rows(sqlite_database)) == 1


def test_an_update_that_cannot_be_read_stops_nothing(
    world: TelegramWorld, connects: Connects, rows: Rows, sqlite_database: Database
) -> None:
    world.inject_update({"message": {"message_id": "poison"}})
    world.inject_update({"something_of_next_year": {}})
    world.person("Ada").says("hello")
    with connects(sqlite_database) as connection:
        world.wait_until_confirmed()
        poison, strange, hello = (json.loads(row.payload) for row in rows(sqlite_database))
        with pytest.raises(Unreadable):
            connection.channel.parse(poison)
        assert isinstance(connection.channel.parse(hello), Inbound)
        assert not isinstance(connection.channel.parse(strange), Inbound)


def test_an_update_that_comes_twice_is_one(
    world: TelegramWorld, connects: Connects, rows: Rows, sqlite_database: Database
) -> None:
    said = world.person("Ada").says("hello")
    with connects(sqlite_database):
        world.wait_until_confirmed()
        world.redeliver(said.update_id or 0)
        world.wait_until_confirmed()
    assert len(rows(sqlite_database)) == 1


def test_updates_that_are_numbered_anew_still_arrive(
    world: TelegramWorld, connects: Connects, rows: Rows, sqlite_database: Database
) -> None:
    ada = world.person("Ada")
    with connects(sqlite_database):
        ada.says("before")
        world.wait_until_confirmed()
        world.wait_for(lambda: "offset" not in world.calls_of("getUpdates")[-1].args, what="a poll without offset")
        world.jump_update_ids(5)
        ada.says("after")
        world.wait_for(lambda: len(rows(sqlite_database)) == 2, what="both messages")


def test_a_webhook_that_was_left_behind_is_taken_down_and_loses_nothing(
    world: TelegramWorld, connects: Connects, rows: Rows, becomes: Becomes, sqlite_database: Database
) -> None:
    with connects(sqlite_database, mode="webhook") as connection:
        becomes(connection, Status.CONNECTED)
        world.person("Ada").says("to the webhook, where nobody listens")
    with connects(sqlite_database):
        world.wait_until_confirmed()
    assert not world.webhook.url
    assert len(rows(sqlite_database)) == 1


def test_commands_are_offered_in_both_languages(
    world: TelegramWorld, connects: Connects, sqlite_database: Database
) -> None:
    with connects(sqlite_database):
        world.wait_for(lambda: len(world.commands) == 2, what="commands in two languages")
    offered = {language: [name for name, _ in commands] for (_, language), commands in world.commands.items()}
    assert set(offered) == {"", "zh"}
    assert {"start", "new", "tickets", "status", "human", "language"} <= set(offered[""])
    assert offered["zh"] == offered[""]


def test_a_press_is_answered_once_it_is_kept(
    world: TelegramWorld, connects: Connects, becomes: Becomes, rows: Rows, sqlite_database: Database
) -> None:
    ada = world.person("Ada")
    ada.says("hello")
    with connects(sqlite_database) as connection:
        becomes(connection, Status.CONNECTED)
        connection.channel.send(Outgoing(1, 1, str(ada.id), "Yes?", (OutgoingButton("token-1", "Yes"),)))
        press = ada.presses(ada.private.next_from_bot(), "Yes")
        press.wait()
        event = connection.channel.parse(json.loads(rows(sqlite_database)[-1].payload))
    assert isinstance(event, Inbound)
    assert event.press == "token-1"


def test_another_program_that_polls_is_named(
    world: TelegramWorld,
    connects: Connects,
    becomes: Becomes,
    sqlite_database: Database,
    sqlite_template: Path,
    tmp_path: Path,
) -> None:
    other = open_database(f"sqlite:///{tmp_path / 'other.db'}")
    (tmp_path / "other.db").write_bytes(sqlite_template.read_bytes())
    with connects(sqlite_database) as ours:
        becomes(ours, Status.CONNECTED)
        with connects(other):
            state = becomes(ours, Status.TROUBLE, "Another program polls this bot")
            assert "BotFather" in state.reason
        becomes(ours, Status.CONNECTED)
    other.close()


def test_of_two_processes_with_one_database_one_polls_and_both_send(
    world: TelegramWorld, connects: Connects, becomes: Becomes, rows: Rows, database: Database
) -> None:
    with connects(database, owner="first") as first:
        becomes(first, Status.CONNECTED)
        with connects(database, owner="second") as second:
            becomes(second, Status.CONNECTED, "takes over")
            ada, eve = world.person("Ada"), world.person("Eve")
            ada.says("hello")
            eve.says("hello")
            world.wait_until_confirmed()
            # To two people, for within a second the second process would have to wait where the first one wrote.
            for number, (connection, to) in enumerate(((first, ada), (second, eve)), start=1):
                connection.channel.send(Outgoing(number, number, str(to.id), f"from {number}"))
            first.stop()
            world.wait_for(lambda: second._line.standing.held, what="the second to take over")
            ada.says("hello again")
            world.wait_until_confirmed()
    assert [message.text for message in world.from_bot] == ["from 1", "from 2"]
    assert len(rows(database)) == 3
    assert not [call for call in world.calls_of("getUpdates") if call.status == 409]


def test_who_lost_the_lease_keeps_and_confirms_nothing(
    world: TelegramWorld, connects: Connects, becomes: Becomes, rows: Rows, database: Database
) -> None:
    with connects(database) as connection:
        becomes(connection, Status.CONNECTED)
        with transaction(database) as session:
            session.execute(update(Lease).values(owner="another", epoch=99))
        world.person("Ada").says("hello")
        becomes(connection, Status.CONNECTED, "takes over")
    assert rows(database) == []
    assert len(world.pending) == 1


def test_a_process_of_the_same_name_does_not_wait_for_the_lease_of_its_dead_self(
    world: TelegramWorld, connects: Connects, becomes: Becomes, sqlite_database: Database
) -> None:
    with connects(sqlite_database) as connection:
        becomes(connection, Status.CONNECTED)
        connection._line.standing.held = None  # dies: it gives nothing back
    with connects(sqlite_database) as connection:
        becomes(connection, Status.CONNECTED)
        assert connection.channel.is_open


@pytest.mark.parametrize("token", ["1:wrong", "no token at all"])
def test_a_refused_token_switches_the_channel_off(
    connects: Connects, becomes: Becomes, sqlite_database: Database, token: str
) -> None:
    with connects(sqlite_database, token=token) as connection:
        state = becomes(connection, Status.OFF)
        assert "FIRSTLINE_TELEGRAM_TOKEN" in state.reason
        assert token not in state.reason
        assert not connection.channel.is_open
        assert connection.bot_link("code") is None


def test_a_token_that_is_revoked_switches_the_channel_off_until_telegram_takes_it_again(
    world: TelegramWorld, connects: Connects, becomes: Becomes, sqlite_database: Database
) -> None:
    with connects(sqlite_database) as connection:
        becomes(connection, Status.CONNECTED)
        world.revoke_token()
        world.restart()
        becomes(connection, Status.OFF)
        assert not connection.channel.is_open
        world.accept_token()
        becomes(connection, Status.CONNECTED)
        assert connection.channel.is_open


def test_while_telegram_cannot_be_reached_deliveries_wait(
    world: TelegramWorld, connects: Connects, becomes: Becomes, rows: Rows, sqlite_database: Database
) -> None:
    with connects(sqlite_database) as connection:
        becomes(connection, Status.CONNECTED)
        assert connection.channel.is_open
        world._server.stop()
        becomes(connection, Status.TROUBLE, "cannot be reached")
        assert not connection.channel.is_open
        world.restart()
        becomes(connection, Status.CONNECTED)
        assert connection.channel.is_open
        world.person("Ada").says("hello")
        world.wait_until_confirmed()
    assert len(rows(sqlite_database)) == 1


def test_a_link_opens_the_bot_with_a_code(
    connects: Connects, becomes: Becomes, world: TelegramWorld, sqlite_database: Database
) -> None:
    with connects(sqlite_database) as connection:
        becomes(connection, Status.CONNECTED)
        assert connection.bot_link("abc-1_2") == "https://t.me/firstline_bot?start=abc-1_2"
