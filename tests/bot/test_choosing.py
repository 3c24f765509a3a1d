"""Customers who type a choice instead of pressing it."""

from __future__ import annotations

import pytest

from bot.choosing import chosen

ENGLISH = ("Export tasks and reports", "Import tasks from CSV", "None of these")
CHINESE = ("导出任务和报表", "从 CSV 导入任务", "都不是")


@pytest.mark.parametrize(
    "text", ["2", "2.", "#2", "option 2", "two", "the second one", "Second please", "import", "Import tasks from CSV!"]
)
def test_a_choice_is_named_by_its_number_or_its_words(text: str) -> None:
    assert chosen(text, ENGLISH) == 1


@pytest.mark.parametrize("text", ["2", "第二个", "二", "选第二个吧", "导入", "从CSV导入任务"])
def test_a_choice_is_named_in_chinese_too(text: str) -> None:
    assert chosen(text, CHINESE) == 1


@pytest.mark.parametrize("text", ["tasks", "4", "0", "12", "how do I import tasks", "", "?", "two of them fail", "yes"])
def test_what_names_no_choice_or_several_is_none(text: str) -> None:
    assert chosen(text, ENGLISH) is None


def test_none_of_these_can_be_typed() -> None:
    assert chosen("none of these", ENGLISH) == 2
    assert chosen("都不是。", CHINESE) == 2


def test_two_choices_with_one_name_are_not_told_apart() -> None:
    assert chosen("export", ("Export", "Export", "None of these")) is None
