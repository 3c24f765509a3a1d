"""The content of a draft as an article, an intent, a term or a sentence, and back. Pure.

A draft may be half written: whatever its form held is kept as far as its values are of the right kind. What must be
mended before it can be published is said by ``faults``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from kb_content.article_file import canonical, clean_body
from kb_content.articles import Article, Intent, LeadsTo, Mode, Sentence, Term
from kb_content.fields import one_line
from kb_content.glossary_file import term_from, term_values
from kb_content.intent_file import intent_from, intent_values
from kb_content.language import normal_tag
from kb_content.studio.models import Draft, DraftKind
from store.columns import storable

Content = dict[str, Any]

ARTICLE_FIELDS = tuple(field.name for field in fields(Article) if field.name not in ("id", "language"))
_OPTIONAL = ("intent", "category", "applies_to", "review_by", "translated_from")


def content_of(article: Article) -> Content:
    """Everything of ``article`` but its id and language, by the names of its fields."""
    values = asdict(article)
    return {name: list(value) if isinstance(value := values[name], tuple) else value for name in ARTICLE_FIELDS}


def content_of_intent(intent: Intent) -> Content:
    return intent_values(intent)


def content_of_term(term: Term) -> Content:
    return term_values(term)


def content_of_sentence(sentence: Sentence) -> Content:
    return {"text": sentence.text}


def article_of(draft: Draft) -> Article:
    """The article that the draft would publish."""
    return article_from_content(draft.name, draft.language, draft.content)


def article_from_content(article_id: str, language: str, content: Mapping[str, Any]) -> Article:
    held = _article_content(content)
    return canonical(
        Article(
            id=article_id,
            language=language,
            title=held["title"],
            body=held["body"],
            questions=tuple(held["questions"]),
            tags=tuple(held["tags"]),
            audience=held["audience"],
            extra=held["extra"],
            **{name: held[name] for name in _OPTIONAL},
        )
    )


def intent_of(draft: Draft) -> Intent:
    """The intent that the draft would publish."""
    return intent_from(_intent_content(draft.content) | {"name": draft.name})


def term_of(draft: Draft) -> Term:
    """The term that the draft would publish."""
    return term_from(_term_content(draft.content) | {"term": draft.name, "language": draft.language})


def sentence_of(draft: Draft) -> Sentence:
    return Sentence(draft.name, draft.language, _sentence_content(draft.content)["text"])


def cleaned(kind: DraftKind, name: str, language: str, content: Mapping[str, Any]) -> Content:
    """``content`` with every value of the right kind, lists without empty entries, line ends plain: what is stored.

    Two contents that say the same are equal afterwards.
    """
    held: Content = storable(_CLEAN[kind](content))
    if kind is DraftKind.INTENT:
        return {"name": name, **{key: value for key, value in held.items() if key != "name"}}
    if kind is DraftKind.TERM:
        rest = {key: value for key, value in held.items() if key not in ("term", "also", "language")}
        return {"term": name, "also": held["also"], "language": language, **rest}
    return held


def values_of(draft: Draft) -> Content:
    """What a release keeps of a draft of an intent, a term or a sentence."""
    if draft.kind is DraftKind.INTENT:
        return intent_values(intent_of(draft))
    if draft.kind is DraftKind.TERM:
        return term_values(term_of(draft))
    return {"key": draft.name, "language": draft.language, "text": sentence_of(draft).text}


def _article_content(content: Mapping[str, Any]) -> Content:
    audience = content.get("audience")
    extra = content.get("extra")
    return {
        "title": one_line(_text(content.get("title"))),
        # Without clean_body's stripping at the end while somebody is writing there: that is done when it is published.
        "body": _text(content.get("body")).replace("\r\n", "\n").replace("\r", "\n"),
        "questions": list(dict.fromkeys(_texts(content.get("questions")))),
        **{name: one_line(_text(content.get(name))) or None for name in _OPTIONAL},
        "tags": list(dict.fromkeys(_texts(content.get("tags")))),
        "audience": {one_line(str(key)): _texts(value) for key, value in audience.items() if _texts(value)}
        if isinstance(audience, Mapping)
        else {},
        "extra": dict(extra) if isinstance(extra, Mapping) else {},
    }


def _intent_content(content: Mapping[str, Any]) -> Content:
    known = {
        "leads_to": _choice(LeadsTo, content.get("leads_to"), LeadsTo.ANSWER),
        "urgent": bool(content.get("urgent")),
        "team": one_line(_text(content.get("team"))) or None,
        "priority": one_line(_text(content.get("priority"))) or None,
        "tier": _number(content.get("tier")),
        "mode": _choice(Mode, content.get("mode"), Mode.AUTO),
        "examples": _by_language(content.get("examples")),
        "replies": _by_language(content.get("replies")),
    }
    rest = {key: value for key, value in content.items() if key not in known and key != "name"}
    held = {"name": _text(content.get("name"))} | {
        key: value for key, value in known.items() if value not in (None, {})
    }
    return held | rest


def _term_content(content: Mapping[str, Any]) -> Content:
    meaning = one_line(_text(content.get("meaning")))
    rest = {key: value for key, value in content.items() if key not in ("term", "also", "language", "meaning")}
    return {
        "term": one_line(_text(content.get("term"))),
        "also": list(dict.fromkeys(_texts(content.get("also")))),
        "language": _text(content.get("language")),
        **({"meaning": meaning} if meaning else {}),
        **rest,
    }


def _sentence_content(content: Mapping[str, Any]) -> Content:
    return {"text": clean_body(_text(content.get("text"))).strip()}


_CLEAN = {
    DraftKind.ARTICLE: _article_content,
    DraftKind.INTENT: _intent_content,
    DraftKind.TERM: _term_content,
    DraftKind.SENTENCE: _sentence_content,
}


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _texts(value: object) -> list[str]:
    """A list of one-line texts without empty ones; a single text counts as its lines."""
    found = value.split("\n") if isinstance(value, str) else value if isinstance(value, list | tuple) else ()
    return [text for one in found if (text := one_line(_text(one)))]


def _by_language(value: object) -> dict[str, list[str]]:
    if not isinstance(value, Mapping):
        return {}
    held = {normal_tag(str(key)) or str(key): list(dict.fromkeys(_texts(texts))) for key, texts in value.items()}
    return {language: texts for language, texts in held.items() if texts}


def _choice(kind: type[LeadsTo] | type[Mode], value: object, default: LeadsTo | Mode) -> str:
    known = {member.value for member in kind}
    return value if isinstance(value, str) and value in known else default.value


def _number(value: object) -> int | None:
    written = _text(value).strip()
    return int(written) if written.isdigit() and len(written) < 4 else None
