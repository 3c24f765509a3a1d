"""Customers who type a choice instead of pressing it."""

from __future__ import annotations

import pytest

from bot.choosing import chosen, chosen_together

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


@pytest.mark.parametrize("text", ["no", "none of them", "no thanks", "都不是", "不是", "1", "yes", "the last one"])
def test_where_nothing_is_offered_nothing_is_chosen(text: str) -> None:
    assert chosen(text, ()) is None


def test_two_choices_with_one_name_are_not_told_apart() -> None:
    assert chosen("export", ("Export", "Export", "None of these")) is None


PETS = ("Pets in the cabin", "Pets in the hold", "Service dogs", "None of these")
CARDS = ("信用卡還款", "按揭查詢及提早還款", "都不是")
ASKED = "Can I take my dog?"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        *(("1)", 0), ("(2)", 1), ("２", 1), ("2️⃣", 1), ("#3", 2), ("number three", 2), ("3rd pls", 2), ("b", 1)),
        *(("I mean the 2nd one", 1), ("the frist one", 0), ("the last one", 2), ("the middle one", 1)),
        *(("in the cabin", 0), ("cabin pls", 0), ("the cabin one", 0), ("it's about the hold", 1), ("hodl?", None)),
        *(("cabni", 0), ("service", 2), ("a service dog", 2), ("my dog in the hold", 1), ("1 - Pets in the cabin", 0)),
        *(
            ("not the first, the second", 1),
            ("no, the hold", 1),
            ("the hold, please!", 1),
            ("第二个", 1),
            ("第三個吧", 2),
        ),
    ],
)
def test_a_choice_is_named_as_people_do(text: str, place: int | None) -> None:
    assert chosen(text, PETS, ASKED) == place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        *(("信用卡", 0), ("信用卡的", 0), ("我说的是信用卡", 0), ("按揭那個", 1), ("提早还", 1), ("還款", None)),
        *(("第一個", 0), ("是第二个", 1), ("2号", 1), ("最后一个", 1), ("前者", 0), ("后者", 1), ("头一个", 0)),
        *(("不是信用卡", 1), ("不是第一个，是第二个", 1), ("two", 1), ("the second", 1)),
    ],
)
def test_a_choice_is_named_in_either_chinese_whatever_its_title_is_written_in(text: str, place: int | None) -> None:
    assert chosen(text, CARDS, "怎样还款") == place


@pytest.mark.parametrize(
    "text",
    [
        *("neither", "none", "none of them", "no", "nope, none of those", "something else", "not these", "no thanks"),
        *("都不是", "都不對", "以上都不是", "没有一个是", "不是这些", "別的", "都唔係", "一個都不是", "没有我要的"),
    ],
)
def test_all_choices_are_refused_in_many_words(text: str) -> None:
    assert chosen(text, PETS, ASKED) == 3


@pytest.mark.parametrize(
    "text",
    [
        *(
            "how do I pay for my dog",
            "is there wifi in the cabin?",
            "my bag is lost",
            "first I need a receipt",
            "2 dogs",
        ),
        *("cabin or hold", "I don't know", "not sure", "maybe", "what?", "the", "yes", "both"),
        *("今天几点关门", "不知道", "的"),
    ],
)
def test_what_says_something_else_presses_nothing(text: str) -> None:
    assert chosen(text, PETS, ASKED) is None


@pytest.mark.parametrize(
    "text", ["yes", "Yep!", "that's it", "this one", "ok", "sure, thanks", "是的", "对", "嗯，就是这个", "係"]
)
def test_one_choice_alone_is_taken_by_a_yes(text: str) -> None:
    assert chosen(text, ("Pets", "None of these"), ASKED) == 0


@pytest.mark.parametrize("text", ["yes, he weighs 5 kg", "yes I have a cat"])
def test_what_is_told_after_a_yes_does_not_take_it_back(text: str) -> None:
    assert chosen(text, ("Pets", "None of these"), ASKED) == 0


@pytest.mark.parametrize("text", ["yes, and how do I pay?", "no, I want to cancel my flight"])
def test_a_yes_or_no_with_another_question_is_more_than_a_choice(text: str) -> None:
    assert chosen(text, ("Pets", "None of these"), ASKED) is None


def test_a_title_that_says_not_is_named_by_what_is_not() -> None:
    labels = ("The link does not arrive", "Change your address", "None of these")
    assert chosen("it does not arrive", labels, "password link") == 0


def test_a_title_is_named_with_typos_and_without_its_spaces() -> None:
    labels = ("Checked baggage allowance and fees", "Roll back a release", "None of these")
    assert chosen("chekced bagage", labels) == 0
    assert chosen("rollback", labels) == 1


def test_words_of_the_question_set_no_choice_apart() -> None:
    labels = ("Export tasks", "Import a plan from a sheet", "None of these")
    assert chosen("I said that I want to export my tasks", labels, "how do I export my tasks") is None


SKIS = ("Rent skis", "Rent a snowboard", "None of these")
LESSONS = ("私人教练课", "儿童滑雪学校", "都不是")


@pytest.mark.parametrize(
    "text",
    [
        *("both", "Both please!", "yes, both", "I'd like both of them", "both of these, thanks", "all", "all of them"),
        *("1 and 2", "1, 2", "1 & 2", "the first and the second", "skis and snowboards", "skis + snowboard please"),
        *("两个都要", "兩個都要", "两个", "都要", "全部", "我两个都想知道", "两者都要，谢谢", "1和2", "第一个和第二个"),
    ],
)
def test_both_of_two_choices_are_meant(text: str) -> None:
    assert chosen(text, SKIS, "what does it cost") is None
    assert chosen_together(text, SKIS, "what does it cost") == (0, 1)


def test_both_are_named_in_chinese() -> None:
    assert chosen_together("私人的和儿童的", LESSONS, "多少钱") == (0, 1)
    assert chosen_together("两个都要", LESSONS, "课程多少钱") == (0, 1)


@pytest.mark.parametrize("text", ["1 and 3", "the first and the last one", "cabin and service dogs", "第一个和第三个"])
def test_two_of_three_choices_are_meant(text: str) -> None:
    assert chosen_together(text, PETS, ASKED) == (0, 2)


@pytest.mark.parametrize("text", ["all", "all three", "all of them please", "三个都要", "全都要", "1, 2 and 3"])
def test_all_of_three_choices_are_meant(text: str) -> None:
    assert chosen(text, PETS, ASKED) is None
    assert chosen_together(text, PETS, ASKED) == (0, 1, 2)


@pytest.mark.parametrize(
    "text",
    [
        *("both", "两个都要", "both of them", "cabin or hold", "that's all", "all good", "not both", "neither of both"),
        *("both are wrong", "1 and 7", "cabin and a question about my bill", "cabin and hold, how much?", "都不是"),
        *("都不要", "2 dogs and 1 cat", "删除全部", "and", "", "cabin", "2", "no, not 1 and 2"),
    ],
)
def test_what_does_not_say_which_choices_are_meant_takes_none(text: str) -> None:
    assert chosen_together(text, PETS, ASKED) == ()


def test_one_choice_alone_is_never_both() -> None:
    assert chosen_together("both", ("Pets", "None of these"), ASKED) == ()
