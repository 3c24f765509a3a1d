"""What a correction says: the house's own sentence around what an editor wrote, in the customer's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import SequenceMatcher
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.inbound_text import shorten
from bot.learning.recall.finding import Scope, base, is_still_told, versions_of
from bot.learning.recall.models import Recall
from bot.promises import moments, timezone_of
from bot.replies import say, spoken
from handoff.customers import is_timezone
from kb_content.article_file import source_digest
from kb_content.catalogue import ArticlePage, article_page, open_pages
from kb_content.html import to_text
from kb_content.language import guess_language, is_guessed
from kb_content.passages import PATH_SEPARATOR

LONGEST = 3_000
"""Characters of a correction."""
_ALIKE = 0.3
"""From here on a passage can be what became of another one."""


@dataclass(frozen=True)
class Correction:
    """The words for one customer, and the language that they are in."""

    text: str
    language: str


def correction(
    session: Session,
    recall: Recall,
    language: str,
    told_at: datetime,
    customer_id: int,
    now: datetime,
    address: str,
) -> Correction:
    """What a customer of ``language`` reads, who was told it at ``told_at``. ``address``: of our web pages."""
    chosen = language_for(recall.texts, language, recall.language)
    day = day_of(told_at, now, timezone_of(session, customer_id), language)
    # Its own sentence is in the customer's language even where the correction is not.
    lead = say("correction", language, day=day, title=title_of(session, recall))
    parts = [lead, str(recall.texts.get(chosen) or ""), _page(session, recall, address)]
    return Correction("\n\n".join(filter(None, parts)), language)


def _page(session: Session, recall: Recall, address: str) -> str:
    """The corrected article's page, if everybody may open it. Never a translation's, which may still say it wrong."""
    is_open = recall.article_id in open_pages(session, recall.language)
    return f"{address}/kb/{recall.language}/{recall.article_id}" if is_open else ""


def language_for(texts: Mapping[str, str], language: str, article_language: str) -> str:
    """Whose text a customer of ``language`` gets: their own, else English, else the article's."""
    wanted = (base(language), "en", base(article_language))
    return next((code for code in wanted if str(texts.get(code) or "").strip()), base(article_language))


def day_of(moment: datetime, now: datetime, timezone: str | None, language: str) -> str:
    """The day as the customer had it: "12 November"."""
    zone = ZoneInfo(timezone) if timezone and is_timezone(timezone) else UTC
    words, there = moments()[spoken(language)], moment.astimezone(zone)
    key = "date" if there.year == now.astimezone(zone).year else "date_of_year"
    said: str = words[key].format(day=there.day, month=words["months"][there.month - 1], year=there.year)
    return said


def title_of(session: Session, recall: Recall) -> str:
    """The article's title as the wrong version had it, where one is named."""
    versions = versions_of(session, recall.article_id, recall.language)
    named = [one.title for one in versions if not recall.versions or one.number in recall.versions]
    return shorten((named or [recall.article_id])[-1], 120)


def proposed_texts(session: Session, scope: Scope, reason: str) -> dict[str, str]:
    """What was wrong, in the editor's words, and what the corrected article says instead: a beginning for the editor.

    By language: ``reason`` stands in the one that it is written in, the article's words in those that it is live in.
    These are left out while the article is not corrected, for a text that is no longer there, and for a translation
    that was not made from the corrected text.
    """
    instead, spoken_in = _instead(session, scope), _language_of(reason, base(scope.language))
    texts = {code: [say("correction_right", code), text] for code, text in instead.items()}
    if reason:
        texts[spoken_in] = [reason, *texts.get(spoken_in, ())]
    return {code: shorten_lines("\n\n".join(parts)) for code, parts in texts.items()}


def _language_of(reason: str, article_language: str) -> str:
    """The language of the editor's words; the article's where their script does not tell."""
    guessed = guess_language(reason)
    return article_language if guessed == "en" and not is_guessed(article_language) else guessed


def _instead(session: Session, scope: Scope) -> dict[str, str]:
    page = article_page(session, scope.article_id, scope.language)
    if page is None or not page.is_live or is_still_told(session, scope):
        return {}
    places = _places(session, scope, page)
    if scope.passages and not places:
        return {}
    found = {base(scope.language): _said(page, places)}
    for language in page.languages:
        other = article_page(session, scope.article_id, language)
        if other is not None and other.is_live and _is_same(other, page):
            found.setdefault(base(language), _said(other, places))
    return found


def _places(session: Session, scope: Scope, page: ArticlePage) -> list[int]:
    """Where in the corrected article the wrong passages' successors are."""
    now_said = [(passage.heading, passage.text) for passage in page.passages]
    wrong = [
        (passage["heading"], passage["text"])
        for version in versions_of(session, scope.article_id, scope.language)
        for passage in version.passages
        if passage["key"] in scope.passages
    ]
    return sorted({place for one in wrong if (place := place_of(one, now_said)) is not None})


def _is_same(translation: ArticlePage, source: ArticlePage) -> bool:
    """Whether it was made from the text as it is now, with its passages in the same places."""
    is_of_now = translation.article.translated_from == source_digest(source.article)
    return is_of_now and len(translation.passages) == len(source.passages)


def place_of(wrong: tuple[str, str], now_said: Sequence[tuple[str, str]]) -> int | None:
    """Where among (heading, text) the wrong one's successor is: the most alike, one under the same heading first."""

    def likeness(place: int) -> float:
        heading, text = now_said[place]
        alike = SequenceMatcher(None, wrong[1][:2_000], text[:2_000], autojunk=False).ratio()
        return alike + (0.5 if heading.split(" › ")[1:] == wrong[0].split(" › ")[1:] else 0.0)

    best = max(range(len(now_said)), key=likeness, default=None)
    return best if best is not None and likeness(best) >= _ALIKE else None


def _said(page: ArticlePage, places: Sequence[int]) -> str:
    """These passages as plain words, all without ``places``; several stand below the headings that they have."""
    chosen = [page.passages[place] for place in places] if places else list(page.passages)
    headings = [one.heading.rpartition(PATH_SEPARATOR) if len(chosen) > 1 else ("", "", "") for one in chosen]
    parts = (
        f"{heading}\n{to_text(one.text)}" if above else to_text(one.text)
        for one, (above, _, heading) in zip(chosen, headings, strict=True)
    )
    return shorten_lines("\n\n".join(parts))


def shorten_lines(text: str) -> str:
    """At most LONGEST characters, cut between lines."""
    if len(text) <= LONGEST:
        return text
    at = text.rfind("\n", LONGEST // 3, LONGEST - 1)
    return f"{text[: at if at > 0 else LONGEST - 1].rstrip()}\n…"
