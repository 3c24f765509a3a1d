"""A changed mode reaches a running server, without its release being loaded again."""

from __future__ import annotations

from typing import cast

import pytest
from answered import INTENTS, Archive

from bot.learning.autonomy import set_mode
from bot.live import House, Live, Serving, policy_of
from kb_content.articles import Mode
from kb_content.catalogue import contents
from retrieval.reader import Reader
from store import Database, reading, transaction


@pytest.fixture
def archive(database: Database) -> Archive:
    return Archive(database)


@pytest.fixture
def live(archive: Archive) -> Live:
    house = House("http://firstline.test")
    release_id = archive.publish()
    with reading(archive.database) as session:
        held = contents(session)
    policy = policy_of(house, 0.5, INTENTS, held.articles)
    live = Live(house)
    live.serving = Serving(release_id, cast(Reader, None), policy, {}, house.address)
    return live


def modes(live: Live) -> dict[str, Mode]:
    assert live.serving
    return dict(live.serving.policy.modes)


def test_a_served_release_knows_every_topic_and_its_mode(live: Live) -> None:
    assert modes(live) == {
        "account-access": Mode.AUTO,
        "billing": Mode.AUTO,
        "general": Mode.AUTO,
        "refunds": Mode.SUGGEST,
    }
    assert live.serving
    assert live.serving.policy.mode_of("invoices", "en") is Mode.AUTO
    assert live.serving.policy.topic_of("reset-password", "zh") == "account-access"


def test_a_changed_mode_is_taken_up_at_the_next_look(archive: Archive, live: Live) -> None:
    with transaction(archive.database) as session:
        set_mode(session, "billing", Mode.OFF, archive.bob, archive.now)
    before = live.serving
    assert live.refresh(archive.database) is False, "it is no other release"
    assert modes(live)["billing"] is Mode.OFF
    assert before
    assert before.policy.modes["billing"] is Mode.AUTO, "a message under way keeps what it began with"


def test_nothing_changed_swaps_nothing(archive: Archive, live: Live) -> None:
    before = live.serving
    live.refresh(archive.database)
    assert live.serving is before
