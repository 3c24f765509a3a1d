"""Pictures where only words can be said: what a picture stands for within a sentence is said, what it shows is not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from markdown_it.token import Token

from kb_content.blocks import size

_LONGEST_LABEL = 3
"""Words. A button or a menu is called so much; anything longer describes what is to be seen."""
_FILE_NAME = re.compile(r".*\.(?:png|jpe?g|gif|svg|webp|bmp|avif)", re.IGNORECASE)
_SAYS_NOTHING = re.compile(
    r"(?:an? |the )?(?:image|img|picture|pic|photo|figure|fig\.?|screen ?shot|screen ?grab|illustration)[ \d._-]*"
    r"|(?:屏幕)?截[图屏]\d*|图[片像\d]?\d*|配图\d*|示意图\d*",
    re.IGNORECASE,
)
_SENTENCE_ENDS = tuple(".!?:;。！？：；…")
_WORDS_OF_ITS_OWN = {"fence", "code_block"}
_CONTAINERS = ("list_item", "td", "th")


@dataclass
class _Container:
    """The whole text, an item or a cell: a picture that is all that it says keeps its words."""

    inlines: list[Token] = field(default_factory=list)
    has_words: bool = False


def without_shown(tokens: Sequence[Token]) -> None:
    """Take out of ``tokens``, in place, every picture whose words are not a part of what is said around it."""
    containers = [_Container()]
    open_ones = [containers[0]]
    for token in tokens:
        name, _, end = token.type.rpartition("_")
        if name in _CONTAINERS and end == "open":
            containers.append(_Container())
            open_ones.append(containers[-1])
        elif name in _CONTAINERS and end == "close":
            open_ones.pop()
        elif token.type in _WORDS_OF_ITS_OWN or (token.type == "inline" and _said(token.children or []).strip()):
            for one in open_ones:
                one.has_words = True
        if token.type == "inline":
            open_ones[-1].inlines.append(token)
    for inline in (each for one in containers if one.has_words for each in one.inlines):
        _thin_out(inline)


def _thin_out(inline: Token) -> None:
    children = inline.children or []
    # From the end, so that what is taken out moves nothing that is still to be looked at.
    for number in reversed(range(len(children))):
        if number >= len(children) or children[number].type != "image":
            continue
        is_linked = [one.type for one in children[max(0, number - 1) : number + 2]] == [
            "link_open",
            "image",
            "link_close",
        ]
        first, last = (number - 1, number + 2) if is_linked else (number, number + 1)
        before, after = _said(children[:first]).rstrip(), _said(children[last:]).lstrip()
        if not _is_a_word(children[number], before, after, is_linked):
            del children[first:last]
            _close_up(children, first, after)


def _is_a_word(picture: Token, before: str, after: str, is_linked: bool) -> bool:
    """Whether a picture stands where a word would: a button's, within its sentence or as a link."""
    words = picture.content.strip()
    file = PurePosixPath(unquote(urlsplit(str(picture.attrs.get("src", ""))).path)).stem
    is_file = words in (file, file.replace("-", " ").replace("_", " "))
    if not words or size(words) > _LONGEST_LABEL or _FILE_NAME.fullmatch(words) or _SAYS_NOTHING.fullmatch(words):
        return False
    if is_file and (not after or is_linked) and (words.islower() or any(map(str.isdigit, words))):
        return False
    return is_linked or (bool(before or after) and not before.endswith(_SENTENCE_ENDS))


def _close_up(children: list[Token], gap: int, after: str) -> None:
    """Leave one space at most where a picture stood: none before a mark, none where nothing follows."""
    before = _said(children[:gap])
    if not before or before[-1].isspace():
        while gap < len(children) and children[gap].type == "softbreak":
            del children[gap]
        if gap < len(children) and children[gap].type == "text":
            children[gap].content = children[gap].content.lstrip()
    if gap and children[gap - 1].type == "text" and (not after or after[0] in ",.;:!?)"):
        children[gap - 1].content = children[gap - 1].content.rstrip()


def _said(children: Sequence[Token]) -> str:
    """The words of inline tokens, those of pictures left out."""
    parts = (" " if one.type in ("softbreak", "hardbreak") else one.content for one in children if one.type != "image")
    return "".join(parts)
