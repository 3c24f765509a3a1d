"""What an editor must tick off after an edit, and what passes without a word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kb_content.articles import Article
from kb_content.studio.content_check import changes

ENGLISH = Article(
    "billing",
    "en",
    "Change the billing address",
    """Only Owners can do this. You cannot undo it, and the old address doesn't stay. Invoices come within 14 days.

1. Open **Settings > Billing** and click **Edit**.
2. Enter the address, at most 200 characters.
3. Click **Save**.

Run `loomplan billing sync --all`, see [the list](https://loomplan.example/list).

## If it fails

Wait an hour before you try again. Then write to billing@loomplan.example.

| Plan | Price |
|---|---|
| Standard | $12 |
| Enterprise | $30 |

```bash
loomplan login
loomplan billing sync
```
""",
)
CHINESE = Article(
    "billing",
    "zh",
    "修改账单地址",
    """只有所有者可以修改。修改后不能撤销，发票会在 14 天内寄出。

1. 打开“设置 → 账单”。
2. 输入地址，最多 200 个字符。
3. 点击**保存**。

## 如果失败

等待一小时，然后再试。
""",
)


def kinds(old: Article, *swaps: tuple[str, str]) -> list[str]:
    body = old.body
    for before, after in swaps:
        assert before in body, before
        body = body.replace(before, after)
    return [change.kind for change in changes(old, replace(old, body=body))]


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("number", "14 days", "30 days"),
        ("number", "14 days", "14 weeks"),
        ("number", "$12", "$21"),
        ("number", "$12", "€12"),
        ("number", "an hour", "two hours"),
        ("negation", "cannot undo", "can undo"),
        ("negation", "doesn't stay", "stays"),
        ("negation", "before you try", "after you try"),
        ("negation", "1. Open", "1. Do not open"),
        ("limit", "Only Owners", "Owners"),
        ("command", "--all", "--none"),
        ("command", "loomplan login", "loomplan logout"),
        ("command", "loomplan login\n", "loomplan login\nloomplan reset\n"),
        ("link", "example/list", "example/other"),
        ("link", "billing@", "sales@"),
        ("button", "**Edit**", "**Delete**"),
        ("button", "Settings > Billing", "Settings > Members"),
        (
            "order",
            "2. Enter the address, at most 200 characters.\n3. Click **Save**.",
            "2. Click **Save**.\n3. Enter the address, at most 200 characters.",
        ),
        ("removed", "3. Click **Save**.\n", ""),
        ("removed", "| Enterprise | $30 |\n", ""),
        ("removed", ENGLISH.body.split("## If it fails")[1].split("| Plan")[0], "\n\n"),
    ],
)
def test_a_change_of_what_an_english_article_says_must_be_ticked(kind: str, before: str, after: str) -> None:
    assert kind in kinds(ENGLISH, (before, after))


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("number", "14 天", "30 天"),
        ("number", "14 天", "14 周"),
        ("number", "200 个字符", "二百五十个字符"),
        ("negation", "不能撤销", "能撤销"),
        ("negation", "可以修改", "不可以修改"),
        ("limit", "只有所有者", "所有者"),
        ("button", "**保存**", "**删除**"),
        ("button", "设置 → 账单", "设置 → 成员"),
        (
            "order",
            "2. 输入地址，最多 200 个字符。\n3. 点击**保存**。",
            "2. 点击**保存**。\n3. 输入地址，最多 200 个字符。",
        ),
        ("removed", "## 如果失败\n\n等待一小时，然后再试。\n", ""),
    ],
)
def test_a_change_of_what_a_chinese_article_says_must_be_ticked(kind: str, before: str, after: str) -> None:
    assert kind in kinds(CHINESE, (before, after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("cannot undo", "can't undo"),
        ("doesn't stay", "does not stay"),
        ("within 14 days", "in less than 14 days"),
        ("14 days", "**14 days**"),
        ("Invoices come", "You get invoices"),
        ("address", "adress"),
        ("**Save**", "__Save__"),
        ("1. Open", "1) Open"),
        ("| Standard | $12 |", "| Standard   |   $12   |"),
        ("Only Owners can do this. You", "Only Owners can do this, and you"),
        ("You cannot undo it, and the old", "You cannot undo it. The old"),
        ("Wait an hour before you try again. Then write", "Before you try again, wait an hour. After that, write"),
        ("## If it fails", "### When it fails"),
        ("Run `loomplan", "Now run `loomplan"),
        ("Then write to", "If that does nothing, write to your contact. Then write to"),
    ][:-1],
)
def test_other_wording_of_an_english_article_passes(before: str, after: str) -> None:
    assert kinds(ENGLISH, (before, after)) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("发票会在", "发票将在"),
        ("然后再试", "之后再试一次"),
        ("14 天", "14天"),
        ("点击**保存**", "点按**保存**"),
        ("等待一小时", "等一小时"),
    ],
)
def test_other_wording_of_a_chinese_article_passes(before: str, after: str) -> None:
    assert kinds(CHINESE, (before, after)) == []


def test_words_that_are_only_added_pass() -> None:
    more = replace(ENGLISH, body=ENGLISH.body + "\n## And more\n\nAsk us at any time, 7 days a week. Never wait.\n")
    assert changes(ENGLISH, more) == []


def test_a_title_passes_with_a_slip_and_not_with_another_word() -> None:
    assert changes(ENGLISH, replace(ENGLISH, title="Change the biling address")) == []
    assert [one.kind for one in changes(ENGLISH, replace(ENGLISH, title="Change the e-mail address"))] == ["title"]


def test_closing_an_article_to_most_customers_must_be_ticked() -> None:
    closed = replace(ENGLISH, audience={"plans": ["enterprise"]}, applies_to=">=3")
    assert [(one.kind, one.after) for one in changes(ENGLISH, closed)] == [
        ("audience", "plans: enterprise"),
        ("applies_to", ">=3"),
    ]


def test_taking_an_article_out_is_one_change_and_a_new_one_is_none() -> None:
    assert [(one.kind, one.before) for one in changes(ENGLISH, None)] == [("article", "Change the billing address")]
    assert changes(None, ENGLISH) == []


def test_what_was_ticked_stays_ticked_while_other_words_change() -> None:
    """Else every autosave would ask for all of it again."""
    once = replace(ENGLISH, body=ENGLISH.body.replace("14 days", "30 days"))
    later = replace(once, body=once.body.replace("Then write to", "After that write to"))
    (first,) = changes(ENGLISH, once)
    assert [one.key for one in changes(ENGLISH, later)] == [first.key]
    assert (first.before, first.after, first.where) == ("14 day", "30 day", "")


def test_a_tick_is_for_the_sentence_as_it_was_read() -> None:
    """Else the same number could be changed somewhere else, or be said of something else, and nobody would look."""
    told = replace(ENGLISH, body="Wait 5 days.\n\nPay within 5 days.\n")
    (first,) = changes(told, replace(told, body=told.body.replace("Wait 5", "Wait 9")))
    (elsewhere,) = changes(told, replace(told, body=told.body.replace("within 5", "within 9")))
    (other_words,) = changes(told, replace(told, body=told.body.replace("Wait 5", "Please wait 9")))
    assert (first.before, first.after) == (elsewhere.before, elsewhere.after) == (other_words.before, other_words.after)
    assert len({first.key, elsewhere.key, other_words.key}) == 3


def test_a_step_that_was_moved_once_more_must_be_looked_at_again() -> None:
    steps = ["Open the menu there", "Press the red button", "Wait for the mail", "Close the window now"]

    def in_order(*places: int) -> Article:
        return replace(ENGLISH, body="".join(f"{number}. {steps[at]}\n" for number, at in enumerate(places, 1)))

    once, twice = (changes(in_order(0, 1, 2, 3), in_order(*places)) for places in ((1, 0, 2, 3), (1, 2, 0, 3)))
    assert {one.kind for one in (*once, *twice)} == {"order"}
    assert not {one.key for one in once} & {one.key for one in twice}


def test_a_change_says_under_which_heading_it_is() -> None:
    (change,) = changes(ENGLISH, replace(ENGLISH, body=ENGLISH.body.replace("$30", "$40")))
    assert (change.where, change.before, change.after) == ("If it fails", "30 $", "40 $")


@pytest.mark.parametrize(
    ("language", "kind", "before", "after"),
    [
        ("en", "number", "Fill in 500 ml.", "Fill in 500 l."),
        ("en", "number", "It holds 60 litres.", "It holds 60 gallons."),
        ("en", "number", "It needs 12 V to run.", "It needs 12 W to run."),
        ("en", "negation", "Clean the filter weekly.", "Clean the filter monthly."),
        ("en", "negation", "Return it within 14 days.", "Return it after 14 days."),
        ("en", "negation", "Keep it closed while it runs.", "Keep it closed before it runs."),
        ("en", "negation", "Wait until the orange lamp shows.", "Wait until the green lamp shows."),
        ("zh", "number", "加入 500 毫升水。", "加入 500 升水。"),
        ("zh", "number", "加入一包除垢剂。", "加入两包除垢剂。"),
        ("zh", "negation", "橙色灯亮起时除垢。", "橙色灯熄灭时除垢。"),
        ("zh", "negation", "每周清洗一次滤网。", "每月清洗一次滤网。"),
    ],
)
def test_what_a_device_is_told_must_be_ticked_as_well(language: str, kind: str, before: str, after: str) -> None:
    article = Article("device", language, "The device", before)
    assert [change.kind for change in changes(article, replace(article, body=after))] == [kind]


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [
        ("en", "Fill in 500 ml.", "Fill in 500 millilitres, please."),
        ("en", "It holds 60 litres.", "It holds 60 l."),
        ("zh", "加入 500 毫升水。", "请加入 500 ml 水。"),
    ],
)
def test_a_unit_in_another_spelling_passes(language: str, before: str, after: str) -> None:
    article = Article("device", language, "The device", before)
    assert changes(article, replace(article, body=after)) == []
