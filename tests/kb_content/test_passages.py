from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kb_content.articles import Article, Passage
from kb_content.blocks import size
from kb_content.dialects import plain_markdown
from kb_content.html import to_text
from kb_content.passages import ENOUGH, LONGEST, SHORTEST, split

SENTENCE = "Open the settings page and look for the button that is called Save changes. "
LONG = (SENTENCE * 10).strip()


def article(body: str, language: str = "en") -> Article:
    return Article("reset-password", language, "Reset a password", body)


def cut(body: str, language: str = "en") -> tuple[Passage, ...]:
    return split(article(body, language), 3)


def test_a_passage_knows_its_place() -> None:
    first, second, third = cut(f"{SENTENCE}\n\n## By e-mail\n\n{SENTENCE}x\n\n### No *link*\n\n{SENTENCE}y")
    assert first.heading == "Reset a password"
    assert second.heading == "Reset a password › By e-mail"
    assert third.heading == "Reset a password › By e-mail › No link"
    assert (third.lead, third.position, third.version) == ("### No *link*", 2, 3)
    assert (third.article_id, third.language) == ("reset-password", "en")
    assert third.anchor == f"no-link-{third.key[:6]}"


def test_what_looks_like_a_heading_inside_code_is_code() -> None:
    (passage,) = cut(f"{SENTENCE}\n\n```sh\n# not a heading\n## nor this\n```\n\n    # nor this\n")
    assert "# not a heading" in passage.text
    assert passage.heading == "Reset a password"


@pytest.mark.parametrize(
    "heading",
    [
        "By e-mail\n---------",
        "<h2>By e-mail</h2>",
        '<H2 id="x" onclick="y">By\n <b>e-mail</b></H2>',
        "## By e-mail ##",
        "   ## [By e-mail](x.md)",
    ],
)
def test_headings_of_every_kind_divide(heading: str) -> None:
    passages = cut(f"{SENTENCE}\n\n{heading}\n\n{SENTENCE}")
    assert [passage.heading for passage in passages] == ["Reset a password", "Reset a password › By e-mail"]


def test_a_first_heading_that_repeats_the_title_is_not_said_twice() -> None:
    passages = cut(f"# Reset a Password\n\n{SENTENCE}\n\n## Steps\n\n{SENTENCE}x")
    assert [passage.heading for passage in passages] == ["Reset a password", "Reset a password › Steps"]
    assert passages[0].lead == ""


def test_a_heading_without_text_stands_before_the_next_passage() -> None:
    first, second = cut(f"{SENTENCE}\n\n## Ways\n\n### By e-mail\n\n{SENTENCE}x")
    assert second.lead == "## Ways\n\n### By e-mail"
    assert second.heading == "Reset a password › Ways › By e-mail"
    assert first.lead == ""


def test_a_very_short_section_is_joined_with_a_neighbour() -> None:
    (passage,) = cut(f"See below.\n\n## Steps\n\n{SENTENCE}\n\n## Note\n\nThat is all.")
    assert passage.heading == "Reset a password › Steps"
    assert passage.text == f"See below.\n\n## Steps\n\n{SENTENCE.strip()}\n\n## Note\n\nThat is all."


def test_a_question_with_a_short_answer_stays_a_passage() -> None:
    passages = cut(f"{SENTENCE}\n\n## Can I pay the invoice by card?\n\nYes, by Visa.\n\n## How long?\n\n{SENTENCE}x")
    assert [passage.heading.split(" › ")[-1] for passage in passages][1] == "Can I pay the invoice by card?"


def test_a_long_section_is_cut_between_paragraphs() -> None:
    paragraphs = [f"Paragraph {number}. {SENTENCE * 4}".strip() for number in range(10)]
    passages = cut("## Long\n\n" + "\n\n".join(paragraphs))
    assert len(passages) > 2
    assert all(size(passage.text) <= LONGEST for passage in passages)
    assert "\n\n".join(passage.text for passage in passages) == "\n\n".join(paragraphs)
    assert [passage.lead for passage in passages] == ["## Long", *[""] * (len(passages) - 1)]
    assert {passage.heading for passage in passages} == {"Reset a password › Long"}


@pytest.mark.parametrize("marker", ["1. ", "counted"])
def test_the_steps_of_a_long_list_keep_their_numbers(marker: str) -> None:
    steps = [f"{f'{number}. ' if marker == 'counted' else marker}Step {number}: {SENTENCE}" for number in range(1, 31)]
    passages = cut("Do this:\n\n" + "\n".join(steps))
    assert len(passages) > 1
    assert passages[0].text.startswith("Do this:\n\n1. Step 1")
    said = [line for passage in passages for line in to_text(passage.text).split("\n") if "Step" in line]
    assert [line.split(":")[0] for line in said] == [f"{number}. Step {number}" for number in range(1, 31)]


def test_nested_parts_of_a_step_stay_in_it_when_its_number_grows() -> None:
    step = f"1. {SENTENCE}\n\n   ```\n   code\n   ```\n   - sub {SENTENCE}\n"
    said = "\n".join(to_text(passage.text) for passage in cut(step * 14))
    assert said.count("\n   code") == 14
    assert said.count("\n   • sub") == 14
    assert "14. Open" in said


def test_a_sentence_that_introduces_steps_stays_with_them() -> None:
    body = f"{LONG}\n\nThen do the following:\n\n" + "\n".join(f"{n}. {SENTENCE}" for n in range(1, 9))
    first, second = cut(body)
    assert first.text == LONG
    assert second.text.startswith("Then do the following:\n\n1. ")


def test_tables_and_code_are_kept_whole() -> None:
    table = "| Code | Cause |\n|---|---|\n" + "\n".join(f"| {n} | {SENTENCE}|" for n in range(18))
    code = "```\n" + SENTENCE * 40 + "\n```"
    passages = cut(f"{LONG}\n\n{table}\n\n{LONG}\n\n{code}")
    assert any(table in passage.text for passage in passages)
    assert any(code in passage.text for passage in passages)


def test_the_steps_of_one_task_are_one_passage() -> None:
    steps = "\n".join(f"{number}. {SENTENCE * 2}" for number in range(1, 13))
    passages = cut(f"{LONG}\n\n{LONG}\n\n{steps}\n\n{LONG}")
    assert any(passage.text.startswith(steps.strip()) for passage in passages)


def test_a_title_in_bold_stays_with_what_it_is_the_title_of() -> None:
    passages = cut(f"{LONG}\n\n{SENTENCE}\n\n**On Linux**\n\n{LONG}\n\n**On a Mac**\n\n```\nbrew\n```")
    assert ["**On Linux**\n\nOpen" in passage.text for passage in passages] == [False, True]
    assert "**On a Mac**\n\n```" in passages[1].text


def test_the_end_of_a_section_is_not_left_alone() -> None:
    passages = cut(f"{LONG}\n\nThat is all there is to say about these few things here.")
    assert len(passages) == 1


def test_a_long_list_within_an_item_is_cut_between_its_items() -> None:
    inner = "\n".join(f"  - Inner {number}: {SENTENCE}" for number in range(30))
    passages = cut(f"- Outer:\n{inner}\n- Last: {SENTENCE}")
    assert all(size(passage.text) <= LONGEST for passage in passages)
    said = "\n".join(to_text(passage.text) for passage in passages)
    assert [int(number) for number in re.findall(r"• Inner (\d+)", said)] == list(range(30))


def test_huge_code_is_cut_between_its_paragraphs() -> None:
    code = "\n\n".join(f"def f{number}():\n    {SENTENCE * 3}\n\n    return {number}" for number in range(20))
    passages = cut(f"```py\n{code}\n```")
    assert len(passages) > 2
    assert all(passage.text.startswith("```py\ndef f") for passage in passages)


def test_a_huge_table_is_cut_between_rows_under_its_own_head() -> None:
    table = "| Code | Cause |\n|---|---|\n" + "\n".join(f"| {n} | {SENTENCE}|" for n in range(80))
    passages = cut(table)
    assert len(passages) > 3
    assert all(passage.text.startswith("| Code | Cause |\n|---|---|\n| ") for passage in passages)


@pytest.mark.parametrize("end", ["\n```", ""])
def test_huge_code_is_cut_between_lines_into_code(end: str) -> None:
    code = "\n".join(f"{n} {SENTENCE}" for n in range(80))
    passages = cut(f"```sh\n{code}{end}")
    assert len(passages) > 3
    assert all(passage.text.startswith("```sh\n") and passage.text.endswith("\n```") for passage in passages)
    assert "\n".join(to_text(passage.text) for passage in passages).count("Open") == 80


def test_an_article_that_is_only_its_title_can_still_be_cited() -> None:
    assert [passage.text for passage in cut("# Reset a password")] == ["# Reset a password"]


def test_a_huge_paragraph_is_cut_between_sentences() -> None:
    passages = cut(f"{LONG} **Bold. Still bold.** [A link. Here](https://x.example/a.b) {LONG} {LONG}")
    assert all(size(passage.text) <= LONGEST + 20 for passage in passages)
    assert sum(passage.text.count("**Bold. Still bold.**") for passage in passages) == 1


def test_chinese_is_measured_in_characters() -> None:
    sentence = "打开设置页面，找到名为保存更改的按钮，然后点击它完成操作。"
    passages = cut("## 长\n\n" + sentence * 60, "zh")
    assert all(300 <= len(passage.text) <= 460 for passage in passages)
    assert "".join(passage.text for passage in passages).replace(" ", "") == sentence * 60
    assert all(passage.text.endswith("。") for passage in passages)
    assert all(passage.anchor.startswith("s-") and passage.anchor.isascii() for passage in passages)


def test_a_link_by_reference_keeps_its_address_in_its_passage() -> None:
    passages = cut(f"See [the docs][d] now. {SENTENCE}\n\n## Other\n\n{SENTENCE}\n\n[d]: https://docs.example 'T'")
    assert to_text(passages[0].text).startswith("See the docs (https://docs.example) now.")
    assert "docs.example" not in passages[1].text


def test_a_key_depends_on_nothing_but_its_own_text() -> None:
    body = f"{SENTENCE}\n\n## One\n\n{SENTENCE}1\n\n## Two\n\n{SENTENCE}2"
    before = {passage.text: passage.key for passage in cut(body)}
    edited = {passage.text: passage.key for passage in cut(body.replace("## One\n\n", "## New\n\nMore words here. "))}
    assert edited[f"{SENTENCE}2"] == before[f"{SENTENCE}2"]
    assert edited[SENTENCE.strip()] == before[SENTENCE.strip()]
    assert set(edited.values()) != set(before.values())
    again = split(replace(article(body), title="New title", tags=("x",)), 9)
    assert [passage.key for passage in again] == list(before.values())
    renamed = cut(body.replace("## One", "## The first"))
    assert [passage.key for passage in renamed][::2] == list(before.values())[::2]
    respaced = cut(body.replace(" look", "\nlook"))
    assert [passage.key for passage in respaced] == list(before.values())


def test_equal_texts_have_different_keys() -> None:
    passages = cut("\n\n".join(f"## {name}\n\n{SENTENCE}" for name in ("A", "B", "B")))
    assert len({passage.key for passage in passages}) == 3
    assert len({passage.anchor for passage in passages}) == 3


def test_the_same_text_in_another_language_or_article_has_another_key() -> None:
    keys = {
        split(replace(article(SENTENCE), id=name, language=language), 1)[0].key
        for name in ("a", "b")
        for language in ("en", "zh")
    }
    assert len(keys) == 4


@pytest.mark.parametrize("body", ["", "   \n", "<!-- nothing -->", "---", "[a]: https://x.example"])
def test_a_body_without_words_has_no_passages(body: str) -> None:
    assert cut(body) == ()


@pytest.mark.parametrize("body", ["Word", "## Only a heading", "- x", "# A\n\n# B\n\nText", "Text\n\n## End"])
def test_a_tiny_body_is_one_passage_with_all_its_words(body: str) -> None:
    (passage,) = cut(body)
    for word in body.replace("#", "").replace("-", "").split():
        assert word in f"{passage.lead} {passage.text}"


markdown = st.lists(
    st.text(max_size=60)
    | st.sampled_from([SENTENCE, LONG, "## Head", "# Reset a password", "Head\n===", "- a\n- b", "1. a\n1. b", "> q"])
    | st.sampled_from(["```\n# x", "<h3>H</h3>", "| a | b |\n|---|---|\n| 1 | 2 |", "[x]: http://y", "[x]", "    code"])
    | st.just("<div><h2>x</h2>\n<script>bad()</script>"),
    max_size=12,
).map("\n\n".join)


@given(markdown)
def test_splitting_never_fails_and_keeps_keys_and_anchors_unique(body: str) -> None:
    passages = cut(body)
    assert len({passage.key for passage in passages}) == len(passages)
    assert len({passage.anchor for passage in passages}) == len(passages)
    assert [passage.position for passage in passages] == list(range(len(passages)))
    assert passages == cut(body)
    if len(passages) > 1:
        assert all(
            size(f"{passage.heading.split(' › ')[-1] if ' › ' in passage.heading else ''} {passage.text}") >= SHORTEST
            for passage in passages
        )


@given(st.lists(st.sampled_from(["alpha", "beta", "gamma.", "delta:"]), min_size=1, max_size=900).map(" ".join))
def test_no_word_is_lost_or_said_twice(words: str) -> None:
    body = f"## One\n\n{words}\n\n- {words}\n- {words}\n\n## Two\n\n{words}"
    said = " ".join(to_text(f"{passage.lead}\n\n{passage.text}") for passage in cut(body))
    assert [word for word in said.split() if word != "•"] == [word for word in to_text(body).split() if word != "•"]


WORDS = ["open", "the", "page", "settings", "and", "look", "for", "button", "that", "is", "called", "Save"]


def numbered(kind: str, numbers: list[int], sentence: str) -> str:
    """A block of that kind whose words can all be told from others."""
    words = [f"{sentence} w{number}" for number in numbers]
    match kind:
        case "steps":
            return "\n".join(f"{place}. {one}" for place, one in enumerate(words, 1))
        case "bullets":
            return "\n".join(f"* {one}" for one in words)
        case "code":
            return "\n".join(["```sh", *words, "```"])
        case "table":
            return "\n".join(["| a | b |", "|---|---|", *(f"| {one} | x |" for one in words)])
        case "note":
            return "\n".join([":::{note}", *words, ":::"])
        case "definition":
            return "\n".join(f"term t{place}\n: {one}" for place, one in enumerate(words))
        case "html":
            return "".join(["<ul>", *(f"<li>{one}</li>" for one in words), "</ul>"])
    return ". ".join(words)


sentences = st.lists(st.sampled_from(WORDS), min_size=1, max_size=20).map(" ".join)
kinds = st.sampled_from(["prose", "steps", "bullets", "code", "table", "note", "definition", "html"])
shapes = st.lists(st.tuples(kinds, st.integers(1, 12), sentences), min_size=1, max_size=5)
sections = st.lists(st.tuples(st.integers(1, 4), shapes), min_size=1, max_size=5)


@given(sections)
def test_every_word_of_a_page_is_in_exactly_one_passage(pages: list[tuple[int, list[tuple[str, int, str]]]]) -> None:
    """Tables beyond all measure aside, whose head is said again where they are cut."""
    count, parts = 0, []
    for number, (level, blocks) in enumerate(pages):
        parts.append(f"{'#' * level} Head h{number}")
        for kind, length, sentence in blocks:
            parts.append(numbered(kind, list(range(count, count + length)), sentence))
            count += length
    said = Counter(
        word
        for passage in cut("\n\n".join(parts))
        for word in re.findall(r"\b[wh]\d+\b", to_text(f"{passage.lead}\n\n{passage.text}"))
    )
    assert said == Counter([*(f"w{number}" for number in range(count)), *(f"h{n}" for n in range(len(pages)))])


@given(markdown)
def test_passages_say_what_the_page_says_in_its_order(body: str) -> None:
    assume("[x]" not in body)
    whole = re.findall(r"\w+", to_text(plain_markdown(body)))
    said = re.findall(r"\w+", " ".join(to_text(f"{one.lead}\n\n{one.text}") for one in cut(body)))
    # A heading that only repeats the title, at the beginning, is the title.
    assert [*said] == whole or ["Reset", "a", "password", *said] == whole


texts = st.lists(st.sampled_from(WORDS), min_size=SHORTEST, max_size=300).map(" ".join)


@given(st.lists(texts, min_size=1, max_size=6), st.integers(0, 5), texts, st.sampled_from(["##", "###"]))
def test_an_edit_of_one_section_changes_no_key_of_another(bodies: list[str], at: int, new: str, mark: str) -> None:
    """Whatever the sections say, be it the same; renamed, deleted or put in before others, too."""
    at = min(at, len(bodies) - 1)

    def keys(edited: list[tuple[str, str]]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for passage in cut("\n\n".join(f"{mark} {name}\n\n{text}" for name, text in edited)):
            found.setdefault(passage.heading, []).append(passage.key)
        return found

    sections = [(f"Section {number}", text) for number, text in enumerate(bodies)]
    before = keys(sections)
    others = [name for number, name in enumerate(before) if number != at]
    rewritten = [*sections[:at], (sections[at][0], new), *sections[at + 1 :]]
    renamed = [*sections[:at], ("New name", sections[at][1]), *sections[at + 1 :]]
    without = [*sections[:at], *sections[at + 1 :]]
    inserted = [*sections[:at], ("New section", new), *sections[at:]]
    for edited in (rewritten, renamed, without, inserted):
        after = keys(edited)
        assert all(after[name] == before[name] for name in others)


@given(st.lists(texts, min_size=2, max_size=9), texts)
def test_an_edit_at_the_end_of_a_section_changes_no_key_before_its_last_two_passages(
    bodies: list[str], new: str
) -> None:
    before = [passage.key for passage in cut("## Long\n\n" + "\n\n".join(bodies))]
    after = [passage.key for passage in cut("## Long\n\n" + "\n\n".join([*bodies[:-1], new]))]
    parts_of_last = size(bodies[-1]) // ENOUGH + 2
    assert before[: len(before) - parts_of_last] == after[: max(0, len(before) - parts_of_last)]
