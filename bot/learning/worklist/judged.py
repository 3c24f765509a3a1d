"""Answers that customers did not like, and answers that somebody looked at and found wrong, by article."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from bot.learning.masking import masked
from bot.learning.outcomes import Sign, Verdict
from bot.learning.worklist.causes import proposed_cause
from bot.learning.worklist.findings import MOST_SHOWN, Finding
from bot.learning.worklist.models import WorkKind
from bot.learning.worklist.replies import best
from bot.learning.worklist.seen import Seen, base

FEWEST_DISLIKES = 2
"""One thumb may be about anything."""


def judged(seen: Seen) -> list[Finding]:
    """What is known of answers, as things to mend: an article that misleads, or misses what customers mean."""
    groups: dict[tuple[WorkKind, str, str], list[Verdict]] = defaultdict(list)
    for verdict in seen.verdicts:
        kind = WorkKind.WRONG if verdict.sign is Sign.AUDITED else WorkKind.DISLIKED
        # What the KB has nothing about is among the unanswered.
        is_open = not verdict.is_right and verdict.right_article != ""
        if is_open and seen.is_news(kind, _key(verdict), verdict.answered_at):
            groups[kind, verdict.article, base(verdict.language)].append(verdict)
    return list(_findings(seen, groups))


def _findings(seen: Seen, groups: dict[tuple[WorkKind, str, str], list[Verdict]]) -> Iterator[Finding]:
    for (kind, article, language), several in groups.items():
        lately, earlier = seen.count([one.answered_at for one in several])
        people = {one.conversation_id for one in several if seen.is_lately(one.answered_at)}
        if len(people) >= (1 if kind is WorkKind.WRONG else FEWEST_DISLIKES):
            yield _finding(seen, kind, (article, language), several, (lately, earlier))


def _finding(
    seen: Seen, kind: WorkKind, about: tuple[str, str], several: Sequence[Verdict], counts: tuple[int, int]
) -> Finding:
    article, language = about
    newest = sorted(several, key=lambda one: one.answered_at, reverse=True)
    asked = list(dict.fromkeys(text for one in newest if (text := masked(one.question))))
    replies = [reply for one in newest for reply in seen.replies.get(one.conversation_id, ())]
    right = Counter(one.right_article for one in several if one.right_article)
    reply = best(replies)
    return Finding(
        kind,
        _key(several[0]),
        language,
        seen.title(article, language),
        *counts,
        lost=counts[0],
        told=counts[0],
        cause=proposed_cause(asked, [one.text for one in replies], language, has_article=True),
        detail={
            "article": article,
            "questions": [_shown(one) for one in newest[:MOST_SHOWN]],
            "answers": seen.told[article, language],
            "right": right.most_common(1)[0][0] if right else None,
            "signs": dict(Counter(one.sign.value for one in several)),
            "reply": reply.values() if reply else None,
        },
    )


def _shown(one: Verdict) -> dict[str, object]:
    return {
        "text": masked(one.question),
        "message": one.message_id,
        "conversation": one.conversation_id,
        "at": one.answered_at.isoformat(),
    }


def _key(verdict: Verdict) -> str:
    return f"{verdict.article}:{base(verdict.language)}"
