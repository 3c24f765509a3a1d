from __future__ import annotations

import os
import subprocess
import sys
from math import log

import pytest

from retrieval.words import Rarity, WordIndex, words_of


def _index(*texts: str) -> tuple[WordIndex, Rarity]:
    split = [words_of(text) for text in texts]
    rarity = Rarity.of(split)
    return WordIndex(split, rarity), rarity


def test_endings_do_not_keep_words_apart() -> None:
    assert words_of("exports") == words_of("exporting") == words_of("exported") == words_of("export")
    assert words_of("planning") == words_of("plans") == words_of("plan")


def test_chinese_is_indexed_by_pairs_of_characters() -> None:
    index, _ = _index("如何重置密码", "导出报表")
    scores = index.scores(words_of("密码忘了"))
    assert scores[0] > 0
    assert scores[1] == 0


def test_a_text_that_says_it_all_scores_near_one_and_a_stranger_zero() -> None:
    index, _ = _index("reset password", "export report", "invite people")
    assert index.scores(words_of("reset password"))[0] == pytest.approx(0.5, abs=0.35)
    assert index.scores(words_of("quantum gravity")).tolist() == [0, 0, 0]


@pytest.mark.parametrize("texts", [(), ("",), ("", "word")])
def test_empty_texts_are_no_trouble(texts: tuple[str, ...]) -> None:
    index, _ = _index(*texts)
    assert len(index.scores(["word"])) == len(texts)
    assert len(index.scores([])) == len(texts)


def test_hidden_texts_lend_no_words() -> None:
    _, rarity = _index("red apple", "green pear")
    assert rarity.share(["red"], rarity.counts, {}) == 1.0
    assert rarity.share(["red"], rarity.counts, {"red": 1}) == 0.0
    assert rarity.share([], rarity.counts, {}) == 0.0


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    _, rarity = _index("the cat", "the dog", "the bird")
    assert rarity["cat"] > rarity["the"]
    assert rarity["unheard-of"] > rarity["cat"]


def test_scores_are_those_of_bm25_as_a_share_of_the_best_that_could_be() -> None:
    texts = [["red", "apple", "red"], ["green", "apple"], [], ["pear"]]
    rarity = Rarity.of(texts)
    found = WordIndex(texts, rarity).scores(["red", "apple", "plum"])
    lengths, usual = [3, 2, 1, 1], 7 / 4

    def part(word: str, text: int) -> float:
        having, said = sum(word in each for each in texts), texts[text].count(word)
        rare = log(1 + (4 - having + 0.5) / (having + 0.5))
        return rare * said / (said + 1.2 * (1 - 0.75 + 0.75 * lengths[text] / usual))

    best = rarity["red"] + rarity["apple"] + rarity["plum"]
    expected = [(part("red", n) + part("apple", n)) / best for n in range(4)]
    assert found.tolist() == pytest.approx(expected, abs=1e-6)


def test_another_process_finds_the_same_to_the_last_digit() -> None:
    program = (
        "from retrieval.words import Rarity, WordIndex, words_of\n"
        "texts = [words_of(' '.join(f'w{n * k % 97}' for n in range(40))) for k in range(1, 30)]\n"
        "rarity = Rarity.of(texts)\n"
        "index, asked = WordIndex(texts, rarity), texts[3][:30]\n"
        "print(index.scores(asked).tobytes().hex(), index.returned(asked).tobytes().hex())\n"
        "print(rarity.share(asked, dict.fromkeys(asked[::2], 1), {}).hex())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            check=True,
            capture_output=True,
        ).stdout
        for seed in (1, 2)
    }
    assert len(printed) == 1
