"""Answer one text as an unknown customer's first message: ``firstline ask``, ``POST /api/v1/ask``, the evaluation."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bot.decisions import Answer, Clarify, Decision, Decline, Escalate, SmallTalk, name_of
from bot.inbound_text import clean
from bot.live import Serving
from bot.own_sentences import speaking
from bot.policy import Policy
from bot.replies import promise, say
from bot.understanding import Understood, first_message
from bot.why import explain
from bot.writing import answer_text


def ask(serving: Serving, text: str, language: str | None = None, *, why: bool = False) -> dict[str, Any]:
    """What the bot would do: {decision, confidence, intent, text, citations, reason?, options?, language, why?}.

    Nothing is stored and no ticket opened: an escalation's ``text`` is what the customer would read, less the number.
    ``intent`` is None where none is likely.
    """
    text = clean(text)
    understood, decision = first_message(serving.reader, serving.policy, text, language)
    reading = understood.reading
    with speaking(serving.sentences):
        composed = _compose(serving, understood, decision, text)
    answer: dict[str, Any] = {
        "decision": name_of(decision),
        "confidence": round(reading.confidence, 4),
        "intent": reading.intent if reading.intent_confidence >= serving.policy.intent_floor else None,
        "text": composed[0],
        "citations": composed[1],
        "language": reading.language,
    }
    if isinstance(decision, Escalate):
        answer["reason"] = decision.reason.value
    if isinstance(decision, Decline):
        answer["reason"] = decision.why.value
    if isinstance(decision, Clarify):
        answer["options"] = [{"article": each.article_id, "title": each.title} for each in decision.options]
    if why:
        release, target = serving.release_id or None, serving.target
        answer["why"] = explain(reading, serving.policy, decision, release=release, target=target)
    return answer


def _compose(
    serving: Serving, understood: Understood, decision: Decision, question: str
) -> tuple[str, list[dict[str, Any]]]:
    language = understood.reading.language
    match decision:
        case Answer(article_id, also, rest):
            composed = answer_text(serving, understood, (article_id, *also), language, question)
            text, citations = (composed.text, composed.citations) if composed else ("", ())
            if rest is not None:
                left, _ = _compose(serving, understood, rest.decision, rest.question)
                open_one = f"{say('about_question', language, question=rest.question)}\n{left}"
                text = "\n\n".join((open_one, text) if rest.is_first else (text, open_one))
            return text, [asdict(citation) for citation in citations]
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
