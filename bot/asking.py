"""Answer one text as an unknown customer's first message: ``firstline ask``, ``POST /api/v1/ask``, the evaluation."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bot.compose import compose
from bot.decisions import Answer, Clarify, Decision, Decline, Escalate, SmallTalk, name_of
from bot.live import Serving
from bot.policy import Policy, Standing, decide
from bot.replies import promise, say
from retrieval.reader import Reading


def ask(serving: Serving, text: str, language: str | None = None, *, why: bool = False) -> dict[str, Any]:
    """What the bot would do: {decision, confidence, intent, text, citations, reason?, options?, language, why?}.

    Nothing is stored and no ticket opened: an escalation's ``text`` is what the customer would read, less the number.
    """
    understood = serving.reader.read(text, language)
    decision = decide_alone(understood, serving.policy)
    composed = _compose(serving, understood, decision)
    answer: dict[str, Any] = {
        "decision": name_of(decision),
        "confidence": round(understood.confidence, 4),
        "intent": understood.intent,
        "text": composed[0],
        "citations": composed[1],
        "language": understood.language,
    }
    if isinstance(decision, Escalate):
        answer["reason"] = decision.reason.value
    if isinstance(decision, Decline):
        answer["reason"] = decision.why.value
    if isinstance(decision, Clarify):
        answer["options"] = [{"article": each.article_id, "title": each.title} for each in decision.options]
    if why:
        answer["why"] = _why(understood, serving.policy)
    return answer


def decide_alone(understood: Reading, policy: Policy) -> Decision:
    """The decision about an unknown customer's first message."""
    return decide(Standing(), understood, policy)


def _compose(serving: Serving, understood: Reading, decision: Decision) -> tuple[str, list[dict[str, Any]]]:
    language = understood.language
    match decision:
        case Answer(article_id):
            hit = next(hit for hit in understood.hits if hit.article_id == article_id)
            composed = compose(hit, serving.shelf, language, serving.address)
            return composed.text, [asdict(citation) for citation in composed.citations]
        case Clarify(options):
            asked = say("clarify" if len(options) > 1 else "clarify_one", language)
            return "\n".join([asked, *(f"• {option.title}" for option in options)]), []
        case Decline(why):
            return say(why.value, language, count=0, numbers=""), []
        case SmallTalk(intent, key):
            own = own_words(serving.policy, intent, language)
            return own or say(key, language), []
        case Escalate(_, intent):
            who, when = say("who", language), promise(serving.policy.promise_days, language)
            return own_words(serving.policy, intent, language) or say(
                "would_escalate", language, who=who, promise=when
            ), []
    return "", []


def own_words(policy: Policy, intent_name: str | None, language: str) -> str | None:
    """The first reply that the KB's intent brings in this language, else in English, else None."""
    intent = policy.intent(intent_name)
    replies = intent.replies.get(language.split("-")[0]) or intent.replies.get("en") if intent else None
    return replies[0] if replies else None


def _why(understood: Reading, policy: Policy) -> dict[str, Any]:
    """The numbers behind the decision, for people who want to see them."""
    return {
        "threshold": policy.threshold,
        "intent_confidence": round(understood.intent_confidence, 4),
        "foreign": understood.foreign,
        "close": list(understood.close),
        "passages": [
            {"article": hit.article_id, "passage": hit.passage, "heading": hit.heading, "score": round(hit.score, 4)}
            for hit in understood.hits
        ],
    }
