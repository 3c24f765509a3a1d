"""Who may be shown an article, and what of the knowledge base somebody may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kb_content.articles import Article

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet


@dataclass(frozen=True)
class Asker:
    """What is known of the customer who asks. ``version``: of the product that the customer uses."""

    plan: str | None = None
    role: str | None = None
    version: str | None = None


ANYONE = Asker()
"""A customer of whom nothing is known."""


def may_see(article: Article, asker: Asker) -> bool:
    """Whether ``asker`` may be shown ``article``: is in its audience, and uses a version that it applies to.

    An unknown plan or role is in no audience. So is everybody where the audience names something else than plans and
    roles: showing what was meant for a few cannot be undone. With an unknown version every version's articles are seen.
    """
    own = {"plans": asker.plan, "roles": asker.role}
    is_meant = all(_is_among(own.get(kind), names) for kind, names in article.audience.items() if names)
    return is_meant and _applies(article.applies_to, asker.version)


def visible(articles: Iterable[Article], asker: Asker) -> NDArray[np.bool_]:
    """Of each article whether ``asker`` may be shown it."""
    return np.array([may_see(article, asker) for article in articles], np.bool_)


def _is_among(value: str | None, names: Iterable[str]) -> bool:
    return value is not None and value.casefold() in {name.casefold() for name in names}


def _applies(written: str | None, version: str | None) -> bool:
    if written is None or version is None:
        return True
    from packaging.version import InvalidVersion, Version

    specifiers = _specifiers(written)
    try:
        # Whoever runs a beta of 4.0 is helped by what applies to 4.0 and its betas.
        return specifiers is None or specifiers.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return True


@lru_cache(maxsize=1_024)
def _specifiers(written: str) -> SpecifierSet | None:
    """What ``written`` asks of a version; None where it cannot be read, which `firstline kb check` reports."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(written)
    except InvalidSpecifier:
        return None
