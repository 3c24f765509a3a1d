from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb_content.articles import Article
from kb_content.html import to_html, to_text
from kb_content.markdown import HTML_TAG
from kb_content.passages import split

ATTACKS = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&#58;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    '[x](https://a.example "onmouseover=alert(1)")',
    '[x](https://a.example/"onmouseover="alert(1))',
    '<a href="javascript:alert(1)">x</a>',
    "<svg/onload=alert(1)>",
    "<iframe src=//evil.example></iframe>",
    '<h2 onclick="alert(1)"><img src=x onerror=alert(1)>Head</h2>',
    "<style>*{display:none}</style>",
    "## <b onclick=x>Head</b>",
    "| <script>x</script> | b |\n|---|---|\n| <img src=x onerror=y> | [z](vbscript:y) |",
    "```<script>\nx\n```",
    '```x" onclick="alert(1)\nx\n```',
    "<!-- <script>x</script> -->",
    "<form action=//evil.example><input name=x></form>",
    "</section></main><script>x</script>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
]
pieces = st.lists(
    st.sampled_from(ATTACKS) | st.text(max_size=30) | st.text("<>\"'&/=`[]()#|- \nax:", max_size=30), max_size=8
)


class Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def page(body: str, title: str = "T", **options: object) -> str:
    return to_html(Article("a", "en", title, body), **options)  # type: ignore[arg-type]


@given(pieces, st.sampled_from(["\n\n", " ", ""]))
def test_nothing_that_acts_survives_on_a_page(parts: list[str], between: str) -> None:
    allowed = {"section", "p", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "pre", "code", "hr", "br"}
    allowed |= {"blockquote", "strong", "em", "s", "a", "h1", "h2", "h3", "h4", "h5", "h6"}
    for tag, attributes in Page(page(between.join(parts))).tags:
        assert tag in allowed
        its_own = {"section": {"id", "class"}, "a": {"href", "title", "rel"}, "ol": {"start"}}
        assert attributes.keys() <= its_own.get(tag, {"id"} if re.match("h[1-6]", tag) else set())
        assert tag == "section" or (attributes.get("id") or "h-").startswith("h-")
        scheme = re.match(r"\s*([a-z][a-z0-9+.-]*):", attributes.get("href") or "", re.IGNORECASE)
        assert scheme is None or scheme[1].lower() in ("http", "https", "mailto")


@given(pieces, st.sampled_from(["\n\n", " ", ""]))
def test_chat_text_never_fails(parts: list[str], between: str) -> None:
    to_text(between.join(parts))


@given(st.text())
def test_any_text_can_be_shown(text: str) -> None:
    to_text(text)
    page(text)


@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if "```" not in attack])
def test_chat_text_has_no_tag(attack: str) -> None:
    assert not HTML_TAG.search(to_text(attack))


def test_each_passage_can_be_scrolled_to() -> None:
    text = "Open the page and look for the button that is called Save. "
    article = Article("a", "en", "T", f"{text}\n\n## One & two\n\n{text}x\n\n## 三\n\n{text}y")
    ids = [attributes["id"] for tag, attributes in Page(to_html(article)).tags if tag == "section"]
    assert ids == [passage.anchor for passage in split(article, 1)]


def test_the_passages_of_an_old_version_keep_their_anchors() -> None:
    article = Article("a", "en", "T", "Text")
    (passage,) = split(article, 1)
    assert 'id="old-anchor"' in to_html(article, [replace(passage, anchor="old-anchor")])


def test_markdown_is_rendered_whole() -> None:
    html = page("# Head\n\n3. three\n4. **four**\n\n| a |\n|---|\n| 1 |\n\n```\n<b>\n```\n\n~~no~~<br>yes")
    for part in (
        '<h2 id="h-head">Head</h2>',
        '<ol start="3">',
        "<strong>four</strong>",
        "<td>1</td>",
        "&lt;b&gt;",
        "<s>no</s><br>",
    ):
        assert part in html


def links(body: str, ids: tuple[str, ...]) -> list[str | None]:
    html = page(body, article_url=lambda article_id: f"/kb/en/{article_id}", ids=ids)
    return [attributes["href"] for tag, attributes in Page(html).tags if tag == "a"]


def test_links_between_articles_and_headings_lead_to_their_pages() -> None:
    text = "Open the page and look for the button that is called Save. "
    body = (
        f"[a](../zh/other.md#x) [b](#my-steps) [c](https://x.example/y.md) [d](#none) {text}\n\n## My steps!\n\n{text}"
    )
    anchor = split(Article("a", "en", "T", body), 1)[1].anchor
    assert links(body, ("other",)) == ["/kb/en/other#h-x", f"#{anchor}", "https://x.example/y.md", "#none"]


@pytest.mark.parametrize(
    ("href", "ids", "page_id"),
    [
        ("other.md", ("other",), "other"),
        ("../basics/defer.md", ("howto-basics-defer", "defer-all"), "howto-basics-defer"),
        ("./basics/defer.md", ("basics-defer", "advanced-defer"), "basics-defer"),
        ("basics/", ("basics",), "basics"),
        ("/guide/index.html", ("guide-index",), "guide-index"),
        ("guide/README.md", ("guide",), "guide"),
        ("Other%20page.mdx", ("Other-page",), "Other-page"),
        ("other.md", ("OTHER",), "OTHER"),
    ],
)
def test_every_form_of_link_to_a_page_finds_its_article(href: str, ids: tuple[str, ...], page_id: str) -> None:
    assert links(f"[words](<{href}>)", ids) == [f"/kb/en/{page_id}"]


@pytest.mark.parametrize("href", ["gone.md", "defer.md", "/pricing", "../files/a.zip", "", "//evil.example/other.md"])
def test_a_link_that_leads_nowhere_here_is_its_words(href: str) -> None:
    body = f"See [the **words**](<{href}>) now."
    assert links(body, ("other", "a-defer", "b-defer")) == []
    assert "See the <strong>words</strong> now." in page(body, article_url=str, ids=("other",))


def test_a_heading_can_be_linked_to_from_another_page() -> None:
    assert '<h2 id="h-setup">Set up</h2>' in page("## Set up\n\nText")
    assert links("[a](b.md#set-up)", ("b",)) == ["/kb/en/b#h-setup"]


def test_in_a_chat_a_link_to_another_page_is_its_words_or_its_full_address() -> None:
    known = {"other.md": "https://help.example/kb/en/other"}
    assert to_text("See [that](other.md) and [this](gone.md).") == "See that and this."
    assert to_text("See [that](other.md) and [this](gone.md).", known.get) == (
        "See that (https://help.example/kb/en/other) and this."
    )


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("1. one\n1. two\n   - sub\n   - `code`", "1. one\n2. two\n   • sub\n   • code"),
        ("7. seven\n8. eight", "7. seven\n8. eight"),
        ("- a\n\n  more\n- b", "• a\n   more\n• b"),
        ("**Settings > Members** and _this_ ~~not~~", "Settings > Members and this not"),
        ("[docs](https://x.example/a) <https://y.example>", "docs (https://x.example/a) https://y.example"),
        ("<a@b.example> [mail](mailto:a@b.example)", "a@b.example mail (a@b.example)"),
        ("[other](other.md) [here](#x) [bad](ftp://x)", "other here bad"),
        ("## Head\n\ntext\nmore", "Head\n\ntext more"),
        ("第一行\n第二行", "第一行第二行"),
        ("| a | b |\n|---|---|\n| 1 | **2** |", "a | b\n1 | 2"),
        ("```sh\ncurl -H 'x'\n  y\n```", "curl -H 'x'\n  y"),
        ("> quoted\n> more", "> quoted more"),
        ("![a picture](https://x.example/p.png)", "a picture"),
        ("Read this.\n\n![a picture](p.png)\n\nThen go on.", "Read this.\n\nThen go on."),
        ("Choose **Save**. ![pic](files/dialog.png)\nThen go on.", "Choose Save. Then go on."),
        (
            "1. Press **Save** ![pic](pic.png)\n2. ![a picture](p.png)\n3. Done.",
            "1. Press Save\n2. a picture\n3. Done.",
        ),
        ("Press ![Save](icons/save.svg), then go on.", "Press Save, then go on."),
        ("Press ![Save](icons/save.svg)", "Press Save"),
        ("Open it ![the dialog with all of its fields](d.png).", "Open it."),
        ("点击“保存”。![截图](a.png)\n然后继续。", "点击“保存”。然后继续。"),
        ("| Sign | Does |\n|---|---|\n| ![Bold](bold.svg) | bold words |", "Sign | Does\nBold | bold words"),
        (
            "Fetch it. [![Download](https://x.example/d.png)](https://x.example/get)",
            "Fetch it. Download (https://x.example/get)",
        ),
        ("Look. [![shot](shot.png)](https://x.example/shot.png)", "Look."),
        ("one<br/>two <kbd>F1</kbd> &lt; &amp;", "one\ntwo F1 < &"),
        ("<details>\n<summary>More</summary>\n<p>Hidden</p></details>", "More\nHidden"),
        ("a\n\n---\n\nb", "a\n\nb"),
        ("Send <your-token> <b>now</b> with `<b>`", "Send <your-token> now with <b>"),
        ("<your-token>", "<your-token>"),
        ("<sc<b>ript>x", "x"),
        ("", ""),
    ],
)
def test_chat_text_reads_well(markdown: str, text: str) -> None:
    assert to_text(markdown) == text
