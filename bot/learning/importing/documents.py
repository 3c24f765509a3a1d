"""PDF and Word documents as Markdown. Runs only where ``confinement`` has shut the process in."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.learning.importing.html_pages import Page, html_page

MOST_PAGES = 2_000
_HEADING = 1.15
"""How many times as large as the text a line must be set to be a heading."""
_LONGEST_HEADING = 120
_REPEATED = 0.6
"""The share of pages on which a line stands that belongs to the paper, not to the text."""
_BULLET = re.compile(r"^[•◦▪‣●○■□∙·\uf0b7]\s*")
_NUMBERED = re.compile(r"^\d{1,2}[.)]\s")
_ENDS = re.compile(r"[.!?:;。！？：；]$")
_CJK = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]")


class Unreadable(Exception):
    """What keeps a document from being read, as the end of a sentence."""


@dataclass(frozen=True)
class _Line:
    text: str
    size: float
    gap: float
    """From the line before, in heights of a line."""


def docx_page(content: bytes) -> Page:
    """A Word document. Its pictures are left out."""
    import mammoth

    try:
        made = mammoth.convert_to_html(io.BytesIO(content), convert_image=mammoth.images.img_element(lambda image: {}))
    except MemoryError:
        raise
    except Exception as error:
        raise Unreadable("it is no Word document (.docx)") from error
    page = html_page(f"<html><body>{made.value}</body></html>")
    if not page.markdown:
        raise Unreadable("there is no text in it")
    return page


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
        pages = [_lines(page) for page in reader.pages]
        title = str((reader.metadata.title if reader.metadata else None) or "").strip()
    except (Unreadable, MemoryError):
        raise
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise Unreadable("it is no whole PDF") from error
    except Exception as error:
        raise Unreadable("it is locked or packed in a way that is not known") from error
    lines = _without_margins(pages)
    title = _title(title, lines)
    markdown = _markdown(lines).removeprefix(f"## {title}\n").strip()
    if not markdown:
        raise Unreadable("there is no text in it, only pictures: it must be recognised by another program first")
    return Page(title, markdown)


def _lines(page: Any) -> list[_Line]:
    """The lines of a page from top to bottom, as it writes them."""
    found: list[_Line] = []
    held, size, last_y = "", 0.0, None

    def close(y: float | None) -> None:
        nonlocal held, last_y
        text = " ".join(held.split())
        if text:
            gap = abs(last_y - y) / size if last_y is not None and y is not None and size else 1.0
            found.append(_Line(text, round(size, 1), gap))
            last_y = y
        held = ""

    y_now: float | None = None

    def visit(text: str, cm: list[float], tm: list[float], font: object, font_size: float) -> None:
        nonlocal held, size, y_now
        y = tm[5] * cm[3] + cm[5] if cm[3] else tm[5]
        scale = abs(tm[3] or tm[0] or 1.0) * abs(cm[3] or 1.0)
        for number, part in enumerate(text.split("\n")):
            if number:
                close(y_now)
            if part.strip():
                if not held:
                    size, y_now = float(font_size or 0) * scale, y
                held += part
            elif part:
                held += " "

    page.extract_text(visitor_text=visit)
    close(y_now)
    return found


def _without_margins(pages: Sequence[Sequence[_Line]]) -> list[_Line]:
    """All lines but running heads, feet and page numbers."""
    seen = Counter(shape for lines in pages for shape in {_shape(line.text) for line in lines})
    limit = max(3, _REPEATED * len(pages))
    return [line for lines in pages for line in lines if seen[_shape(line.text)] < limit and not line.text.isdigit()]


def _shape(text: str) -> str:
    return re.sub(r"\d+", "#", text)


def _markdown(lines: Sequence[_Line]) -> str:
    body = _body_size(lines)
    return "\n\n".join(_blocks(lines, body)).strip()


def _body_size(lines: Sequence[_Line]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _blocks(lines: Sequence[_Line], body: float) -> Iterator[str]:
    """Headings, points and paragraphs: what a line's size, mark and distance say."""
    held = ""
    for line in lines:
        is_heading = _is_heading(line, body)
        point = _BULLET.sub("- ", line.text)
        is_point = point != line.text or bool(_NUMBERED.match(line.text))
        starts = is_heading or is_point or line.gap > 1.7 or (bool(_ENDS.search(held)) and line.gap > 1.45)
        if starts and held:
            yield held
            held = ""
        if is_heading:
            yield f"## {line.text}"
        else:
            held = _joined(held, point)
    if held:
        yield held


def _is_heading(line: _Line, body: float) -> bool:
    return bool(body) and line.size >= _HEADING * body and len(line.text) <= _LONGEST_HEADING


def _joined(held: str, text: str) -> str:
    if not held:
        return text
    if held.endswith("-") and text[:1].islower():
        return held[:-1] + text
    return held + text if _CJK.match(text[:1]) and _CJK.match(held[-1:]) else f"{held} {text}"


def _title(stated: str, lines: Sequence[_Line]) -> str:
    """What the file is called inside, unless a program wrote that; else its largest line near the top."""
    if stated and not re.search(r"\.(docx?|pdf|indd|tex|pptx?)$|untitled|microsoft word", stated, re.IGNORECASE):
        return stated
    first = lines[:12]
    return max(first, key=lambda line: line.size).text[:_LONGEST_HEADING] if first else ""
