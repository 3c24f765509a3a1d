"""Pictures and files of articles: named safely, believed by their bytes, in a folder and back."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kb_content.articles import Article
from kb_content.file_names import UnknownKind, name_in, names_in, safe_name
from kb_content.html import to_html
from kb_content.studio.file_folder import enter_files, export_files, gather_files
from kb_content.studio.files import ArticleFile, add_file, file_named, files, missing_files
from store import Database, reading, transaction
from store.files import keep, place

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def added(database: Database, folder: Path, name: str, content: bytes) -> ArticleFile:
    kept = keep(folder, io.BytesIO(content))
    with transaction(database) as session:
        return add_file(session, name, content[:1024], kept, NOW)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("My screen (1).PNG", "My-screen-1.png"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("截图 2026.png", "截图-2026.png"),
        ("a/b\\c.pdf", "c.pdf"),
        ("...png", "file.png"),
    ],
)
def test_a_name_becomes_one_that_a_link_and_a_folder_can_hold(given: str, kept: str) -> None:
    assert safe_name(given) == kept
    assert safe_name(kept) == kept


@pytest.mark.parametrize(
    ("href", "name"),
    [
        ("files/a.png", "a.png"),
        ("../files/a.png", "a.png"),
        ("/files/%E6%88%AA.png", "截.png"),
        ("files/../secret.png", None),
        ("https://else.example/files/a.png", None),
        ("files/", None),
        ("files/a%2Fb.png", None),
    ],
)
def test_only_a_name_in_the_folder_of_files_means_a_file(href: str, name: str | None) -> None:
    assert name_in(href) == name


def test_the_files_of_a_text_are_found_in_pictures_and_links() -> None:
    assert names_in("![a](files/a.png) and [b](../files/b.pdf) and `files/c.png`") == {"a.png", "b.pdf"}


def test_the_same_picture_is_kept_once_and_another_one_gets_another_name(database: Database, tmp_path: Path) -> None:
    first = added(database, tmp_path, "shot.png", PNG)
    assert added(database, tmp_path, "shot.png", PNG) == first
    other = added(database, tmp_path, "shot.png", PNG + b"other")
    assert (first.name, other.name) == ("shot.png", "shot-2.png")
    assert first.markdown == "![shot](files/shot.png)"
    with reading(database) as session:
        assert [one.name for one in files(session)] == ["shot-2.png", "shot.png"]
        assert missing_files(session, "![x](files/shot.png) ![y](files/gone.png)") == ["gone.png"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<p>"),
        ("drawing.svg", b"<svg>"),
        ("shot.png", b"<script>"),
        ("notes.txt", b"a\0b"),
        ("none", b"x"),
    ],
)
def test_a_file_is_what_its_bytes_say_or_refused(
    sqlite_database: Database, tmp_path: Path, name: str, content: bytes
) -> None:
    with pytest.raises(UnknownKind, match="Save it as one of these"):
        added(sqlite_database, tmp_path, name, content)


def test_files_go_to_a_folder_and_come_back(sqlite_database: Database, tmp_path: Path) -> None:
    store, folder = tmp_path / "store", tmp_path / "kb"
    added(sqlite_database, store, "shot.png", PNG)
    with reading(sqlite_database) as session:
        assert export_files(session, store, folder) == 1
        assert export_files(session, store, folder) == 0
    (folder / "files" / "shot.png").write_bytes(PNG + b"redrawn")
    (folder / "files" / "evil.html").write_bytes(b"<script>")
    (folder / "files" / "way-out.txt").symlink_to("/etc/passwd")
    found, refused = gather_files(store, folder)
    assert refused == ["evil.html"]
    with transaction(sqlite_database) as session:
        assert enter_files(session, found, NOW) == 1
        assert enter_files(session, found, NOW) == 0
        kept = file_named(session, "shot.png")
        assert kept is not None
        assert place(store, kept.sha256).read_bytes() == PNG + b"redrawn"
        assert [one.name for one in files(session)] == ["shot.png"]


def test_a_picture_is_shown_only_from_the_files_of_the_kb() -> None:
    body = "![a](files/a.png)\n\n![b](https://else.example/b.png)\n\n![c](javascript:alert(1))\n\n[d](files/d.pdf)"
    shown = to_html(Article("x", "en", "X", body), file_url=lambda name: f"/kb/files/{name}")
    assert '<img src="/kb/files/a.png" alt="a">' in shown
    assert '<a href="/kb/files/d.pdf"' in shown
    assert shown.count("<img") == 1
    assert "else.example" not in shown
    assert "<img" not in to_html(Article("x", "en", "X", body))
