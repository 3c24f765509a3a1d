"""What a command leads to, wherever it was typed."""

from __future__ import annotations

import pytest

from bot.channels.base import Command, CommandName
from bot.commands import decide_command, language_called
from bot.decisions import ChooseLanguage, Decision, Decline, Escalate, ShowTickets, StartOver, Welcome, Why
from bot.policy import Policy, Standing
from handoff.models import Owner, Reason

POLICY = Policy(threshold=0.9)
WITH_PERSON = Standing(owner=Owner.HUMAN, ticket=7)
FULL = Standing(open_tickets=(1, 2, 3))


@pytest.mark.parametrize(
    ("name", "argument", "standing", "decision"),
    [
        (CommandName.START, "", Standing(), Welcome()),
        (CommandName.START, "code-1", Standing(), Welcome("code-1")),
        (CommandName.NEW, "", WITH_PERSON, StartOver()),
        (CommandName.HUMAN, "", Standing(), Escalate(Reason.ASKED_FOR_HUMAN)),
        (CommandName.HUMAN, "", WITH_PERSON, ShowTickets(7)),
        (CommandName.HUMAN, "", FULL, Decline(Why.TOO_MANY_TICKETS)),
        (CommandName.TICKETS, "", Standing(), ShowTickets()),
        (CommandName.STATUS, "12", Standing(), ShowTickets(12)),
        (CommandName.STATUS, " #12 ", Standing(), ShowTickets(12)),
        (CommandName.STATUS, "twelve", Standing(), ShowTickets()),
        (CommandName.LANGUAGE, "", Standing(), ChooseLanguage()),
        (CommandName.LANGUAGE, "zh", Standing(), ChooseLanguage("zh")),
        (CommandName.LANGUAGE, "klingon!", Standing(), ChooseLanguage()),
    ],
)
def test_what_a_command_leads_to(name: CommandName, argument: str, standing: Standing, decision: Decision) -> None:
    assert decide_command(Command(name, argument), standing, POLICY, is_shared=False) == decision


@pytest.mark.parametrize("name", [CommandName.TICKETS, CommandName.STATUS])
def test_nothing_of_ones_tickets_is_said_before_others(name: CommandName) -> None:
    assert decide_command(Command(name, "1"), Standing(), POLICY, is_shared=True) == Decline(Why.PRIVATE_ONLY)


def test_a_code_that_others_could_have_read_ties_nobody() -> None:
    assert decide_command(Command(CommandName.START, "code"), Standing(), POLICY, is_shared=True) == Welcome()


@pytest.mark.parametrize(
    ("called", "code"),
    [("ZH", "zh"), ("Chinese", "zh"), ("中文", "zh"), ("English", "en"), ("pt-BR", "pt-BR"), ("?", None)],
)
def test_a_language_is_known_by_its_names_and_its_code(called: str, code: str | None) -> None:
    found = language_called(called)
    assert found == code or (found or "").casefold() == code
