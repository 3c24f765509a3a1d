"""Which codes a text names, and when an article is about another one."""

from __future__ import annotations

import pytest
from small_kb import articles, contents_of

from kb_content.articles import Article
from retrieval.build import build
from retrieval.codes import codes_in
from retrieval.encoders import Encoders
from retrieval.reader import Reader

SENSOR = Article(
    "sensor",
    "en",
    "Error E12: thermocouple",
    "E12 means that the thermocouple is not read. Check its plug at the back of the controller.",
    ("the display shows E12", "what does error E12 mean"),
)
DOOR = Article("door", "en", "Error E30: door", "E30 and E31 mean that the door is open. Close it and press Start.")


@pytest.fixture(scope="module")
def reader(encoders: Encoders) -> Reader:
    contents = contents_of((*articles(), SENSOR, DOOR))
    built = build(contents, encoders, {})
    return Reader.open(contents, built.vectors, built.parameters, encoders)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Error E12", {("e", "12")}),
        ("error e-12, then E13!", {("e", "12"), ("e", "13")}),
        ("显示E21怎么办", {("e", "21")}),
        ("Ｅ１２", {("e", "12")}),
        ("Android 12, step 3, 404, 2FA and a1b2", set()),
    ],
)
def test_a_code_is_letters_and_a_number_in_one_word(text: str, codes: set[tuple[str, str]]) -> None:
    assert codes_in(text) == codes


@pytest.mark.parametrize("text", ["what does error E21 mean", "Error E21: thermocouple", "E13显示怎么办"])
def test_an_article_about_another_code_is_never_sure(reader: Reader, text: str) -> None:
    assert reader.read(text).confidence <= 0.4


@pytest.mark.parametrize(
    ("text", "article"),
    [("what does error E12 mean?!", "sensor"), ("error E-12: thermocouple", "sensor"), ("E31 door open", "door")],
)
def test_the_article_about_that_code_is(reader: Reader, text: str, article: str) -> None:
    reading = reader.read(text)
    assert reading.hits[0].article_id == article
    assert reading.confidence > 0.4


def test_a_code_of_a_kind_that_the_article_does_not_name_changes_nothing(reader: Reader) -> None:
    assert reader.read("install it on android on my S24").confidence > 0.4
