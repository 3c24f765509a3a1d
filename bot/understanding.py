"""From a customer's words to a decision: one question or several, read alone or with what was said before.

A live message, `firstline ask` and the evaluation all go this way, so that the figures are about what customers get.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from bot.decisions import Answer, Clarify, Decision, Decline, Escalate, Rest
from bot.pointing import Clarification, is_another_matter, pointed_at
from bot.policy import Policy, Standing, decide, escalate, fixed_rule
from handoff.models import Reason
from retrieval.audience import ANYONE, Asker
from retrieval.followups import Before, Read, in_context, read_after
from retrieval.parts import questions_in
from retrieval.ranking import OPTIONS
from retrieval.reader import Reader, Reading
from retrieval.sentences import weight

_OWN_WORDS = 2
"""A question with fewer words that carry a topic ("is there a way?") is no matter of its own."""


@dataclass(frozen=True)
class Understood:
    """What a message means. ``reading``: of the whole, or of the question that leads where it asks several.

    ``parts``: one reading for each of several questions, in their order, else empty. ``before``: the earlier question
    that it took to understand this one. ``asked_before``: where a person is asked for, what was asked until then.
    ``chosen``: the id of the article that the words ask for, which counts as pressing it where it was offered.
    ``is_another``: they leave what was offered alone.
    """

    reading: Reading
    parts: tuple[Reading, ...] = ()
    before: str | None = None
    asked_before: Reading | None = None
    chosen: str | None = None
    is_another: bool = False

    def about(self, article_id: str) -> Reading:
        """The reading of the question that this article answers."""
        return next((part for part in self.parts if _finds(part, article_id)), self.reading)

    def answered_by(self, article_id: str, policy: Policy) -> tuple[Reading, ...]:
        """The same of every question that it answers: each may be about another section of it."""
        sure = (part for part in self.parts if _finds(part, article_id) and _answers(part, policy))
        return tuple(sure) or (self.about(article_id),)


def _finds(part: Reading, article_id: str) -> bool:
    return bool(part.hits) and part.hits[0].article_id == article_id


def first_message(
    reader: Reader, policy: Policy, text: str, language: str | None = None
) -> tuple[Understood, Decision]:
    """What an unknown customer's first message means and what is done about it."""
    understood = understand(reading_by(reader, language), policy, text)
    return understood, decide_about(Standing(), understood, policy)


def reading_by(reader: Reader, language: str | None, asker: Asker = ANYONE) -> Read:
    """How texts of one customer are read."""
    return lambda text: reader.read(text, language, asker=asker)


def understand(
    read: Read,
    policy: Policy,
    text: str,
    before: Before | None = None,
    last: str = "",
    clarification: Clarification | None = None,
) -> Understood:
    """Read ``text``. ``before``: what the talk was about; ``last``: the end of it that may say everything by itself;
    ``clarification``: the question of the bot that it may answer.

    At most three texts are read, most often one.
    """
    if len(asked := questions_in(text)) > 1:
        return _left_alone(clarification, _several(read, policy, text, asked))
    alone = read(text)
    answered = _answers(alone, policy)
    if fixed_rule(alone, policy) is not None:
        return Understood(alone)
    if answered:
        return Understood(in_context(alone, read, before), chosen=answered)
    if last and (at_last := read(last)).confidence > alone.confidence:
        return _left_alone(clarification, Understood(at_last))
    if clarification is not None:
        # Read once for both who ask for it.
        read = lru_cache(maxsize=1)(read)
        if (after := _after(clarification, read, alone)) is not None:
            return after
    reading, took_before = read_after(alone, read, before, policy.threshold)
    return Understood(reading, before=before.question if before and took_before else None)


def _after(clarification: Clarification, read: Read, alone: Reading) -> Understood | None:
    """What words mean after a clarifying question: one of its choices or another matter; None for neither."""
    question = clarification.before.question
    together = replace(read(f"{question} {alone.text}"), text=alone.text)
    if (chosen := pointed_at(clarification, alone, together)) is not None:
        return Understood(together, before=question, chosen=chosen)
    if is_another_matter(clarification.articles, alone, together):
        return Understood(alone, is_another=True)
    return None


def _left_alone(clarification: Clarification | None, understood: Understood) -> Understood:
    """``understood`` by itself, where it is about something else than what was offered."""
    offered = clarification.articles if clarification else ()
    return replace(understood, is_another=bool(offered) and is_another_matter(offered, understood.reading, None))


def decide_about(
    standing: Standing, understood: Understood, policy: Policy, *, has_files: bool = False, would_repeat: bool = False
) -> Decision:
    """What to do about a message. Pure."""
    several = _decide_several(standing, understood.parts, policy) if understood.parts else None
    if understood.is_another:
        standing = _without_offer(standing)
    return several or decide(standing, understood.reading, policy, has_files=has_files, would_repeat=would_repeat)


def _several(read: Read, policy: Policy, text: str, asked: Sequence[str]) -> Understood:
    """Several questions: taken one by one where they are about different matters, and one of them at least is sure."""
    parts = tuple(read(question) for question in asked)
    sure = {part.hits[0].article_id: part for part in reversed(parts) if _answers(part, policy)}
    own = tuple(part for part in parts if _is_own_matter(part, sure, policy))
    if sure and len(own) > 1:
        return Understood(next(part for part in own if part in sure.values()), own)
    surest = max(parts, key=lambda part: part.confidence)
    if len(parts) > 2:
        ruled = (part for part in parts if fixed_rule(part, policy) is not None)
        return Understood(next(ruled, _with_firsts(surest, parts, policy)))
    whole = read(text)
    if _answers(whole, policy):
        return Understood(whole)
    return Understood(surest if sure else _with_firsts(whole, parts, policy))


def _with_firsts(reading: Reading, parts: Sequence[Reading], policy: Policy) -> Reading:
    """``reading`` with the article that each of several questions finds first among its choices: of what nobody is
    sure of, no question is passed over."""
    likely = (part for part in parts if part.hits and _is_likely(part, policy))
    firsts = {part.hits[0].article_id: part.hits[0] for part in likely if weight(part.text)}
    if len(firsts) < 2:
        return reading
    known = {hit.article_id for hit in reading.hits}
    others = (hit for article_id, hit in firsts.items() if article_id not in known)
    close = tuple(dict.fromkeys([*firsts, *reading.close]))[:OPTIONS]
    return replace(reading, hits=(*reading.hits, *others), close=close)


def _is_own_matter(part: Reading, sure: Mapping[str, Reading], policy: Policy) -> bool:
    """Whether a question is more than a word about another one of its message, which ``sure`` ones answer.

    Who is told a section of an article is not told another one, nor anything by an article that is hardly about it. A
    question of few words that surely has its article is one, too, where that article is for people.
    """
    if fixed_rule(part, policy) is not None:
        return True
    other = sure.get(part.hits[0].article_id) if part.hits else None
    if other is part:
        return True
    is_told = other is not None and part.hits[0].passage == other.hits[0].passage and _is_likely(part, policy)
    is_clear = policy.threshold is not None and part.confidence >= policy.threshold
    return (weight(part.text) >= _OWN_WORDS or is_clear) and not is_told


def _is_likely(part: Reading, policy: Policy) -> bool:
    return part.confidence >= policy.offer_floor and not part.foreign


def _answers(reading: Reading, policy: Policy) -> str | None:
    """The id of the article that a first message with this reading is answered from."""
    decision = decide(Standing(), reading, policy)
    return decision.article_id if isinstance(decision, Answer) else None


def _decide_several(standing: Standing, parts: Sequence[Reading], policy: Policy) -> Decision | None:
    """Answer what is sure, and say what becomes of the rest; None where no question of several is answered."""
    decided = [(part, decide(_towards(standing, part), part, policy)) for part in parts]
    urgent = (each for _, each in decided if isinstance(each, Escalate) and each.reason is Reason.URGENT)
    if (first := next(urgent, None)) is not None:
        return first
    articles = list(dict.fromkeys(each.article_id for _, each in decided if isinstance(each, Answer)))
    if not articles:
        return None
    left = [Rest(part.text, each) for part, each in decided if isinstance(each, Clarify | Escalate | Decline)]
    rest, comes_first = _one_rest(left), not isinstance(decided[0][1], Answer)
    is_first = comes_first and rest is not None and not isinstance(rest.decision, Clarify)
    return Answer(articles[0], tuple(articles[1:]), replace(rest, is_first=is_first) if rest else None)


def _towards(standing: Standing, part: Reading) -> Standing:
    """Where the conversation stands for one question of several: each may leave alone what was offered."""
    offered = tuple(standing.offered)
    return _without_offer(standing) if offered and is_another_matter(offered, part, None) else standing


def _without_offer(standing: Standing) -> Standing:
    return replace(standing, has_clarified=False, offered=frozenset())


def _one_rest(left: Sequence[Rest]) -> Rest | None:
    if len(left) < 2:
        return left[0] if left else None
    handed_over = (each.decision for each in left if isinstance(each.decision, Escalate) and each.decision.intent)
    return Rest(" ".join(each.question for each in left), next(handed_over, escalate(Reason.LOW_CONFIDENCE)))
