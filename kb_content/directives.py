"""Directives, admonitions and containers of documentation tools, as the plain Markdown that they would show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kb_content.language import guess_language

_MYST = re.compile(
    r"^[ \t>]*(?:`{3,}|~{3,}|:{3,})\{[A-Za-z]|\{[A-Za-z][\w:.+-]*\}`|^\([\w.:+-]+\)=[ \t]*$", re.MULTILINE
)
_COMPONENT = re.compile(r"<(/?)([A-Z][A-Za-z.]*)(?:\s[^<>]*?)?(/?)>")
_OPTION = re.compile(r"\s*:[A-Za-z][\w-]*:(?:\s.*)?\Z")
_CAPTION = re.compile(r"\s*:caption:\s*(.+)")
_ALT = re.compile(r"\s*:alt:\s*(.+)")
_FENCE_INSIDE = re.compile(r"^\s*(`{3,})", re.MULTILINE)
_OPENS_A_BLOCK = re.compile(r"\s*(?:[-*+|#>`~]|\d{1,9}[.)]\s|!!!|\?\?\?|:{3,})| {4}")

# What Sphinx, MkDocs, Docusaurus, GitHub and their kin put before the text; the last is for pages in Chinese.
_LABELS: dict[str, tuple[str, str]] = {
    "note": ("Note", "说明"),
    "info": ("Info", "说明"),
    "abstract": ("Summary", "摘要"),
    "summary": ("Summary", "摘要"),
    "tldr": ("Summary", "摘要"),
    "tip": ("Tip", "提示"),
    "hint": ("Hint", "提示"),
    "success": ("Success", "成功"),
    "important": ("Important", "重要"),
    "attention": ("Attention", "注意"),
    "caution": ("Caution", "注意"),
    "warning": ("Warning", "警告"),
    "danger": ("Danger", "危险"),
    "error": ("Error", "错误"),
    "failure": ("Failure", "失败"),
    "bug": ("Bug", "缺陷"),
    "example": ("Example", "示例"),
    "question": ("Question", "问题"),
    "faq": ("Question", "问题"),
    "quote": ("Quote", "引用"),
    "seealso": ("See also", "另请参阅"),
    "todo": ("To do", "待办"),
}
_CHANGES = {
    "versionadded": "New in version",
    "versionchanged": "Changed in version",
    "versionremoved": "Removed in version",
    "deprecated": "Deprecated since version",
}
_SILENT_WORDS = """
toctree contents include literalinclude index highlight eval-rst raw mermaid graphviz digraph graph plantuml
uml autosummary command-output program-output click argparse tableofcontents bibliography default-domain
currentmodule module py:module py:currentmodule meta tags sectionauthor codeauthor target-notes video youtube
iframe role default-role
"""
_SILENT = frozenset(_SILENT_WORDS.split())
_CODE_WORDS = """
code code-block sourcecode code-cell parsed-literal prompt console doctest testcode testsetup math csv-table
ipython ipython3 jupyter-execute
"""
_CODE = frozenset(_CODE_WORDS.split())


@dataclass(frozen=True)
class Page:
    """What must be known of a whole page to read its parts."""

    is_myst: bool
    is_chinese: bool
    components: frozenset[str]
    """Names of the elements that stand for a program, such as ``Tabs`` in ``<Tabs>…</Tabs>``."""

    @classmethod
    def of(cls, text: str) -> Page:
        found = _COMPONENT.findall(text)
        closed = frozenset(name for opening, name, closing in found if opening or closing)
        return cls(_MYST.search(text) is not None, guess_language(text) == "zh", closed)

    def is_component(self, line: str) -> bool:
        return all(name in self.components for _, name, _ in _COMPONENT.findall(line))


def label(page: Page, name: str) -> str:
    """The word before an admonition of the kind ``name``."""
    english, chinese = _LABELS.get(name.lower(), (name.replace("-", " ").capitalize(), name))
    return chinese if page.is_chinese else english


def titled(page: Page, name: str, title: str, body: Sequence[str]) -> list[str]:
    """``body`` after its title, or after the label of its kind. What only groups others has no label."""
    if title.strip():
        return ["", f"**{title.strip().strip('*')}**", "", *body]
    if name.lower() not in _LABELS:
        return ["", *body]
    return _labelled(label(page, name), body)


def directive(page: Page, name: str, title: str, lines: Sequence[str]) -> list[str]:
    """What the directive ``name`` with its argument ``title`` and its ``lines`` shows, as Markdown."""
    name = name.lower()
    if name in _SILENT or name.startswith(("auto", "button-")):
        return []
    options, body = option_lines(lines)
    if name in _CODE:
        return _code(title, options, body)
    if name in ("figure", "image"):
        alt = next((found[1] for line in options if (found := _ALT.match(line))), "")
        return ["", f"![{alt}](<{title.strip()}>)", "", *body]
    if name in _CHANGES:
        return _labelled(f"{_CHANGES[name]} {title.strip()}".strip(), body)
    if name == "glossary":
        return _glossary(body)
    if name in _LABELS and title.strip():
        # MyST takes words beside the name of an admonition for the beginning of its text.
        return _labelled(label(page, name), [title, *body])
    return titled(page, name, title, body)


def option_lines(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """The options at the beginning of a directive, and the rest."""
    start = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    if start < len(lines) and lines[start].strip() == "---":
        end = next((number for number in range(start + 1, len(lines)) if lines[number].strip() == "---"), None)
        if end is not None:
            return [f":{line.strip()}" for line in lines[start + 1 : end]], list(lines[end + 1 :])
    end = start
    while end < len(lines) and _OPTION.match(lines[end]):
        end += 1
    return list(lines[start:end]), list(lines[end:])


def _labelled(words: str, body: Sequence[str]) -> list[str]:
    first = next((number for number, line in enumerate(body) if line.strip()), None)
    if first is None:
        return []
    if _OPENS_A_BLOCK.match(body[first]):
        return ["", f"**{words}:**", "", *body[first:]]
    return ["", f"**{words}:** {body[first].strip()}", *body[first + 1 :]]


def _code(language: str, options: Sequence[str], body: Sequence[str]) -> list[str]:
    caption = next((found[1] for line in options if (found := _CAPTION.match(line))), "")
    while body and not body[0].strip():
        body = body[1:]
    longest = max((len(mark) for mark in _FENCE_INSIDE.findall("\n".join(body))), default=2)
    mark = "`" * max(3, longest + 1)
    code = ["", f"{mark}{language.strip()}", *body, mark]
    return ["", caption, *code] if caption else code


def _glossary(body: Sequence[str]) -> list[str]:
    """The terms and their indented texts in the form of a definition list."""
    said: list[str] = []
    for number, line in enumerate(body):
        is_first = line[:1].isspace() and line.strip() and number > 0 and body[number - 1][:1].strip()
        said.append(f": {line.strip()}" if is_first else line)
    return said


__all__ = ["Page", "directive", "label", "option_lines", "titled"]
