"""What other tools' markup says is kept, the markup is not: neither read as words nor shown to a customer."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb_content.articles import Article
from kb_content.dialects import plain_markdown
from kb_content.html import to_html, to_text
from kb_content.passages import split


def said(body: str) -> str:
    """What a customer reads of a page, all passages of it."""
    passages = split(Article("a", "en", "A page", body), 1)
    return "\n\n".join(to_text(f"{passage.lead}\n\n{passage.text}") for passage in passages)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        # MyST and Sphinx
        (":::{note}\nSave first.\n:::", "Note: Save first."),
        ("```{warning}\nSave first.\n```", "Warning: Save first."),
        (":::{note}\n:class: x\n\n- one\n- two\n:::", "Note:\n\n• one\n• two"),
        ("Before.\n:::{tip} Save\nfirst.\n:::\nAfter.", "Before.\n\nTip: Save first.\n\nAfter."),
        (":::{admonition} Mind this\nSave first.\n:::", "Mind this\n\nSave first."),
        ("```{code-block} python\n:linenos:\n:caption: app.py\n\nx = {y}`z`\n```", "app.py\n\nx = {y}`z`"),
        ("```{code-block}\n---\nlinenos: true\n---\nx = 1\n```", "x = 1"),
        (
            "::::{tab-set}\n:::{tab-item} Linux\napt\n:::\n:::{tab-item} Mac\nbrew\n:::\n::::",
            "Linux\n\napt\n\nMac\n\nbrew",
        ),
        (":::{versionadded} 2.1\nNew option.\n:::", "New in version 2.1: New option."),
        (":::{glossary}\nJob\n  What runs.\n:::", "• Job: What runs."),
        ("Text.\n\n:::{toctree}\n:maxdepth: 1\n\nbasics/app\n:::", "Text."),
        ("Text.\n\n```{include} ../README.md\n```\n\n```{eval-rst}\n.. autoclass:: x\n```", "Text."),
        ("(my-label)=\n## Head\n\n% not for readers\nText of it.\n+++", "Head\n\nText of it."),
        (
            "See {doc}`../quick-start` and {ref}`words <label>` and {ref}`top-level`.",
            "See quick start and words and top level.",
        ),
        ("Call {py:meth}`~app.Task.configure` on a {term}`task <Task>`.", "Call configure on a task."),
        ("Use <project:#app.App> here {cite}`knuth`.", "Use app.App here ."),
        # MkDocs, Docusaurus, GitHub, VitePress, Obsidian, GitBook, Hugo
        ('!!! note "Mind this"\n    Save first.\n\n    Then go.', "Mind this\n\nSave first.\n\nThen go."),
        ("!!! danger\n    Save first.\n\nAfter.", "Danger: Save first.\n\nAfter."),
        ('??? tip ""\n    Save first.', "Save first."),
        (
            '=== "pip"\n\n    ```sh\n    pip install x\n    ```\n\n=== "uv"\n\n    uv add x',
            "pip\n\npip install x\n\nuv\n\nuv add x",
        ),
        ("1. One\n\n    !!! warning\n        Hot.\n\n2. Two", "1. One\n   Warning: Hot.\n2. Two"),
        ("> [!IMPORTANT]\n> Save first.", "> Important: Save first."),
        ("> [!tip]- Mine\n> Save first.", "> Mine: Save first."),
        (":::tip[Mine]\n\nSave first.\n\n:::", "Mine\n\nSave first."),
        (":::caution\nSave first.\n:::", "Caution: Save first."),
        ("::: details More\nSave first.\n:::", "More\n\nSave first."),
        ('{% hint style="info" %}\nSave first.\n{% endhint %}', "Save first."),
        ("{% note %}Save first.{% endnote %}", "Save first."),
        ("{{< warning >}}All recipes are deleted.{{< /warning >}}", "All recipes are deleted."),
        ("{{% tip %}}Save{{% /tip %}} first {{< now >}}", "Save first"),
        ("<Note>Save first.</Note>", "Save first."),
        (
            "<Tabs><TabItem value='a'>Linux: apt</TabItem><TabItem value='b'>Mac: brew</TabItem></Tabs>",
            "Linux: apt\n\nMac: brew",
        ),
        ('{{< tabs >}}\n{{% tab name="Linux" %}}\napt\n{{% /tab %}}\n{{< /tabs >}}', "Linux\n\napt"),
        (
            "import Tabs from '@theme/Tabs';\n\n<Tabs>\n<TabItem label=\"Linux\">\n\napt\n\n</TabItem>\n</Tabs>",
            "Linux\n\napt",
        ),
        ("## Head {#head .big}\n\nText [a](b.md){ .md-button }{: target=x}.", "Head\n\nText a."),
        ("## Head {: #head }\n\n{: .note }\nText.", "Head\n\nText."),
        ('[TOC]\n\nText.\n\n--8<-- "more.md"', "Text."),
        (
            "A claim[^1] in [[Other page|this page]] :material-check:.\n\n[^1]: Its ground.",
            "A claim in this page .\n\nIts ground.",
        ),
        # definition lists
        (
            "key\n:   Opens all.\n\nother key\n:   Opens:\n\n    * a\n    * b",
            "• key: Opens all.\n• other key: Opens:\n   • a\n   • b",
        ),
        ("One\n**Two**\n: Both.", "• One, Two: Both."),
        # badges
        (
            "[![Build](https://img.shields.io/b.svg)](https://ci.example) ![c](https://codecov.io/c.svg)\n\nText.",
            "Text.",
        ),
        # HTML
        ("<pre>\nif (a &lt; b) {\n  go\n}\n</pre>", "if (a < b) {\n  go\n}"),
        ("<ul><li>one</li><li>two<ol><li>x</li></ol></li></ul>", "• one\n• two\n   1. x"),
        ("<table><tr><th>a</th><th>b</th></tr><tr><td>1|2</td><td>3</td></tr></table>", "a | b\n1|2 | 3"),
        ("<details>\n<summary>Why?</summary>\n\nBecause.\n\n</details>", "Why?\n\nBecause."),
        ("<select><option>v1</option></select>\n\nText.", "Text."),
        ("<p>- not a list</p>", "- not a list"),
        ("|  |  |\n| --- | --- |\n| a | b |", "a | b"),
    ],
)
def test_a_customer_reads_the_words_without_the_markup(source: str, shown: str) -> None:
    assert said(source) == shown


def test_labels_are_in_the_language_of_the_page() -> None:
    assert said(":::{warning}\n请先保存您的文件。\n:::") == "警告: 请先保存您的文件。"


@pytest.mark.parametrize(
    "text",
    [
        "Plain words, a *mark* and a [link](x.md).\n\n- a\n- b\n\n1. c\n\n> d\n\n| a | b |\n|---|---|\n| 1 | 2 |",
        "```md\n:::{note}\n{doc}`x`\n!!! note\n    x\n:::\n```",
        "    !!! note\n    {doc}`x`",
        "Write `{doc}`, ``{x}`y` `` or `:::`; a {name} in braces, 10 % of it, at 12:30.",
        "Send <your-token> to https://x.example/{id}:run.",
        "Title\n=====\n\n% of users are happy",
        "a: b\nc :d\n",
        "[ -f x ] && [[ -d y ]]",
        "Version {{ version }} of {product}",
    ],
)
def test_what_is_plain_markdown_already_stays_as_it_is(text: str) -> None:
    assert plain_markdown(text) == text


@pytest.mark.parametrize(
    "line", [":::{note}", "```{note}", "!!! note", "a\n: b", "<ul><li>", "> [!NOTE]", "[[a|b]] {x}`y`"]
)
def test_what_is_opened_ten_thousand_times_is_read_to_its_end(line: str) -> None:
    assert "the end" in plain_markdown(f"{line}\n" * 10_000 + "\nthe end")


def test_a_comment_hides_what_is_in_it() -> None:
    assert said("Text.\n\n<!--\n```\nhidden\n:::{note}\n-->\n\nMore.") == "Text.\n\nMore."


markup = st.sampled_from(
    [
        *(
            ":::{note}",
            ":::",
            "::::{tab-set}",
            "```{code-block} py",
            "```",
            "~~~",
            "!!! note",
            "    indented",
            "??? x",
            '=== "T"',
        ),
        *("> [!NOTE]", "(a)=", "% c", "+++", "{% x %}", "<Tabs>", "</Tabs>", "<pre>", "</pre>", "<table><tr>", "</li>"),
        *(
            "term",
            ": definition",
            "- item",
            "  more",
            "1. step",
            "",
            "",
            "{doc}`x`",
            "{a}`",
            "[^1]: note",
            "# Head {#x}",
        ),
        *(
            "word",
            "<!--",
            "-->",
            "<ul><li>",
            "| a | b |",
            "|---|---|",
            "import a from 'b'",
            "![x](shields.io)",
            "[TOC]",
        ),
    ]
)


@given(st.lists(markup | st.text(max_size=20), max_size=25).map("\n".join))
def test_no_markup_however_broken_makes_reading_fail(body: str) -> None:
    plain_markdown(body)
    article = Article("a", "en", "A page", body)
    passages = split(article, 1)
    to_html(article, passages)
    assert len({passage.key for passage in passages}) == len(passages)


@given(st.lists(markup, max_size=25), st.integers(0, 24))
def test_no_word_between_broken_markup_is_lost(lines: list[str], at: int) -> None:
    """A sentence on its own at the margin is on the page, whatever was left open before it, unless HTML hides it."""
    lines = [
        line for line in lines if not re.match(r"<!--|<pre|<table|<ul|</|<T|import|\(|%|\+|\{%|```|~~~|:::|::::", line)
    ]
    body = "\n".join([*lines[:at], "", "Unmistakable sentence.", "", *lines[at:]])
    assert "Unmistakable sentence." in said(body)
