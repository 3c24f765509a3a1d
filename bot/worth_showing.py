"""What the KB has to say that an agent should see beside a ticket, whatever handed the matter over. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot.decisions import Escalate
from bot.placing import Place
from bot.policy import Policy
from handoff.models import Action, Reason
from kb_content.articles import Mode
from retrieval.reader import Hit, Reading
from retrieval.sentences import leans

_LIKELIEST = 3


@dataclass(frozen=True)
class Worth:
    """An article whose answer an agent may want to send. ``reading`` is that of ``question``.

    ``is_by_request``: the customer asked for a person, so that an agent who puts it away says little about it.
    """

    article_id: str
    question: str
    before: str | None
    reading: Reading
    is_by_request: bool = False


def question_before(place: Place) -> str | None:
    """What somebody wants a person for who only says that they want one: what they asked before, if anything."""
    last = place.last_question
    if place.before is not None and (not last or leans(last)):
        return place.before.question
    return last


def worth_showing(
    decision: Escalate, place: Place, policy: Policy, reading: Reading, question: str, before: str | None
) -> Worth | None:
    """The article that most likely answers ``question``, of those that the customer was not told or refused."""
    if decision.reason is Reason.BOT_STUCK:
        return None
    is_by_request = decision.reason is Reason.ASKED_FOR_HUMAN
    best = _best(reading, policy, _known(place))
    return Worth(best.article_id, question, before, reading, is_by_request) if best else None


def _best(reading: Reading, policy: Policy, known: Collection[str]) -> Hit | None:
    """The confidence is about the first article; of another one only its share among the candidates is known, which
    tells something where one of them is likely to be right."""
    if reading.foreign or max(reading.confidence, reading.offer) < policy.offer_floor:
        return None
    for place, hit in enumerate(reading.hits[:_LIKELIEST]):
        likelihood = reading.confidence if place == 0 else hit.score
        is_open = hit.article_id not in known and policy.mode_of_hit(hit) is not Mode.OFF
        if is_open and likelihood >= policy.offer_floor:
            return hit
    return None


def _known(place: Place) -> set[str]:
    told = {article_id for _, article_id in place.standing.answered}
    is_refused = place.button is not None and place.button.action is Action.NONE_OF_THESE
    return told | place.standing.offered if is_refused else told
