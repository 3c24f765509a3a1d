from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_kb import articles, contents_of

from kb_content.articles import Contents, GoldQuestion
from retrieval.build import Built, build, keys_of
from retrieval.encoders import Encoders
from retrieval.errors import ParametersUnreadable, VectorsMissing
from retrieval.parameters import Parameters
from retrieval.reader import Reader


@pytest.fixture(scope="module")
def again(contents: Contents, built: Built, encoders: Encoders) -> Built:
    """The same once more, with all vectors known."""
    return build(contents, encoders, built.vectors)


def test_building_twice_gives_the_same_bytes(built: Built, again: Built) -> None:
    assert again.parameters == built.parameters
    assert again.threshold == built.threshold
    assert again.figures == built.figures


def test_only_what_is_unknown_is_encoded(contents: Contents, built: Built, again: Built, encoders: Encoders) -> None:
    assert set(built.vectors) == keys_of(contents, encoders)
    assert again.vectors == {}
    first, *rest = contents.articles
    edited = replace(first, article=replace(first.article, title="Get back in without your password"))
    changed = build(Contents((edited, *rest)), encoders, built.vectors)
    assert 0 < len(changed.vectors) <= 2 * (1 + len(first.passages))


def test_gold_questions_are_read_once_and_not_at_every_build(
    contents: Contents, built: Built, encoders: Encoders
) -> None:
    asked = replace(contents, gold=(GoldQuestion("lost my pasword", "en", ("reset-password",)),))
    first = build(asked, encoders, built.vectors)
    assert {key.encoder for key in first.vectors} == set(encoders.names)
    assert first.vectors.keys() == keys_of(asked, encoders) - keys_of(contents, encoders)
    again = build(asked, encoders, {**built.vectors, **first.vectors})
    assert again.vectors == {}
    assert again.parameters == first.parameters


def test_progress_is_told_in_sentences(contents: Contents, encoders: Encoders) -> None:
    told: list[str] = []
    build(Contents(contents.articles[:2]), encoders, {}, progress=told.append)
    assert any("texts" in sentence for sentence in told)
    assert any("confidence" in sentence for sentence in told)


def test_parameters_survive_the_way_to_the_database_and_back(built: Built) -> None:
    parameters = Parameters.from_bytes(built.parameters)
    assert set(parameters.views) == {"en", "zh"}
    assert parameters.to_bytes() == built.parameters


@pytest.mark.parametrize("data", [b"nonsense", b"PK\x03\x04broken", Parameters().to_bytes()[:-20]])
def test_parameters_that_cannot_be_read_are_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(ParametersUnreadable, match="Publish the knowledge base again"):
        Parameters.from_bytes(data)


def test_parameters_with_a_pickle_in_them_are_refused(tmp_path: object) -> None:
    import io

    target = io.BytesIO()
    np.savez(target, format=np.array([object()], object))
    with pytest.raises(ParametersUnreadable):
        Parameters.from_bytes(target.getvalue())


def test_a_reader_without_its_vectors_says_what_to_do(contents: Contents, built: Built, encoders: Encoders) -> None:
    with pytest.raises(VectorsMissing, match="Publish the knowledge base again"):
        Reader.open(contents, {}, built.parameters, encoders)


def test_figures_say_what_they_assume(built: Built) -> None:
    assert built.figures["assumed_unanswerable"] == 0.3
    assert built.figures["answerable"] == 8 * 5 + 5 * 4
    assert set(built.figures["languages"]) == {"en", "zh"}


def test_gold_questions_and_outcomes_take_part_in_the_fit(contents: Contents, built: Built, encoders: Encoders) -> None:
    gold = (GoldQuestion("password gone, what now", "en", ("reset-password",)), GoldQuestion("pizza", "en", ()))
    with_gold = build(replace(contents, gold=gold), encoders, built.vectors)
    labelled = build(contents, encoders, built.vectors, labelled=gold)
    assert with_gold.figures["questions"] == built.figures["questions"] + 2
    assert with_gold.parameters == labelled.parameters != built.parameters


def test_the_pictures_of_a_release_count_its_questions_as_its_figures_do(built: Built) -> None:
    figures = built.figures
    answered = [point for point in figures["curve"] if point[0] >= figures["threshold"]]
    assert answered[-1][1:] == pytest.approx([figures["precision"], figures["coverage"]], abs=1e-3)
    # A group's share of right ones is taken of questions of which the assumed share has no answer, too.
    groups, last = figures["reliability"], figures["curve"][-1]
    assert sum(count for *_, count in groups) == figures["questions"]
    assert figures["ece"] > 0
    assert last[2] == pytest.approx(figures["hit@1"], abs=0.1)
    assert last[1] == pytest.approx(last[2] * (1 - figures["assumed_unanswerable"]), abs=1e-3)


@pytest.fixture(scope="module")
def documentation(encoders: Encoders) -> Reader:
    """The English articles without their questions."""
    bare = contents_of(tuple(replace(one, questions=()) for one in articles() if one.language == "en"))
    built = build(bare, encoders, {})
    assert built.threshold is not None
    assert built.threshold > 0.92, "it answers only when very sure"
    return Reader.open(bare, built.vectors, built.parameters, encoders)


def test_documentation_without_questions_is_built_and_found_in(documentation: Reader) -> None:
    assert documentation.read("I forgot my password").hits[0].article_id == "reset-password"


def test_documentation_is_read_by_a_second_encoder_where_the_first_leaves_doubt(documentation: Reader) -> None:
    """None of its questions can say what that is worth: it is believed to be."""
    usual = {"second margin": 0.5, "second closeness": 0.6, "second agrees": 0.6}
    doubtful, hopeless = (documentation.read(text) for text in ("add a colleague", "stop my plan"))
    assert {name: hopeless.why[name] for name in usual} == usual
    assert doubtful.why["second agrees"] == 1.0
    assert doubtful.why["second margin"] > 1.0


def test_a_knowledge_base_of_one_article_or_none_is_built(encoders: Encoders) -> None:
    for count in (0, 1):
        few = contents_of(articles()[:count])
        built = build(few, encoders, {})
        reading = Reader.open(few, built.vectors, built.parameters, encoders).read("I forgot my password")
        assert len(reading.hits) == count


def test_an_article_without_text_is_found_by_its_title(encoders: Encoders) -> None:
    empty = contents_of(tuple(replace(one, body="", questions=()) for one in articles() if one.language == "en"))
    built = build(empty, encoders, {})
    hit = Reader.open(empty, built.vectors, built.parameters, encoders).read("export my report").hits[0]
    assert (hit.article_id, hit.passage, hit.text) == ("export-report", "", "")
