"""Topics: what an article belongs to, and how much the bot may do alone in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlmodel import Session, col, select

from bot.models import TopicMode
from bot.policy import GENERAL
from kb_content.articles import Intent, LeadsTo, Mode, PublishedArticle
from kb_content.intent_file import intent_from
from kb_content.models import ArticleVersion, KbArticle, Release, ReleaseArticle, ReleaseState

LONGEST_NAME = 100

Topics = dict[tuple[str, str], str]
"""The topic of each article, by (article id, language)."""


def topic_named(intent: str | None, category: str | None) -> str:
    """The topic of an article: its intent, else its category, else ``general``."""
    return (intent or category or GENERAL)[:LONGEST_NAME]


def topics_of(articles: Iterable[PublishedArticle]) -> Topics:
    """The topics of a release's articles."""
    each = (one.article for one in articles)
    return {(one.id, one.language): topic_named(one.intent, one.category) for one in each}


def live_topics(session: Session) -> Topics:
    """The topics of the articles that are live, without their texts."""
    found = session.exec(
        select(KbArticle.article_id, KbArticle.language, ArticleVersion.meta)
        .where(KbArticle.id == ArticleVersion.kb_article_id)
        .where(ArticleVersion.id == ReleaseArticle.version_id)
        .where(ReleaseArticle.release_id == Release.id)
        .where(Release.state == ReleaseState.LIVE)
        .order_by(col(KbArticle.article_id), col(KbArticle.language))
    )
    return {(key, language): topic_named(meta.get("intent"), meta.get("category")) for key, language, meta in found}


def live_intents(session: Session) -> dict[str, Intent]:
    """The intents that are live, by name."""
    found = session.exec(select(Release.intents).where(Release.state == ReleaseState.LIVE)).one_or_none()
    return {intent.name: intent for intent in map(intent_from, found or [])}


def may_be_auto(intent: Intent | None) -> bool:
    """Whether the bot may ever answer alone there: not where the KB says that it is a person's, or urgent."""
    return intent is None or (intent.leads_to is LeadsTo.ANSWER and not intent.urgent)


def mode_of(intent: Intent | None, chosen: Mode | None) -> Mode:
    """The mode of a topic: what was chosen wins over what its intent says, that over auto, human-only over all."""
    wanted = chosen or (intent.mode if intent else Mode.AUTO)
    return Mode.SUGGEST if wanted is Mode.AUTO and not may_be_auto(intent) else wanted


def modes_of(topics: Iterable[str], intents: Mapping[str, Intent], chosen: Mapping[str, Mode]) -> dict[str, Mode]:
    """The mode of each topic."""
    return {topic: mode_of(intents.get(topic), chosen.get(topic)) for topic in sorted(set(topics))}


def chosen_modes(session: Session) -> dict[str, Mode]:
    """The modes that people, or the evidence, set."""
    return {row.topic: Mode(row.mode) for row in session.exec(select(TopicMode))}
