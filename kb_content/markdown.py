"""Markdown as tokens without any raw HTML in them: what passages, pages and chat texts are all made from.

Raw HTML becomes what it says: a heading stays a heading, ``<br>`` a line break, everything else its text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

_HTML_HEADING = re.compile(r"\s*<h([1-6])\b[^>]*>(.*?)</h\1\s*>\s*", re.IGNORECASE | re.DOTALL)
HTML_TAG = re.compile(
    r"</?(?:a|abbr|address|article|aside|audio|b|base|bdi|bdo|blockquote|body|br|button|canvas|caption|center|cite|code|"
    r"col|colgroup|data|dd|del|details|dfn|dialog|div|dl|dt|em|embed|fieldset|figcaption|figure|font|footer|form|frame|"
    r"frameset|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|legend|li|link|main|map|mark|math|menu|meta|"
    r"nav|noscript|object|ol|option|p|param|picture|pre|q|s|samp|script|section|select|slot|small|source|span|strike|"
    r"strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th|thead|time|title|tr|track|u|ul|var|"
    r"video|wbr)(?![\w.:-])[^<>]*>",
    re.IGNORECASE,
)
"""A tag of HTML itself. What only looks like one, such as ``<your-token>``, is something that an author says."""

_BEGINNING = 4_000
"""Characters in which a title nearly always stands; only without one there, the whole text is searched."""

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&])")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
SILENT = ("script", "style", "template", "noscript", "iframe", "object", "svg", "math", "head")
"""Elements whose content nobody sees as words."""
_BLOCKS = re.compile(
    "(address|article|blockquote|br|dd|details|div|dl|dt|figure|hr|li|ol|p|pre|section|summary|table|tr|ul)\\Z"
)


def parse(text: str, env: dict[str, Any] | None = None) -> list[Token]:
    """The tokens of ``text``; link definitions found on the way land in ``env["references"]``."""
    tokens: list[Token] = []
    for token in parser().parse(text, {} if env is None else env):
        if token.type == "html_block":
            tokens += _without_html(token)
            continue
        if token.children:
            token.children = [child for inner in token.children for child in _inline_without_html(inner)]
        tokens.append(token)
    return tokens


def render(tokens: list[Token]) -> str:
    """HTML of ``tokens`` (not yet sanitised, but without anything that an author wrote as HTML)."""
    return str(parser().renderer.render(tokens, parser().options, {}))


def plain(token: Token) -> str:
    """The words of an inline token, without marks."""
    return one_space("".join(_words(child) for child in token.children or ()))


def headings(text: str) -> list[tuple[int, str]]:
    """Level and words of every heading of ``text``, in order."""
    tokens = parse(text)
    return [
        (int(token.tag[1]), plain(following))
        for token, following in pairwise(tokens)
        if token.type == "heading_open" and token.level == 0
    ]


def first_title(text: str) -> str | None:
    """The words of the first first-level heading, if there is one."""
    beginning = text[: text.rfind("\n", 0, _BEGINNING) + 1] if len(text) > _BEGINNING else text
    for part in (beginning, text):
        for level, words in headings(part):
            if level == 1 and words:
                return words
        if len(part) == len(text):
            return None
    return None


def escaped(words: str) -> str:
    """Plain words as Markdown that says just them."""
    return "\n".join(re.sub(r"^(\d*)([-+.)])", r"\1\\\2", _SPECIAL.sub(r"\\\1", line)) for line in words.split("\n"))


def one_space(text: str) -> str:
    return " ".join(text.split())


@lru_cache(maxsize=1)
def parser() -> MarkdownIt:
    """CommonMark with tables and strikethrough. It keeps no state between texts."""
    return MarkdownIt("commonmark", {"maxNesting": 40}).enable(["table", "strikethrough"])


def html_text(source: str) -> str:
    """The words of a piece of HTML, a line for each block; scripts and comments say nothing."""
    reader = _Words()
    reader.feed(source)
    reader.close()
    lines = (one_space(line) for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.silent += tag in SILENT
        if _BLOCKS.match(tag):
            self.parts.append("\n")
        elif tag in ("td", "th"):
            self.parts.append(" ")
        elif not HTML_TAG.match(f"<{tag}>"):
            self.handle_data(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT and self.silent > 0
        if _BLOCKS.match(tag):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(data.replace("\n", " "))


def _without_html(token: Token) -> list[Token]:
    """A block of HTML as the headings and the paragraphs that it says."""
    tokens: list[Token] = []
    position = 0
    for heading in _HTML_HEADING.finditer(token.content):
        tokens += _block("paragraph", "p", html_text(token.content[position : heading.start()]), token)
        tokens += _block("heading", f"h{heading[1]}", one_space(html_text(heading[2])), token)
        position = heading.end()
    return tokens + _block("paragraph", "p", html_text(token.content[position:]), token)


def _block(name: str, tag: str, words: str, source: Token) -> list[Token]:
    if not words:
        return []
    opened, inline, closed = Token(f"{name}_open", tag, 1), Token("inline", "", 0), Token(f"{name}_close", tag, -1)
    for token in (opened, inline, closed):
        token.map, token.level, token.block, token.meta = source.map, source.level, True, {"html": True}
    inline.level += 1
    inline.content = words
    inline.children = []
    for number, line in enumerate(words.split("\n")):
        if number:
            inline.children.append(Token("hardbreak", "br", 0))
        inline.children.append(Token("text", "", 0, content=line))
    return [opened, inline, closed]


def _inline_without_html(token: Token) -> list[Token]:
    if token.type != "html_inline":
        return [token]
    if _BREAK.match(token.content):
        return [Token("hardbreak", "br", 0)]
    if HTML_TAG.match(token.content) or token.content.startswith(("<!", "<?")):
        return []
    return [Token("text", "", 0, content=token.content)]


def _words(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return " "
    if token.type == "image":
        return "".join(_words(child) for child in token.children or ())
    return token.content
