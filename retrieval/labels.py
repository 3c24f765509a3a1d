"""What became of questions that the bot answered before, as far as fitting a release needs to know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Label:
    """A question that somebody really asked, and what is known about its answers.

    ``right``: ids of articles that answered it, empty where nobody knows one. ``wrong``: ids of articles that did not.
    ``unanswerable``: somebody found that the KB has no answer. ``weight``: how much it tells beside a gold question.
    """

    text: str
    language: str
    right: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    unanswerable: bool = False
    weight: float = 1.0
