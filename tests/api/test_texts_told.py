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


def sentences_by_name(tree: ast.Module) -> dict[str, str | None]:
    """The strings that a module gives names."""
    return {
        one.targets[0].id: filled(one.value)
        for one in ast.walk(tree)
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
    }


def said_to_editors(path: Path) -> Iterator[str]:
    """What a module says of a file that should be mended, in the order of its source."""
    tree = ast.parse(path.read_text("utf8"))
    named = sentences_by_name(tree)
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


def said_of_channels(path: Path) -> Iterator[str]:
    """What a module says of how a channel is."""
    tree = ast.parse(path.read_text("utf8"))
    named = sentences_by_name(tree)
    calls = (one for one in ast.walk(tree) if isinstance(one, ast.Call) and getattr(one.func, "id", "") == "State")
    for call in calls:
        node = call.args[1] if len(call.args) > 1 else None
        words = named.get(node.id) if isinstance(node, ast.Name) else filled(node)
        if words and words.strip("×"):
            yield words


def test_how_a_channel_is_is_told_in_chinese() -> None:
    paths = [path for name in ("slack", "telegram") for path in (ROOT / "bot" / "channels" / name).glob("*.py")]
    said = [words for path in paths for words in said_of_channels(path)]
    assert len(said) > 10
    assert [words for words in said if texts("zh").told(words) == words] == []


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
        (
            "The Slack workspace Acme (T1) is off. Slack refuses FIRSTLINE_SLACK_BOT_TOKEN: it was revoked "
            "(token_revoked). Install the app to the workspace again; if its token is another one then, set that and "
            "restart. The Slack workspace Beta (T2) refuses the app's token: it must add the app again. Served all the "
            "same: Gamma (T3).",
            "Slack 工作区 Acme (T1) 已关闭。Slack 拒绝 FIRSTLINE_SLACK_BOT_TOKEN：它已被撤销（token_revoked）。"
            "请在该工作区重新安装应用；如果令牌变了，请设置新令牌并重启。Slack 工作区 Beta (T2) 拒绝该应用的令牌："
            "需要重新添加该应用。其他工作区照常服务：Gamma (T3)。",
        ),
        (
            "Telegram could not deliver to https://x.example: Connection refused. Telegram "
            "keeps 3 of what customers wrote, for a day at most.",
            "Telegram 无法送达 https://x.example：Connection refused。Telegram 为客户保留着 3 条消息，最多一天。",
        ),
        ("reading 1,200 of 2,000 files", "正在读取：2,000 个文件中的 1,200 个"),
        ("a reason that a colleague wrote: by hand", "a reason that a colleague wrote: by hand"),
    ],
)
def test_places_may_hold_sentences_and_what_nobody_knows_stays_as_it_is(english: str, chinese: str) -> None:
    assert texts("zh").told(english) == chinese
    assert texts("en").told(english) == english
