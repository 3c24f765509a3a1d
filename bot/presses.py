"""Decide what a pressed button means. Pure, like ``bot.policy``."""

from __future__ import annotations

from bot.decisions import (
    Answer,
    ChooseLanguage,
    Confirm,
    Decision,
    Decline,
    Escalate,
    Reopen,
    Silence,
    StartOver,
    Thumb,
    Why,
)
from bot.placing import Place
from bot.policy import Policy, escalate, is_over_the_limit
from handoff.models import Action, Owner, Reason
from kb_content.articles import Mode


def decide_press(place: Place, policy: Policy) -> Decision:
    """What to do about the button that was pressed in ``place``."""
    button = place.button
    if button is None or button.pressed_at is not None:
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
    if place.owner is Owner.HUMAN:
        return Silence("a person owns this conversation")
    if button.action is Action.OPTION and button.argument:
        return _chosen(button.argument, place, policy)
    if is_over_the_limit(place.standing, policy) and not place.standing.has_ticket:
        return Decline(Why.TOO_MANY_TICKETS)
    return escalate(Reason.ASKED_FOR_HUMAN if button.action is Action.PERSON else Reason.LOW_CONFIDENCE)


def _chosen(article_id: str, place: Place, policy: Policy) -> Decision:
    """The answer that was chosen; an agent sees it first where its topic became theirs since it was offered."""
    modes = {policy.mode_of(key, language) for key, language in policy.topics if key == article_id}
    if modes <= {Mode.AUTO}:
        return Answer(article_id)
    if is_over_the_limit(place.standing, policy) and not place.standing.has_ticket:
        return Decline(Why.TOO_MANY_TICKETS)
    return Escalate(Reason.LOW_CONFIDENCE, suggestion=None if Mode.OFF in modes else article_id)
