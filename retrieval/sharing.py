"""What is made of the same numbers or of the same article is made once, and held once, while it is in use.

Two views of one release have most of it in common, and so have a draft or the next release and what is live.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary, ref

import numpy as np
from numpy.typing import NDArray

from kb_content.articles import Contents, PublishedArticle

Made = TypeVar("Made")


class Shared(Generic[Made]):
    """Made by what it is made of. Safe to use from several threads: at worst, two make the same."""

    def __init__(self) -> None:
        self._in_use: WeakValueDictionary[bytes, Made] = WeakValueDictionary()

    def __call__(self, make: Callable[[], Made], *of: NDArray[Any] | int) -> Made:
        """What ``make`` makes of ``of``, or what it made before."""
        name = digest_of(*of)
        found = self._in_use.get(name)
        if found is None:
            found = self._in_use[name] = make()
        return found


def sample(rows: NDArray[np.float32], most: int) -> NDArray[np.int64]:
    """The places of ``most`` different ones of ``rows``, ascending; of all where there are no more.

    They are drawn by what they hold, not by where they lie: a row more or less changes at most one of them.
    """
    if len(rows) <= most:
        return np.arange(len(rows))
    bits = np.ascontiguousarray(rows).view(np.uint32)
    drawn = np.random.default_rng(0).integers(0, 2**63, bits.shape[1], np.uint64) | np.uint64(1)
    # The upper bits depend on all of the row.
    lots = ((bits * drawn).sum(1, np.uint64) * drawn[0]) >> np.uint64(16)
    _, first = np.unique(lots, return_index=True)
    found: NDArray[np.int64] = np.sort(first[:most])
    return found


def digest_of(*of: NDArray[Any] | int) -> bytes:
    """What names these numbers."""
    digest = hashlib.blake2b()
    for one in of:
        if isinstance(one, int):
            digest.update(f"{one};".encode())
        else:
            digest.update(f"{one.dtype}{one.shape};".encode())
            digest.update(np.ascontiguousarray(one).data)
    return digest.digest()


class OfArticle(Generic[Made]):
    """What ``make`` makes of an article, kept as long as that very object is. Nothing of it may hold the object, and
    nobody changes it. Safe to use from several threads."""

    def __init__(self, make: Callable[[PublishedArticle], Made]) -> None:
        self._make = make
        self._kept: dict[int, tuple[ref[PublishedArticle], Made]] = {}

    def __call__(self, published: PublishedArticle) -> Made:
        place = id(published)
        kept = self._kept.get(place)
        if kept is not None and kept[0]() is published:
            return kept[1]
        made = self._make(published)
        self._kept[place] = (ref(published, partial(self._forget, place)), made)
        return made

    def _forget(self, place: int, gone: ref[PublishedArticle]) -> None:
        # Another article may lie there by now.
        if (kept := self._kept.get(place)) is not None and kept[0] is gone:
            del self._kept[place]


def sharing(contents: Contents, known: Iterable[PublishedArticle]) -> Contents:
    """``contents`` with those of the ``known`` articles that are the same, so that nothing is made of them twice."""
    by_name = {(one.article.id, one.article.language): one for one in known}

    def same(published: PublishedArticle) -> PublishedArticle:
        one = by_name.get((published.article.id, published.article.language))
        return one if one is not None and one == published else published

    return replace(contents, articles=tuple(map(same, contents.articles)))
