from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from kb_content.articles import GoldQuestion
from retrieval.encoders import Vectors
from retrieval.needs import Need, encode_missing, language_asked
from retrieval.vectors import Kind, VectorKey, key_of


class _Counting:
    """An encoder whose vectors say nothing; it remembers what it was asked, and time passes while it works."""

    dimension, lift = 2, 0.0

    def __init__(self, name: str, clock: _Clock, seconds: float) -> None:
        self.name = name
        self.asked: list[str] = []
        self._clock = clock
        self._seconds = seconds

    def queries(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        self._clock.now += self._seconds * len(texts)
        return np.full((len(texts), 2), len(self.asked), np.float32)

    passages = queries


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class _CutOff(Exception):
    """The power went out."""


def _needs(*encoders: _Counting, each: int) -> dict[VectorKey, Need]:
    texts = [f"text {number}" for number in range(each)]
    kinds = (Kind.QUERY, Kind.PASSAGE)
    return {key_of(one.name, kind, text): (one, kind, text) for one in encoders for kind in kinds for text in texts}


def _silent(_sentence: str) -> None: ...


def test_a_run_that_was_cut_off_goes_on_without_reading_anything_twice() -> None:
    encoder = _Counting("one", _Clock(), 0)
    needs = _needs(encoder, each=200)
    kept: dict[VectorKey, NDArray[np.float32]] = {}

    def keep(vectors: dict[VectorKey, NDArray[np.float32]]) -> None:
        if len(kept) > 150:
            raise _CutOff
        kept.update(vectors)

    try:
        encode_missing(needs, {}, _silent, keep)
    except _CutOff:
        wasted = len(encoder.asked) - len(kept)
        encoder.asked.clear()
    told: list[str] = []
    new = encode_missing(needs, dict(kept), told.append)
    assert wasted <= 32, "only the batch that was not kept"
    assert kept.keys() | new.keys() == needs.keys()
    assert len(encoder.asked) == len(new) == len(needs) - len(kept)
    assert told[0] == f"reading the knowledge base: {len(kept) + 32} of 400 texts"
    assert told[-1] == "reading the knowledge base: 400 of 400 texts"


def test_the_estimate_holds_although_one_model_is_ten_times_as_slow() -> None:
    clock = _Clock()
    needs = _needs(_Counting("fast", clock, 0.01), _Counting("slow", clock, 0.1), each=500)
    estimates: list[tuple[float, str]] = []
    encode_missing(needs, {}, lambda sentence: estimates.append((clock.now, sentence)), clock=clock)
    middle = [(now, said) for now, said in estimates if "about" in said]
    assert len(middle) > 20
    for now, said in middle:
        count, unit = said.split("about ")[1].split(" ")[:2]
        left = float(count) * (60 if unit == "minutes" else 1)
        assert abs(clock.now - now - left) < 40, said
    assert "left" not in estimates[0][1], "nothing is guessed from the first batch"
    assert estimates[-1][1] == "reading the knowledge base: 2,000 of 2,000 texts"


def test_nothing_missing_is_nothing_done_and_nothing_told() -> None:
    encoder = _Counting("one", _Clock(), 0)
    needs = _needs(encoder, each=3)
    told: list[str] = []
    assert encode_missing(needs, {key: np.zeros(2, np.float32) for key in needs}, told.append) == {}
    assert told == encoder.asked == []


@pytest.mark.parametrize(
    ("text", "guessed", "languages", "language"),
    [
        ("plazo devolucion", "en", ("es",), "es"),
        ("wo ist mein Ausweis", "en", ("de", "fr"), "de"),
        ("解約", "zh", ("ja",), "ja"),
        ("where is the other branch", "en", ("de",), "en"),
        ("no refund", "en", ("es", "en"), "en"),
    ],
)
def test_a_gold_question_that_was_guessed_to_be_english_is_asked_in_the_kbs_language(
    text: str, guessed: str, languages: tuple[str, ...], language: str
) -> None:
    assert language_asked(GoldQuestion(text, guessed, ("some-article",)), languages) == language
