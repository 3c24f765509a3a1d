"""Whoever asks for a person gets one in the languages that customers write first, and nobody is handed over for the
grammar of a wish."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_kb import articles, contents_of
from talk import serving_of

from bot.decisions import Decision, Escalate, SmallTalk
from bot.live import Serving
from bot.understanding import first_message
from handoff.models import Reason
from kb_content.articles import Article, Intent, LeadsTo
from retrieval.background import everyday, usual
from retrieval.known_intents import ASKS_FOR_HUMAN, builtin_intents
from retrieval.texts import plain_key

LANGUAGES = ("en", "zh", "de", "fr", "es", "pt", "it", "nl", "ja", "ko", "ru")
JAPANESE = (
    Article("yoyaku", "ja", "予約の変更とキャンセル", "マイページの「予約一覧」から日付や人数を変更できます。"),
    Article("madoguchi", "ja", "お問い合わせ先と受付時間", "電話窓口は平日9時から18時まで受け付けています。"),
    Article("tanto", "ja", "担当者を追加する", "設定の「担当者」から、予約を管理するスタッフを追加できます。"),
)


@pytest.fixture(scope="module", params=["foreign", "own"])
def serving(request: pytest.FixtureRequest) -> Serving:
    """A KB in English alone, and one that has Japanese articles as well."""
    english = tuple(one for one in articles() if one.language == "en")
    return serving_of(contents_of((*english, *JAPANESE) if request.param == "own" else english), None)


def _goes_to_a_person(decision: Decision) -> bool:
    return isinstance(decision, Escalate) and decision.reason is Reason.ASKED_FOR_HUMAN


@pytest.mark.parametrize(
    "text",
    [
        "予約を変更したいです",
        "人数を増やしたいです",
        "担当者を追加したいのですが",
        "お問い合わせ先を教えてください",
        "주문을 변경하고 싶어요",
        "상담원 권한은 어디서 바꾸나요",
        "Ich möchte einen Termin verschieben",
        "Wie richte ich einen Agenten ein?",
        "Je voudrais changer d'adresse",
        "Quels sont les horaires du service client ?",
        "Quiero cambiar mi número",
        "El agente comercial no vino a la cita",
        "quero trocar meu número de telefone",
        "vorrei firmare il contratto",
        "una persona del mio team non vede i turni",
        "ik wil een afspraak met de monteur maken",
        "kan ik iemand toegang geven?",
        "хочу изменить номер телефона",
        "真人認證失敗怎麼辦",
        "客服人員的權限在哪裡設定",
        "add a colleague",
        "remove a person from the team",
        "can I make someone else an admin",
        "the agent role has no rights",
        "can someone help me",
    ],
)
def test_a_wish_or_a_matter_is_no_request_for_a_person(serving: Serving, text: str) -> None:
    decision = first_message(serving.reader, serving.policy, text)[1]
    assert not _goes_to_a_person(decision)
    assert not isinstance(decision, SmallTalk)


@pytest.mark.parametrize(
    "text",
    [
        "スタッフと直接お話しできますか",
        "ボットじゃなくて人に対応してほしい",
        "領収書が届かないので担当者につないでください",
        "고객센터에 연결해줘",
        "결제가 두 번 됐는데 사람하고 말하게 해 주세요",
        "Ist da jemand, der mir persönlich helfen kann?",
        "seit drei Tagen geht nichts, gebt mir endlich einen Menschen",
        "y a-t-il quelqu'un de réel ici ?",
        "Le virement a disparu. Un conseiller s'il vous plaît",
        "¿hay alguien ahí que no sea un bot?",
        "me passa para um atendente por favor",
        "basta bot, datemi una persona",
        "kan ik iemand spreken?",
        "есть тут кто живой?",
        "麻煩轉接客服專員",
        "put me through to someone",
        "could a colleague of yours look at this",
        "I'm not happy with this, put me through to a person",
        "transfer this chat to a human",
        "who can I speak to about a refund",
    ],
)
def test_a_request_for_a_person_is_heard(serving: Serving, text: str) -> None:
    assert _goes_to_a_person(first_message(serving.reader, serving.policy, text)[1])


@pytest.fixture(scope="module")
def english_only() -> Serving:
    """A KB whose own intents say in English alone what a request for a person is."""
    person = Intent(ASKS_FOR_HUMAN, LeadsTo.ESCALATE, {"en": ("talk to a human", "get me a real person", "operator")})
    return serving_of(replace(contents_of(articles()), intents=(person,)), None)


@pytest.mark.parametrize(
    "text", ["Ist da jemand, der mir persönlich helfen kann?", "担当者につないでください", "operator"]
)
def test_an_own_intent_takes_nothing_from_languages_that_it_does_not_speak(english_only: Serving, text: str) -> None:
    assert _goes_to_a_person(first_message(english_only.reader, english_only.policy, text)[1])


@pytest.mark.parametrize("text", ["予約を変更したいです", "Ich möchte einen Termin verschieben"])
def test_what_is_lent_to_it_makes_no_request_of_a_wish(english_only: Serving, text: str) -> None:
    assert not _goes_to_a_person(first_message(english_only.reader, english_only.policy, text)[1])


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("お世話になっております", "greeting"),
        ("좋은 아침이에요", "greeting"),
        ("Guten Abend zusammen", "greeting"),
        ("salut ça va", "greeting"),
        ("buenas noches a todos", "greeting"),
        ("本当に助かりました、ありがとう", "thanks"),
        ("vielen lieben Dank", "thanks"),
        ("Muchísimas gracias", "thanks"),
        ("muito obrigado pela ajuda", "thanks"),
        ("grazie infinite", "thanks"),
    ],
)
def test_greetings_and_thanks_are_understood(serving: Serving, text: str, intent: str) -> None:
    decision = first_message(serving.reader, serving.policy, text)[1]
    assert isinstance(decision, SmallTalk)
    assert decision.intent == intent


@pytest.mark.parametrize(
    "text", ["解決しませんでした", "Das hat nicht geholfen", "sigue sin funcionar", "明日の天気は？"]
)
def test_what_is_neither_is_none_of_them(serving: Serving, text: str) -> None:
    decision = first_message(serving.reader, serving.policy, text)[1]
    assert not _goes_to_a_person(decision)
    assert not isinstance(decision, SmallTalk)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_stands_on_its_own(language: str) -> None:
    person, greeting, thanks = (intent.examples[language] for intent in builtin_intents())
    assert len(person) >= 20
    assert min(len(greeting), len(thanks), len(everyday()[language]) // 2) >= 7
    assert len(usual()[language]) >= len(person)


def test_nothing_is_said_twice_nor_to_mean_two_things() -> None:
    said = [text for intent in builtin_intents() for texts in intent.examples.values() for text in set(texts)]
    beside = [text for several in (everyday(), usual()) for texts in several.values() for text in texts]
    assert not {plain_key(text) for text in said} & {plain_key(text) for text in beside}
    assert len(beside) == len(set(beside))


def test_only_everyday_questions_in_english_and_chinese_tell_what_is_foreign(serving: Serving) -> None:
    """In a customer's own language they lie nearer than pages without example questions, which would be declined."""
    for by_language in serving.reader.backgrounds.values():
        assert by_language.keys() == {"en", "zh"}
