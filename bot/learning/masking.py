"""A customer's question without what belongs to them alone: names of mailboxes, numbers, keys and addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "…"
_GREETING = re.compile(
    r"\A\s*(?:(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day))\b[^.,!?:\n]{0,40}[.,!:\n]+"
    r"|(?:你好|您好|请问一下|嗨)[呀啊！，,!。\s]*)\s*",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    r"[\s.,!]*(?:\n|(?<=[.!?])\s)\s*"
    r"(?:thanks|thank you|many thanks|thx|cheers|best|kind regards|best regards|regards|sincerely|yours)\b[^?]{0,60}\Z"
    r"|[，。！\s]*(?:谢谢|多谢|感谢)[^？?]{0,20}\Z",
    re.IGNORECASE,
)
_MASKED = tuple(
    # ASCII, for Chinese is written without spaces around numbers and keys.
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+",
        r"(?i:https?://|www\.)[^\s<>\"'，。！？、]*[?#][^\s<>\"'，。！？、]*",
        r"(?i:https?://)[^\s/@]+:[^\s/@]+@\S+",
        r"\b(?:sk|pk|rk|xox[a-z]|gh[a-z]|glpat|AKIA|ASIA|AIza|eyJ)[-_]?[A-Za-z0-9_\-.]{10,}",
        r"\b(?i:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b",
        r"\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9_-]{16,}\b",
        r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?\b",
        r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b",
        r"(?<![\w.])\+?\d(?:[ ().\-/]{0,2}\d){6,}(?!\w)",
        r"(?<=#)\d{3,}\b",
        r"(?<=/home/)[\w.-]+|(?<=/Users/)[\w.-]+|(?<=\\Users\\)[\w.-]+",
        r"(?:(?<=my name is )|(?<=My name is )|(?<=i am called ))[A-Z][^\s.,!?]+(?: [A-Z][^\s.,!?]+)?",
        r"(?<=我叫)[\u4e00-\u9fff]{2,3}",
        r"(?i:(?<=password is )|(?<=password: )|(?<=pwd: ))\S+|(?:(?<=密码是)|(?<=密码：))[^\s，。]+",
    )
)


def masked(text: str) -> str:
    """``text`` on one line, without greeting and farewell, and with ``…`` for what is somebody's own."""
    said = without_courtesies(text)
    for pattern in _MASKED:
        said = pattern.sub(MASK, said)
    return " ".join(re.sub(rf"{MASK}(?:\s*{MASK})+", MASK, said).split())


def without_courtesies(text: str, *, keeps_stop: bool = False) -> str:
    """``text`` without greeting and farewell. ``keeps_stop``: with the full stop before the farewell."""

    def stop(farewell: re.Match[str]) -> str:
        return farewell[0][0] if keeps_stop and farewell[0][0] in ".!。！" else ""

    return _FAREWELL.sub(stop, _GREETING.sub("", text.strip()))


def hidden(text: str, names: Iterable[str] = ()) -> tuple[str, tuple[str, ...]]:
    """``text`` with its lines as they are and ``…`` for what is somebody's own, ``names`` too; and what stood there."""
    found: list[str] = []

    def hide(match: re.Match[str]) -> str:
        found.append(match[0])
        return MASK

    for pattern in (*_MASKED, *(_name(name) for name in sorted(names, key=len, reverse=True))):
        text = pattern.sub(hide, text)
    kept = tuple(dict.fromkeys(one.strip() for one in found if one.strip() != MASK))
    return re.sub(rf"{MASK}(?:[ \t]*{MASK})+", MASK, text), kept


def _name(name: str) -> re.Pattern[str]:
    """A name as it is written: "Mark" is somebody, "mark" is not."""
    edge = r"\b" if name.isascii() else ""
    return re.compile(f"{edge}{re.escape(name)}{edge}", re.ASCII)


def is_telling(text: str) -> bool:
    """Whether what is left after masking is a question by itself: no fragment, no story, and mostly words."""
    words = len(re.findall(r"[^\W\d_]+", text)) if text.isascii() else len(re.findall(r"[^\W\d_]", text)) // 2
    return 2 < words <= 60 and text.count(MASK) <= 2
