"""Which passage of an article is quoted: the one whose own heading and text together lie nearest to what was asked.

A passage is encoded after its title, so that all passages of a page resemble a question about the page's matter, and
the longest one most of all. What tells "Write a plugin" from "Publish your plugin" stands in the heading alone.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from kb_content.articles import PublishedArticle
from kb_content.passages import PATH_SEPARATOR
from retrieval.index import Floats, Ints
from retrieval.ranking import OPTIONS
from retrieval.spaces import Space
from retrieval.texts import clean
from retrieval.view import Asked, Evidence, View


def quoted(view: View, asked: Asked, evidence: Evidence, order: Ints) -> Ints:
    """``evidence.passages`` with those of the articles that may be answered from: the first few in ``order``.

    Headings are encoded when they are first needed, and only by a fast encoder: a slow one gains nothing by it, having
    been measured on Chinese pages.
    """
    places = evidence.passages.copy()
    for row in order[:OPTIONS].tolist():
        article = int(evidence.articles[row])
        number = int(view.space_of[article])
        if view.spaces[number].stretches is not None and places[row] >= 0:
            places[row] = _place(view.spaces[number], article, view.articles[article], asked.vectors[number])
    return places


def _place(space: Space, article: int, published: PublishedArticle, question: Floats) -> int:
    """The number of the passage of one article that answers ``question`` best."""
    similar = space.passages.rows[space.passages.rows_of(article)] @ question
    headings = space.headings_of(article, partial(_own_headings, published))
    if headings is not None:
        near = headings.rows @ question
        # The last is for what stands under the title alone, which is every section's and says nothing for one of them.
        similar = similar + np.append(near, near.mean())[headings.places]
    return int(np.argmax(similar))


def _own_headings(published: PublishedArticle) -> list[str]:
    """Of each passage the headings that it stands under, below the title; empty where it stands under none."""
    title = published.article.title
    below = (passage.heading.removeprefix(title).split(PATH_SEPARATOR) for passage in published.passages)
    return [clean(": ".join(filter(None, path))) for path in below]
