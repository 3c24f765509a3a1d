"""Blocks of HTML in a page as the Markdown that says the same: headings, lists, tables, code and links keep their
shape, everything else is its words."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from kb_content.markdown import HTML_TAG, SILENT, escaped, one_space, parser

_SHAPED = re.compile(r"<(?:pre|table|[uo]l|dl|details|summary|h[1-6]|select|video|audio|a)\b", re.IGNORECASE)
_BLOCKS_WORDS = """
address article aside blockquote body br center dd details div dl dt fieldset figcaption figure footer form h1
h2 h3 h4 h5 h6 header hr html li main nav ol p section summary table tbody tfoot thead ul
"""
_BLOCKS = frozenset(_BLOCKS_WORDS.split())
_UNSAID = frozenset((*SILENT, "select", "video", "audio", "canvas", "textarea"))
_LINE_START = re.compile(r"\A(\d*)([-+.)])")
_INDENT = " " * 4


def without_html_blocks(text: str) -> str:
    """``text`` with every top-level block of HTML that has a shape written as Markdown."""
    if not _SHAPED.search(text):
        return text
    lines = text.split("\n")
    for token in reversed(parser().parse(text)):
        if token.type == "html_block" and token.level == 0 and token.map and _SHAPED.search(token.content):
            start, end = token.map
            lines[start:end] = ["", *html_markdown(token.content).split("\n"), ""]
    return "\n".join(lines)


def html_markdown(source: str) -> str:
    """The Markdown of a piece of HTML. Never raises; scripts, comments and form fields say nothing."""
    writer = _Writer()
    writer.feed(source)
    writer.close()
    writer.end_code()
    writer.end_table()
    writer.end_block()
    return "\n\n".join(writer.blocks)


class _Writer(HTMLParser):
    """Gathers words until a block ends; ``lists`` has the next number of each open list, None for bullets."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[str] = []
        self.words: list[str] = []
        self.before = ""
        self.lists: list[int | None] = []
        self.unsaid: list[str] = []
        self.code: list[str] | None = None
        self.rows: list[list[str]] | None = None
        self.address: str | None = None

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in _UNSAID:
            self.unsaid.append(tag)
        elif not HTML_TAG.match(f"<{tag}>"):
            # What only looks like a tag, such as <your-token>, is something that an author says.
            self.handle_data(self.get_starttag_text() or "")
        elif self.unsaid or self.code is not None:
            return
        elif self.rows is not None:
            self._in_table(tag)
        elif tag == "a":
            self._end_link()
            self.address = str(dict(attrs).get("href") or "") or None
            self.words.append("[" if self.address else "")
        elif tag == "img":
            self.handle_data(str(dict(attrs).get("alt") or ""))
        elif tag in _BLOCKS or tag in ("pre", "table"):
            self._begin_block(tag)

    def _begin_block(self, tag: str) -> None:
        self.end_block()
        if tag == "pre":
            self.code = []
        elif tag == "table":
            self.rows = []
        elif tag in ("ul", "ol"):
            self.lists.append(1 if tag == "ol" else None)
        elif tag == "li":
            self._begin_item()
        elif tag[:1] == "h" and tag[1:].isdigit():
            self.before = "#" * int(tag[1:]) + " "
        elif tag in ("summary", "dt"):
            self.before = "**"

    def _begin_item(self) -> None:
        number = self.lists[-1] if self.lists else None
        self.before = "-   " if number is None else f"{number}.".ljust(4)
        if number is not None:
            self.lists[-1] = number + 1

    def _in_table(self, tag: str) -> None:
        assert self.rows is not None
        if tag == "tr":
            self._end_cell()
            self.rows.append([])
        elif tag in ("td", "th"):
            self._end_cell()
            if not self.rows:
                self.rows.append([])
            self.rows[-1].append("")
        elif tag in _BLOCKS:
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if self.unsaid:
            self.unsaid[-1:] = [] if tag == self.unsaid[-1] else self.unsaid[-1:]
        elif tag == "pre":
            self.end_code()
        elif self.code is not None:
            return
        elif tag == "table":
            self.end_table()
        elif self.rows is not None:
            self._in_table("") if tag not in _BLOCKS else self.words.append(" ")
        elif tag == "a":
            self._end_link()
        elif tag in _BLOCKS:
            self.end_block()
            if tag in ("ul", "ol"):
                self.lists[-1:] = []

    def handle_data(self, data: str) -> None:
        if self.unsaid:
            return
        if self.code is not None:
            self.code.append(data)
        else:
            self.words.append(escaped(data.replace("\n", " ")))

    def _end_link(self) -> None:
        if self.address is not None:
            self.words.append(f"](<{self.address.translate({60: None, 62: None, 10: None})}>)")
            self.address = None

    def end_block(self) -> None:
        self._end_link()
        words = _LINE_START.sub(r"\1\\\2", one_space("".join(self.words)))
        self.words = []
        if words:
            after = "**" if self.before == "**" else ""
            self._add(f"{self.before}{words}{after}")
            self.before = ""

    def end_code(self) -> None:
        if self.code is None:
            return
        code = "".join(self.code).strip("\n")
        self.code = None
        if code.strip():
            mark = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", code) or [""]))
            self._add(f"{mark}\n{code}\n{mark}")

    def end_table(self) -> None:
        if self.rows is None:
            return
        self._end_cell()
        rows = [row for row in self.rows if any(row)]
        self.rows = None
        if rows:
            width = max(map(len, rows))
            lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
            self._add("\n".join([lines[0], "|" + " --- |" * width, *lines[1:]]))

    def _end_cell(self) -> None:
        words = one_space("".join(self.words))
        self.words = []
        if words and self.rows and self.rows[-1]:
            self.rows[-1][-1] = f"{self.rows[-1][-1]} {words}".strip()
        elif words:
            self._add(words)

    def _add(self, block: str) -> None:
        is_item = bool(self.before.strip("*# "))
        indent = _INDENT * (len(self.lists) - is_item)
        self.blocks.append("\n".join(f"{indent}{line}" if line else line for line in block.split("\n")))
