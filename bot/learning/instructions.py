"""What an agent wrote to one customer as Markdown for all: the instructions, without what was between the two. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from bot.learning.masking import MASK, hidden, without_courtesies
from bot.units import sentences

_ITEM = re.compile(r"\s*(?:[-*•·–]\s+|(?P<number>\(?\d{1,2}[.)、]|[①-⑳])\s*)(?=\S)")
_CIRCLED = {chr(ord("①") + number): number + 1 for number in range(20)}
_BETWEEN = re.compile(
    r"\b(?:let me (?:check|look|see|know)|i(?:'ll| will| am going to| have) (?:check|look|ask|get back|forward|let you)"
    r"|one moment|bear with me|please wait|hope (?:this|that|it) helps|get back to (?:you|us|me)|feel free to"
    r"|happy to help|glad (?:to|that|it)|you(?:'re| are) welcome|(?:sorry|apologi[sz]e) (?:for|that|to)"
    r"|thank(?:s| you) for|any (?:other|further) questions|anything else)\b"
    r"|稍等|请稍候|我(?:来)?(?:查|看|确认|核实)一?下|希望(?:这)?(?:对您|能)|如有|还有(?:其他|什么)问题|不客气|感谢您|抱歉|随时联系",
    re.IGNORECASE,
)
"""What is said to somebody, not about the matter."""
_LINK = re.compile(r"(?<![<(\[])https?://[^\s<>\"'，。！？、；）)]*[^\s<>\"'，。！？、；）).,:;!?]")
_LEFT_OVER = re.compile(rf"\A(?:{MASK}\s*(?:[,，:：!！]\s*|(?=您好|你好)))+")
"""What is left of "Ada, …": it was said to her."""


def as_markdown(replies: Iterable[str], names: Iterable[str] = ()) -> tuple[str, tuple[str, ...]]:
    """The replies one after the other, each line once, and what was masked in them."""
    named = tuple(names)
    blocks: list[str] = []
    removed: list[str] = []
    for reply in replies:
        text, found = hidden(without_courtesies(reply, keeps_stop=True), named)
        # "王女士您好": the greeting comes to light once the name is gone.
        kept = list(_lines(without_courtesies(_LEFT_OVER.sub("", text), keeps_stop=True)))
        if any(line not in blocks for line in kept):
            removed += found
            blocks += [line for line in kept if line not in blocks]
    body = _joined(blocks)
    return body, tuple(one for one in dict.fromkeys(removed) if one)


def _lines(text: str) -> Iterator[str]:
    """The lines that say something about the matter, list items marked as Markdown has them."""
    for line in text.splitlines():
        item = _ITEM.match(line)
        words = _matter(line[item.end() :] if item else line)
        if words:
            yield f"{_mark(item)} {words}" if item else words


def _mark(item: re.Match[str]) -> str:
    number = item["number"]
    if not number:
        return "-"
    return f"{_CIRCLED.get(number) or re.sub(r'[^0-9]', '', number)}."


def _matter(line: str) -> str:
    """The line without what is only said to somebody, ready to stand in Markdown."""
    said = [one.strip() for one in sentences(line.strip()) if not _is_between(one)]
    words = _LEFT_OVER.sub("", " ".join(said) if line.isascii() else "".join(_spaced(said))).strip()
    return _escaped(words) if re.search(r"\w", words.replace(MASK, "")) else ""


def _spaced(said: Sequence[str]) -> Iterator[str]:
    """Sentences of a text that is not all ASCII: Chinese ones follow each other without a space."""
    for number, one in enumerate(said):
        yield one if number == 0 or ord(said[number - 1][-1]) > 0x2E7F else f" {one}"


def _is_between(sentence: str) -> bool:
    """Whether it is a question to the customer, or a courtesy."""
    return sentence.rstrip().endswith(("?", "？")) or _BETWEEN.search(sentence) is not None


def _escaped(words: str) -> str:
    """What would be markup stands as it was written; addresses are links."""
    pieces, end = [], 0
    for link in _LINK.finditer(words):
        pieces += [_plain(words[end : link.start()]), f"<{link[0]}>"]
        end = link.end()
    pieces.append(_plain(words[end:]))
    return re.sub(r"\A(#{1,6}(?=\s)|>|=+\Z|-+\Z|\+(?=\s))", r"\\\1", "".join(pieces))


def _plain(words: str) -> str:
    return re.sub(r"<(?!https?://)", r"\\<", words)


def _joined(lines: Sequence[str]) -> str:
    """Items of one list follow each other, everything else is a paragraph."""
    parts: list[str] = []
    for number, line in enumerate(lines):
        follows = number > 0 and _is_item(line) and _is_item(lines[number - 1])
        parts.append(f"{'' if number == 0 else chr(10) if follows else chr(10) * 2}{line}")
    return "".join(parts)


def _is_item(line: str) -> bool:
    return re.match(r"(?:-|\d+\.) ", line) is not None


__all__ = ["as_markdown"]
