"""The policy as a table: what was understood, where the conversation stands, what follows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.decisions import Answer, Clarify, Decline, Escalate, Option, Silence, SmallTalk, Why, name_of
from bot.policy import Policy, Standing, decide
from handoff.models import Owner, Priority, Reason
from kb_content.articles import Intent, LeadsTo, Mode
from retrieval.reader import Hit, Reading

HITS = tuple(
    Hit(name, "en", 1, f"{name}-p", name, name.title(), name, "words", score)
    for name, score in (("reset", 0.9), ("locked", 0.05), ("sso", 0.05))
)
INTENTS = {
    each.name: each
    for each in (
        Intent("greeting", LeadsTo.SMALLTALK),
        Intent("asks-for-human", LeadsTo.ESCALATE),
        Intent("complaint", LeadsTo.ESCALATE, priority="P1", tier=2, team="support"),
        Intent("outage", LeadsTo.ESCALATE, urgent=True, priority="P0", tier=2, team="engineering"),
        Intent("account", LeadsTo.ANSWER),
        Intent("legal", LeadsTo.ESCALATE, mode=Mode.OFF),
    )
}
REPEATED = Escalate(Reason.REPEATED_QUESTION)
POLICY = Policy(threshold=0.8, intents=INTENTS)


def reading(confidence: float = 0.0, intent: str | None = None, sure: float = 0.9, **other: object) -> Reading:
    base = Reading("how do I get in", "en", intent, sure if intent else 0.0, HITS, confidence, False, (), {})
    return replace(base, **{"close": ("reset", "locked"), **other})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("understood", "expected"),
    [
        (reading(0.95), Answer("reset")),
        (reading(0.80), Answer("reset")),
        (reading(0.79), "clarify"),
        (reading(0.10), Escalate(Reason.NO_KNOWLEDGE)),
        (reading(0.10, foreign=True), Decline(Why.FOREIGN)),
        (reading(0.95, "account"), Answer("reset")),
        (reading(0.10, "greeting"), SmallTalk("greeting", "greeting")),
        (reading(0.99, "greeting"), Answer("reset")),
        (reading(0.10, "greeting", 0.3), Escalate(Reason.NO_KNOWLEDGE)),
        (reading(0.10, "asks-for-human"), "asked_for_human"),
        (reading(0.10, "complaint"), Escalate(Reason.HUMAN_ONLY_TOPIC, "complaint", Priority.P1, 2, "support")),
        (reading(0.99, "complaint", 0.6), Answer("reset")),
        (reading(0.99, "outage", 0.6), Escalate(Reason.URGENT, "outage", Priority.P0, 2, "engineering")),
        (reading(0.10, "legal"), Escalate(Reason.NO_KNOWLEDGE)),
        (reading(0.95, text=" "), Decline(Why.EMPTY)),
        (reading(0.10, offer=0.4), "clarify"),
        (reading(0.10, text="I have a problem"), Decline(Why.VAGUE)),
        (reading(0.10, text="I have a problem", offer=0.6), Decline(Why.VAGUE)),
        (reading(0.10, text="我想问一下", foreign=True), Decline(Why.VAGUE)),
        (reading(0.40, text="我有问题", offer=0.6), Decline(Why.VAGUE)),
        (reading(0.40, text="a question", offer=0.6), Decline(Why.VAGUE)),
        (reading(0.12, text="卡不见了", offer=0.2), "clarify"),
        (reading(0.06, text="ebooks", offer=0.09), "clarify"),
        (reading(0.18, text="holiday", offer=0.26, foreign=True), "clarify"),
        (reading(0.12, text="股票", offer=0.2, foreign=True), Decline(Why.VAGUE)),
        (reading(0.04, text="pizza", offer=0.05), Decline(Why.VAGUE)),
        (reading(0.06, text="how do I get in", offer=0.09), Escalate(Reason.NO_KNOWLEDGE)),
        (reading(0.95, text="password"), Answer("reset")),
    ],
)
def test_a_first_message_is_decided_by_what_was_understood(understood: Reading, expected: object) -> None:
    decision = decide(Standing(), understood, POLICY)
    if isinstance(expected, str):
        assert expected in {name_of(decision), getattr(getattr(decision, "reason", None), "value", "")}
    else:
        assert decision == expected


@pytest.mark.parametrize(
    ("standing", "understood", "expected"),
    [
        (Standing(owner=Owner.HUMAN), reading(0.95), Silence("a person owns this conversation")),
        (Standing(has_clarified=True), reading(0.6), Escalate(Reason.LOW_CONFIDENCE, suggestion="reset")),
        (Standing(has_declined=True), reading(0.1, foreign=True), Escalate(Reason.NO_KNOWLEDGE)),
        (Standing(has_declined=True), reading(0.0, text="👌", foreign=True), Decline(Why.VAGUE)),
        (Standing(has_declined=True), reading(0.0, text="??", foreign=True), Escalate(Reason.NO_KNOWLEDGE)),
        (
            Standing(has_clarified=True),
            reading(0.1, text="that old thing", foreign=True),
            Escalate(Reason.NO_KNOWLEDGE),
        ),
        (Standing(has_clarified=True), reading(0.1, text="随便", foreign=True), Escalate(Reason.NO_KNOWLEDGE)),
        (Standing(has_clarified=True), reading(0.1, text="hm…", foreign=True), Decline(Why.FOREIGN)),
        (Standing(answered=(("How do I get in?", "reset"),)), reading(0.6, close=("reset",)), REPEATED),
        (
            Standing(has_clarified=True),
            reading(0.1, text="do you sell gift cards?", foreign=True),
            Decline(Why.FOREIGN),
        ),
        (Standing(has_clarified=True), reading(0.12, text="卡", offer=0.2), Escalate(Reason.LOW_CONFIDENCE)),
        (
            Standing(answered=(("How do I get in?", "reset"),)),
            reading(0.95),
            Clarify((Option("locked", "Locked"),), is_another=True),
        ),
        (
            Standing(answered=(("How do I get in?", "reset"),), has_clarified=True),
            reading(0.95),
            Escalate(Reason.REPEATED_QUESTION),
        ),
        (
            Standing(answered=(("How do I get in?", "reset"),)),
            reading(0.95, close=("reset",)),
            Escalate(Reason.REPEATED_QUESTION),
        ),
        (
            Standing(answered=(("so how do I get in now", "reset"),)),
            reading(0.95, close=("reset",)),
            Escalate(Reason.REPEATED_QUESTION),
        ),
        (Standing(answered=(("something else", "reset"),)), reading(0.95), Answer("reset")),
        (Standing(messages_this_minute=21), reading(0.95), Decline(Why.TOO_FAST)),
        (Standing(messages_this_minute=22, was_told_to_slow_down=True), reading(0.95), Silence("too fast")),
        (Standing(open_tickets=(1, 2, 3)), reading(0.1), Decline(Why.TOO_MANY_TICKETS)),
        (Standing(open_tickets=(1, 2, 3)), reading(0.95), Answer("reset")),
        (Standing(open_tickets=(1, 2, 3), ticket=1), reading(0.1), Escalate(Reason.NO_KNOWLEDGE)),
    ],
)
def test_where_the_conversation_stands_changes_the_decision(
    standing: Standing, understood: Reading, expected: object
) -> None:
    assert decide(standing, understood, POLICY) == expected


def test_a_kb_that_cannot_support_the_target_offers_instead_of_answering() -> None:
    decision = decide(Standing(), reading(0.99), replace(POLICY, threshold=None))
    assert isinstance(decision, Clarify)
    assert [option.article_id for option in decision.options] == ["reset", "locked"]


@pytest.mark.parametrize(
    ("articles", "names"),
    [
        # The ids of documentation have its folders.
        (
            [("android-install", "Get it from Google Play."), ("ios_install", "Get it from the App Store.")],
            ["Installation (android)", "Installation (ios)"],
        ),
        # A number says nothing to a customer, the text does.
        (
            [
                ("install", "Get it from **Google Play**."),
                ("install-2", "Get it from the App Store, then open it once."),
            ],
            ["Installation (Get it from Google Play.)", "Installation (Get it from the App Store, then open it…)"],
        ),
        ([("p1", "The same."), ("p2", "The same.")], ["Installation (p1)", "Installation (p2)"]),
    ],
)
def test_choices_of_one_title_are_told_apart(articles: list[tuple[str, str]], names: list[str]) -> None:
    same = [Hit(name, "en", 1, f"{name}-p", name, "Installation", "", text, 0.4) for name, text in articles]
    other = Hit("prices", "en", 1, "prices-p", "prices", "Prices", "", "It is free.", 0.1)
    close = tuple(hit.article_id for hit in (*same, other))
    decision = decide(Standing(), reading(0.5, hits=(*same, other), close=close), POLICY)
    assert isinstance(decision, Clarify)
    assert [option.title for option in decision.options] == [*names, "Prices"]


def test_an_outage_is_never_held_back_by_the_ticket_limit() -> None:
    standing = Standing(open_tickets=(1, 2, 3))
    assert isinstance(decide(standing, reading(0.1, "outage"), POLICY), Escalate)


def test_only_a_file_is_told_apart_from_nothing_at_all() -> None:
    empty = reading(text="")
    assert decide(Standing(), empty, POLICY, has_files=True) == Decline(Why.FILE_ONLY)
    assert decide(Standing(), empty, POLICY) == Decline(Why.EMPTY)


def test_a_kb_without_intents_still_knows_who_asks_for_a_person() -> None:
    decision = decide(Standing(), reading(0.1, "asks-for-human"), Policy(threshold=0.8))
    assert decision == Escalate(Reason.ASKED_FOR_HUMAN, "asks-for-human")


def test_the_same_text_is_never_said_twice_whatever_the_words_of_the_question() -> None:
    standing = Standing(answered=(("something else", "reset"),))
    decision = decide(standing, reading(0.95), POLICY, would_repeat=True)
    assert decision == Clarify((Option("locked", "Locked"),), is_another=True)


def test_whoever_says_little_twice_gets_a_person() -> None:
    vague = reading(0.1, text="I have a problem")
    assert decide(Standing(has_declined=True), vague, POLICY) == Escalate(Reason.NO_KNOWLEDGE)


def in_mode(mode: Mode) -> Policy:
    topics = {("reset", "en"): "account", ("locked", "en"): "general", ("sso", "en"): "general"}
    return replace(POLICY, modes={"account": mode}, topics=topics)


@pytest.mark.parametrize("confidence", [0.95, 0.6])
def test_in_a_topic_that_suggests_a_person_gets_the_answer_to_send(confidence: float) -> None:
    decision = decide(Standing(), reading(confidence), in_mode(Mode.SUGGEST))
    assert decision == Escalate(Reason.LOW_CONFIDENCE, suggestion="reset")


@pytest.mark.parametrize("confidence", [0.95, 0.6])
def test_in_a_topic_that_is_off_a_person_gets_the_bare_question(confidence: float) -> None:
    assert decide(Standing(), reading(confidence), in_mode(Mode.OFF)) == Escalate(Reason.LOW_CONFIDENCE)


def test_an_article_that_the_bot_may_not_answer_from_is_not_offered_as_a_choice() -> None:
    policy = replace(in_mode(Mode.AUTO), modes={"general": Mode.SUGGEST})
    assert decide(Standing(), reading(0.6), policy) == Clarify((Option("reset", "Reset"),))


def test_a_fixed_rule_stands_above_the_mode_of_a_topic() -> None:
    decision = decide(Standing(), reading(0.95, "outage"), in_mode(Mode.SUGGEST))
    assert isinstance(decision, Escalate)
    assert (decision.reason, decision.suggestion) == (Reason.URGENT, None)


def test_a_kb_that_cannot_support_the_target_suggests_where_it_has_nothing_more_to_ask() -> None:
    policy = replace(POLICY, threshold=None)
    decision = decide(Standing(has_clarified=True), reading(0.99), policy)
    assert decision == Escalate(Reason.LOW_CONFIDENCE, suggestion="reset")


@pytest.mark.parametrize("said_lately", [(10, 10), (2, 30)])
def test_a_customer_who_answers_each_word_of_the_bot_is_a_machine_only_where_so_many_are_not_allowed(
    said_lately: tuple[int, int],
) -> None:
    standing, patient = Standing(said_lately=said_lately), replace(POLICY, messages_per_minute=1000)
    assert decide(standing, reading(0.95), POLICY) == Escalate(Reason.BOT_STUCK)
    assert isinstance(decide(standing, reading(0.95), patient), Answer)
