"""Transaction 2: the message, what was decided about it and everything that follows, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot import own_matters, ratings, suggestions
from bot.asking import own_words
from bot.decisions import (
    AddToTicket,
    Answer,
    BeginAdding,
    ChooseLanguage,
    Clarify,
    CloseTicket,
    Confirm,
    Decline,
    Escalate,
    Rate,
    Reopen,
    ReopenTicket,
    ShowTickets,
    Silence,
    SmallTalk,
    StartOver,
    Surveys,
    SurveyWords,
    Thumb,
    Welcome,
    Why,
)
from bot.freshness import require
from bot.inbound_text import shorten
from bot.policy import ASKS_FOR_HUMAN, BUILT_IN, GENERAL, is_in_a_loop
from bot.promises import promise_to
from bot.replies import say as sentence
from bot.senders import meet, remember
from bot.speaking import Turn, person_button, say, speak
from bot.transcribing import write_down
from bot.why import Explanation, explain
from bot.writing import question_of
from handoff import conversations
from handoff.buttons import press
from handoff.conversations import ButtonSpec, advance, open_conversation
from handoff.customers import find_thread
from handoff.desk import confirm_solved, not_yet
from handoff.errors import AlreadyDone, NotAllowed
from handoff.models import Action, Conversation, Customer, Message, Owner, Reason
from handoff.threads import mark_reachable
from handoff.tickets import customer_wrote, open_ticket
from retrieval.sentences import stands_alone
from retrieval.variants import base
from store import measures
from store.crashpoints import reach

_FILES_NAMED = 5
"""So many of the files that were lost together are named. How many they are is said anyway."""


def record(session: Session, turn: Turn, now: datetime) -> Conversation:
    """Write the message and carry out the decision. Raises Stale if the conversation moved since it was looked at, and
    Superseded if what it says rests on a release that is live no more."""
    require(session, turn)
    conversation, customer = _conversation(session, turn, now)
    remember(session, customer, turn, now)
    message = _said(session, conversation, customer, turn, now)
    for button in turn.place.pressed:
        press(session, button.token, now)
    if message is not None and isinstance(turn.decision, Silence) and conversation.owner is Owner.HUMAN:
        customer_wrote(session, conversation, now)
    # First, so that a question to the customer is the last that they read.
    _tell_of_lost_files(session, conversation, turn, now)
    _carry_out(session, conversation, customer, message, turn, now)
    reach("turn.in_record")
    return conversation


def _conversation(session: Session, turn: Turn, now: datetime) -> tuple[Conversation, Customer]:
    inbound, place = turn.inbound, turn.place
    if place.conversation_id is not None and not isinstance(turn.decision, StartOver):
        # Words that will be written move the time with the same statement.
        moves = {} if inbound.press else {"last_message_at": now}
        seen = (place.conversation_id, place.version, place.owner, now)
        conversation = advance(session, *seen, language=turn.language[:16], **moves)
        customer = meet(session, turn, now)
    else:
        thread = find_thread(session, inbound.channel, inbound.thread, now)
        customer = meet(session, turn, now)
        conversation = open_conversation(session, thread, customer, turn.language, now)
    if place.is_unreachable:
        mark_reachable(session, find_thread(session, inbound.channel, inbound.thread, now), now)
    return conversation, customer


def _said(
    session: Session, conversation: Conversation, customer: Customer, turn: Turn, now: datetime
) -> Message | None:
    """What the customer said, in one message or several. What the bot makes of it is kept with the last."""
    message = None
    for inbound, arrived in turn.earlier:
        own = replace(turn, inbound=inbound, arrived=arrived, reading=None, earlier=())
        try:
            message = _incoming(session, conversation, customer, own, now)
        except AlreadyDone:
            # Reported before, under another event. The first message of all decides whether anything is to be done.
            if message is None:
                raise
    try:
        return _incoming(session, conversation, customer, turn, now)
    except AlreadyDone:
        if message is None:
            raise
        return message


def _incoming(
    session: Session, conversation: Conversation, customer: Customer, turn: Turn, now: datetime
) -> Message | None:
    """The customer's words in the transcript. A press shows as the words on its button; a thumb is no message."""
    if isinstance(turn.decision, Thumb):
        return None
    text, inbound = turn.inbound.text, turn.inbound
    if inbound.press:
        if turn.place.button is None or turn.place.button.pressed_at is not None:
            return None
        text = turn.place.button.label
    elif inbound.command:
        text = own_matters.as_typed(inbound.command, text)
    detail: dict[str, Any] = {"reading": _kept(turn)} if turn.reading is not None else {}
    if inbound.command:
        detail["command"] = inbound.command.name.value
    return write_down(
        session,
        conversation,
        customer,
        inbound,
        text,
        now,
        arrived=turn.arrived,
        detail=detail,
        shown_id=turn.shown_id,
    )


def _tell_of_lost_files(session: Session, conversation: Conversation, turn: Turn, now: datetime) -> None:
    """Files that could not be kept are not passed over in silence, whoever has the conversation."""
    lost = [
        each for arrived in (*(files for _, files in turn.earlier), turn.arrived) for each in arrived if each.problem
    ]
    for are_too_big in (False, True):
        names = [shorten(each.file.name, 80) for each in lost if each.is_too_big is are_too_big]
        if names:
            words, buttons = _lost(names, are_too_big, turn.language), [person_button(turn)]
            speak(session, conversation, turn, words, now, buttons=buttons, is_beside=True)


def _lost(names: Sequence[str], are_too_big: bool, language: str) -> str:
    if len(names) == 1:
        return sentence("file_too_big" if are_too_big else "file_lost", language, name=names[0])
    mark = "、" if base(language) == "zh" else "; "
    listed = mark.join([*names[:_FILES_NAMED], *(["…"] if len(names) > _FILES_NAMED else [])])
    return sentence("files_too_big" if are_too_big else "files_lost", language, count=len(names), names=listed)


def _kept(turn: Turn) -> Explanation:
    """What the bot understood and why it decided as it did, as agents read it."""
    assert turn.reading is not None
    release, target = (turn.serving.release_id, turn.serving.target) if turn.serving else (None, None)
    return explain(turn.reading, turn.policy, turn.decision, release=release, target=target)


def _carry_out(
    session: Session,
    conversation: Conversation,
    customer: Customer,
    message: Message | None,
    turn: Turn,
    now: datetime,
) -> None:
    match turn.decision:
        case Silence():
            return
        case Answer(rest=rest):
            if turn.rest is not None and rest is not None and rest.is_first:
                _carry_out(session, conversation, customer, message, turn.rest, now)
            _answer(session, conversation, turn.decision, turn, now)
            if turn.rest is not None and rest is not None and not rest.is_first:
                _carry_out(session, conversation, customer, message, turn.rest, now)
        case Clarify():
            _clarify(session, conversation, turn.decision, turn, now)
        case Escalate():
            measures.loop_guard_total.inc(int(is_in_a_loop(turn.place.standing, turn.policy)))
            _escalate(session, conversation, turn.decision, turn, now)
            suggestions.offer(session, conversation, message, turn, now)
        case Decline(why):
            _decline(session, conversation, why, turn, now)
        case SmallTalk(intent, key):
            words = own_words(turn.policy, intent, turn.language) or sentence(key, turn.language)
            speak(session, conversation, turn, words, now)
        case StartOver():
            say(session, conversation, turn, "something_else_reply", now)
        case Thumb(message_id, is_helpful):
            conversations.rate(session, message_id, is_helpful, now)
            is_with_person = conversation.owner is Owner.HUMAN
            key = "thumb_up" if is_helpful else "thumb_down_person" if is_with_person else "thumb_down"
            say(session, conversation, turn, key, now, buttons=[person_button(turn)] if key == "thumb_down" else [])
        case Confirm():
            ticket = confirm_solved(session, conversation, now)
            ratings.closed(session, conversation, ticket, "confirmed", turn, now)
        case Reopen():
            _reopen(session, conversation, turn, now)
        case Welcome(code):
            own_matters.welcome(session, conversation, customer, code, turn, now)
        case ShowTickets(number):
            own_matters.show_tickets(session, conversation, customer, number, turn, now)
        case ChooseLanguage(language):
            own_matters.choose_language(session, conversation, customer, language, turn, now)
        case BeginAdding(number):
            own_matters.begin_adding(session, conversation, customer, number, turn, now)
        case AddToTicket(number):
            own_matters.add_to_ticket(session, conversation, customer, message, number, turn, now)
        case CloseTicket(number):
            own_matters.close_ticket(session, conversation, customer, number, turn, now)
        case ReopenTicket(number):
            own_matters.reopen_ticket(session, conversation, customer, number, turn, now)
        case Rate(score, message_id, number):
            ratings.rate(session, conversation, customer, score, turn, now, message_id=message_id, number=number)
        case SurveyWords(survey_id):
            ratings.take_words(session, conversation, survey_id, turn, now)
        case Surveys(are_wanted):
            ratings.choose_surveys(session, conversation, customer, are_wanted, turn, now)


def _clarify(session: Session, conversation: Conversation, decision: Clarify, turn: Turn, now: datetime) -> None:
    options = decision.options
    buttons = [ButtonSpec(Action.OPTION, option.title[:200], option.article_id) for option in options]
    buttons.append(ButtonSpec(Action.NONE_OF_THESE, sentence("none_of_these", turn.language)))
    detail = {**_question(turn), "options": [asdict(option) for option in options]}
    key = "clarify_another" if decision.is_another else "clarify" if len(options) > 1 else "clarify_one"
    say(session, conversation, turn, key, now, detail=detail, buttons=buttons)


def _question(turn: Turn) -> dict[str, Any]:
    """What an answer or a clarifying question is about, for what follows upon it."""
    confidence = round(turn.reading.confidence, 4) if turn.reading else None
    about = {"question": turn.question, "before": turn.before, "confidence": confidence}
    return {key: value for key, value in about.items() if value is not None}


def _decline(session: Session, conversation: Conversation, why: Why, turn: Turn, now: datetime) -> None:
    numbers = ", ".join(f"#{number}" for number in turn.place.standing.open_tickets)
    values = {"count": len(turn.place.standing.open_tickets), "numbers": numbers}
    buttons = [] if why.value.startswith("too_") else [person_button(turn)]
    say(session, conversation, turn, why.value, now, detail={"why": why.value}, buttons=buttons, **values)


def _answer(session: Session, conversation: Conversation, decision: Answer, turn: Turn, now: datetime) -> None:
    composed = turn.composed
    if composed is None or turn.serving is None:
        # The release changed between the question and the press: a person sorts it out.
        gone = Escalate(Reason.LOW_CONFIDENCE)
        _escalate(session, conversation, gone, replace(turn, decision=gone), now, key="option_gone")
        return
    detail = _question(turn) | {
        "article": decision.article_id,
        "release": turn.serving.release_id,
        **composed.detail,
    }
    if turn.parts:
        detail |= {"question": question_of(turn, decision.article_id)}
    if decision.also:
        detail |= {"also": [[question_of(turn, article_id), article_id] for article_id in decision.also]}
    buttons = [
        ButtonSpec(Action.HELPFUL, sentence("helpful", turn.language)),
        ButtonSpec(Action.NOT_HELPFUL, sentence("not_helpful", turn.language)),
        person_button(turn),
    ]
    speak(session, conversation, turn, composed.text, now, detail=detail, buttons=buttons)


def _escalate(
    session: Session, conversation: Conversation, decision: Escalate, turn: Turn, now: datetime, key: str = "escalated"
) -> None:
    ticket = open_ticket(
        session,
        conversation,
        decision.reason,
        _subject(decision, turn),
        now,
        priority=decision.priority,
        tier=decision.tier,
        team=decision.team,
        category=_category(decision, turn),
    )
    own = own_words(turn.policy, decision.intent, turn.language)
    if key == "escalated":
        key = "stuck" if decision.reason is Reason.BOT_STUCK else "promised" if own else key
    who = sentence("who", turn.language)
    when = promise_to(session, ticket, now, turn.language, turn.policy.promise_days)
    promised = sentence(key, turn.language, number=ticket.number, who=who, promise=when)
    buttons = [ButtonSpec(Action.SOMETHING_ELSE, sentence("something_else", turn.language))]
    detail = {"reason": decision.reason.value, "ticket": ticket.number}
    text = f"{own}\n\n{promised}" if own else promised
    speak(session, conversation, turn, text, now, detail=detail, buttons=buttons)


def _category(decision: Escalate, turn: Turn) -> str | None:
    """What the matter is about, as far as it was understood. That somebody wants a person is no matter."""
    if decision.suggestion:
        topic = turn.policy.topic_of(decision.suggestion, turn.language)
        return topic if topic != GENERAL else None
    if decision.intent:
        return None if decision.intent == ASKS_FOR_HUMAN else decision.intent
    reading = turn.reading
    is_understood = reading is not None and reading.intent_confidence >= turn.policy.intent_floor
    intent = turn.policy.intent(reading.intent) if reading is not None and is_understood else None
    return intent.name if intent is not None and intent.name not in BUILT_IN else None


def _subject(decision: Escalate, turn: Turn) -> str:
    """What the ticket is about: "talk to a person" says nothing, the question before it does. A few words after a
    clarifying question say little without what was asked."""
    place, question = turn.place, turn.question
    before = place.last_question if decision.reason is Reason.ASKED_FOR_HUMAN else None
    asked = place.last_question if place.standing.has_clarified and not stands_alone(question) else None
    if asked and question and asked != question:
        question = f"{asked} … {question}"
    return shorten(before or question, 120) or "A file without words"


def _reopen(session: Session, conversation: Conversation, turn: Turn, now: datetime) -> None:
    try:
        ticket = not_yet(session, conversation, now)
    except NotAllowed:
        return
    who = sentence("who", turn.language)
    when = promise_to(session, ticket, now, turn.language, turn.policy.promise_days)
    say(session, conversation, turn, "reopened", now, number=ticket.number, who=who, promise=when)
