"""What an article that is being written will look like: on its help page and as messages of every channel."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from bot.previews import Told, told
from kb_content.articles import Article
from kb_content.html import to_html
from kb_content.passages import split
from kb_content.studio.invisible import Unseen, unseen

MOST_MESSAGES = 12
_MOST_UNSEEN = 20


@dataclass(frozen=True)
class Post:
    """One passage as the message that quotes it. ``slack`` and ``telegram`` are its posts there."""

    told: Told
    slack: tuple[Markup, ...]
    telegram: tuple[Markup, ...]


@dataclass(frozen=True)
class Preview:
    """``page``: the help page's text. ``left_out``: how many more passages there are. ``unseen``: by field."""

    title: str
    language: str
    page: Markup
    posts: tuple[Post, ...]
    left_out: int
    unseen: dict[str, list[Unseen]]
    missing_files: tuple[str, ...] = ()


def preview_of(
    article: Article, version: int, address: str, ids: Collection[str], missing_files: Collection[str] = ()
) -> Preview:
    """``ids``: the articles of its language, which links may lead to; ``version``: the number it would have."""
    passages = split(article, version)
    fields = {"title": article.title, "body": article.body, "questions": "\n".join(article.questions)}
    found = {name: unseen(text)[:_MOST_UNSEEN] for name, text in fields.items()}
    return Preview(
        title=article.title,
        language=article.language,
        page=shown_article(article, ids),
        posts=tuple(map(_post, told(article, version, address, MOST_MESSAGES))),
        left_out=max(0, len(passages) - MOST_MESSAGES),
        unseen={name: some for name, some in found.items() if some},
        missing_files=tuple(missing_files),
    )


def shown_article(article: Article, ids: Collection[str]) -> Markup:
    """Its text as the console shows it, with links that stay in the console."""
    # Safe to mark: to_html lets through an allow-list of tags and attributes only.
    return Markup(to_html(article, None, lambda one: f"/console/articles/{one}/{article.language}", ids, file_address))


def file_address(name: str) -> str:
    """Where the console shows a file of articles, whether or not it is live."""
    return f"/console/kb-files/{quote(name)}"


def _post(one: Told) -> Post:
    # Safe to mark: the renderers escape every word of the article, and add tags and addresses of http and https only.
    return Post(one, tuple(map(Markup, one.slack)), tuple(map(Markup, one.telegram)))
