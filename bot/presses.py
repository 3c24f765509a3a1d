"""Decide what a pressed button means. Pure, like ``bot.policy``."""

from __future__ import annotations

from collections.abc import Sequence

from bot.decisions import (
    Answer,
    BeginAdding,
    ChooseLanguage,
    CloseTicket,
    Confirm,
    Decision,
    Decline,
    Escalate,
    Rate,
    Reopen,
    ReopenTicket,
    ShowTickets,
    Silence,
    StartOver,
    Surveys,
    Thumb,
    Why,
)
from bot.placing import Place
from bot.policy import Policy, escalate, is_over_the_limit
from handoff.models import Action, Button, Owner, Reason
from kb_content.articles import Mode

AGAIN = (Action.TICKET, Action.ADD_TO_TICKET, Action.CLOSE_TICKET, Action.REOPEN_TICKET)
"""Buttons that work more than once: what they lead to depends on how the ticket is by then."""


def decide_press(place: Place, policy: Policy) -> Decision:
    """What to do about the button that was pressed in ``place``."""
    button = place.button
    if button is None or (button.pressed_at is not None and button.action not in AGAIN):
        return Silence("this button is unknown or was pressed before")
    match button.action:
        case Action.HELPFUL | Action.NOT_HELPFUL:
            return Thumb(button.message_id, button.action is Action.HELPFUL)
        case Action.SOLVED:
            return Confirm()
        case Action.NOT_YET:
            return Reopen()
        case Action.SOMETHING_ELSE:
            return StartOver()
        case Action.LANGUAGE:
            return ChooseLanguage(button.argument)
        case Action.NO_SURVEYS:
            return Surveys(are_wanted=False)
    number = int(button.argument) if button.argument and button.argument.isdecimal() else None
    if number is not None and (chosen := _about_own(button, number)) is not None:
        return chosen
    if place.owner is Owner.HUMAN:
        return Silence("a person owns this conversation")
    if button.action is Action.OPTION and button.argument:
        return _chosen([each.argument for each in place.pressed if each.argument], place, policy)
    if is_over_the_limit(place.standing, policy) and not place.standing.has_ticket:
        return Decline(Why.TOO_MANY_TICKETS)
    return escalate(Reason.ASKED_FOR_HUMAN if button.action is Action.PERSON else Reason.LOW_CONFIDENCE)


def _about_own(button: Button, number: int) -> Decision | None:
    """What a button about a ticket of the customer's own, or about us, means; None for any other."""
    match button.action:
        case Action.TICKET:
            return ShowTickets(number)
        case Action.ADD_TO_TICKET:
            return BeginAdding(number)
        case Action.CLOSE_TICKET:
            return CloseTicket(number)
        case Action.REOPEN_TICKET:
            return ReopenTicket(number)
        case Action.CSAT | Action.NPS:
            return Rate(number, message_id=button.message_id)
    return None


def _chosen(articles: Sequence[str], place: Place, policy: Policy) -> Decision:
    """The answers that were chosen; an agent sees them first where a topic became theirs since they were offered."""
    modes = {article_id: _modes(article_id, policy) for article_id in articles}
    held_back = [article_id for article_id in articles if not modes[article_id] <= {Mode.AUTO}]
    if not held_back:
        return Answer(articles[0], tuple(articles[1:]))
    if is_over_the_limit(place.standing, policy) and not place.standing.has_ticket:
        return Decline(Why.TOO_MANY_TICKETS)
    suggested = next((article_id for article_id in held_back if Mode.OFF not in modes[article_id]), None)
    return Escalate(Reason.LOW_CONFIDENCE, suggestion=suggested)


def _modes(article_id: str, policy: Policy) -> set[Mode]:
    return {policy.mode_of(key, language) for key, language in policy.topics if key == article_id}
