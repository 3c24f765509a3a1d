"""By when a customer hears from us, as they read it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.promises import moments, told

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"


@pytest.mark.parametrize(
    ("after", "timezone", "english", "chinese"),
    [
        (
            timedelta(hours=1),
            SHANGHAI,
            "by 18:00 today (Shanghai time)",
            "在今天 18:00（北京时间）前",
        ),
        (timedelta(hours=7), SHANGHAI, "by 00:00 tomorrow (Shanghai time)", "在明天 00:00（北京时间）前"),
        (
            timedelta(days=3),
            BERLIN,
            "by 10:00 on Thursday, 26 November (Berlin time)",
            "在11月26日星期四 10:00（柏林时间）前",
        ),
        (
            timedelta(days=400),
            None,
            "by 09:00 on Tuesday, 28 December 2027 (UTC)",
            "在2027年12月28日星期二 09:00（UTC）前",
        ),
        (
            timedelta(hours=-1),
            "America/Argentina/Buenos_Aires",
            "by 05:00 today (Buenos Aires time)",
            "在今天 05:00（Buenos Aires 时间）前",
        ),
        (timedelta(hours=1), "Etc/GMT-8", "by 18:00 today (UTC+8)", "在今天 18:00（UTC+8）前"),
        (timedelta(hours=1), "Asia/Kolkata", "by 15:30 today (Kolkata time)", "在今天 15:30（印度时间）前"),
        (timedelta(hours=1), "Nowhere/At_All", "by 10:00 today (UTC)", "在今天 10:00（UTC）前"),
    ],
)
def test_a_moment_is_told_in_the_customers_language_and_time_zone(
    after: timedelta, timezone: str | None, english: str, chinese: str
) -> None:
    assert told(NOW + after, NOW, timezone, "en") == english
    assert told(NOW + after, NOW, timezone, "zh-Hans") == chinese


def test_a_language_that_the_bot_does_not_speak_gets_english() -> None:
    assert told(NOW, NOW, SHANGHAI, "fr") == "by 17:00 today (Shanghai time)"


def test_what_is_told_is_never_sooner_than_what_is_meant() -> None:
    assert told(NOW + timedelta(seconds=1), NOW, None, "en") == "by 09:01 today (UTC)"
    assert told(NOW + timedelta(hours=15) - timedelta(seconds=1), NOW, None, "en") == "by 00:00 tomorrow (UTC)"


def test_the_hour_is_that_of_the_day_itself_when_clocks_are_put_back() -> None:
    saturday = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    assert told(saturday + timedelta(days=1), saturday, BERLIN, "en") == "by 13:00 tomorrow (Berlin time)"


def test_every_language_can_say_every_moment() -> None:
    english, chinese = moments()["en"], moments()["zh"]
    assert english.keys() == chinese.keys()
    assert [len(chinese[key]) for key in ("weekdays", "months")] == [7, 12]
