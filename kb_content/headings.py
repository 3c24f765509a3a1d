"""The headings of an article with the passages that they open, and those of them that ask what customers ask."""

from __future__ import annotations

import re
from functools import lru_cache

from markdown_it.token import Token

from kb_content import markdown
from kb_content.articles import PublishedArticle

_NUMBER = re.compile(
    r"(?:(?:Q(?:uestion)?|问题?|問題?|FAQ)[ ]?\d*[.:：)、]\s*|\d+(?:\.\d+)*[.)、:：]?\s+|[一二三四五六七八九十]+、)",
    re.I,
)
_ASKED_IN_ENGLISH = re.compile(
    r"how (?:do|does|did|can|could|should|to|is|are|was|will|would|much|many|long|often|far|come)\b"
    r"|(?:can|could|may|might|must|should|shall|will|would|do|does|did|is|are|am|was|were|have|has|had)(?:n['’]t)? "
    r"(?:i|you|we|they|it|there|this|that|these|those|my|your|our|the|a|an|any|all|some|each|everybody|anybody|one)\b"
    r"|what (?:is|are|was|were|do|does|did|if|happens|happened|should|can|could|will|would|to do|kinds?|types?|else)\b"
    r"|what['’]s (?!new\b|next\b)"
    r"|why (?:is|are|was|were|do|does|did|can|can['’]t|isn['’]t|don['’]t|won['’]t|am|should|would|has|have)\b"
    r"|where (?:is|are|was|do|does|did|can|should|to|will)\b"
    r"|when (?:is|are|was|do|does|did|will|can|should|to)\b"
    r"|who (?:is|are|can|has|may|should|will|does)\b"
    r"|which \w+ (?:is|are|do|does|can|should|will)\b",
    re.IGNORECASE,
)
_ASKED_IN_CHINESE = re.compile(
    r"(?:如何|怎么|怎麼|怎样|怎樣|为什么|為什麼|为何|為何|什么是|什麼是|能否|能不能|可不可以|可否|是否|哪里|哪裡|哪些|哪个|多久|多少|何时|谁)"
    r"|.*(?:怎么办|怎麼辦|是什么|是什麼|吗|嗎|在哪里?|在哪裡|多久|多少|为什么|為什麼|如何\w{2,8}|怎么\w{2,8})\Z"
)
_MARKED = re.compile(r"(?:Q(?:uestion)?[ ]?\d*|问题?|問題?)[ ]?[:：.]\s*(.+?[?？])\s*", re.IGNORECASE)
_LONGEST = 200
_REMEMBERED = 65_536
"""Passages: once a knowledge base has more, each reading of it forgets what the next one needs."""


def headings(published: PublishedArticle) -> list[tuple[str, str]]:
    """The words of every section heading in order, with the key of the passage that it opens."""
    return [
        (words, passage.key)
        for passage in published.passages
        for _, words in markdown.headings(f"{passage.lead}\n\n{passage.text}")
        if words
    ]


def asked_headings(published: PublishedArticle) -> list[tuple[str, str]]:
    """The questions that the article itself asks, in order, with the key of the passage that answers each.

    They stand in headings ("How do I …?", "Can I …", 如何…), or in pages of questions and answers in bold or after a Q.
    """
    found: dict[str, tuple[str, str]] = {}
    for passage in published.passages:
        for question in _asked_in(passage.lead, passage.text):
            found.setdefault(question.casefold(), (question, passage.key))
    return list(found.values())


def is_question(words: str) -> bool:
    """Whether ``words`` ask something, with or without a question mark."""
    asked = words.rstrip()
    if asked.endswith(("?", "？")):
        return len(asked) > 3 and (" " in asked or not asked.isascii())
    return bool(_ASKED_IN_ENGLISH.match(asked) and asked.count(" ") > 1) or bool(_ASKED_IN_CHINESE.match(asked))


def without_number(words: str) -> str:
    """A heading without the number or the Q before it."""
    return words[found.end() :].strip() if (found := _NUMBER.match(words)) else words.strip()


@lru_cache(maxsize=_REMEMBERED)
def _asked_in(lead: str, text: str) -> tuple[str, ...]:
    """Remembered, because a release is read piece by piece several times."""
    tokens = markdown.parse(f"{lead}\n\n{text}")
    found = []
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type != "inline" or before is None:
            continue
        words = without_number(_candidate(before, token))
        if words and len(words) <= _LONGEST and is_question(words):
            found.append(words)
    return tuple(found)


def _candidate(before: Token, token: Token) -> str:
    """What of an inline token could be a question: a heading, what stands in bold at its beginning or after a Q."""
    words = markdown.plain(token)
    if before.type == "heading_open":
        return words
    if before.type != "paragraph_open":
        return ""
    if marked := _MARKED.match(words):
        return marked[1]
    bold = _bold_beginning(token.children or [])
    return bold if bold.endswith(("?", "？")) else ""


def _bold_beginning(children: list[Token]) -> str:
    inner = iter(child for child in children if child.type != "text" or child.content)
    if getattr(next(inner, None), "type", "") != "strong_open":
        return ""
    words = []
    for child in inner:
        if child.type == "strong_close":
            break
        words.append(child.content)
    return markdown.one_space("".join(words))
