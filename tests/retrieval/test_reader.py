from __future__ import annotations

import threading

import pytest
from small_kb import articles, contents_of

from kb_content.articles import Article
from retrieval.build import Built, build
from retrieval.encoders import Encoders
from retrieval.reader import Reader, Reading


def test_the_right_article_comes_first_with_its_best_passage(reader: Reader) -> None:
    reading = reader.read("the e-mail with the link to set a new password is not in my spam folder")
    first = reading.hits[0]
    assert first.article_id == "reset-password"
    assert first.language == "en"
    assert "spam" in first.text
    assert first.heading.endswith("The link does not arrive")
    assert first.passage
    assert first.anchor


def test_an_answer_comes_in_the_customers_language(reader: Reader) -> None:
    for text, language in (("how do I invite a colleague", "en"), ("怎么邀请同事", "zh")):
        reading = reader.read(text)
        assert reading.language == language
        assert (reading.hits[0].article_id, reading.hits[0].language) == ("invite-people", language)


def test_an_article_that_the_language_lacks_is_given_in_another(reader: Reader) -> None:
    first = reader.read("手机上有应用吗").hits[0]
    assert (first.article_id, first.language) == ("mobile-app", "en")


def test_a_language_without_articles_is_answered_from_english(reader: Reader) -> None:
    reading = reader.read("Ich habe mein Passwort vergessen")
    assert reading.language == "de"
    assert (reading.hits[0].article_id, reading.hits[0].language) == ("reset-password", "en")


def test_the_very_words_of_an_articles_question_are_answered_by_it(reader: Reader) -> None:
    for text, article in (("SEND an invite -- again?!", "invite-people"), ("导出按钮在哪里？", "export-report")):
        reading = reader.read(text)
        assert reading.close == (article,)
        assert reading.hits[0].article_id == article
        assert reading.confidence > 0.99


def test_a_given_language_is_believed(reader: Reader) -> None:
    assert reader.read("export", "zh-Hans").language == "zh"
    assert reader.read("export", "xx").hits


def test_each_article_is_there_once_best_first(reader: Reader) -> None:
    hits = reader.read("password").hits
    ids = [hit.article_id for hit in hits]
    assert len(ids) == len(set(ids)) <= 10
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_a_clear_question_is_surer_than_a_vague_one_and_that_than_a_foreign_one(reader: Reader) -> None:
    clear, vague, foreign = (
        reader.read(text).confidence
        for text in ("I forgot my password", "something with a file", "recipe for sourdough bread")
    )
    assert clear > 0.7 > vague > foreign
    assert foreign < 0.2


def test_what_has_nothing_to_do_with_the_kb_is_foreign_and_a_near_miss_is_not(reader: Reader) -> None:
    assert reader.read("who won the football match yesterday evening").foreign
    assert not reader.read("export the report to powerpoint").foreign


@pytest.mark.parametrize("text", ["what's the weather", "how do I cook rice", "今天天气怎么样", "推荐一部电影"])
def test_an_everyday_question_is_foreign_in_every_language(reader: Reader, text: str) -> None:
    assert reader.read(text).foreign


@pytest.mark.parametrize("text", ["I forgot my password", "save the figures to excel", "忘记密码怎么办"])
def test_what_an_article_may_answer_is_never_foreign(reader: Reader, text: str) -> None:
    assert not reader.read(text).foreign


def test_competing_articles_are_close_and_a_clear_winner_stands_alone(reader: Reader) -> None:
    assert reader.read("I forgot my password").close == ("reset-password",)
    several = reader.read("spreadsheet").close
    assert 2 <= len(several) <= 3
    assert {"import-csv", "export-report"} <= set(several)


@pytest.mark.parametrize("text", ["", "   ", "😀🎉", "?!…", "\x00\x07\x1b", "\u202e\u200f"])
def test_a_text_that_says_nothing_finds_nothing(reader: Reader, text: str) -> None:
    reading = reader.read(text)
    assert reading.hits == ()
    assert reading.confidence == 0.0
    assert reading.intent is None
    assert reading.foreign


@pytest.mark.parametrize(
    "text",
    [
        "reset\x00 my\x07 password",
        "RESET MY PASSWORD",
        "ｒｅｓｅｔ ｍｙ ｐａｓｓｗｏｒｄ",
        "\u202ereset my password\u202c",
    ],
)
def test_odd_characters_do_not_hide_the_question(reader: Reader, text: str) -> None:
    assert reader.read(text).hits[0].article_id == "reset-password"


@pytest.mark.parametrize("filler", ["bla ", "密", "💥"])
def test_forty_thousand_characters_are_read_and_kept(reader: Reader, filler: str) -> None:
    text = "I forgot my password. " + filler * (40_000 // len(filler))
    reading = reader.read(text)
    assert isinstance(reading, Reading)
    assert reading.text == text


def test_right_to_left_text_is_read(reader: Reader) -> None:
    assert reader.read("لقد نسيت كلمة المرور").language == "ar"


def test_the_signs_behind_a_confidence_can_be_told(reader: Reader) -> None:
    why = reader.read("I forgot my password").why
    assert why["closeness"] > 0.5
    assert set(why) >= {"margin", "agreement", "words covered"}


def test_several_threads_read_the_same(reader: Reader) -> None:
    texts = ["I forgot my password", "怎么邀请同事", "pay our bill", "webhook signature"] * 5
    expected = [reader.read(text) for text in texts]
    found: list[Reading | None] = [None] * len(texts)

    def ask(number: int) -> None:
        found[number] = reader.read(texts[number])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected


def test_a_kb_in_one_other_language_reads_its_own(encoders: Encoders) -> None:
    chinese = contents_of(tuple(one for one in articles() if one.language == "zh"))
    built: Built = build(chinese, encoders, {})
    reader = Reader.open(chinese, built.vectors, built.parameters, encoders)
    assert reader.read("忘记密码").hits[0].article_id == "reset-password"
    assert reader.read("I forgot my password").hits[0].article_id == "reset-password"
    assert reader.read("12345").language == "zh"


def test_a_japanese_word_in_han_characters_is_answered_in_japanese_beside_english_articles(encoders: Encoders) -> None:
    japanese = Article("price", "ja", "料金はいくらですか", "無料プランは0円、ビジネスプランは1,680円です。")
    english = Article("price", "en", "What does it cost", "The free plan costs nothing, the business plan 12 euros.")
    more = Article("languages", "en", "Which languages are there", "English and Japanese.")
    both = contents_of((japanese, english, more))
    built = build(both, encoders, {})
    reading = Reader.open(both, built.vectors, built.parameters, encoders).read("料金")
    assert reading.language == "ja"
    assert (reading.hits[0].article_id, reading.hits[0].language) == ("price", "ja")
