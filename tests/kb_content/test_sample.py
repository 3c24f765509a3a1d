"""What the sample knowledge base promises."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from kb_content.articles import LeadsTo
from kb_content.catalogue import sample_folder
from kb_content.check import check
from kb_content.folder import Folder, normal_question, read_folder
from kb_content.passages import split

LANGUAGES = ("en", "zh")
HUMAN_ONLY = {"complaint", "cancellation", "security-incident", "billing-dispute", "legal"}
URGENT = {"outage", "data-loss"}


@pytest.fixture(scope="module")
def sample() -> Folder:
    return read_folder(sample_folder())


def test_forty_articles_are_there_in_both_languages(sample: Folder) -> None:
    pairs = defaultdict(set)
    for article in sample.articles:
        pairs[article.id].add(article.language)
    assert len(pairs) == 40
    assert {tuple(sorted(languages)) for languages in pairs.values()} == {LANGUAGES}


def test_editors_have_nothing_to_mend(sample: Folder) -> None:
    assert [str(problem) for problem in check(sample)] == []


def test_every_article_is_asked_for_in_five_ways_or_more(sample: Folder) -> None:
    assert [article.id for article in sample.articles if len(article.questions) < 5] == []


def test_every_article_has_a_topic_and_a_review_date(sample: Folder) -> None:
    for article in sample.articles:
        assert article.category, article.id
        assert article.review_by, article.id


def test_pairs_share_everything_but_their_words(sample: Folder) -> None:
    pairs = defaultdict(set)
    for article in sample.articles:
        pairs[article.id].add((article.intent, article.category))
    assert [article_id for article_id, values in pairs.items() if len(values) > 1] == []


def test_every_article_has_real_steps(sample: Folder) -> None:
    for article in sample.articles:
        passages = split(article, 1)
        assert len(passages) >= 3, article.id
        assert any("1. " in passage.text for passage in passages), article.id


def test_intents_have_examples_in_both_languages(sample: Folder) -> None:
    assert len(sample.intents) >= 16
    for intent in sample.intents:
        for language in LANGUAGES:
            assert len(intent.examples.get(language, ())) >= 5, (intent.name, language)


def test_what_only_people_may_answer_goes_to_people(sample: Folder) -> None:
    intents = {intent.name: intent for intent in sample.intents}
    for name in HUMAN_ONLY | URGENT | {"asks-for-human"}:
        assert intents[name].leads_to is LeadsTo.ESCALATE, name
    for name in URGENT:
        assert (intents[name].urgent, intents[name].priority) == (True, "P0"), name
    assert {name for name in ("greeting", "thanks") if intents[name].leads_to is LeadsTo.SMALLTALK} == {
        "greeting",
        "thanks",
    }


def test_small_talk_and_escalations_have_replies_in_both_languages(sample: Folder) -> None:
    for intent in sample.intents:
        if intent.leads_to is LeadsTo.SMALLTALK:
            assert set(LANGUAGES) <= intent.replies.keys(), intent.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_gold_questions_are_many_and_a_third_has_no_answer(sample: Folder, language: str) -> None:
    gold = [question for question in sample.gold if question.language == language]
    assert len(gold) >= 150
    unanswerable = sum(not question.expect for question in gold)
    assert 0.30 <= unanswerable / len(gold) <= 0.37
    covered = Counter(article_id for question in gold for article_id in question.expect)
    assert covered.keys() == {article.id for article in sample.articles}


def test_no_gold_question_repeats_an_example(sample: Folder) -> None:
    told = {
        normal_question(text): article.id for article in sample.articles for text in (article.title, *article.questions)
    }
    told |= {
        normal_question(text): intent.name
        for intent in sample.intents
        for texts in intent.examples.values()
        for text in texts
    }
    assert [
        (question.text, told[said]) for question in sample.gold if (said := normal_question(question.text)) in told
    ] == []


def test_no_gold_question_is_there_twice(sample: Folder) -> None:
    count = Counter(normal_question(question.text) for question in sample.gold)
    assert [text for text, number in count.items() if number > 1] == []
