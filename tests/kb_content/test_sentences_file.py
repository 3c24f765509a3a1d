from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb_content.articles import Sentence
from kb_content.catalogue import apply_import, contents, plan_import, publish, start_release
from kb_content.export import export_folder
from kb_content.folder import Folder, read_folder
from kb_content.sentences_file import read_sentences, write_sentences
from store import Database, reading, transaction

NOON = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
ARTICLE = "---\nid: pay\ntitle: Pay\nlanguage: en\n---\n\nEnter the number of your card under Billing.\n"
FILE = 'en:\n  thanks: "Any time!"\n  who: The team\nzh:\n  thanks: 不客气\n'
READ = (Sentence("thanks", "en", "Any time!"), Sentence("thanks", "zh", "不客气"), Sentence("who", "en", "The team"))
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30).filter(
    str.strip
)


def test_a_folder_brings_the_house_s_own_sentences(read_kb: Callable[[dict[str, str | bytes]], Folder]) -> None:
    folder = read_kb({"articles/pay.md": ARTICLE, "sentences.yml": FILE})
    assert folder.sentences == READ
    assert folder.errors == ()


@given(st.dictionaries(st.tuples(st.sampled_from(["thanks", "who", "no"]), st.sampled_from(["en", "zh-TW"])), TEXTS))
def test_what_is_written_is_read_again(texts: dict[tuple[str, str], str]) -> None:
    sentences = tuple(Sentence(key, language, text.strip()) for (key, language), text in sorted(texts.items()))
    assert read_sentences(write_sentences(sentences), "sentences.yml").sentences == sentences


@pytest.mark.parametrize(
    ("text", "told", "kept"),
    [
        ("- thanks", "not valid YAML", 0),
        ("klingonisch-x-y-z-w:\n  thanks: a", "this is no language", 0),
        ("en: hello", "there must be names with sentences", 0),
        ("en:\n  thanks: [a, b]\n  who: We", "`thanks` must be one text", 1),
        ("en:\n  thanks:\n  who: We", "`thanks` says nothing", 1),
        ("en:\n  who: Us\n  who: We", "`who` is there twice", 1),
        ("en:\nzh:\n  who: 我们", "", 1),
        ("", "", 0),
    ],
)
def test_what_cannot_be_read_is_named_and_the_rest_is_taken(text: str, told: str, kept: int) -> None:
    file = read_sentences(text, "sentences.yml")
    assert len(file.sentences) == kept
    assert told in " ".join(map(str, file.problems))
    assert bool(file.problems) is bool(told)


def test_sentences_that_cannot_be_read_stay_as_they_are(
    database: Database, write_kb: Callable[..., Path], tmp_path: Path
) -> None:
    _bring(database, write_kb({"articles/pay.md": ARTICLE, "sentences.yml": FILE}))
    _bring(database, write_kb({"sentences.yml": b"\xff\xfe"}))
    assert _sentences(database) == READ


def test_sentences_go_into_a_release_and_come_back_from_an_export(
    database: Database, write_kb: Callable[..., Path], tmp_path: Path
) -> None:
    _bring(database, write_kb({"articles/pay.md": ARTICLE, "sentences.yml": FILE}))
    assert _sentences(database) == READ
    with reading(database) as session:
        export_folder(session, tmp_path / "out")
    assert read_folder(tmp_path / "out").sentences == READ
    _bring(database, write_kb({"articles/pay.md": ARTICLE, "sentences.yml": "en:\n  who: Us\n"}))
    assert _sentences(database) == (Sentence("who", "en", "Us"),)


def _bring(database: Database, path: Path) -> None:
    with transaction(database) as session:
        apply_import(session, plan_import(session, read_folder(path), "mine"), NOON, "bob")
    with transaction(database) as session:
        publish(session, start_release(session, NOON), None, None, {}, NOON)


def _sentences(database: Database) -> tuple[Sentence, ...]:
    with reading(database) as session:
        return contents(session).sentences
