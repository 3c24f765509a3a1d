"""Slack's markup, both ways: what came, as words to read; what goes out, with nothing of it alive but our own links."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

SECTION = 3_000
"""The longest text of one section, in UTF-16 units, which is never less than what Slack counts."""

_TOKEN = re.compile(r"<(?:([@#!])([^<>|\n]+)|([a-z][a-z0-9+.-]*:[^<>|\n]+))(?:\|([^<>\n]*))?>")
_ENTITY = re.compile(r"&(amp|lt|gt);")
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">"}
_URL = re.compile(r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_AFTER_URL = ".,;:!?'\")]"
_JOINING = "\u200d\ufe0e\ufe0f"
# From where a person would rather cut to where only a machine would, and how much of a piece must be left then.
_CUTS = (
    (re.compile(r"\n\s*\n"), 0.4),
    (re.compile(r"\n"), 0.4),
    (re.compile(r"(?<=[.!?…])\s|(?<=[。！？])"), 0.5),
    (re.compile(r"\s"), 0.0),
)


def to_words(text: str, bot: str | None = None) -> str:
    """Slack's incoming text as a person reads it; mentions of ``bot`` (its id) are taken out.

    ``<https://x|here> &amp; <@U1>`` becomes ``here (https://x) & @U1``.
    """
    if bot:
        text = re.sub(rf"^\s*<@{re.escape(bot)}(\|[^<>]*)?>\s*[:,]?\s*", "", text)
        text = re.sub(rf" ?<@{re.escape(bot)}(\|[^<>]*)?>", "", text)
    words, at = [], 0
    for token in _TOKEN.finditer(text):
        words += [_unescape(text[at : token.start()]), _read(token)]
        at = token.end()
    return "".join([*words, _unescape(text[at:])]).strip()


def mentions(text: str, bot: str | None) -> bool:
    return bot is not None and re.search(rf"<@{re.escape(bot)}(\|[^<>]*)?>", text) is not None


def escape(text: str) -> str:
    """``text`` with nothing alive in it: no mention, no link, no call to the whole channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def to_mrkdwn(text: str) -> str:
    """Plain words to send: escaped once, with their addresses made links, since nothing else in them is looked at."""
    words, at = [], 0
    for found in _URL.finditer(text):
        url = found.group().rstrip(_AFTER_URL)
        words += [escape(text[at : found.start()]), f"<{escape(url)}>"]
        at = found.start() + len(url)
    return "".join([*words, escape(text[at:])])


def link(title: str, url: str) -> str:
    """A named link; the title alone where the address is none that a browser opens."""
    name = escape(" ".join(title.split()).replace("|", "/"))
    address = escape(url.replace("|", "%7C").replace("<", "%3C").replace(">", "%3E"))
    if not re.fullmatch(r"https?://\S+", address) or size(address) > SECTION - 500:
        return name
    return f"<{address}|{name or address}>"


def size(text: str) -> int:
    """In UTF-16 units: characters beyond the basic plane, most emoji, count twice."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, limit: int = SECTION, written: Callable[[str], str] = to_mrkdwn) -> list[str]:
    """``text`` in pieces that are at most ``limit`` long once ``written``, cut where a person would cut.

    Pieces are not written yet, so that a cut never falls inside ``&amp;`` or a link.
    """
    pieces, rest = [], text.strip()
    while size(written(rest)) > limit:
        cut = _cut(rest, _longest(rest, limit, written))
        pieces.append(rest[:cut].rstrip())
        rest = re.sub(r"\A(\s*\n|\s)", "", rest[cut:])
    return [piece for piece in [*pieces, rest] if piece]


def _longest(text: str, limit: int, written: Callable[[str], str]) -> int:
    """How many characters of ``text`` fit."""
    fits, too_many = 1, min(len(text), limit) + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if size(written(text[:middle])) <= limit:
            fits = middle
        else:
            too_many = middle
    return fits


def _cut(text: str, most: int) -> int:
    for cut, least in _CUTS:
        # One character more is looked at: a space right behind the piece is a place to cut, too.
        at = max((found.start() for found in cut.finditer(text, 0, most + 1) if found.start() <= most), default=0)
        if at > most * least:
            return at
    # No space far and wide. An accent or the second half of a family of emoji stays with what it belongs to.
    while most > 1 and (text[most] in _JOINING or text[most - 1] == "\u200d" or unicodedata.combining(text[most])):
        most -= 1
    return most


def _read(token: re.Match[str]) -> str:
    sign, body, label = token.group(1), _unescape(token.group(2) or token.group(3)), _unescape(token.group(4) or "")
    if sign == "@":
        return f"@{label or body}"
    if sign == "#":
        return f"#{label or body}"
    if sign == "!":
        return label or f"@{body.partition('^')[0]}"
    scheme, _, address = body.partition(":")
    if scheme in ("mailto", "tel"):
        return label or address
    if not label or body.removesuffix("/").endswith(f"//{label.removesuffix('/')}") or label == body:
        return body
    return f"{label} ({body})"


def _unescape(text: str) -> str:
    return _ENTITY.sub(lambda found: _CHARACTERS[found.group(1)], text)
