"""Web pages, PDF and Word files become Markdown, in a process that can do nothing else."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.learning.importing.errors import NotReadable
from bot.learning.importing.html_pages import html_page
from bot.learning.importing.reading import read_files
from bot.learning.importing.sandbox import Document, Sandbox
from bot.learning.importing.shelving import Choices

PAGE = """<!doctype html><html lang="de-AT"><head><title>Backup wiederherstellen | Acme Hilfe</title></head>
<body class="toc-left"><header><nav><a href="/">Start</a> Menü</nav></header>
<div class="breadcrumb">Hilfe › Backup</div>
<main><article><h1>Backup wiederherstellen<a class="headerlink" href="#x">¶</a></h1>
<p>Der Server muss <b>angehalten</b> sein. Siehe <a href="../stop.html#how">Anhalten</a>.</p>
<h2 id="steps">Schritte</h2><ol><li>Anhalten<li>Einspielen<ul><li>prüfen</ul></ol>
<pre><code class="language-bash">firstline restore x.zip</code></pre>
<table><tr><th>Größe</th><th>Dauer</th></tr><tr><td>1 GB</td><td>2 min</td></tr></table>
<img src="/shot.png" alt="Bild der Seite"><script>alert("no")</script><p hidden>verborgen</p>
<p><a href="javascript:alert(1)">Klick</a> <a href="#steps">oben</a></p></article></main>
<aside>Werbung</aside><footer>© Acme</footer></body></html>"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


STYLES = {"# ": ("Heading1", "heading 1"), "= ": ("Title", "Title"), "$ ": ("Code", "Code")}


def docx(*paragraphs: str) -> bytes:
    """A Word document: "# " begins a heading, "= " the title, "$ " a line of code, "* " what is bold, "| " cells."""
    held, body = io.BytesIO(), ""
    for text in paragraphs:
        name, _ = STYLES.get(text[:2], ("", ""))
        style = f'<w:pPr><w:pStyle w:val="{name}"/></w:pPr>' if name else ""
        bold = "<w:rPr><w:b/></w:rPr>" if text.startswith("* ") else ""
        words = text[2:] if name or text[:2] in ("* ", "| ") else text
        made = [f"<w:p>{style}<w:r>{bold}<w:t>{cell}</w:t></w:r></w:p>" for cell in words.split("\t")]
        cells = "".join(f"<w:tc><w:tcPr/>{cell}</w:tc>" for cell in made)
        body += f"<w:tbl><w:tblPr/><w:tblGrid/><w:tr>{cells}</w:tr></w:tbl>" if text.startswith("| ") else made[0]
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    with zipfile.ZipFile(held, "w") as file:
        file.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types">'
            f'<Default Extension="xml" ContentType="{main}.document.main+xml"/>'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            "</Types>",
        )
        file.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}" '
            'Target="word/document.xml"/></Relationships>',
        )
        file.writestr(
            "word/styles.xml",
            f'<w:styles xmlns:w="{word}">'
            + "".join(
                f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{shown}"/></w:style>'
                for name, shown in STYLES.values()
            )
            + "</w:styles>",
        )
        file.writestr(
            "word/_rels/document.xml.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>'
            "</Relationships>",
        )
        file.writestr("word/document.xml", f'<w:document xmlns:w="{word}"><w:body>{body}</w:body></w:document>')
    return held.getvalue()


def pdf(*pages: list[tuple[int, int, str]], more: bytes = b"") -> bytes:
    """A PDF; each line is (size, height, text), where a tab begins the next cell."""
    count = len(pages)
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(count))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode())
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    for number, lines in enumerate(pages):
        cells = [(size, 50 + 150 * n, y, cell) for size, y, text in lines for n, cell in enumerate(text.split("\t"))]
        stream = b"".join(
            f"BT /F1 {size} Tf 1 0 0 1 {x} {y} Tm ({text}) Tj ET\n".encode() for size, x, y, text in cells
        )
        packed = zlib.compress(stream + more)
        page = f"/MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * number} 0 R"
        objects.append(f"<< /Type /Page /Parent 2 0 R {page} >>".encode())
        head = f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode()
        objects.append(head + packed + b"\nendstream")
    out, places = b"%PDF-1.5\n", []
    for number, written in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + written + b"\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    tail = (
        f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(out)}\n"
    )
    return out + tail.encode() + b"%%EOF"


def test_a_page_is_its_own_text_without_what_stands_around_it() -> None:
    page = html_page(PAGE, "https://help.example/de/backup/restore.html")
    assert (page.title, page.language) == ("Backup wiederherstellen", "de-AT")
    assert page.markdown == (
        "Der Server muss **angehalten** sein. Siehe [Anhalten](https://help.example/de/stop.html#how).\n\n"
        "## Schritte\n\n1. Anhalten\n2. Einspielen\n   - prüfen\n\n"
        "```bash\nfirstline restore x.zip\n```\n\n"
        "| Größe | Dauer |\n| --- | --- |\n| 1 GB | 2 min |\n\n"
        "Bild der Seite\n\nKlick [oben](#steps)"
    )


def test_a_word_document_keeps_its_headings(sandbox: Sandbox) -> None:
    page = sandbox.read(
        Document("a.docx", "docx", docx("# Restore a backup", "Stop the server &amp; wait.", "# After"))
    )
    assert page.title == "Restore a backup"
    assert page.markdown == "Stop the server & wait.\n\n# After"


def test_a_word_document_with_a_title_loses_none_of_its_headings_code_or_cells(sandbox: Sandbox) -> None:
    made = docx("= Restore a backup", "Stop it.", "# Steps", "$ firstline stop", "$ firstline restore", "| 1 | 2\tmin")
    page = sandbox.read(Document("a.docx", "docx", made))
    assert page.title == "Restore a backup"
    assert page.markdown == (
        "Stop it.\n\n# Steps\n\n```\nfirstline stop\nfirstline restore\n```\n\n| 1 \\| 2 | min |\n| --- | --- |"
    )


def test_a_word_document_without_a_title_keeps_its_first_heading_and_those_in_bold(sandbox: Sandbox) -> None:
    made = docx("For admins.", "# Before", "Stop it.", "* How long it takes", "Two minutes.", "* Stop first.", "x")
    page = sandbox.read(Document("a.docx", "docx", made))
    assert page.title == ""
    assert page.markdown == (
        "For admins.\n\n# Before\n\nStop it.\n\n### How long it takes\n\nTwo minutes.\n\n**Stop first.**\n\nx"
    )


@pytest.mark.parametrize(
    ("name", "page", "article_id", "title"),
    [
        (
            "Reset-It.HTML",
            "<title>Reset a password – Acme</title><p>Open the page.</p>",
            "reset-it",
            "Reset a password",
        ),
        ("a.htm", "<title>Acme</title><main><h1>Export data</h1><p>Choose it in the menu there.</p></main>", "a", None),
        ("b.html", "<title>Untitled Document</title><h2>Export data</h2><p>Choose it.</p>", "b", "Export data"),
        ("Big_Plan.html", "<p>Choose another plan.</p>", "big_plan", "Big plan"),
    ],
)
def test_a_page_is_called_as_it_calls_itself_and_named_in_small_letters(
    tmp_path: Path, name: str, page: str, article_id: str, title: str | None
) -> None:
    (tmp_path / name).write_text(page, "utf-8")
    (article,) = read_files(tmp_path, Choices(), lambda sentence: None).folder.articles
    assert (article.id, article.title) == (article_id, title or "Export data")
    assert article.title not in article.body, "the title is not said twice"


def test_lines_that_were_broken_on_purpose_stay_broken() -> None:
    assert html_page("<p>Acme Inc.<br>1 Main Street</p><p>Write to us.</p>").markdown == (
        "Acme Inc.  \n1 Main Street\n\nWrite to us."
    )


def test_a_pdf_is_read_by_sizes_gaps_and_what_repeats(sandbox: Sandbox) -> None:
    first = [(10, 780, "Acme manual"), (20, 740, "Restore a backup"), (10, 700, "Stop the server, then re-")]
    first += [(10, 688, "store the newest file."), (10, 650, "It takes two minutes."), (10, 20, "Page 1")]
    pages = [first]
    for number in (2, 3, 4):
        rest = [
            (10, 780, "Acme manual"),
            (14, 740, f"Part {'abc'[number - 2]}"),
            (10, 700, f"\\225 point {'abc'[number - 2]}"),
        ]
        pages.append([*rest, (10, 20, f"Page {number}")])
    page = sandbox.read(Document("a.pdf", "pdf", pdf(*pages)))
    assert page.title == "Restore a backup"
    assert "Stop the server, then restore the newest file.\n\nIt takes two minutes." in page.markdown
    assert "## Part a\n\n- point a" in page.markdown
    assert not page.markdown.startswith("## Restore"), "the title is not said twice"
    assert "Acme manual" not in page.markdown
    assert "Page" not in page.markdown


@pytest.mark.parametrize(
    ("kind", "content", "reason"),
    [
        ("pdf", b"not a pdf", "it is no whole PDF"),
        ("pdf", pdf([]), "only pictures"),
        ("pdf", pdf([(10, 700, "cut off")])[:300], "it is no whole PDF|only pictures"),
        ("docx", b"PK\x03\x04 not a zip", "it is no Word document"),
        ("docx", docx(), "there is no text in it"),
        ("html", b"<ul><li>" * 20_000 + b"deep", "nested too deeply|cannot be understood"),
    ],
)
def test_what_cannot_be_read_says_why_and_the_next_one_is_read(
    sandbox: Sandbox, kind: str, content: bytes, reason: str
) -> None:
    with pytest.raises(NotReadable, match=reason):
        sandbox.read(Document("x", kind, content))
    assert sandbox.read(Document("y", "html", b"<h1>Still</h1><p>here</p>")).markdown == "here"


def test_a_document_that_would_fill_the_memory_costs_itself_alone(sandbox: Sandbox) -> None:
    with pytest.raises(NotReadable, match=r"too much memory|no Word document"):
        sandbox.read(Document("bomb", "docx", _word_bomb()))
    assert sandbox.read(Document("y", "html", b"<h1>Still</h1><p>here</p>")).markdown == "here"


def _word_bomb() -> bytes:
    """A small Word file that is 700 MB unpacked."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        with zipfile.ZipFile(io.BytesIO(docx("x"))) as plain:
            for name in plain.namelist():
                if name != "word/document.xml":
                    file.writestr(name, plain.read(name))
        with file.open("word/document.xml", "w", force_zip64=True) as stream:
            for _ in range(700):
                stream.write(b" " * 1_000_000)
    return held.getvalue()


def test_a_child_that_hangs_is_ended() -> None:
    with Sandbox(seconds=0.1) as sandbox, pytest.raises(NotReadable, match=r"took longer than 0\.1 seconds"):
        sandbox.read(Document("slow.html", "html", b"<b>x</b> " * 500_000))


SHUT_IN = """
import os, socket, subprocess, sys
from bot.learning.importing.confinement import confine
held = confine()
def tried(name, do):
    try:
        do()
    except (OSError, RuntimeError, ValueError) as error:
        return
    print("could", name)
tried("connect", lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5))
tried("listen", lambda: socket.socket().bind(("127.0.0.1", 0)))
tried("read", lambda: open("/etc/passwd").read())
tried("write", lambda: open("written", "w").write("x"))
tried("run", lambda: subprocess.run(["/bin/true"]))
tried("exec", lambda: os.execv("/bin/true", ["true"]))
tried("fork", lambda: os.fork() or os._exit(0))
tried("signal", lambda: os.kill(os.getppid(), 0))
tried("list", lambda: os.listdir("/"))
print("held" if held else "not held")
"""


def test_whoever_reads_foreign_files_has_no_network_no_files_and_no_children(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHUT_IN, "9"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    said = done.stdout.split("\n")[:-1]
    assert said == ["held"] if sys.platform == "linux" else said in (["held"], ["not held"]), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_kernel_refuses_even_where_python_does_not(tmp_path: Path) -> None:
    """Without the audit hook: what the filter of system calls alone keeps out."""
    if sys.platform != "linux":
        pytest.skip("only Linux has seccomp")
    program = SHUT_IN.replace(
        "held = confine()", "from bot.learning.importing import confinement\nheld = confinement._seccomp()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "9"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split() == ["held"], done.stdout


def test_secrets_of_the_server_do_not_reach_the_child(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTLINE_SECRET_KEY", "canary-4711" * 3)
    with Sandbox() as fresh:
        fresh.read(Document("y", "html", b"<p>here</p>"))
        child = fresh._child
        assert child is not None
        if sys.platform == "linux":
            assert b"canary-4711" not in Path(f"/proc/{child.pid}/environ").read_bytes()
        assert fresh.is_held is (sys.platform == "linux")


def test_a_folder_of_documents_becomes_articles_and_what_is_broken_is_named(tmp_path: Path) -> None:
    (tmp_path / "guide").mkdir()
    (tmp_path / "guide/restore.html").write_text(PAGE, "utf-8")
    (tmp_path / "manual.docx").write_bytes(docx("# Unlock an account", "Wait 15 minutes."))
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 no more")
    read = read_files(tmp_path, Choices(category="backup"), lambda sentence: None)
    found = {(one.id, one.language, one.title, one.category) for one in read.folder.articles}
    assert found == {
        ("restore", "de-AT", "Backup wiederherstellen", "backup"),
        ("manual", "en", "Unlock an account", "backup"),
    }
    assert [str(one) for one in read.folder.errors] == ["broken.pdf: it is no whole PDF. It was left out"]
    assert read.folder.unread_articles == {"broken"}, "an article that came from it before is not taken for deleted"


def test_each_chapter_of_a_document_can_be_an_article(tmp_path: Path) -> None:
    (tmp_path / "manual.docx").write_bytes(docx("# Manual", "Read this.", "# Unlock", "Wait.", "# Restore", "Stop."))
    read = read_files(tmp_path, Choices(in_chapters=True), lambda sentence: None)
    assert [(one.id, one.title, one.body) for one in read.folder.articles] == [
        ("manual-manual", "Manual", "Read this."),
        ("manual-restore", "Restore", "Stop."),
        ("manual-unlock", "Unlock", "Wait."),
    ]


def test_a_pdf_keeps_points_tables_code_and_ranks_of_headings(sandbox: Sandbox) -> None:
    first = [(10, 790, "Acme 3.2"), (20, 740, "Restore a backup"), (10, 715, "Stop the server before you begin.")]
    first += [(14, 680, "Steps"), (10, 660, "1. Open a terminal on the server."), (10, 648, "2. Run the command.")]
    first += [(12, 615, "How long it takes"), (10, 595, "Size\tTime"), (10, 583, "1 GB\t2 minutes")]
    first += [(10, 571, "10 GB\t20 minutes"), (10, 20, "1/2")]
    second = [(10, 790, "Acme 3.2"), (14, 740, "When it fails"), (10, 715, "Try it again."), (10, 20, "2/2")]
    page = sandbox.read(Document("a.pdf", "pdf", pdf(first, second)))
    assert page.title == "Restore a backup"
    assert page.markdown == (
        "Stop the server before you begin.\n\n## Steps\n\n1. Open a terminal on the server.\n2. Run the command.\n\n"
        "### How long it takes\n\n| Size | Time |\n| --- | --- |\n| 1 GB | 2 minutes |\n| 10 GB | 20 minutes |\n\n"
        "## When it fails\n\nTry it again."
    )
