"""Articles as web pages that are safe to show, and Markdown as plain text for chats."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import unquote

import nh3
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from kb_content.articles import Article, Passage
from kb_content.fields import storable
from kb_content.file_names import name_in
from kb_content.links import SCHEME, PageLinks
from kb_content.markdown import HTML_TAG, headings, parse, plain, render
from kb_content.passages import split
from kb_content.pictures import without_shown

ArticleUrl = Callable[[str], str]
"""The address of the page of an article id."""
FileUrl = Callable[[str], str | None]
"""Where the file of this name is served; None where it is not."""
Address = Callable[[str], str | None]
"""Where a link leads; None where there is nothing to lead to."""

_TAGS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "hr", "br"}
_TAGS |= {"table", "thead", "tbody", "tr", "th", "td", "strong", "em", "s", "a", "img"}
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    **{tag: {"id"} for tag in _HEADINGS},
}
_SCHEMES = {"http", "https", "mailto"}
_SOFT, _CODE_LESS = "\x1e", "\x1d"
_SOFT_IN_CHINESE = re.compile(f"(?<=[\u3000-\u9fff\uff00-\uffef]){_SOFT}(?=[\u3000-\u9fff\uff00-\uffef])")


def to_html(
    article: Article,
    passages: Sequence[Passage] | None = None,
    article_url: ArticleUrl | None = None,
    ids: Collection[str] = (),
    file_url: FileUrl | None = None,
) -> str:
    """The body of ``article`` as sanitised HTML, each passage in an element whose id is the passage's anchor.

    ``passages`` are those of the stored version, so that old citations keep their anchors; without them the
    article is split anew. With ``article_url``, links to other pages of the KB folder lead to those of them that are
    among ``ids``; a link to anything else that only its own site had becomes its words. With ``file_url``, pictures and
    files of the KB are shown and linked; any other picture is its words.
    """
    parts = split(article, 0) if passages is None else passages
    anchors = {_letters(words): part.anchor for part in reversed(parts) for words in _headings_of(part)}
    pages = PageLinks(ids)

    def address(href: str) -> str | None:
        if href.startswith("#"):
            return f"#{anchors.get(_letters(unquote(href)), href[1:])}"
        file = _file(href, file_url)
        if file is not None:
            return file
        return _page(href, article_url, pages) if article_url and not SCHEME.match(href) else href

    return "\n".join(_section(part, address, file_url) for part in parts)


def to_text(markdown: str, address: Address | None = None) -> str:
    """``markdown`` as plain text for a chat: numbered steps, • bullets, ``words (address)`` links. Never raises.

    A picture is its words where these are a part of a sentence, a button's say, and else nothing. A link to another
    page of the folder is its words, unless ``address`` knows the page's full address.
    """
    return "\n\n".join(block.text for block in text_blocks(markdown, address)).strip("\n")


@dataclass(frozen=True)
class TextBlock:
    """One block of ``to_text``. ``kind``: markdown-it's name (paragraph, heading, ordered_list, table, fence, …)."""

    kind: str
    text: str
    parts: tuple[str, ...] = ()
    """The items of a list, the rows of a table with its head first, "" if that says nothing: joined by line ends they
    are the text."""


def text_blocks(markdown: str, address: Address | None = None) -> tuple[TextBlock, ...]:
    """The blocks that ``to_text`` joins by empty lines, for whoever wants only some of them. Never raises."""
    tokens = parse(storable(markdown))
    for link in (child for token in tokens for child in token.children or () if child.type == "link_open" and address):
        href = str(link.attrs.get("href", ""))
        if address and not SCHEME.match(href):
            link.attrs["href"] = address(href) or ""
    without_shown(tokens)
    tree = SyntaxTreeNode(tokens)
    found = (TextBlock(node.type, _text(node), _parts(node)) for node in tree.children)
    return tuple(block for block in found if block.text)


def _section(passage: Passage, address: Address, file_url: FileUrl | None) -> str:
    tokens = parse("\n\n".join(filter(None, (passage.lead, passage.text))))
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and following is not None:
            token.attrs["id"] = _heading_id(plain(following))
        if token.tag == "h1":
            token.tag = "h2"  # the page's own heading is the title
        token.children = _shown(token.children or [], address, file_url) if token.type == "inline" else token.children
    clean = nh3.clean(
        render(tokens),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
        strip_comments=True,
    )
    return f'<section class="passage" id="{escape(passage.anchor, quote=True)}">\n{clean.strip()}\n</section>'


def _shown(children: list[Token], address: Address, file_url: FileUrl | None) -> list[Token]:
    """Inline tokens with links led to their pages, and pictures that nobody serves here as their words."""
    shown: list[Token] = []
    open_links: list[bool] = []
    for token in children:
        if token.type == "image":
            source = _file(str(token.attrs.get("src", "")), file_url)
            shown.append(_picture(token, source) if source else Token("text", "", 0, content=token.content))
            continue
        if token.type == "link_open":
            leads_to = address(str(token.attrs.get("href", "")))
            token.attrs["href"] = leads_to or ""
            open_links.append(leads_to is not None)
            if leads_to is None:
                continue
        if token.type == "link_close" and not open_links.pop():
            continue
        shown.append(token)
    return shown


def _picture(token: Token, source: str) -> Token:
    token.attrs["src"] = source
    return token


def _file(href: str, file_url: FileUrl | None) -> str | None:
    name = name_in(href) if file_url else None
    return file_url(name) if name and file_url else None


def _page(href: str, article_url: ArticleUrl, pages: PageLinks) -> str | None:
    found = pages.article_of(href)
    fragment = href.partition("#")[2]
    if found is None:
        return None
    return article_url(found) + (f"#{_heading_id(unquote(fragment))}" if fragment else "")


def _heading_id(words: str) -> str:
    """The fragment of a heading. It cannot be that of a passage, nor an id that a page has for itself."""
    return f"h-{_letters(words)}"


def _headings_of(passage: Passage) -> list[str]:
    return [words for _, words in headings(f"{passage.lead}\n\n{passage.text}")]


def _letters(words: str) -> str:
    return "".join(filter(str.isalnum, words.casefold()))


def _parts(node: SyntaxTreeNode) -> tuple[str, ...]:
    match node.type:
        case "bullet_list":
            return tuple(_item(item, "• ") for item in node.children)
        case "ordered_list":
            start = int(node.attrs.get("start", 1))
            return tuple(_item(item, f"{number}. ") for number, item in enumerate(node.children, start))
        case "table":
            return tuple(_row(row) for part in node.children for row in part.children)
    return ()


def _text(node: SyntaxTreeNode) -> str:
    match node.type:
        case "bullet_list" | "ordered_list" | "table":
            return "\n".join(filter(None, _parts(node)))
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
    cells = [_blocks(cell).replace("\n", " ") for cell in node.children]
    return " | ".join(cells) if any(cells) else ""


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
    scheme = SCHEME.match(href)
    if scheme is None or scheme[1].lower() not in _SCHEMES:
        return words
    shown = href.removeprefix("mailto:")
    if not shown or words in ("", shown, href):
        return shown
    return f"{words} ({shown})"
