"""Every sentence of the sample's articles is supported by its passage, and no falsified one is."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bot.claims import claim_of
from bot.support import Book, Source
from bot.units import sentences
from kb_content.articles import Article
from kb_content.catalogue import sample_folder
from kb_content.folder import read_folder
from kb_content.html import text_blocks
from kb_content.passages import split

NOT_SENTENCES = ("table", "fence", "code_block")
MARKER = re.compile(r"^\s*(?:\d+\.|•)\s")
DROPPED = {
    "en": [
        r" not(?= )",
        r" never(?= )",
        r" only(?= )",
        r" at least(?= \d)",
        r" at most",
        r" up to(?= \d)",
        r" within(?= \d)",
    ],
    "zh": [
        r"不(?![同断过久错])",
        r"未",
        r"仅",
        r"只(?!要)",
        r"至少(?=\s*\d)",
        r"最多(?=\s*\d)",
        r"以内",
        r"不超过(?=\s*\d)",
    ],
}
CHANGED = [
    (r"(?<=\d )minutes\b", "hours"),
    (r"(?<=\d )hours\b", "minutes"),
    (r"(?<=\d )MB\b", "GB"),
    (r"(?<=\d )GB\b", "MB"),
    (r"(?<=\d) 分钟", " 小时"),
    (r"(?<=\d) 小时", " 分钟"),
    (r"\bcannot\b", "can"),
    (r"\b(is|are|can|may|will) (?!not\b)", r"\1 not "),
]


def falsified(sentence: str, language: str) -> Iterator[str]:
    """The sentence with one number, unit or limit changed or left out."""
    for found in re.finditer(r"\d+", sentence):
        yield f"{sentence[: found.start()]}{int(found[0]) + 7}{sentence[found.end() :]}"
    for pattern in DROPPED[language]:
        yield re.sub(pattern, "", sentence, count=1)
    for pattern, put in CHANGED:
        yield re.sub(pattern, put, sentence, count=1)
    if condition := re.match(r"If [^,]+, (.+)|如果[^，]+，(.+)", sentence):
        yield condition[1] or condition[2]


def told(article: Article) -> Iterator[tuple[Book, str]]:
    for passage in split(article, 1):
        book = Book([Source(passage.heading, passage.text)], lambda _word: 1.0)
        for block in text_blocks(passage.text):
            lines = [] if block.kind in NOT_SENTENCES else block.text.split("\n")
            for sentence in (part.strip() for line in lines for part in sentences(MARKER.sub("", line))):
                claim = claim_of(sentence)
                if claim.words or claim.numbers:
                    yield book, sentence


@pytest.mark.parametrize("language", ["en", "zh"])
def test_true_sentences_are_supported_and_false_ones_are_not(language: str) -> None:
    articles = [one for one in read_folder(sample_folder()).articles if one.language == language]
    refused, believed, count = [], [], 0
    for book, sentence in (each for article in articles for each in told(article)):
        if book.support(sentence, 0) is None:
            refused.append(sentence)
        for lie in falsified(sentence, language):
            if lie != sentence:
                count += 1
                believed += [lie] if book.support(lie, 0) is not None else []
    assert count > 300
    assert refused == []
    assert believed == []
