"""Articles as web pages that are safe to show, and Markdown as plain text for chats."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape
from pathlib import PurePosixPath
from urllib.parse import unquote

import nh3
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from kb_content.article_file import slug
from kb_content.articles import Article, Passage
from kb_content.fields import storable
from kb_content.markdown import HTML_TAG, headings, parse, render
from kb_content.passages import split

ArticleUrl = Callable[[str], str]
"""The address of the page of an article id."""

_TAGS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "hr", "br"}
_TAGS |= {"table", "thead", "tbody", "tr", "th", "td", "strong", "em", "s", "a"}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_SOFT, _CODE_LESS = "\x1e", "\x1d"
_SOFT_IN_CHINESE = re.compile(f"(?<=[\u3000-\u9fff\uff00-\uffef]){_SOFT}(?=[\u3000-\u9fff\uff00-\uffef])")


def to_html(article: Article, passages: Sequence[Passage] | None = None, article_url: ArticleUrl | None = None) -> str:
    """The body of ``article`` as sanitised HTML, each passage in an element whose id is the passage's anchor.

    ``passages`` are those of the stored version, so that old citations keep their anchors; without them the
    article is split anew. With ``article_url``, links to other files of the KB folder lead to their pages.
    """
    parts = split(article, 0) if passages is None else passages
    anchors = {_letters(words): part.anchor for part in reversed(parts) for words in _headings_of(part)}

    def address(href: str) -> str:
        if href.startswith("#"):
            return f"#{anchors.get(_letters(unquote(href)), href[1:])}"
        return _page(href, article_url) if article_url and not _SCHEME.match(href) else href

    return "\n".join(_section(part, address) for part in parts)


def to_text(markdown: str) -> str:
    """``markdown`` as plain text for a chat: numbered steps, • bullets, ``words (address)`` links. Never raises."""
    tree = SyntaxTreeNode(parse(storable(markdown)))
    return "\n\n".join(filter(None, map(_text, tree.children))).strip("\n")


def _section(passage: Passage, address: Callable[[str], str]) -> str:
    tokens = parse("\n\n".join(filter(None, (passage.lead, passage.text))))
    for token in tokens:
        if token.tag == "h1":
            token.tag = "h2"  # the page's own heading is the title
        token.children = _shown(token.children or [], address) if token.type == "inline" else token.children
    clean = nh3.clean(
        render(tokens),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
        strip_comments=True,
    )
    return f'<section class="passage" id="{escape(passage.anchor, quote=True)}">\n{clean.strip()}\n</section>'


def _shown(children: list[Token], address: Callable[[str], str]) -> list[Token]:
    """Inline tokens with links led to their pages and pictures, which nobody serves here, as their words."""
    shown: list[Token] = []
    for token in children:
        if token.type == "image":
            shown.append(Token("text", "", 0, content=token.content))
            continue
        if token.type == "link_open":
            token.attrs["href"] = address(str(token.attrs.get("href", "")))
        shown.append(token)
    return shown


def _page(href: str, article_url: ArticleUrl) -> str:
    path = PurePosixPath(unquote(href.partition("#")[0].partition("?")[0]))
    return article_url(slug(path.stem)) if path.suffix.lower() in (".md", ".markdown") else href


def _headings_of(passage: Passage) -> list[str]:
    return [words for _, words in headings(f"{passage.lead}\n\n{passage.text}")]


def _letters(words: str) -> str:
    return "".join(filter(str.isalnum, words.casefold()))


def _text(node: SyntaxTreeNode) -> str:
    match node.type:
        case "bullet_list":
            return "\n".join(_item(item, "• ") for item in node.children)
        case "ordered_list":
            start = int(node.attrs.get("start", 1))
            return "\n".join(_item(item, f"{number}. ") for number, item in enumerate(node.children, start))
        case "table":
            return "\n".join(_row(row) for part in node.children for row in part.children)
        case "fence" | "code_block":
            return node.content.rstrip()
        case "inline":
            return _inline(node)
        case "hr":
            return ""
        case "blockquote":
            return "\n".join(f"> {line}".rstrip() for line in _blocks(node).split("\n"))
        case _:
            return _blocks(node)


def _blocks(node: SyntaxTreeNode) -> str:
    return "\n".join(filter(None, map(_text, node.children)))


def _item(node: SyntaxTreeNode, marker: str) -> str:
    return marker + _blocks(node).replace("\n", "\n   ")


def _row(node: SyntaxTreeNode) -> str:
    return " | ".join(_blocks(cell).replace("\n", " ") for cell in node.children)


def _inline(node: SyntaxTreeNode) -> str:
    said = "".join(map(_words, node.children))
    # Whatever a parser of Markdown takes for text may still be a tag to a sloppy reader of HTML.
    while HTML_TAG.search(said):
        said = HTML_TAG.sub("", said)
    return _SOFT_IN_CHINESE.sub("", said).replace(_SOFT, " ").replace(_CODE_LESS, "<").strip()


def _words(node: SyntaxTreeNode) -> str:
    match node.type:
        case "text":
            return node.content.replace(_SOFT, " ").replace(_CODE_LESS, " ")
        case "code_inline":
            return node.content.replace(_SOFT, " ").replace("<", _CODE_LESS)
        case "softbreak":
            return _SOFT
        case "hardbreak":
            return "\n"
        case "link":
            return _link("".join(map(_words, node.children)), str(node.attrs.get("href", "")))
        case "image":
            return node.content
        case _:
            return "".join(map(_words, node.children))


def _link(words: str, href: str) -> str:
    scheme = _SCHEME.match(href)
    if scheme is None or scheme[1].lower() not in _SCHEMES:
        return words
    shown = href.removeprefix("mailto:")
    if not shown or words in ("", shown, href):
        return shown
    return f"{words} ({shown})"
