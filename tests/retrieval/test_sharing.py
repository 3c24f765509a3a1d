from __future__ import annotations

import gc
from copy import deepcopy
from dataclasses import replace

import numpy as np
from small_kb import articles, contents_of

from kb_content.articles import Article, Contents, PublishedArticle
from retrieval.build import Built
from retrieval.encoders import Encoders
from retrieval.needs import encode_missing, wanted
from retrieval.reader import ANY_LANGUAGE, Reader
from retrieval.sharing import OfArticle, sample, sharing


def _opened(contents: Contents, built: Built, encoders: Encoders) -> Reader:
    vectors = {**built.vectors, **encode_missing(wanted(contents, encoders), built.vectors, lambda sentence: None)}
    return Reader.open(contents, vectors, built.parameters, encoders)


def _with_longer_body(contents: Contents) -> Contents:
    """The same knowledge base read anew, its first article with one passage more."""
    first, *rest = deepcopy([one.article for one in contents.articles])
    return contents_of([replace(first, body=f"{first.body}\n\n## At night\n\nThe gate is locked from nine.\n"), *rest])


def test_what_is_made_of_an_article_is_made_once_and_goes_with_it() -> None:
    made: list[str] = []

    def title(one: PublishedArticle) -> str:
        made.append(one.article.id)
        return one.article.title

    title_of = OfArticle(title)
    page = PublishedArticle(Article("a", "en", "Keys", "Text"), 1, ())
    assert [title_of(page), title_of(page)] == ["Keys", "Keys"]
    assert made == ["a"]
    del page
    gc.collect()
    other = PublishedArticle(Article("b", "en", "Doors", "Text"), 1, ())
    assert title_of(other) == "Doors", "whatever lies in the same place by now"
    del other
    gc.collect()
    assert not title_of._kept


def test_what_an_edit_leaves_alone_is_the_very_same_article(contents: Contents) -> None:
    edited = _with_longer_body(contents)
    shared = sharing(edited, contents.articles)
    assert shared == edited
    kept = [one is old for one, old in zip(shared.articles, contents.articles, strict=True)]
    assert kept == [False, *[True] * (len(kept) - 1)]


def test_a_draft_beside_what_is_live_finds_what_it_finds_alone(
    contents: Contents, built: Built, encoders: Encoders, reader: Reader
) -> None:
    edited = _with_longer_body(contents)
    beside, alone = (_opened(one, built, encoders) for one in (sharing(edited, contents.articles), edited))
    for text in ("how do I reset my password", "is it open at night", "怎么重置密码", "who won the world cup"):
        assert beside.read(text) == alone.read(text)
    assert any("nine" in hit.text for hit in beside.read("when is the gate locked").hits)


def test_a_draft_that_asks_nothing_new_has_the_titles_and_questions_of_what_is_live(
    contents: Contents, built: Built, encoders: Encoders, reader: Reader
) -> None:
    draft = _opened(sharing(_with_longer_body(contents), contents.articles), built, encoders)
    for language, view in reader.views.items():
        for live, new in zip(view.spaces, draft.views[language].spaces, strict=True):
            assert new.shorts is live.shorts
            assert new.discriminant is live.discriminant


def test_customers_of_a_foreign_language_cost_an_english_kb_nothing_more(encoders: Encoders) -> None:
    kb = contents_of([one for one in articles() if one.language == "en"])
    opened = Reader.open(kb, encode_missing(wanted(kb, encoders), {}, lambda sentence: None), b"", encoders)
    english, foreign = opened.views["en"], opened.views[ANY_LANGUAGE]
    assert english.second is not None
    assert foreign.spaces[0].passages is english.second.passages
    assert foreign.words is english.words


def test_a_row_more_changes_at_most_one_row_of_a_sample() -> None:
    rows = np.random.default_rng(1).normal(size=(500, 16)).astype(np.float32)
    drawn = {row.tobytes() for row in rows[sample(rows, 100)]}
    more = np.insert(rows, 0, np.float32(0.5), axis=0)
    assert len(drawn - {row.tobytes() for row in more[sample(more, 100)]}) <= 1
    assert len(drawn) == 100


def test_a_sample_of_copies_has_each_once() -> None:
    rows = np.tile(np.eye(4, dtype=np.float32), (30, 1))
    assert len(np.unique(rows[sample(rows, 50)], axis=0)) == len(sample(rows, 50)) == 4
    assert sample(rows, 120).tolist() == list(range(120))
