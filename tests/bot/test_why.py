"""Why the bot decided as it did, as a table: what was understood, what was decided, what it rests on."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from api.texts import LANGUAGES, sentences
from bot.decisions import (
    Answer,
    Clarify,
    Confirm,
    Decision,
    Decline,
    Escalate,
    Option,
    Reopen,
    Silence,
    SmallTalk,
    Why,
)
from bot.policy import Policy, Standing, decide
from bot.why import RULES, Ground, explain, ground_of
from handoff.models import Reason
from kb_content.articles import Intent, LeadsTo, Mode
from retrieval.ranking import SIGNS
from retrieval.reader import Hit, Reading
from retrieval.rereading import SIGN as READ_TOGETHER

HITS = tuple(
    Hit(name, "en", 2, f"{name}-p", f"{name}-a", name.title(), f"{name.title()} › Steps", "words", score)
    for name, score in (("reset", 0.8), ("locked", 0.15), ("sso", 0.05))
)
POLICY = Policy(
    threshold=0.8,
    intents={"complaint": Intent("complaint", LeadsTo.ESCALATE)},
    modes={"billing": Mode.SUGGEST},
    topics={("reset", "en"): "account", ("locked", "en"): "account"},
)
SUGGESTING = replace(POLICY, topics={("reset", "en"): "billing"})
SILENT = replace(POLICY, threshold=None)
CHOICES = Clarify((Option("reset", "Reset"), Option("locked", "Locked")))


def reading(confidence: float, **other: object) -> Reading:
    base = Reading(
        "how do I get in",
        "en",
        None,
        0.0,
        HITS,
        confidence,
        False,
        ("reset", "locked"),
        {"margin": 2.0, "passage words": 0.8123456, "length": 1.7},
        {"margin": 0.4, "passage words": 0.62, "length": -0.9},
    )
    return replace(base, **other)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("understood", "policy", "decision", "ground"),
    [
        (reading(0.9), POLICY, Answer("reset"), Ground.SURE),
        (reading(0.6), POLICY, Answer("reset"), Ground.CHOSEN),
        (reading(0.9), POLICY, Answer("locked"), Ground.CHOSEN),
        (reading(0.6), POLICY, CHOICES, Ground.OFFERED),
        (reading(0.9), POLICY, CHOICES, Ground.REPEATED),
        (reading(0.5), POLICY, Escalate(Reason.LOW_CONFIDENCE), Ground.UNSURE),
        (reading(0.1), POLICY, Escalate(Reason.NO_KNOWLEDGE), Ground.UNSURE),
        (reading(0.0, hits=(), foreign=True), POLICY, Escalate(Reason.NO_KNOWLEDGE), Ground.FOREIGN),
        (reading(0.9), SUGGESTING, Escalate(Reason.LOW_CONFIDENCE, suggestion="reset"), Ground.TOPIC_MODE),
        (reading(0.5), SUGGESTING, Escalate(Reason.LOW_CONFIDENCE), Ground.UNSURE),
        (reading(0.9), SILENT, Escalate(Reason.LOW_CONFIDENCE, suggestion="reset"), Ground.NO_THRESHOLD),
        (reading(0.1), SILENT, Escalate(Reason.NO_KNOWLEDGE), Ground.UNSURE),
        (reading(0.2), POLICY, Escalate(Reason.HUMAN_ONLY_TOPIC, "complaint"), Ground.RULE),
        (reading(0.2), POLICY, Escalate(Reason.URGENT, "outage"), Ground.RULE),
        (reading(0.2), POLICY, Escalate(Reason.ASKED_FOR_HUMAN, "asks-for-human"), Ground.RULE),
        (reading(0.2), POLICY, Escalate(Reason.ASKED_FOR_HUMAN), Ground.REQUEST),
        (reading(0.9), POLICY, Escalate(Reason.NEGATIVE_FEEDBACK), Ground.REQUEST),
        (reading(0.9), POLICY, Escalate(Reason.REPEATED_QUESTION), Ground.REPEATED),
        (reading(0.9), POLICY, Escalate(Reason.BOT_STUCK), Ground.TROUBLE),
        (reading(0.1), POLICY, Decline(Why.FOREIGN), Ground.FOREIGN),
        (reading(0.1), POLICY, Decline(Why.TOO_FAST), Ground.LIMIT),
        (reading(0.1), POLICY, SmallTalk("greeting"), Ground.RULE),
        (reading(0.9), POLICY, Silence("a person owns this conversation"), Ground.PERSON),
        (reading(0.9), POLICY, Confirm(), Ground.REQUEST),
        (reading(0.9), POLICY, Reopen(), Ground.REQUEST),
    ],
)
def test_every_decision_has_the_ground_that_it_rests_on(
    understood: Reading, policy: Policy, decision: Decision, ground: Ground
) -> None:
    assert ground_of(understood, policy, decision) is ground


@pytest.mark.parametrize(
    ("understood", "policy", "ground"),
    [
        (reading(0.9), POLICY, Ground.SURE),
        (reading(0.6), POLICY, Ground.OFFERED),
        (reading(0.1), POLICY, Ground.UNSURE),
        (reading(0.1, foreign=True), POLICY, Ground.FOREIGN),
        (reading(0.9), SUGGESTING, Ground.TOPIC_MODE),
        (reading(0.2, intent="complaint", intent_confidence=0.9), POLICY, Ground.RULE),
        (reading(0.2, text=" "), POLICY, Ground.LIMIT),
    ],
)
def test_what_the_policy_decides_is_explained(understood: Reading, policy: Policy, ground: Ground) -> None:
    assert ground_of(understood, policy, decide(Standing(), understood, policy)) is ground


def test_an_explanation_has_everything_an_agent_may_ask_for_and_survives_the_database() -> None:
    why = explain(reading(0.9), POLICY, Answer("reset"), release=7, target=0.95)
    assert json.loads(json.dumps(why)) == why
    assert (why["decision"], why["ground"], why["rule"], why["reason"]) == ("answer", "sure", False, None)
    assert (why["confidence"], why["threshold"], why["target"], why["release"]) == (0.9, 0.8, 0.95, 7)
    assert (why["topic"], why["mode"]) == ("account", "auto")
    assert [(each["article"], each["score"]) for each in why["passages"]] == [
        ("reset", 0.8),
        ("locked", 0.15),
        ("sso", 0.05),
    ]


def test_the_sign_that_moved_the_confidence_most_comes_first_for_or_against() -> None:
    signs = explain(reading(0.9), POLICY, Answer("reset"))["signs"]
    assert signs == [
        {"name": "length", "value": 1.7, "effect": -0.9},
        {"name": "passage words", "value": 0.8123, "effect": 0.62},
        {"name": "margin", "value": 2.0, "effect": 0.4},
    ]


def test_an_effect_that_rounds_to_nothing_has_no_sign() -> None:
    signs = explain(reading(0.9, effects={"margin": -1e-9}), POLICY, Answer("reset"))["signs"]
    assert "-0.0" not in str(signs)


def test_signs_without_effects_and_effects_without_values_are_told_too() -> None:
    signs = explain(reading(0.9, effects={"start": -1.2}), POLICY, Answer("reset"))["signs"]
    assert signs[0] == {"name": "start", "value": None, "effect": -1.2}
    assert {"name": "margin", "value": 2.0, "effect": None} in signs


def test_the_topic_is_the_one_of_the_article_that_is_answered_from() -> None:
    assert explain(reading(0.9), SUGGESTING, Answer("reset"))["mode"] == "suggest"
    assert explain(reading(0.9), SUGGESTING, Answer("locked"))["topic"] == "general"
    assert explain(reading(0.0, hits=()), POLICY, Decline(Why.EMPTY))["topic"] is None


def test_a_rule_never_hides_behind_a_number() -> None:
    why = explain(reading(0.97), POLICY, Escalate(Reason.HUMAN_ONLY_TOPIC, "complaint"))
    assert (why["rule"], why["reason"], why["confidence"]) == (True, "human_only_topic", 0.97)
    assert Ground.SURE not in RULES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_ground_and_every_sign_has_words_for_agents(language: str) -> None:
    known = sentences(language)
    assert {f"ground.{ground.value}" for ground in Ground} <= known.keys()
    assert {f"sign.{sign}" for sign in (*SIGNS, READ_TOGETHER)} <= known.keys()
