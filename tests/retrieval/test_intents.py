from __future__ import annotations

from dataclasses import replace

import pytest
from small_kb import CANCELLATION, articles, contents_of

from kb_content.articles import Contents, Intent, LeadsTo
from retrieval.build import Built, build
from retrieval.encoders import Encoders
from retrieval.known_intents import ASKS_FOR_HUMAN, GREETING, THANKS, builtin_intents, intent_pieces
from retrieval.reader import Reader


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("hi", GREETING),
        ("Hello!", GREETING),
        ("你好", GREETING),
        ("thanks", THANKS),
        ("thank you so much", THANKS),
        ("谢谢您", THANKS),
        ("人工", ASKS_FOR_HUMAN),
        ("转人工客服", ASKS_FOR_HUMAN),
        ("let me talk to a human", ASKS_FOR_HUMAN),
        ("can I speak with a real person please", ASKS_FOR_HUMAN),
        ("Ich möchte mit einem Menschen sprechen", ASKS_FOR_HUMAN),
    ],
)
def test_a_kb_without_intents_knows_three(reader: Reader, text: str, intent: str) -> None:
    reading = reader.read(text)
    assert reading.intent == intent
    assert reading.intent_confidence > 0.8


@pytest.mark.parametrize(
    "text",
    ["I forgot my password", "忘记密码了怎么办", "add a colleague to our workspace", "export the table as csv"],
)
def test_a_question_for_an_article_is_no_small_talk(reader: Reader, text: str) -> None:
    assert reader.read(text).intent_confidence < 0.3


@pytest.mark.parametrize(
    "text", ["今天天气怎么样", "这周末有什么电影好看", "what is the weather like today", "write me a poem"]
)
def test_everyday_talk_is_no_small_talk_even_where_no_article_is_in_its_language(
    built: Built, encoders: Encoders, text: str
) -> None:
    chinese = contents_of(tuple(one for one in articles() if one.language == "zh")[:3])
    again = build(chinese, encoders, built.vectors)
    reader = Reader.open(chinese, {**built.vectors, **again.vectors}, again.parameters, encoders)
    assert reader.read(text).intent_confidence < 0.3
    assert reader.read("转人工客服").intent_confidence > 0.8
    assert reader.read("can I speak with a real person please").intent_confidence > 0.8


def test_the_kbs_own_intents_replace_the_builtin_ones(built: Built, encoders: Encoders) -> None:
    own = contents_of(articles(), (CANCELLATION,))
    again = build(own, encoders, built.vectors)
    reader = Reader.open(own, {**built.vectors, **again.vectors}, again.parameters, encoders)
    leaving = reader.read("we want to cancel the contract")
    assert (leaving.intent, leaving.intent_confidence > 0.7) == ("cancellation", True)
    assert reader.read("hi").intent in (None, "cancellation")
    assert reader.read("hi").intent_confidence < 0.3


@pytest.mark.parametrize(
    "text",
    ["I want to talk to a human", "human please", "转人工", "可以找真人吗", "Ich möchte mit einem Menschen sprechen"],
)
def test_who_asks_for_a_person_is_understood_in_a_kb_whose_own_intents_forgot_it(
    built: Built, encoders: Encoders, text: str
) -> None:
    reading = _with_own(built, encoders, CANCELLATION).read(text)
    assert reading.intent == ASKS_FOR_HUMAN
    assert reading.intent_confidence > 0.5


def test_everyday_talk_and_questions_are_no_call_for_a_person_there(built: Built, encoders: Encoders) -> None:
    reader = _with_own(built, encoders, CANCELLATION)
    for text in ("hi", "what is the weather like today", "add a colleague to our workspace", "怎么添加同事"):
        assert reader.read(text).intent_confidence < 0.5


@pytest.mark.parametrize(
    "own",
    [
        Intent("asks-for-human", LeadsTo.ESCALATE, {"en": ("fetch a clerk",)}),
        Intent("front-desk", LeadsTo.ESCALATE, {"en": ("Talk to a person!", "front desk please")}),
    ],
    ids=["of that name", "of that meaning"],
)
def test_an_intent_of_the_kb_for_who_asks_for_a_person_stands_alone(
    built: Built, encoders: Encoders, own: Intent
) -> None:
    reader = _with_own(built, encoders, CANCELLATION, own)
    assert reader.read("转人工").intent in (None, "cancellation", own.name)
    assert reader.read(own.examples["en"][0]).intent == own.name


def test_a_release_from_before_is_served_without_the_vectors_that_it_lacks(built: Built, encoders: Encoders) -> None:
    own = contents_of(articles(), (CANCELLATION,))
    again = build(own, encoders, built.vectors)
    known = {**built.vectors, **again.vectors}
    (person,) = (one for one in builtin_intents() if one.name == ASKS_FOR_HUMAN)
    lacking = {piece.key(each) for each in encoders.distinct for piece in intent_pieces(person, each, encoders)}
    reader = Reader.open(own, {k: v for k, v in known.items() if k not in lacking}, again.parameters, encoders)
    assert reader.read("we want to cancel the contract").intent == "cancellation"
    assert reader.read("转人工").intent == ASKS_FOR_HUMAN


def test_an_articles_questions_speak_for_its_intent(built: Built, encoders: Encoders) -> None:
    own = contents_of(
        tuple(replace(one, intent="cancellation" if one.id == "delete-account" else None) for one in articles()),
        (CANCELLATION,),
    )
    again = build(own, encoders, built.vectors)
    reader = Reader.open(own, {**built.vectors, **again.vectors}, again.parameters, encoders)
    assert reader.read("erase everything you store about me").intent == "cancellation"


def test_the_words_of_an_example_are_that_example(reader: Reader, contents: Contents) -> None:
    example = builtin_intents()[0].examples["ru"][0]
    assert reader.read(f"  {example.upper()}! ").intent_confidence > 0.99


def _with_own(built: Built, encoders: Encoders, *intents: Intent) -> Reader:
    own = contents_of(articles(), intents)
    again = build(own, encoders, built.vectors)
    return Reader.open(own, {**built.vectors, **again.vectors}, again.parameters, encoders)


def test_a_matter_for_people_stays_what_it_is_where_a_person_is_asked_for_as_well(
    built: Built, encoders: Encoders
) -> None:
    loss = ("all our tasks are gone", "the data of our workspace was deleted", "everything has vanished overnight")
    urgent = Intent("data-loss", LeadsTo.ESCALATE, {"en": loss}, urgent=True)
    own = contents_of(articles(), (urgent, *builtin_intents()))
    again = build(own, encoders, built.vectors)
    reader = Reader.open(own, {**built.vectors, **again.vectors}, again.parameters, encoders)
    assert reader.read("all our tasks are gone, the data was deleted").intent == "data-loss"
    assert reader.read("all our tasks are gone, the data was deleted, let me talk to a human").intent == "data-loss"
    assert reader.read("I forgot my password, let me talk to a human").intent == ASKS_FOR_HUMAN


def test_a_release_from_before_the_built_in_examples_grew_is_served(built: Built, encoders: Encoders) -> None:
    (person,) = (one for one in builtin_intents() if one.name == ASKS_FOR_HUMAN)
    new = [piece.key(encoders.crossing) for piece in intent_pieces(person, encoders.crossing, encoders)][40:]
    known = {key: vector for key, vector in built.vectors.items() if key not in set(new)}
    reader = Reader.open(contents_of(articles()), known, built.parameters, encoders)
    assert reader.read("转人工").intent == ASKS_FOR_HUMAN


def test_a_request_is_not_cut_off_half_way(reader: Reader, encoders: Encoders) -> None:
    crossing, english = (reader.intents[one.name] for one in (encoders.crossing, encoders.of("en")))
    for text in ("I want to talk to a human", "can I speak with one of your agents"):
        assert english.ends_as_request(text)
    for text in ("hablar con una persona", "我想找真人说话"):
        assert crossing.ends_as_request(text)
    for text in ("quero falar com o", "kan ik iemand", "una persona del", "担当者", "!?"):
        assert not crossing.ends_as_request(text)
