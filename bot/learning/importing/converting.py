"""The child that reads foreign files: it shuts itself in, then makes Markdown of one document after the other.

Run as ``python -m bot.learning.importing.converting``. Each document comes on standard input as a line of JSON (kind,
size, base) and its bytes; each answer is a line of JSON on standard output.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict
from typing import Any

from bot.learning.importing.confinement import confine
from bot.learning.importing.documents import Unreadable, docx_page, pdf_page
from bot.learning.importing.html_pages import Page, html_fragment, html_page
from bot.learning.importing.warming import warm_up

READY = "ready"
LARGEST_TEXT = 2_000_000
"""Characters of one document: what is longer is no article."""
_DEPTH = 3_000


def main() -> int:
    os.nice(10)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warm_up()
    sys.setrecursionlimit(_DEPTH)
    given, told = sys.stdin.buffer, sys.stdout
    told.write(json.dumps({READY: True, "held": confine()}) + "\n")
    told.flush()
    for line in iter(given.readline, b""):
        order = json.loads(line)
        told.write(json.dumps(_answer(order, given.read(order["size"]))) + "\n")
        told.flush()
    return 0


def _answer(order: dict[str, Any], content: bytes) -> dict[str, Any]:
    try:
        page = _page(order, content)
    except Unreadable as error:
        return {"problem": str(error)}
    except MemoryError:
        return {"problem": "it needs too much memory"}
    except RecursionError:
        return {"problem": "it is nested too deeply"}
    except Exception as error:
        return {"problem": f"it cannot be understood ({type(error).__name__})"}
    if len(page.markdown) > LARGEST_TEXT:
        return {"problem": f"it has more than {LARGEST_TEXT:,} characters of text"}
    return {"page": asdict(page)}


def _page(order: dict[str, Any], content: bytes) -> Page:
    if order["kind"] == "pdf":
        return pdf_page(content)
    if order["kind"] == "docx":
        return docx_page(content)
    if order["kind"] == "fragment":
        return Page("", html_fragment(content.decode()))
    return html_page(_text(content, order.get("charset")), order.get("base") or "")


def _text(content: bytes, charset: str | None) -> str:
    """HTML by the charset that came with it, else by what it says of itself."""
    from bs4.dammit import UnicodeDammit

    found = UnicodeDammit(content, [charset] if charset else [], is_html=True)
    return found.unicode_markup or content.decode("utf-8", "replace")


if __name__ == "__main__":
    raise SystemExit(main())
