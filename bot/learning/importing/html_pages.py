"""A web page as Markdown: what is its own text, without the menus and footers around it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_DROPPED = [
    "script",
    "style",
    "noscript",
    "template",
    "svg",
    "canvas",
    "iframe",
    "object",
    "embed",
    "form",
    "button",
    "input",
    "select",
    "textarea",
    "nav",
    "footer",
]
_DROPPED += ["title", "aside", "dialog", "audio", "video"]
_NESTED = (("li", ("li",)), ("dt", ("dt", "dd")), ("dd", ("dt", "dd")))
_CHROME = re.compile(
    r"\b(breadcrumbs?|navbar|sidebar|site-header|site-footer|toc|table-of-contents|headerlink|anchor-link|skip-link|"
    r"edit-this-page|edit-page|pagination|prev-next|related-articles|article-votes|cookie|share|feedback|sr-only)\b",
    re.IGNORECASE,
)
_MAIN = (
    "main article",
    "article",
    "main",
    "[role=main]",
    "[itemprop=articleBody]",
    ".article-body",
    "#content",
    ".content",
)
_DEEPEST = 400
"""Tags inside each other: what is deeper was made to be."""
_LONGEST_BOLD = 80
_ENDS = re.compile(r"[.!?:;,。！？：；，]$")
_LEAST = 40
"""Characters that a place must have to be taken for the page's text."""
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)[^>]{0,20000}>")
_EMPTY = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "li",
        "p",
        "td",
        "tr",
        "th",
        "dt",
        "dd",
        "option",
    ]
)
_SITE = re.compile(r"\s+[|–—·»]\s+|\s+-\s+")
_LINK = re.compile(r"(?:https?|mailto|tel):", re.IGNORECASE)
_LANGUAGE = re.compile(r"(?:language|lang)-([A-Za-z0-9+#-]+)")


@dataclass(frozen=True)
class Page:
    """A piece of text that can become an article. ``language``: as it says itself, else empty."""

    title: str
    markdown: str
    language: str = ""


def html_page(source: str, base: str = "") -> Page:
    """The text of a page. With ``base``, the address that it was fetched from, its links are made whole."""
    soup = _parsed(source)
    language = str(soup.html.get("lang") or "") if soup.html else ""
    title = _title(soup)
    place = _main(soup)
    heading = place.find("h1") or soup.find("h1")
    if heading is not None and (words := " ".join(heading.get_text(" ").split())):
        title = words.rstrip("¶#").strip() or title
    _clean(place, base)
    if (first := place.find("h1")) is not None and " ".join(first.get_text(" ").split()).rstrip("¶#").strip() == title:
        first.decompose()
    return Page(title, _tidy(_markdown(place)), language.strip())


def html_fragment(source: str) -> str:
    """A piece of HTML, such as a cell of an exported table, as Markdown."""
    soup = _parsed(source)
    _clean(soup, "")
    return _tidy(_markdown(soup))


def with_headings(source: str) -> str:
    """A document's HTML in which a short paragraph that is bold from end to end, with text below it, is a heading:
    many write their headings so."""
    soup = _parsed(source)
    name = "h3" if soup.find(["h1", "h2", "h3", "h4"]) else "h2"
    for paragraph in soup.find_all("p"):
        words, below = " ".join(paragraph.get_text().split()), paragraph.find_next_sibling()
        bold = " ".join("".join(tag.get_text() for tag in paragraph.find_all("strong")).split())
        is_inside = paragraph.find_parent(["li", "td", "th"]) is not None
        if not words or words != bold or len(words) > _LONGEST_BOLD or _ENDS.search(words) or is_inside:
            continue
        if below is not None and below.get_text(strip=True):
            for tag in paragraph.find_all("strong"):
                tag.unwrap()
            paragraph.name = name
    return str(soup)


def _parsed(source: str) -> BeautifulSoup:
    """Raises RecursionError for what is nested beyond all use."""
    from bs4 import BeautifulSoup

    if _depth(source) > _DEEPEST:
        raise RecursionError
    return BeautifulSoup(source, "html.parser")


def _depth(source: str) -> int:
    """How deep tags are nested at most, as a parser that knows no HTML would see it."""
    deepest = depth = 0
    for tag in _TAG.finditer(source):
        if tag[1]:
            depth = max(0, depth - 1)
        elif tag[2].lower() not in _EMPTY and not tag[0].endswith("/>"):
            depth += 1
            deepest = max(deepest, depth)
    return deepest


def _title(soup: BeautifulSoup) -> str:
    words = " ".join(soup.title.get_text(" ").split()) if soup.title else ""
    # "Reset a password | Acme help": the first part is the page's own.
    return _SITE.split(words)[0].strip() or words


def _main(soup: BeautifulSoup) -> Tag:
    for selector in _MAIN:
        found = [place for place in soup.select(selector) if len(place.get_text(strip=True)) >= _LEAST]
        if found:
            return max(found, key=lambda place: len(place.get_text(strip=True)))
    return soup.body or soup


def _clean(place: Tag, base: str) -> None:
    for tag in place.find_all(_DROPPED):
        tag.decompose()
    for tag in place.find_all(True):
        if tag.decomposed or tag is place:
            continue
        if tag.has_attr("hidden") or tag.get("aria-hidden") == "true" or _is_chrome(tag):
            tag.decompose()
    for name, inside in _NESTED:
        for tag in reversed(place.find_all(name)):
            # HTML lets the end of a point be left out; the parser then puts the next one into it.
            while tag.parent is not None and tag.parent.name in inside:
                tag.parent.insert_after(tag.extract())
    for cell in place.find_all(["td", "th"]):
        for text in cell.find_all(string=lambda string: "|" in string):
            text.replace_with(text.replace("|", "\\|"))
    for image in place.find_all("img"):
        image.replace_with(str(image.get("alt") or ""))
    for link in place.find_all("a"):
        _mend(link, base)


def _is_chrome(tag: Tag) -> bool:
    names: Iterable[str] = [*(tag.get_attribute_list("class") or ()), *(tag.get_attribute_list("id") or ())]
    return tag.name != "body" and any(name and _CHROME.search(name) for name in names)


def _mend(link: Tag, base: str) -> None:
    """A link that leads somewhere for whoever reads it elsewhere; else its words."""
    href = str(link.get("href") or "")
    if base and href and not href.startswith("#"):
        whole = urljoin(base, href)
        href = (
            f"#{urldefrag(whole).fragment}" if urldefrag(whole).url == urldefrag(base).url and "#" in whole else whole
        )
    if not link.get_text(strip=True):
        link.decompose()
    elif _LINK.match(href) or href.startswith("#") or (not base and ":" not in href.split("/")[0] and href):
        link["href"] = href
    else:
        link.unwrap()


def _markdown(place: Tag) -> str:
    from markdownify import MarkdownConverter

    made: str = MarkdownConverter(
        heading_style="ATX",
        bullets="-",
        code_language_callback=_code_language,
        escape_misc=False,
        escape_underscores=False,
        strip=["span", "font"],
        table_infer_header=True,
    ).convert_soup(place)
    return made


def _code_language(block: Tag) -> str:
    """The language of a block of code, as highlighters name it on it or on what is in it."""
    for tag in (block, *block.find_all("code", limit=1)):
        found = _LANGUAGE.search(" ".join(tag.get_attribute_list("class") or ()))
        if found:
            return found[1]
    return ""


def _tidy(markdown: str) -> str:
    lines = [_line(line) for line in markdown.replace("\u00a0", " ").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" +(?=\n\n|\Z)", "", "\n".join(lines))).strip()


def _line(line: str) -> str:
    """Without spaces at its end, but for the two that keep the next line from being joined to it."""
    return f"{line.rstrip()}  " if line.endswith("  ") and line.strip() else line.rstrip()
