"""Sentences that arise in English are told in the reader's language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.texts import texts

ROOT = Path(__file__).parents[2]
READERS = (*(ROOT / "kb_content").glob("*.py"), *(ROOT / "bot" / "learning" / "importing").glob("*.py"))


def filled(node: ast.expr | None) -> str | None:
    """The words of a string in the source, with a cross at each of its places; None for what is no string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (one.value if isinstance(one, ast.Constant) else "×" for one in node.values)
        return "".join(map(str, parts))
    return None


def said_to_editors(path: Path) -> Iterator[str]:
    """What a module says of a file that should be mended, in the order of its source."""
    tree = ast.parse(path.read_text("utf8"))
    named = {
        one.targets[0].id: filled(one.value)
        for one in ast.walk(tree)
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
    }
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        place = {"Problem": 2, "Unreadable": 0, "error": 1, "warning": 1}.get(name)
        if place is None or len(call.args) <= place:
            continue
        node = call.args[place]
        words = named.get(node.id) if isinstance(node, ast.Name) else filled(node)
        # What is all place came from elsewhere.
        if words and words.strip("×"):
            yield words


def test_all_that_an_editor_should_mend_is_told_in_chinese() -> None:
    said = [words for path in READERS if path.name != "check.py" for words in said_to_editors(path)]
    assert len(said) > 60
    chinese = texts("zh")
    assert [words for words in said if chinese.told(f"a.md:3: {words}") == f"a.md:3: {words}"] == []


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "notes: a.md:3: the file is not UTF-8 text: save it as UTF-8. The file was left out",
            "notes: a.md:3: 该文件不是 UTF-8 文本：请另存为 UTF-8。该文件已跳过",
        ),
        ("k.pdf could not be read: it is no whole PDF.", "无法读取 k.pdf：它不是完整的 PDF。"),
        (
            "Release 7 went live meanwhile, for everybody.",
            "发布版本 7 在此期间对所有人上线，其中已包含这个版本的内容。",
        ),
        ("reading 1,200 of 2,000 files", "正在读取：2,000 个文件中的 1,200 个"),
        ("a reason that a colleague wrote: by hand", "a reason that a colleague wrote: by hand"),
    ],
)
def test_places_may_hold_sentences_and_what_nobody_knows_stays_as_it_is(english: str, chinese: str) -> None:
    assert texts("zh").told(english) == chinese
    assert texts("en").told(english) == english
