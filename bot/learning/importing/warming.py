"""Everything that reading a document may import, imported; small documents of every kind read once before the door is
shut: afterwards nothing can be opened, no module either."""

from __future__ import annotations

import io
import pkgutil
import zipfile
from importlib import import_module

from bot.learning.importing.documents import Unreadable, docx_page, pdf_page
from bot.learning.importing.html_pages import html_fragment, html_page

_PACKAGES = ("encodings", "bs4", "markdownify", "mammoth", "cobble", "pypdf", "xml.dom", "xml.sax", "html", "zipfile")
_MODULES = (
    "_strptime bz2 calendar datetime decimal difflib fractions heapq html.entities locale lzma secrets statistics"
)
_MODULES += " stringprep textwrap traceback unicodedata uuid zlib"

_HTML = """<html lang="en"><head><title>a | b</title></head><body><main><h1>a</h1><p>b <a href="/c">c</a><img alt="d">
<ul><li>e<li>f</ul><table><tr><th>g</th></tr><tr><td>h</td></tr></table><pre><code class="language-i">j</code></pre>
</main></body></html>"""
_LINES = b"BT /F1 20 Tf 1 0 0 1 50 700 Tm (a) Tj ET\nBT /F1 10 Tf 1 0 0 1 50 600 Tm (b) Tj ET"
_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
_PDF = (
    b"%%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    b"2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
    b"3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
    b"/Resources << /Font << /F1 %s >> >> >>\nendobj\n"
    b"4 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n"
    b"trailer\n<< /Root 1 0 R /Size 5 >>\nstartxref\n0\n%%%%EOF"
)
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"


def warm_up() -> None:
    for name in _PACKAGES:
        _import_all(name)
    for name in _MODULES.split():
        import_module(name)
    html_page(_HTML, "https://a.example/b")
    html_fragment("<p>a</p>")
    for read, content in (
        (pdf_page, _PDF % (_FONT, len(_LINES), _LINES)),
        (docx_page, _docx()),
        (pdf_page, b""),
        (docx_page, b""),
    ):
        try:
            read(content)
        except Unreadable:
            continue


def _import_all(name: str) -> None:
    package = import_module(name)
    for found in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{name}."):
        if not found.name.endswith("__main__") and "test" not in found.name:
            try:
                import_module(found.name)
            except Exception:  # parts for other systems, or for packages that are not here
                continue


def _docx() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as file:
        relation = f'<Relationship Id="r" Type="{_TYPE}" Target="word/document.xml"/>'
        file.writestr("_rels/.rels", f'<Relationships xmlns="{_RELATIONS}">{relation}</Relationships>')
        body = "<w:p><w:r><w:t>a</w:t></w:r></w:p>"
        file.writestr("word/document.xml", f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>')
    return held.getvalue()
