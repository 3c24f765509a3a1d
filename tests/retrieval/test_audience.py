from __future__ import annotations

import pytest

from kb_content.articles import Article
from retrieval.audience import ANYONE, Asker, may_see, visible


def article(applies_to: str | None = None, **audience: list[str]) -> Article:
    return Article("a", "en", "Title", "Text.", audience=audience, applies_to=applies_to)


@pytest.mark.parametrize(
    ("shown", "asker", "expected"),
    [
        (article(), ANYONE, True),
        (article(plans=["enterprise"]), ANYONE, False),
        (article(plans=["enterprise"]), Asker(plan="standard"), False),
        (article(plans=["enterprise", "VIP"]), Asker(plan="vip"), True),
        (article(plans=[]), ANYONE, True),
        (article(roles=["admin"]), Asker(plan="vip"), False),
        (article(roles=["admin"]), Asker(role="Admin"), True),
        (article(plans=["vip"], roles=["admin"]), Asker(role="admin"), False),
        (article(plans=["vip"], roles=["admin"]), Asker(plan="vip", role="admin"), True),
        (article(teams=["ops"]), Asker(plan="vip", role="admin"), False),
    ],
)
def test_an_article_is_for_its_audience_alone(shown: Article, asker: Asker, expected: bool) -> None:
    assert may_see(shown, asker) is expected
    assert shown.is_for_everybody is may_see(shown, ANYONE)


@pytest.mark.parametrize(
    ("applies_to", "version", "expected"),
    [
        (">=3.2", None, True),
        (">=3.2", "3.2", True),
        (">=3.2", "3.10", True),
        (">=3.2", "3.1.9", False),
        (">=3.2,<4", "4.0", False),
        (">=3.2", "4.0b1", True),
        (">=3.2", "the newest one", True),
        (None, "1.0", True),
        ("since spring", "1.0", True),
    ],
)
def test_a_known_version_sees_what_applies_to_it(applies_to: str, version: str | None, expected: bool) -> None:
    assert may_see(article(applies_to), Asker(version=version)) is expected


def test_a_mask_tells_of_each_article_whether_it_is_seen() -> None:
    several = (article(), article(plans=["vip"]), article("<2"))
    assert visible(several, ANYONE).tolist() == [True, False, True]
    assert visible(several, Asker("vip", version="3")).tolist() == [True, True, False]
    assert visible((), ANYONE).tolist() == []
