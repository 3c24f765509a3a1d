from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb_content.article_file import source_digest
from kb_content.articles import Article, GoldQuestion, Intent, LeadsTo, Mode
from kb_content.catalogue import apply_import, plan_import
from kb_content.errors import ExportRefused
from kb_content.export import RECORD, export_folder, write_folder
from kb_content.folder import Folder, read_folder
from store import Database, reading, transaction

EN = Article("reset", "en", "Reset: a #1 password", "Open it.\n\n## Steps\n\n1. Go.")
ZH = Article("reset", "zh", "重置密码", "打开它。\n\n## 步骤\n\n1. 去。")
SOLO = Article("solo", "en", "Alone", "Text.", extra={"owner": ["ada"]})
INTENT = Intent(
    "outage", LeadsTo.ESCALATE, {"en": ("all: down",), "zh": ("挂了",)}, True, "ops", "P0", 2, Mode.OFF, {"en": ("Hi",)}
)
GOLD = (GoldQuestion("a", "en", ("reset",), {"by": "eve"}), GoldQuestion("天气", "zh", ()))
KB = Folder(articles=(EN, ZH, SOLO), intents=(INTENT,), gold=GOLD)

odd = st.sampled_from(
    ["a: b", "# x", "'", '"', "🙂", "密码", "x  ", "a\r\nb", "a\rb", "---", "- x", "yes", "3", "{a}", "<b>"]
)
words = (odd | st.text(max_size=30)).filter(lambda text: bool(text.replace("\0", "x").split()))
kb_articles = st.lists(
    st.builds(
        Article,
        id=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,8}", fullmatch=True),
        language=st.sampled_from(["en", "zh"]),
        title=words,
        body=words.map(lambda text: f"text {text}"),
        questions=st.lists(words, max_size=2).map(tuple),
        tags=st.lists(words, max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda article: (article.id, article.language),
)


@settings(deadline=None)
@given(kb_articles, st.lists(words, max_size=3))
def test_read_export_read_gives_equal_contents(
    tmp_path_factory: pytest.TempPathFactory, articles: list[Article], asked: list[str]
) -> None:
    first, second = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    write_folder(first, articles, [INTENT], [GoldQuestion(text, "en", (articles[0].id,)) for text in asked])
    once = read_folder(first)
    assert once.errors == ()
    assert len(once.articles) == len(articles)
    write_folder(second, once.articles, once.intents, once.gold)
    twice = read_folder(second)
    assert (twice.articles, twice.intents, twice.gold) == (once.articles, once.intents, once.gold)


@pytest.fixture
def filled(database: Database, now: datetime) -> Database:
    bring(database, KB, now)
    return database


def bring(database: Database, folder: Folder, now: datetime) -> None:
    with transaction(database) as session:
        apply_import(session, plan_import(session, folder, "mine"), now)


def export(database: Database, path: Path, force: bool = False) -> tuple[int, int, int]:
    with reading(database) as session:
        done = export_folder(session, path, force)
    return done.written, done.unchanged, done.removed


def translated_from(path: Path) -> str | None:
    return next(article.translated_from for article in read_folder(path).articles if article.language == "zh")


def test_an_exported_kb_reads_back(filled: Database, tmp_path: Path) -> None:
    assert export(filled, tmp_path / "out") == (6, 0, 0)
    back = read_folder(tmp_path / "out")
    assert back.errors == ()
    assert back.articles == (EN, replace(ZH, translated_from=source_digest(EN)), SOLO)
    assert (back.intents, back.gold) == (KB.intents, KB.gold)
    assert back.places["reset", "zh"] == "articles/zh/reset.md"
    with reading(filled) as session:
        assert plan_import(session, back, "mine").is_empty


def test_a_second_export_touches_only_what_changed(filled: Database, tmp_path: Path, now: datetime) -> None:
    export(filled, tmp_path / "out")
    assert export(filled, tmp_path / "out") == (0, 6, 0)
    bring(filled, replace(KB, articles=(EN, replace(ZH, title="新")), intents=()), now)
    assert export(filled, tmp_path / "out") == (1, 3, 2)
    assert not (tmp_path / "out/articles/en/solo.md").exists()


def test_a_translation_names_the_text_that_it_was_made_from(filled: Database, tmp_path: Path, now: datetime) -> None:
    later, much_later = now + timedelta(days=1), now + timedelta(days=2)
    bring(filled, replace(KB, articles=(replace(EN, body="Newer text."), ZH)), later)
    export(filled, tmp_path / "a")
    assert translated_from(tmp_path / "a") == source_digest(EN)
    bring(filled, replace(KB, articles=(replace(EN, body="Newer text."), replace(ZH, body="更新。"))), much_later)
    export(filled, tmp_path / "b")
    assert translated_from(tmp_path / "b") == source_digest(replace(EN, body="Newer text."))


def test_a_stated_source_is_kept(database: Database, tmp_path: Path, now: datetime) -> None:
    bring(database, Folder(articles=(EN, replace(ZH, translated_from="12345678"))), now)
    export(database, tmp_path / "out")
    assert translated_from(tmp_path / "out") == "12345678"


def test_what_others_were_translated_from_is_no_translation_in_any_language(
    database: Database, tmp_path: Path, now: datetime
) -> None:
    english = replace(EN, translated_from=source_digest(ZH))
    bring(database, Folder(articles=(english, ZH)), now)
    export(database, tmp_path / "out")
    assert read_folder(tmp_path / "out").articles == (english, ZH)


def test_somebody_elses_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "mine.md").write_text("mine")
    with pytest.raises(ExportRefused, match="not empty"):
        write_folder(tmp_path, [EN])
    assert not (tmp_path / RECORD).exists()
    write_folder(tmp_path, [EN], force=True)
    assert (tmp_path / "articles" / "mine.md").read_text() == "mine"


def test_a_repository_without_files_counts_as_empty(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write_folder(tmp_path, [EN])
    assert (tmp_path / "articles/en/reset.md").exists()


def test_a_file_changed_since_the_export_is_not_written_over(tmp_path: Path) -> None:
    write_folder(tmp_path, [EN, SOLO])
    file = tmp_path / "articles/en/reset.md"
    file.write_text("edited")
    newer = replace(EN, title="Newer")
    with pytest.raises(ExportRefused, match=r"articles/en/reset\.md"):
        write_folder(tmp_path, [newer])
    assert file.read_text() == "edited"
    assert (tmp_path / "articles/en/solo.md").exists()
    write_folder(tmp_path, [newer], force=True)
    assert "Newer" in file.read_text()


def test_an_edited_file_of_a_gone_article_is_not_removed(tmp_path: Path) -> None:
    write_folder(tmp_path, [EN, SOLO])
    (tmp_path / "articles/en/solo.md").write_text("edited")
    assert write_folder(tmp_path, [EN]).removed == 0
    assert (tmp_path / "articles/en/solo.md").read_text() == "edited"


def test_an_export_never_leaves_its_folder(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "keep.md").write_text("x")
    with pytest.raises(ExportRefused, match="cannot be a file name"):
        write_folder(inside, [replace(EN, id="../../outside/keep")])
    (inside / "articles").symlink_to(outside)
    with pytest.raises(ExportRefused, match="outside"):
        write_folder(inside, [EN], force=True)
    sha = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    (inside / RECORD).write_text(json.dumps({"files": {"../outside/keep.md": sha, str(outside / "keep.md"): sha}}))
    (inside / "articles").unlink()
    write_folder(inside, [EN], force=True)
    assert (outside / "keep.md").exists()


def test_ids_that_differ_only_in_case_get_two_files(tmp_path: Path) -> None:
    write_folder(tmp_path, [EN, replace(EN, id="Reset")])
    assert sorted(file.name for file in (tmp_path / "articles/en").iterdir()) == ["Reset-2.md", "reset.md"]
    assert [article.id for article in read_folder(tmp_path).articles] == ["Reset", "reset"]
