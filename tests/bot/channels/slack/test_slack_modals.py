"""The form "Ask support" and ``/support``: what customers see at once, and what is kept of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from slack_house import SlackHouse, is_down
from slack_sdk.models.views import View

from bot.channels.base import CommandName, Inbound
from bot.channels.slack import modals
from bot.channels.slack.manifest import COMMAND
from bot.channels.slack.parsing import parse
from bot.channels.slack.words import say, sentences
from bot.replies import LANGUAGES
from handoff.customers import find_customer
from store import transaction


def asked(payload: dict[str, Any]) -> Inbound:
    """What the bot will read in what was kept."""
    inbound = parse(payload)
    assert isinstance(inbound, Inbound)
    return inbound


@pytest.mark.parametrize("is_direct", [True, False])
def test_support_with_words_asks_and_says_where_the_answer_comes(house: SlackHouse, ann: Any, is_direct: bool) -> None:
    room = house.world.teams[0].add_channel("general", members=[ann])
    ran = ann.runs(COMMAND, "I forgot my password", ann.dm if is_direct else room)
    assert ran.answer == say("on_its_way", "en")
    [payload] = house.payloads()
    assert payload["kind"] == "command"
    assert asked(payload).text == "I forgot my password"
    assert asked(payload).thread == f"T1:@{ann.id}"


def test_a_command_that_comes_twice_is_kept_once(house: SlackHouse, ann: Any) -> None:
    ran = ann.runs(COMMAND, "I forgot my password", ann.dm)
    assert house.world.deliver_again(ran).wait().acknowledged
    assert len(house.rows()) == 1


def test_support_alone_opens_a_form(house: SlackHouse, ann: Any) -> None:
    assert ann.runs(COMMAND, "", ann.dm).answer is None
    assert ann.modal.title == "Ask support"
    assert house.rows() == []


def test_support_help_says_what_there_is(house: SlackHouse, ann: Any) -> None:
    assert ann.runs(COMMAND, "HELP", ann.dm).answer == say("help", "en")
    assert house.rows() == []


def test_a_sent_form_is_kept_and_thanked_for(house: SlackHouse, ann: Any) -> None:
    ann.runs(COMMAND, "", ann.dm)
    sent = ann.submits(ann.modal, {"question": "Where is my invoice?"})
    assert sent.errors == {}
    assert say("thanks", "en") in ann.modal.words
    [payload] = house.payloads()
    assert asked(payload).text == "Where is my invoice?"
    assert asked(payload).thread == f"T1:@{ann.id}"
    assert asked(payload).command is None


def test_a_form_can_ask_for_a_person(house: SlackHouse, ann: Any) -> None:
    ann.runs(COMMAND, "", ann.dm)
    ann.submits(ann.modal, {"question": "Where is my invoice?", "wants_person": ["yes"]})
    [payload] = house.payloads()
    command = asked(payload).command
    assert command is not None
    assert command.name is CommandName.HUMAN


def test_a_form_that_is_sent_twice_is_kept_once(house: SlackHouse, ann: Any) -> None:
    ann.runs(COMMAND, "", ann.dm)
    sent = ann.submits(ann.modal, {"question": "Where is my invoice?"})
    assert house.world.deliver_again(sent.delivery).wait().acknowledged
    assert len(house.rows()) == 1


def test_a_form_without_words_says_so_at_the_field(house: SlackHouse, ann: Any) -> None:
    ann.runs(COMMAND, "", ann.dm)
    sent = ann.submits(ann.modal, {"question": "  \n "})
    assert sent.errors == {"question": say("question_empty", "en")}
    assert house.rows() == []


def test_a_form_sent_while_the_database_is_down_is_not_thanked_for(house: SlackHouse, ann: Any) -> None:
    ann.runs(COMMAND, "", ann.dm)
    with is_down(house.database):
        sent = ann.submits(ann.modal, {"question": "Where is my invoice?"})
    assert sent.errors
    assert house.rows() == []
    assert ann.submits(ann.modal, {"question": "Where is my invoice?"}).errors == {}
    assert len(house.rows()) == 1


def test_a_shortcut_opens_the_form_with_the_message_quoted(house: SlackHouse, ann: Any) -> None:
    team = house.world.teams[0]
    room = team.add_channel("general", members=[ann])
    message = ann.says("the printer & the <scanner>\nburn", room)
    assert ann.shortcut(modals.ASK, message).acknowledged
    form = ann.wait_for_modal()
    ann.submits(form, {})
    payload = house.kept(1)[0]
    assert asked(payload).text == "> the printer & the <scanner>\n> burn"
    assert payload["kind"] == "view"


def test_a_shortcut_that_slack_no_longer_waits_for_says_so_quietly(house: SlackHouse, ann: Any) -> None:
    room = house.world.teams[0].add_channel("general", members=[ann])
    message = ann.says("the printer burns", room)
    house.world.fail_next("views.open", "expired_trigger_id")
    assert ann.shortcut(modals.ASK, message).acknowledged
    [whispered] = house.world.wait_for(lambda: room.ephemerals(ann))
    assert whispered.text == say("try_again", "en")


@pytest.mark.parametrize("trouble", ["expired_trigger_id", "exchanged_trigger_id", "ratelimited", "http_500"])
def test_a_form_that_does_not_open_is_answered_with_a_sentence(house: SlackHouse, ann: Any, trouble: str) -> None:
    house.world.fail_next("views.open", trouble)
    assert ann.runs(COMMAND, "", ann.dm).answer == say("try_again", "en")


def test_a_double_click_on_the_home_button_opens_one_form(house: SlackHouse, ann: Any) -> None:
    ann.opens_home()
    home = ann.wait_for_home()
    click = ann.clicks(home, "home:ask")
    ann.wait_for_modal()
    assert house.world.deliver_again(click).wait().acknowledged
    house.world.wait_for(lambda: len(house.world.calls_of("views.open")) == 2)
    assert len(ann.modals) == 1


def test_a_customer_who_chose_chinese_is_answered_in_chinese(house: SlackHouse, ann: Any) -> None:
    with transaction(house.database) as session:
        find_customer(session, "slack", f"T1:{ann.id}", datetime.now(UTC), language="zh-CN")
    assert ann.runs(COMMAND, "我忘记密码了", ann.dm).answer == say("on_its_way", "zh")
    ann.runs(COMMAND, "", ann.dm)
    assert ann.modal.title == "咨询客服"


def test_somebody_else_s_shortcut_and_form_are_acknowledged(house: SlackHouse, ann: Any) -> None:
    message = ann.says("hello", ann.dm)
    house.kept(1)
    assert ann.shortcut("unknown", message).acknowledged
    assert ann.global_shortcut("unknown").acknowledged
    assert len(house.rows()) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("quoted", ["", "short", "x" * 10_000, "line\n" * 2_000, "🙂" * 3_000])
def test_every_form_is_within_slacks_limits(language: str, quoted: str) -> None:
    for view in (modals.question_view(language, quoted), modals.thanks_view(language)):
        View(**view).validate_json()
        assert len(view["title"]["text"]) <= 24
        assert len(view["close"]["text"]) <= 24
    field = modals.question_view(language, quoted)["blocks"][0]["element"]
    assert len(field.get("initial_value", "").encode("utf-16-le")) // 2 <= modals.LONGEST


def test_every_sentence_exists_in_every_language() -> None:
    told = sentences()
    assert set(told) == set(LANGUAGES)
    assert told["en"].keys() == told["zh"].keys()
    for key, sentence in told["en"].items():
        assert ("{count}" in sentence) == ("{count}" in told["zh"][key])
