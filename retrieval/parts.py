"""Which questions one message asks: most ask one, whatever is told around it."""

from __future__ import annotations

from retrieval.sentences import asks, clauses, leans, sentences, weight, without_join

MOST = 3
"""A message with more questions than this is read as one."""


def questions_in(text: str) -> tuple[str, ...]:
    """The questions of ``text``, each with what is told around it; one element where it asks one, or none.

    A question that leans on another ("is that possible?") belongs to it. What is told before a question belongs to
    it, what is told after the last one to that. Whether they are about different matters only reading them shows.
    """
    groups: list[list[str]] = []
    told: list[str] = []
    for piece in (piece for sentence in sentences(text) for piece in clauses(sentence)):
        if _is_own_question(piece):
            groups.append([*told, without_join(piece)])
            told = []
        elif groups and asks(piece):
            groups[-1].extend([*told, piece])
            told = []
        else:
            told.append(piece)
    if not 1 < len(groups) <= MOST:
        return (text,)
    groups[-1].extend(told)
    return tuple(" ".join(group) for group in groups)


def _is_own_question(piece: str) -> bool:
    bare = without_join(piece)
    return asks(bare) and not leans(bare) and weight(bare) > 0
