"""What an admin reads of Slack where some workspaces are served and others are not."""

from __future__ import annotations

import pytest

from bot.channels.base import State, Status
from bot.channels.slack.standing import Standing

FINE, OFF = State(Status.CONNECTED), State(Status.OFF, "Slack refuses FIRSTLINE_SLACK_BOT_TOKEN.")
TROUBLE = State(Status.TROUBLE, "The connection to Slack is interrupted; it is being restored.")
GONE = {"T2": "The Slack workspace T2 removed the app."}


def test_where_all_are_served_there_is_nothing_to_say() -> None:
    assert Standing(FINE, FINE, {"T2": "Beta"}, {}, "Acme (T1)").state == FINE


def test_a_single_workspace_whose_token_is_refused_is_the_whole_channel() -> None:
    assert Standing(OFF, None, {}, {}, "Acme (T1)").state == OFF


def test_ours_that_is_refused_is_off_and_the_others_are_on() -> None:
    state = Standing(OFF, None, {"T2": "Beta", "T3": "T3"}, {}, "Acme (T1)").state
    words = "The Slack workspace Acme (T1) is off. Slack refuses FIRSTLINE_SLACK_BOT_TOKEN."
    assert state == State(Status.CONNECTED, f"{words} Served all the same: Beta (T2), T3.")


def test_ours_that_is_refused_beside_none_that_is_served_is_the_whole_channel() -> None:
    assert Standing(OFF, None, {"T2": "Beta"}, GONE, "").state == OFF


def test_another_one_that_is_gone_is_named_beside_those_that_are_served() -> None:
    state = Standing(FINE, None, {"T2": "Beta", "T3": "Gamma"}, GONE, "Acme (T1)").state
    assert state == State(Status.CONNECTED, f"{GONE['T2']} Served all the same: Acme (T1), Gamma (T3).")


@pytest.mark.parametrize("own", [FINE, OFF])
def test_a_line_that_is_down_is_down_for_all(own: State) -> None:
    assert Standing(own, TROUBLE, {"T2": "Beta"}, {}, "Acme (T1)").state == TROUBLE


def test_of_many_that_are_served_a_few_are_named() -> None:
    others = {f"T{number}": f"Shop {number}" for number in range(2, 10)}
    assert Standing(OFF, None, others, {}).state.reason.endswith("Shop 5 (T5), Shop 6 (T6), 3 more.")
