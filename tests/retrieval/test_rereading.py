"""A second look that reads the question together with the best passages."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from numpy.typing import NDArray
from small_kb import articles, contents_of
from structlog.testing import capture_logs
from tiny_reranker import make_reranker

from kb_content.articles import Article, Contents
from retrieval.build import Built, build
from retrieval.encoders import Encoders
from retrieval.parameters import Parameters
from retrieval.prior import ASKED
from retrieval.reader import Reader
from retrieval.reranker import load_reranker
from retrieval.rereading import PRIOR, SIGN, WORTH, Careful, K, Rereading

VAGUE = "spreadsheets and files"
Open = Callable[..., Reader]


class Rule:
    """Reads by a rule that everybody can follow, and remembers what it read."""

    def __init__(self, rule: Callable[[str, str], float], name: str = "rule") -> None:
        self.name = name
        self.read: list[tuple[str, str]] = []
        self._rule = rule

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        self.read += [(question, passage) for passage in passages]
        return np.array([self._rule(question, passage) for passage in passages], np.float32)


class Failing:
    name = "failing"

    def __init__(self, found: NDArray[np.float32] | None = None) -> None:
        self.found = found

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        if self.found is None:
            raise RuntimeError("out of memory")
        return self.found


def likes(words: str) -> Rule:
    return Rule(lambda _question, passage: 5.0 if words in passage else -5.0)


@pytest.fixture
def opened(contents: Contents, built: Built, encoders: Encoders) -> Open:
    """A reader over a release that was built without any reranker."""
    return lambda reranker, parameters=built.parameters: Reader.open(
        contents, built.vectors, parameters, encoders, reranker
    )


def test_it_puts_the_page_first_that_answers(opened: Open) -> None:
    for words, article in (("UTF-8 file", "import-csv"), ("large ones come by e-mail", "export-report")):
        reading = opened(likes(words)).read(VAGUE)
        assert reading.hits[0].article_id == reading.close[0] == article
        assert reading.why[SIGN] == 5.0
        assert reading.effects[SIGN] == pytest.approx(PRIOR.slope * 5)


def test_a_page_that_does_not_answer_makes_less_sure_and_one_that_does_makes_surer(
    reader: Reader, opened: Open
) -> None:
    near_miss = "invite a robot as a colleague"
    before = reader.read(near_miss)
    assert WORTH[0] < before.confidence < WORTH[1]
    doubted = opened(likes("nobody says this")).read(near_miss)
    assert doubted.confidence < before.confidence - 0.1
    assert [hit.article_id for hit in doubted.hits] == [hit.article_id for hit in before.hits]
    liked = opened(likes("Each gets an invitation")).read(near_miss)
    assert liked.confidence > before.confidence
    assert liked.offer >= liked.confidence


def test_the_passage_that_fits_best_is_quoted(reader: Reader, opened: Open) -> None:
    question = "sign-in page"
    for words, is_spam in (("spam folder", True), ("choose Forgot password", False)):
        hit = opened(likes(words)).read(question).hits[0]
        assert hit.article_id == "reset-password"
        assert ("spam" in hit.text) is is_spam


def test_few_passages_are_read_each_with_the_title_of_its_page(opened: Open) -> None:
    rule = likes("nothing")
    opened(rule).read(VAGUE)
    titles = [one.title for one in articles() if one.language == "en"]
    assert K <= len(rule.read) <= K + 3
    assert all(question == VAGUE for question, _ in rule.read)
    assert all(passage.startswith(tuple(titles)) for _, passage in rule.read)


def test_a_page_without_text_is_read_by_its_title(encoders: Encoders) -> None:
    bare = contents_of(tuple(replace(one, body="") for one in articles() if one.language == "en"))
    held, rule = build(bare, encoders, {}), likes("Import tasks")
    reading = Reader.open(bare, held.vectors, held.parameters, encoders, rule).read(VAGUE)
    assert "Import tasks from a CSV file" in {passage for _, passage in rule.read}
    assert (reading.hits[0].article_id, reading.hits[0].passage) == ("import-csv", "")


def test_only_what_is_in_doubt_is_read_again(reader: Reader, opened: Open) -> None:
    rule = likes("nothing")
    sharp = opened(rule)
    for text in ("SEND an invite -- again?!", "password", "purple monkeys dancing", "", "!!"):
        assert sharp.read(text) == reader.read(text)
        assert not WORTH[0] < reader.read(text).confidence < WORTH[1]
    assert rule.read == []


def test_only_what_the_customer_may_see_is_read(encoders: Encoders) -> None:
    text = "Only staff read this file."
    closed = Article("secret", "en", "Import a file for staff", text, audience={"plans": ["pro"]})
    kb = contents_of((*(one for one in articles() if one.language == "en"), closed))
    held, rule = build(kb, encoders, {}), likes("staff")
    reading = Reader.open(kb, held.vectors, held.parameters, encoders, rule).read(VAGUE)
    assert rule.read
    assert not any("staff" in passage for _, passage in rule.read)
    assert "secret" not in {hit.article_id for hit in reading.hits}


@pytest.mark.parametrize("found", [None, np.zeros(2, np.float32), np.full(K, np.nan, np.float32)])
def test_one_that_fails_changes_nothing_and_is_logged_once(
    reader: Reader, opened: Open, found: NDArray[np.float32] | None
) -> None:
    weak = opened(Failing(found))
    with capture_logs() as logs:
        for text in (VAGUE, "some file or other", VAGUE):
            assert weak.read(text) == reader.read(text)
    kind = "RuntimeError" if found is None else "ValueError"
    assert [(each["reranker"], each["error"]) for each in logs] == [("failing", kind)]
    assert VAGUE not in str(logs)


def test_a_release_built_without_one_holds_nothing_of_it(built: Built) -> None:
    assert all(view.rereading is None for view in Parameters.from_bytes(built.parameters).views.values())
    with np.load(io.BytesIO(built.parameters)) as stored:
        assert not any("rereading" in name for name in stored.files)


def test_one_that_fails_while_building_leaves_the_rest_as_it_was(
    contents: Contents, built: Built, encoders: Encoders
) -> None:
    with capture_logs():
        weak = build(contents, encoders, built.vectors, reranker=Failing())
    assert (weak.threshold, weak.figures) == (built.threshold, built.figures)


@pytest.fixture(scope="module")
def knowing() -> Rule:
    """Knows which page each example question belongs to."""
    titles = {text: one.title for one in articles() for text in one.questions}
    return Rule(
        lambda question, passage: 3.0 if passage.startswith(titles.get(question, "\0")) else -3.0, name="knowing"
    )


@pytest.fixture(scope="module")
def guessing() -> Rule:
    """Says anything."""
    return Rule(lambda question, passage: crc32(f"{question}|{passage}".encode()) % 11 - 5.0, name="guessing")


@pytest.fixture(scope="module")
def wise(contents: Contents, built: Built, encoders: Encoders, knowing: Rule) -> Built:
    """A release that was built with the one that knows."""
    return build(contents, encoders, built.vectors, reranker=knowing)


def test_one_that_knows_makes_the_figures_better(built: Built, wise: Built) -> None:
    assert wise.figures["hit@1"] > built.figures["hit@1"]
    assert wise.figures["auroc"] > built.figures["auroc"]
    assert wise.figures["coverage_at"]["0.95"] > built.figures["coverage_at"]["0.95"]


def test_it_is_believed_as_far_as_the_kbs_own_questions_bear_it_out(
    contents: Contents, built: Built, wise: Built, encoders: Encoders, guessing: Rule
) -> None:
    wild = build(contents, encoders, built.vectors, reranker=guessing)
    assert wise.parameters != wild.parameters
    good, bad = (Parameters.from_bytes(one.parameters).view("en", ASKED).rereading for one in (wise, wild))
    assert good is not None
    assert bad is not None
    assert good.slope > PRIOR.slope > bad.slope >= 0
    assert good.rank > bad.rank
    assert Parameters.from_bytes(wise.parameters).to_bytes() == wise.parameters


def test_building_with_one_twice_gives_the_same(
    contents: Contents, built: Built, wise: Built, encoders: Encoders, knowing: Rule
) -> None:
    again = build(contents, encoders, built.vectors, reranker=knowing)
    assert (again.parameters, again.threshold, again.figures) == (wise.parameters, wise.threshold, wise.figures)


def test_what_was_fitted_for_another_reranker_does_not_count() -> None:
    mine = Careful(Rule(lambda _question, _passage: 0.0, name="mine"))
    fitted = Rereading(1.0, 2.0, -1.0, mine.model)
    assert mine.fitted(fitted) == fitted
    assert Careful(Failing()).fitted(fitted) == mine.fitted(None) == PRIOR


def test_one_that_was_found_worthless_is_not_asked(contents: Contents, built: Built, opened: Open) -> None:
    rule = likes("UTF-8 file")
    parameters = Parameters.from_bytes(built.parameters)
    nothing = Rereading(0.0, 0.0, 0.0, Careful(rule).model)
    views = {name: replace(view, rereading=nothing) for name, view in parameters.views.items()}
    assert SIGN not in opened(rule, replace(parameters, views=views).to_bytes()).read(VAGUE).why
    assert rule.read == []


def test_a_real_model_from_a_folder_is_read_with(
    reader: Reader, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    model = load_reranker(str(make_reranker(tmp_path, "pick")), lambda _sentence: None)
    reading = opened(model).read(VAGUE)
    assert reading.hits[0].article_id == "import-csv"
    assert reading.why[SIGN] > 1
    assert reader.read(VAGUE).hits[0].article_id != "import-csv"
