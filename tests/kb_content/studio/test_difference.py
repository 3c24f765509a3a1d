from __future__ import annotations

from dataclasses import replace

from drafted import BODY, RESET
from hypothesis import given
from hypothesis import strategies as st

from kb_content.articles import Article
from kb_content.studio.difference import Fate, diff
from kb_content.studio.words import Mark, likeness, marked

SECTIONS = (
    "Open the settings page and press the button that is called Save.",
    "## On the phone\n\nOpen the app and tap the gear at the top right of the screen.",
    "## With a key\n\nPlug the key into your machine and touch it when the light blinks twice.",
    "## For admins\n\nUnder Members choose the person, then Reset, then confirm with your own password.",
)
ARTICLE = Article("reset", "en", "Reset a password", "\n\n".join(SECTIONS), ("forgot it", "lost it"))
TEXTS = st.text(alphabet="ab 一二.\n", max_size=30)


def _with(*sections: str) -> Article:
    return replace(ARTICLE, body="\n\n".join(sections))


def test_what_is_the_same_is_kept() -> None:
    found = diff(ARTICLE, ARTICLE)
    assert found.is_empty
    assert [one.fate for one in found.passages] == [Fate.KEPT] * 4


def test_a_changed_word_is_marked_within_its_passage_and_nothing_else() -> None:
    found = diff(ARTICLE, _with(SECTIONS[0].replace("Save", "Keep"), *SECTIONS[1:]))
    assert [one.fate for one in found.passages] == [Fate.CHANGED, Fate.KEPT, Fate.KEPT, Fate.KEPT]
    marks = found.passages[0].marks
    assert [(one.mark, one.text) for one in marks if one.mark is not Mark.SAME] == [
        (Mark.GONE, "Save"),
        (Mark.NEW, "Keep"),
    ]


def test_a_removed_passage_is_shown_where_it_stood_and_an_added_one_where_it_stands() -> None:
    added = "## Anywhere else\n\nWrite to the people who look after your workspace, and they do it."
    found = diff(ARTICLE, _with(SECTIONS[0], SECTIONS[2], SECTIONS[3], added))
    assert [(one.fate, one.heading.split(" › ")[-1]) for one in found.passages] == [
        (Fate.KEPT, "Reset a password"),
        (Fate.REMOVED, "On the phone"),
        (Fate.KEPT, "With a key"),
        (Fate.KEPT, "For admins"),
        (Fate.ADDED, "Anywhere else"),
    ]
    assert (found.count(Fate.ADDED), found.count(Fate.REMOVED), found.is_empty) == (1, 1, False)


def test_a_moved_passage_is_moved_and_neither_removed_nor_added() -> None:
    found = diff(ARTICLE, _with(SECTIONS[0], SECTIONS[2], SECTIONS[3], SECTIONS[1]))
    assert {one.fate for one in found.passages} == {Fate.KEPT}
    assert [one.heading.split(" › ")[-1] for one in found.passages if one.is_moved] == ["On the phone"]
    assert not found.is_empty


def test_a_renamed_heading_is_a_change_of_its_passage() -> None:
    found = diff(ARTICLE, _with(SECTIONS[0], SECTIONS[1].replace("On the phone", "In the app"), *SECTIONS[2:]))
    assert [one.fate for one in found.passages] == [Fate.KEPT, Fate.CHANGED, Fate.KEPT, Fate.KEPT]


def test_a_passage_about_something_else_is_another_passage() -> None:
    other = "## Paying\n\nEnter the number of your card under Billing; the invoice comes by mail."
    found = diff(ARTICLE, _with(SECTIONS[0], other, *SECTIONS[2:]))
    assert sorted(one.fate.value for one in found.passages) == ["added", "kept", "kept", "kept", "removed"]


def test_fields_that_changed_are_listed_and_lists_by_their_entries() -> None:
    new = replace(ARTICLE, title="Renew a password", questions=("lost it", "where is it"), audience={"plans": ["vip"]})
    fields = {one.name: one for one in diff(ARTICLE, new).fields}
    assert fields.keys() == {"title", "questions", "audience"}
    assert (fields["questions"].added, fields["questions"].removed) == (("where is it",), ("forgot it",))
    assert (fields["audience"].before, fields["audience"].after) == ("", "plans: vip")
    assert [one.text for one in fields["title"].marks] == ["Reset", "Renew", " a password"]


def test_questions_in_another_order_are_a_change_too() -> None:
    assert [one.name for one in diff(ARTICLE, replace(ARTICLE, questions=("lost it", "forgot it"))).fields] == [
        "questions"
    ]


def test_a_new_article_is_all_added_and_an_archived_one_all_removed() -> None:
    assert {one.fate for one in diff(None, RESET).passages} == {Fate.ADDED}
    assert {one.fate for one in diff(RESET, None).passages} == {Fate.REMOVED}
    assert diff(None, None).is_empty


def test_chinese_is_marked_character_by_character() -> None:
    found = marked("打开设置页面，点击保存。", "打开设置页面，点击取消。")
    assert [(one.mark, one.text) for one in found] == [
        (Mark.SAME, "打开设置页面，点击"),
        (Mark.GONE, "保存"),
        (Mark.NEW, "取消"),
        (Mark.SAME, "。"),
    ]


def test_words_that_changed_one_after_another_are_marked_as_one_piece() -> None:
    found = marked("press the red button now", "press a green button now")
    assert [(one.mark, one.text) for one in found] == [
        (Mark.SAME, "press "),
        (Mark.GONE, "the red"),
        (Mark.NEW, "a green"),
        (Mark.SAME, " button now"),
    ]


def test_a_very_long_text_is_marked_line_by_line() -> None:
    lines = [f"line {number} of a very long block of code" for number in range(500)]
    edited = [*lines[:250], "another line", *lines[251:]]
    found = marked("\n".join(lines), "\n".join(edited))
    assert [one.text for one in found if one.mark is Mark.NEW] == ["another line\n"]


@given(TEXTS, TEXTS)
def test_marks_hold_both_texts(old: str, new: str) -> None:
    found = marked(old, new)
    assert "".join(one.text for one in found if one.mark is not Mark.NEW) == old
    assert "".join(one.text for one in found if one.mark is not Mark.GONE) == new


def test_texts_are_alike_by_their_words_whatever_their_order() -> None:
    assert likeness(BODY, BODY) == 1
    assert likeness("press Save now", "now press Save") == 1
    assert likeness("one two", "three four") == 0
    assert likeness("", "") == 1
