"""The grammar of messages, in English and Chinese."""

from __future__ import annotations

import pytest

from retrieval.sentences import (
    asks,
    beginnings,
    completes,
    leans,
    only_announces,
    only_measures,
    says_little,
    sentences,
    stands_alone,
    told,
)

FULL = [
    "How do I reset my password?",
    "do you offer discounts for charities?",
    "how can I set up webhooks",
    "My export to Excel shows broken characters.",
    "怎么重置密码",
    "有没有导出功能？",
    "忘记密码了登不上去",
    "收不到验证邮件怎么办",
    "I forgot my password, how do I reset it?",
]
LEANING = [
    "and on the phone?",
    "what about the enterprise plan?",
    "as pdf?",
    "does that work with Azure?",
    "so the export",
    "那导出呢",
    "企业版呢？",
    "如果是手机呢",
]
FRAGMENTS = ["hi", "I have a problem", "so the export", "我想问一下", "有个问题", "请问", "你好", "the thing is"]


@pytest.mark.parametrize("text", FULL)
def test_a_whole_sentence_stands_alone_and_leans_on_nothing(text: str) -> None:
    assert stands_alone(text)
    assert not leans(text)


@pytest.mark.parametrize("text", LEANING)
def test_what_goes_on_with_something_leans_on_it(text: str) -> None:
    assert leans(text)


@pytest.mark.parametrize("text", FRAGMENTS)
def test_what_only_begins_to_say_something_does_not_stand_alone(text: str) -> None:
    assert not stands_alone(text)
    assert says_little(text)


@pytest.mark.parametrize("text", ["ログインできない", "カードが使えない", "メールが届きません", "退会したい"])
def test_a_japanese_statement_without_spaces_says_what_it_is_about(text: str) -> None:
    assert not says_little(text)


@pytest.mark.parametrize("text", ["パスワードを忘れたときはどうすればいいですか", "解約するにはどうすればよいですか"])
def test_a_whole_japanese_question_leans_on_nothing(text: str) -> None:
    assert asks(text)
    assert not leans(text)


@pytest.mark.parametrize("text", ["それはいつまでに払えばいいのですか", "スマホでは?", "じゃあ複数のプロジェクトでは"])
def test_a_japanese_question_that_points_back_leans(text: str) -> None:
    assert leans(text)


def test_a_face_made_of_letters_leaves_a_sentence_english() -> None:
    assert not leans("the export of all my projects fails every night ¯\\_(ツ)_/¯")


@pytest.mark.parametrize("text", ["すみません", "パスワード", "あの", "お願いします", "退会"])
def test_a_single_japanese_word_only_begins_to_say_something(text: str) -> None:
    assert says_little(text)


@pytest.mark.parametrize("text", ["how long?", "and how much is it", "how many", "How far is it?"])
def test_a_question_for_a_measure_alone_names_nothing(text: str) -> None:
    assert only_measures(text)


@pytest.mark.parametrize("text", ["how much is shipping?", "and the weather?", "how do I log in", "多少钱"])
def test_what_names_a_matter_asks_for_more_than_a_measure(text: str) -> None:
    assert not only_measures(text)


@pytest.mark.parametrize(
    "text", ["how do I get in", "is it down?", "怎么办", "可以退款吗", "and where is it?", "再问下，多少钱"]
)
def test_a_question_is_known_by_its_form(text: str) -> None:
    assert asks(text)


@pytest.mark.parametrize("text", ["I moved to a new phone", "the import fails", "我换了手机", "thanks"])
def test_a_statement_is_no_question(text: str) -> None:
    assert not asks(text)


def test_sentences_end_at_their_marks_but_not_within_numbers_and_names() -> None:
    assert sentences("I use v3.2 of app.example. It fails! Why?") == ["I use v3.2 of app.example.", "It fails!", "Why?"]
    assert sentences("我换了手机。怎么登录？谢谢") == ["我换了手机。", "怎么登录？", "谢谢"]
    assert sentences("1. first\n- second") == ["first", "second"]


@pytest.mark.parametrize("text", ["", "???", "\x00", "🙂", "\ud83d", "a" * 50_000, "؟ كيف"])
def test_any_text_has_some_grammar(text: str) -> None:
    assert isinstance(stands_alone(text) or leans(text) or asks(text), bool)


@pytest.mark.parametrize(
    "text", ["in the cabin", "for my son", "it's for a wheelchair", "he weighs 5 kg", "房子的", "跟太太一起"]
)
def test_what_goes_on_with_a_sentence_is_no_matter_of_its_own(text: str) -> None:
    assert completes(text)


@pytest.mark.parametrize("text", ["in which class?", "is it free", "cabin baggage", "我想退款", "在哪里退款"])
def test_a_question_and_a_bare_name_go_on_with_nothing(text: str) -> None:
    assert not completes(text)


@pytest.mark.parametrize(
    "text", ["I have a problem", "a question", "hello, I need help", "我想问一下", "有问题", "我有個問題"]
)
def test_that_there_is_something_says_not_what(text: str) -> None:
    assert only_announces(text)


@pytest.mark.parametrize(
    "text", ["ebooks", "卡不见了", "a problem with my card", "how do I ask a question?", "パスワード"]
)
def test_one_word_of_what_it_is_about_is_more_than_an_announcement(text: str) -> None:
    assert not only_announces(text)


@pytest.mark.parametrize(
    ("text", "matter", "wish"),
    [
        ("領収書が届かないので担当者につないでください", "領収書が届かないので", "担当者につないでください"),
        ("환불이 안 되는데 상담원 연결해 주세요", "환불이 안 되는데", "상담원 연결해 주세요"),
    ],
)
def test_a_matter_told_before_a_wish_is_a_clause_of_its_own(text: str, matter: str, wish: str) -> None:
    assert told(text) == [matter, wish]


def test_no_beginning_is_cut_off_from_the_particle_that_ties_it_to_the_rest() -> None:
    assert "转人工" not in beginnings("转人工的条件在哪里")
    assert "担当者" not in beginnings("担当者を追加したい")
    assert "我要和真人谈谈" in beginnings("我要和真人谈谈导出报告的事")
