"""The top-level blocks of a Markdown text, each with its source, and where a long one may be cut."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markdown_it.token import Token

from kb_content.dialects import plain_markdown
from kb_content.markdown import escaped, parse, plain

_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_WORD = re.compile(r"[^\W_]+(?:['’.\-][^\W_]+)*")
# Never before what would become a list, heading, quote or table at the beginning of a block.
_SENTENCE_END = re.compile(r"(?:(?<=[.!?])\s+|(?<=[。！？；])\s*)(?![-+*#>|=~`\d\s])(?=.)")
_BOLD = re.compile(r"(\*\*|__)(?:(?!\1).)+\1\s*\Z")
_SHOWN = ("list", "fence", "code_block", "table")
_INNER = 3
"""The level of markdown-it's tokens for an item of a list within an item."""
_WHOLE = ("table", "fence", "code_block")
_SENTENCE = 30
"""Words of a paragraph that may be one sentence about what follows it."""
_MARKER = re.compile(r"(\s*)(\d+)([.)])")
_FENCE = re.compile(r"(\s*)(`{3,}|~{3,})")


@dataclass(frozen=True)
class Block:
    """One block as Markdown. ``level`` is 1-6 for a heading, whose ``words`` are its text; else 0."""

    kind: str
    text: str
    level: int = 0
    words: str = ""
    pieces: tuple[str, ...] = ()
    """Where a list may be cut: its items, each of which renders on its own with its right number."""
    is_steps: bool = False

    def introduces(self, following: Block) -> bool:
        """Whether it only says what ``following`` is: "Do this:", a title in bold, a sentence before code or steps."""
        if self.kind != "paragraph":
            return False
        if self.text.rstrip("*_ ").endswith((":", "：")) or _BOLD.match(self.text):
            return True
        return following.kind in _SHOWN and size(self.text) <= _SENTENCE


def size(text: str) -> int:
    """Words in ``text``; two characters of a script without spaces count as one word."""
    unspaced = len(_UNSPACED.findall(text))
    return len(_WORD.findall(_UNSPACED.sub(" ", text))) + (unspaced + 1) // 2


def blocks(text: str) -> tuple[list[Block], dict[str, str]]:
    """The blocks of ``text`` in order, and the addresses of its links by reference."""
    text = plain_markdown(text)
    env: dict[str, Any] = {}
    tokens = parse(text, env)
    lines = text.split("\n")
    found = (_block(tokens, number, lines) for number, token in enumerate(tokens) if _is_start(token))
    addresses = {label: str(reference["href"]) for label, reference in env.get("references", {}).items()}
    return [block for block in found if block.text.strip()], addresses


def cut(block: Block, longest: int) -> list[Block]:
    """``block`` in parts of at most ``longest`` words where its kind has places to cut, else whole.

    Steps, tables and code stay whole up to twice that: half a table answers nothing.
    """
    words = size(block.text)
    if words <= longest or (words <= 2 * longest and (block.is_steps or block.kind in _WHOLE)):
        return [block]
    match block.kind:
        case "list":
            pieces = block.pieces if block.is_steps else _with_inner_items(block.pieces, longest)
            return [replace(block, text=text) for text in _pack(pieces, longest, _list_from)]
        case "code_block":
            return [replace(block, text=text) for text in _pack(block.text.split("\n"), longest, "\n".join)]
        case "table":
            head, rows = block.text.split("\n")[:2], block.text.split("\n")[2:]
            return [replace(block, text=text) for text in _pack(rows, longest, lambda some: "\n".join([*head, *some]))]
        case "fence":
            return [replace(block, text=text) for text in _cut_fence(block.text, longest)]
        case "paragraph":
            return [replace(block, text=text) for text in _pack(_sentences(block.text), longest, " ".join)]
    return [block]


def with_definitions(text: str, addresses: dict[str, str]) -> str:
    """``text`` followed by the definitions of the links that it makes by reference, so that it stands alone."""
    said = " ".join(text.casefold().split())
    used = [f"[{label}]: <{address}>" for label, address in addresses.items() if f"[{label.casefold()}]" in said]
    return "\n\n".join([text, "\n".join(used)]) if used else text


def _is_start(token: Token) -> bool:
    return token.level == 0 and token.nesting >= 0 and token.type not in ("inline", "hr") and token.map is not None


def _block(tokens: Sequence[Token], number: int, lines: list[str]) -> Block:
    token = tokens[number]
    start, end = token.map or [0, 0]
    source = "\n".join(lines[start:end]).strip("\n").rstrip()
    is_html = bool(token.meta.get("html"))
    if token.type == "heading_open":
        level, words = int(token.tag[1]), plain(tokens[number + 1])
        return Block("heading", f"{'#' * level} {escaped(words)}" if is_html else source, level, words)
    if token.type in ("ordered_list_open", "bullet_list_open"):
        is_steps = token.type == "ordered_list_open"
        return Block("list", source, pieces=tuple(_items(tokens, number, lines)), is_steps=is_steps)
    if is_html:
        return Block("paragraph", escaped(tokens[number + 1].content))
    return Block(token.type.removesuffix("_open"), source)


def _items(tokens: Sequence[Token], number: int, lines: list[str]) -> Iterator[str]:
    opened = tokens[number]
    value = int(opened.attrs.get("start", 1))
    for token in tokens[number + 1 :]:
        if token.level == 0:
            return
        if token.type == "list_item_open" and token.level == 1 and token.map:
            source = "\n".join(lines[slice(*token.map)]).rstrip()
            yield _numbered(source, value) if opened.type == "ordered_list_open" else source
            value += 1


def _with_inner_items(items: Sequence[str], longest: int) -> list[str]:
    """``items`` where the items within a long one, indented as they are, are pieces too."""
    return [piece for item in items for piece in (_inner_items(item) if size(item) > longest else [item])]


def _inner_items(item: str) -> list[str]:
    lines = item.split("\n")
    starts = [
        token.map[0]
        for token in parse(item)
        if token.type == "list_item_open" and token.level == _INNER and token.map and token.map[0]
    ]
    ends = [*starts[1:], len(lines)]
    if not starts:
        return [item]
    return ["\n".join(lines[start:end]).rstrip() for start, end in zip([0, *starts], [starts[0], *ends], strict=True)]


def _list_from(pieces: Sequence[str]) -> str:
    """The list of ``pieces``, of which the first begins at the margin even if it was an inner one."""
    indent = len(pieces[0]) - len(pieces[0].lstrip(" "))
    if not indent:
        return "\n".join(pieces)
    lines = "\n".join(pieces).split("\n")
    return "\n".join(line[min(indent, len(line) - len(line.lstrip(" "))) :] for line in lines)


def _numbered(item: str, value: int) -> str:
    """``item`` with its real number: many lists are written 1. 1. 1. and would begin anew where they are cut."""
    marker = _MARKER.match(item)
    if marker is None or marker[2] == str(value):
        return item
    more = " " * (len(str(value)) - len(marker[2]))
    rest = item[marker.end() :]
    return f"{marker[1]}{value}{marker[3]}" + (rest.replace("\n ", f"\n {more}") if more else rest)


def _sentences(text: str) -> list[str]:
    """The sentences of a paragraph; none ends inside a link, code or emphasis."""
    ends = [match for match in _SENTENCE_END.finditer(text) if _is_balanced(text[: match.start()])]
    starts = [0, *(match.end() for match in ends)]
    return [text[start:end].strip() for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def _cut_fence(text: str, longest: int) -> list[str]:
    """A huge block of code in parts, each within the same fence: between paragraphs of code where they are short."""
    first, *rest = text.split("\n")
    fence = _FENCE.match(first)
    if fence is None:
        return [text]
    if rest and set(rest[-1].strip()) == {fence[2][0]}:
        rest.pop()
    paragraphs = re.split(r"(?<=\n)(?:[ \t]*\n)+(?=[^\s])", "\n".join(rest) + "\n")
    pieces = [paragraph.rstrip("\n") for paragraph in paragraphs]
    between = "\n\n"
    if any(size(piece) > longest for piece in pieces):
        pieces, between = rest, "\n"
    return _pack(pieces, longest, lambda some: "\n".join([first, between.join(some), f"{fence[1]}{fence[2]}"]))


def _is_balanced(text: str) -> bool:
    return (
        text.count("`") % 2 == 0
        and text.count("*") % 2 == 0
        and text.count("[") == text.count("]")
        and text.count("(") == text.count(")")
        and text.count("<") == text.count(">")
    )


def _pack(pieces: Sequence[str], longest: int, join: Callable[[Sequence[str]], str]) -> list[str]:
    """``pieces`` joined into parts of about equal size, none above ``longest`` unless a single piece is."""
    sizes = [size(piece) for piece in pieces]
    target = sum(sizes) / max(1, -(-sum(sizes) // longest))
    parts: list[list[str]] = [[]]
    filled = 0
    for piece, words in zip(pieces, sizes, strict=True):
        if parts[-1] and (filled + words > longest or filled >= target):
            parts.append([])
            filled = 0
        parts[-1].append(piece)
        filled += words
    return [join(part) for part in parts]
