"""How an article that is being written will reach customers: each of its passages as the message that quotes it.

What stands here is made by what sends: the composing of answers and the channels' own rendering.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.channels.base import Link, Outgoing, OutgoingButton
from bot.channels.slack import rendering as slack
from bot.channels.telegram import rendering as telegram
from bot.compose import Composed, write_out
from bot.extract import extract
from bot.replies import say
from bot.shortening import Asked
from kb_content.articles import Article, Passage, PublishedArticle
from kb_content.passages import PATH_SEPARATOR, split

_SLACK = re.compile(
    r"```(?P<block>[^`]+)```|`(?P<code>[^`\n]+)`"
    r"|<(?P<address>https?://[^|<>\s]+)(?:\|(?P<title>[^<>]*))?>"
    r"|(?<![\w*])\*(?P<bold>[^*\s](?:[^*\n]*[^*\s])?)\*(?![\w*])"
    r"|(?<![\w~])~(?P<struck>[^~\s](?:[^~\n]*[^~\s])?)~(?![\w~])"
    r"|(?<![\w_])_(?P<slanted>[^_\s](?:[^_\n]*[^_\s])?)_(?![\w_])"
)
_TAGS = {"block": "pre", "code": "code", "bold": "strong", "struck": "s", "slanted": "em"}


@dataclass(frozen=True)
class Told:
    """The message that a customer gets when this passage answers.

    ``web``: plain words; ``slack`` and ``telegram``: the posts it takes there, as safe HTML (b, strong, em, s, code,
    pre and a). ``links`` and ``buttons`` stand below, in all three.
    """

    anchor: str
    heading: str
    """The passage's own heading; empty where it stands right below the title."""
    web: str
    slack: tuple[str, ...]
    telegram: tuple[str, ...]
    links: tuple[Link, ...]
    buttons: tuple[str, ...]


def told(article: Article, version: int, address: str, most: int | None = None) -> tuple[Told, ...]:
    """The passages of ``article``, or the first ``most``, in order; a message has what goes on from it, too."""
    published = PublishedArticle(article, version, split(article, version))
    return tuple(_told(published, passage, address) for passage in published.passages[:most])


def _told(published: PublishedArticle, passage: Passage, address: str) -> Told:
    language = published.article.language
    excerpts = extract(Asked({}, lambda _: ()), published, passage.key)
    composed = write_out(excerpts, language, address)
    outgoing = _outgoing(composed, language)
    return Told(
        anchor=passage.anchor,
        heading=PATH_SEPARATOR.join(passage.heading.split(PATH_SEPARATOR)[1:]),
        web=composed.text,
        slack=tuple(map(_slack_post, slack.render(outgoing))),
        telegram=tuple(part.html for part in telegram.render(outgoing) if isinstance(part, telegram.TextPart)),
        links=outgoing.links,
        buttons=tuple(button.label for button in outgoing.buttons),
    )


def _outgoing(composed: Composed, language: str) -> Outgoing:
    links = {one.article: Link(one.title, one.url) for one in reversed(composed.citations)}
    labels = (say(key, language) for key in ("helpful", "not_helpful", "talk_to_person"))
    buttons = tuple(OutgoingButton(str(number), label) for number, label in enumerate(labels))
    return Outgoing(0, 0, "", composed.text, buttons=buttons, links=tuple(reversed(links.values())))


def _slack_post(part: slack.Part) -> str:
    """The words of one post, its sections and sources, as Slack would show them."""
    said: list[str] = []
    for block in part.blocks:
        texts: Sequence[str] = ()
        if block["type"] == "section":
            texts = [block["text"]["text"]]
        elif block["type"] == "context":
            texts = [element["text"] for element in block["elements"]]
        said += map(slack_html, texts)
    return "\n".join(said)


def slack_html(mrkdwn: str) -> str:
    """Slack's markup as HTML. What Slack calls bold is bold here, too: an asterisk in an article shows what it does.

    ``mrkdwn`` is escaped for Slack, which is enough for HTML between tags.
    """
    return _SLACK.sub(_element, mrkdwn)


def _element(found: re.Match[str]) -> str:
    if found["address"]:
        address = html.escape(html.unescape(found["address"]), quote=True)
        return f'<a href="{address}" rel="noopener">{found["title"] or found["address"]}</a>'
    kind = found.lastgroup or "code"
    return f"<{_TAGS[kind]}>{found[kind]}</{_TAGS[kind]}>"


__all__ = ["Told", "slack_html", "told"]
