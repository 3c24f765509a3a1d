"""Passages that say the same twice, or contradict each other, found among all passages of the sample."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.learning.scratch import contents_of
from bot.learning.worklist.alike import alike
from bot.learning.worklist.findings import Finding
from bot.learning.worklist.models import WorkKind
from bot.learning.worklist.seen import Seen
from kb_content.articles import Contents, PublishedArticle
from kb_content.catalogue import sample_folder
from kb_content.folder import read_folder
from kb_content.passages import split
from retrieval.encoders import Encoders, load_encoders
from retrieval.needs import encode_missing, wanted

COPIES = {"en": ("Lost your password", "60 minutes", "24 hours"), "zh": ("密码丢了怎么办", "60 分钟", "24 小时")}


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    return load_encoders(None, lambda sentence: None)


@pytest.fixture(scope="module")
def sample() -> Contents:
    return contents_of(read_folder(sample_folder()))


def found(held: Contents, encoders: Encoders) -> list[Finding]:
    vectors = encode_missing(wanted(held, encoders), {}, lambda sentence: None)
    return alike(Seen(datetime.now(UTC), held), encoders, vectors)


def copied(sample: Contents, language: str, *, changed: bool) -> Contents:
    """The sample with one of its articles there a second time, with another number perhaps."""
    title, number, another = COPIES[language]
    articles = (one.article for one in sample.articles)
    own = next(one for one in articles if (one.id, one.language) == ("reset-password", language))
    body = own.body.replace(number, another) if changed else own.body
    copy = replace(own, id="lost-password", title=title, questions=(), body=body)
    return replace(sample, articles=(*sample.articles, PublishedArticle(copy, 1, split(copy, 1))))


def test_nothing_of_the_sample_is_said_twice_or_denied(sample: Contents, encoders: Encoders) -> None:
    assert found(sample, encoders) == []


@pytest.mark.parametrize("language", COPIES)
def test_a_copy_is_found_once_for_both_articles(sample: Contents, encoders: Encoders, language: str) -> None:
    (one,) = found(copied(sample, language, changed=False), encoders)
    assert (one.kind, one.language) == (WorkKind.DUPLICATE, language)
    assert {side["article"] for side in one.detail["articles"]} == {"reset-password", "lost-password"}
    assert one.count > 1


@pytest.mark.parametrize("language", COPIES)
def test_a_copy_with_another_number_contradicts_its_original(
    sample: Contents, encoders: Encoders, language: str
) -> None:
    findings = found(copied(sample, language, changed=True), encoders)
    clashes = [one.detail["clash"] for one in findings if one.kind is WorkKind.CONTRADICTION]
    number, another = COPIES[language][1:]
    assert clashes
    for clash in clashes:
        assert clash["kind"] == "number"
        assert number.split()[0] in clash["one"] + clash["other"]
        assert another.split()[0] in clash["one"] + clash["other"]
