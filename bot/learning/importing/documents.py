"""PDF and Word documents as Markdown. Runs only where ``confinement`` has shut the process in."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from html import unescape

from bot.learning.importing.html_pages import Page, html_fragment, with_headings
from bot.learning.importing.pdf_blocks import largest_line, markdown_of
from bot.learning.importing.pdf_lines import Line, lines_of

MOST_PAGES = 2_000
_BY_PROGRAM = re.compile(
    r"\.(docx?|pdf|indd|tex|pptx?|html?)$|^untitled|^document\d*$|microsoft word|^\w+:\S+$", re.IGNORECASE
)
"""Titles that a program gave, which say nothing of the text."""


_STYLES = """
p[style-name='Title'] => h1.title:fresh
p[style-name='Code'] => pre:separator('\\n')
p[style-name='Source Code'] => pre:separator('\\n')
p[style-name='HTML Preformatted'] => pre:separator('\\n')
p[style-name='Preformatted Text'] => pre:separator('\\n')
r[style-name='Code'] => code
r[style-name='HTML Code'] => code
r[style-name='Source Text'] => code
r[style-name='Verbatim Char'] => code
"""
_TITLE = re.compile(r'<h1 class="title">(.*?)</h1>', re.DOTALL)
_FIRST_HEADING = re.compile(r"\s*<h[1-6]>(.*?)</h[1-6]>", re.DOTALL)
_PROPERTY = re.compile(r"<dc:title>(.*?)</dc:title>", re.DOTALL)


class Unreadable(Exception):
    """What keeps a document from being read, as the end of a sentence."""


def docx_page(content: bytes) -> Page:
    """A Word document. Its pictures are left out. What has the style of a title is its title, else a heading that
    comes before all text, else what its properties say."""
    import mammoth

    try:
        made = mammoth.convert_to_html(
            io.BytesIO(content),
            style_map=_STYLES,
            convert_image=mammoth.images.img_element(lambda image: {}),
        )
    except MemoryError:
        raise
    except Exception as error:
        raise Unreadable("it is no Word document (.docx)") from error
    title, html = _titled(made.value)
    markdown = html_fragment(with_headings(html))
    if not markdown:
        raise Unreadable("there is no text in it")
    if not title and (stated := _stated_title(content)) and not _BY_PROGRAM.search(stated):
        title = stated
    return Page(title, markdown)


def _titled(html: str) -> tuple[str, str]:
    """The title and the rest."""
    from bs4 import BeautifulSoup

    found = _TITLE.search(html) or _FIRST_HEADING.match(html)
    if found is None:
        return "", html
    words = " ".join(BeautifulSoup(found[1], "html.parser").get_text(" ").split())
    return words, html[: found.start()] + html[found.end() :]


def _stated_title(content: bytes) -> str:
    """What the document's properties call it."""
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file, file.open("docProps/core.xml") as properties:
            found = _PROPERTY.search(properties.read(100_000).decode("utf-8", "replace"))
    except (KeyError, zipfile.BadZipFile):
        return ""
    return " ".join(unescape(found[1]).split()) if found else ""


def pdf_page(content: bytes) -> Page:
    """A PDF by what is written in it; one of pictures has no text."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("it is locked with a password")
        if len(reader.pages) > MOST_PAGES:
            raise Unreadable(f"it has more than {MOST_PAGES:,} pages")
        lines = lines_of(reader.pages)
        title = str((reader.metadata.title if reader.metadata else None) or "").strip()
    except (Unreadable, MemoryError):
        raise
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise Unreadable("it is no whole PDF") from error
    except Exception as error:
        raise Unreadable("it is locked or packed in a way that is not known") from error
    title = _title(title, lines)
    markdown = markdown_of(lines, title)
    if not markdown:
        raise Unreadable("there is no text in it, only pictures: it must be recognised by another program first")
    return Page(title, markdown)


def _title(stated: str, lines: Sequence[Line]) -> str:
    """What the file is called inside, unless a program wrote that; else its largest line near the top."""
    return stated if stated and not _BY_PROGRAM.search(stated) else largest_line(lines)
