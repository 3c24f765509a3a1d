"""Pages as other tools' Markdown has them, in plain Markdown: what the markup says stays, the markup itself goes.

Directives and roles (MyST, Sphinx), admonitions and tabs (MkDocs, Docusaurus, GitHub, Obsidian, VitePress, Hugo),
attribute lists, definition lists, includes, badges, and HTML. Code stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from kb_content.badges import without_badges
from kb_content.directives import Page, directive, label, titled
from kb_content.html_blocks import without_html_blocks
from kb_content.roles import without_inline_markup

Line = tuple[str, bool]
"""A line, and whether it belongs to code."""

_BLANKS = re.compile(r"\n(?:[ \t]*\n){2,}")
_LIST_MARKER = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|\Z)")
_FENCE = re.compile(r"(?P<before>(?:[ \t]|>[ \t]?|(?:[-*+]|\d{1,9}[.)])[ \t])*)(?P<mark>`{3,}|~{3,})(?P<info>[^`]*)\Z")
_COLONS = re.compile(r"(?P<indent>[ \t]*)(?P<mark>:{3,})[ \t]*(?P<info>(?!:).*)\Z")
_NAME = re.compile(r"\{(?P<name>[A-Za-z][\w:.+-]*)\}[ \t]*(?P<title>.*)\Z")
_CONTAINER = re.compile(
    r"(?:\{[^}]*\}"
    r"|(?P<name>[A-Za-z][\w-]*)(?:\[(?P<bracketed>[^\]]*)\])?(?:\{[^}]*\})?(?:[ \t]+(?P<title>.*))?)[ \t]*\Z"
)
_INDENTED = re.compile(
    r"(?P<indent>[ \t]*)(?:(?:!!!|\?\?\?\+?)[ \t]+(?P<name>[A-Za-z][\w-]*)[\w \t-]*|(?P<tab>===[!+]?))"
    r"(?:[ \t]*\"(?P<title>[^\"]*)\")?[ \t]*\Z"
)
_RAW = re.compile(r"[ ]{0,3}<(?:(?P<tag>pre|script|style|select|svg|video|audio|iframe)\b|!--)", re.IGNORECASE)
_ALERT = re.compile(r"(?P<before>[ \t>]*>[ \t]*)\[!(?P<name>[A-Za-z][\w-]*)\][-+]?[ \t]*(?P<title>.*)\Z")
_SILENT_LINE = re.compile(
    r"\s*(?:"
    r"\([\w.:+-]+\)="  # the target of a reference
    r"|\+\+\+(?:\s*\{.*\})?"  # the end of a block
    r"|\^{3,}"  # the head of a card
    r"|\{[:#.][^{}]*\}"  # attributes of what stands above
    r"|(?:[-*+]|1\.)?[ ]?(?:TOC|\[TOC\]|\[\[_?toc_?\]\])"
    r"|-{1,2}8<-{1,2}.*"  # files put in
    r"|\{!.*!\}"
    r"|\[!INCLUDE\s*\[.*"
    r"|import\s+[\w{}*,\s]+\s+from\s+['\"].*['\"];?"
    r"|export\s+(?:const|default|function)\b.*"
    r"|\{/\*.*\*/\}"
    r")\s*\Z",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"%(?:\s|\Z)")
_TEMPLATE = re.compile(r"\s*(?:\{%(?:(?!%\}).)*%\}|\{\{[<%](?:(?![%>]\}\}).)*[%>]\}\})\s*\Z")
_COMPONENT = re.compile(r"\s*(?:</?[A-Z][A-Za-z.]*(?:\s[^<>]*)?/?>\s*)+\Z")
_COMPONENT_MARKS = re.compile(r"(</?[A-Z][A-Za-z.]*(?:\s[^<>]*)?/?>)")
_ONE_LINE = re.compile(r"\s*<[A-Z](?=.*</[A-Z][A-Za-z.]*>\s*\Z)[^`]*\Z")
"""A component that begins and ends on the same line, with no code in it."""
_ONE_LINE_TEMPLATE = re.compile(r"\s*(\{%-?\s*(\w+)(?:(?!%\}).)*%\})(.*?)(\{%-?\s*end\2\s*-?%\})\s*\Z")
_TITLE = re.compile(r"\b(?:title|label|summary|name|header)=[\"']([^\"']+)[\"']")
_DEFINITION = re.compile(r":[ \t]+(?=\S)")
_PLAIN = re.compile(r"(?![#>|<`~:=]|[-*+][ \t]|\d{1,9}[.)][ \t]|[-=]{3,}\s*\Z)\S")
_TERM_LINES, _TERM_LENGTH = 3, 120
_TAB = 4
_DEEPEST = 12


def plain_markdown(text: str) -> str:
    """``text`` in CommonMark with tables. A page that has nothing but that comes back unchanged, apart from its HTML
    and its badges."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return without_html_blocks(_merged(Walk(Page.of(text)).walk(text.split("\n"))))


def _merged(lines: Sequence[Line]) -> str:
    parts: list[str] = []
    for is_code, group in groupby(lines, key=lambda line: line[1]):
        joined = "\n".join(line for line, _ in group)
        parts.append(joined if is_code else _BLANKS.sub("\n\n", without_badges(without_inline_markup(joined))))
    return "\n".join(parts)


class Walk:
    """Goes through the lines of a page, block by block."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.depth = 0

    def walk(self, lines: Sequence[str]) -> list[Line]:
        """What ``lines`` say. What is nested beyond all measure is taken as it stands."""
        if self.depth == _DEEPEST:
            return [(line, False) for line in lines]
        self.depth += 1
        said = list(self._walk(lines))
        self.depth -= 1
        return said

    def _walk(self, lines: Sequence[str]) -> Iterator[Line]:
        number, is_after_blank, is_in_list = 0, True, False
        while number < len(lines):
            line = lines[number]
            indent = _width(line)
            is_in_list = bool(_LIST_MARKER.match(line)) or (is_in_list and (indent > 0 or not is_after_blank))
            is_code = indent >= _TAB and not is_in_list and is_after_blank and bool(line.strip())
            taken, said = self._code(lines, number) if is_code else self._block(lines, number)
            yield from said
            number += taken
            is_after_blank = not lines[number - 1].strip() or (is_code and number < len(lines))

    def _code(self, lines: Sequence[str], number: int) -> tuple[int, Iterator[Line]]:
        end = number
        while end < len(lines) and (not lines[end].strip() or _width(lines[end]) >= _TAB):
            end += 1
        while not lines[end - 1].strip():
            end -= 1
        return end - number, ((line, True) for line in lines[number:end])

    def _block(self, lines: Sequence[str], number: int) -> tuple[int, Iterator[Line]]:
        """How many lines the block at ``number`` has, and what it says."""
        for reader in (
            self._fence,
            self._raw,
            self._colons,
            self._indented,
            self._alert,
            self._silent,
            self._one_line,
            self._definitions,
        ):
            found = reader(lines, number)
            if found is not None:
                return found
        return 1, iter([(lines[number], False)])

    def _fence(self, lines: Sequence[str], number: int) -> tuple[int, Iterator[Line]] | None:
        opened = _FENCE.match(lines[number])
        if opened is None:
            return None
        end = _closing(lines, number + 1, opened["mark"])
        taken = min(end + 1, len(lines)) - number
        named = _NAME.match(opened["info"].strip())
        before = opened["before"]
        if named is None or ">" in before:
            if opened["info"].strip() in ("mermaid", "{mermaid}"):
                return taken, iter([(before, False)] if before.strip() else [])
            return taken, ((line, True) for line in lines[number : number + taken])
        body = _dedented(lines[number + 1 : end], len(before))
        return taken, self._placed(before, directive(self.page, named["name"], named["title"], body))

    def _raw(self, lines: Sequence[str], number: int) -> tuple[int, Iterator[Line]] | None:
        """HTML within which nothing else is read."""
        opened = _RAW.match(lines[number])
        if opened is None:
            return None
        close = f"</{opened['tag']}" if opened["tag"] else "-->"
        end = next((n for n in range(number, len(lines)) if close.lower() in lines[n].lower()), len(lines) - 1)
        is_kept = (opened["tag"] or "pre").lower() == "pre"
        said = ((line, True) for line in lines[number : end + 1])
        return end + 1 - number, said if is_kept else iter([("", False)])

    def _colons(self, lines: Sequence[str], number: int) -> tuple[int, Iterator[Line]] | None:
        opened = _COLONS.match(lines[number])
        if opened is None:
            return None
        info, indent = opened["info"].strip(), opened["indent"]
        named, container = _NAME.match(info), _CONTAINER.match(info)
        if info and named is None and container is None:
            return None
        if not info:
            return 1, iter([("", False)])
        end = _closing(lines, number + 1, opened["mark"])
        body = _dedented(lines[number + 1 : end], len(indent))
        taken = min(end + 1, len(lines)) - number
        if named is not None:
            return taken, self._placed(indent, directive(self.page, named["name"], named["title"], body))
        words = container.groupdict() if container else {}
        title = words.get("bracketed") or words.get("title") or ""
        return taken, self._placed(indent, titled(self.page, words.get("name") or "", title, body))

    def _indented(self, lines: Sequence[str], number: int) -> tuple[int, Iterator[Line]] | None:
        opened = _INDENTED.match(lines[number])
        if opened is None or (opened["tab"] and opened["title"] is None):
            return None
        indent = opened["indent"]
        end = _end_of_indented(lines, number + 1, len(indent) + _TAB)
        body = _dedented(lines[number + 1 : end], len(indent) + _TAB)
        name, title = opened["name"] or "", opened["title"]
        # A title that was emptied on purpose says that there shall be no label.
        said = body if title == "" else titled(self.page, name, title or "", body)
        return end - number, self._placed(indent, said)

    def _alert(self, lines: Sequence[str], number: int) -> tuple[int, Iterator[Line]] | None:
        opened = _ALERT.match(lines[number])
        if opened is None:
            return None
        title = opened["title"].strip()
        return 1, iter([(f"{opened['before']}**{title or label(self.page, opened['name'])}:** ", False)])

    def _silent(self, lines: Sequence[str], number: int) -> tuple[int, Iterator[Line]] | None:
        line = lines[number]
        if self.page.is_myst and _COMMENT.match(line):
            return 1, iter([])
        if _SILENT_LINE.match(line):
            return 1, iter([("", False)])
        if _TEMPLATE.match(line) or (_COMPONENT.match(line) and self.page.is_component(line)):
            named = _TITLE.search(line)
            return 1, iter([("", False), (f"**{named[1]}**" if named else "", False), ("", False)])
        return None

    def _one_line(self, lines: Sequence[str], number: int) -> tuple[int, Iterator[Line]] | None:
        """What begins and ends on one line, read as if each of its marks stood on a line of its own."""
        line = lines[number]
        if template := _ONE_LINE_TEMPLATE.match(line):
            return 1, iter(self.walk([template[1], template[3], template[4]]))
        if _ONE_LINE.match(line) and self.page.is_component(line):
            parts = (part.strip() for part in _COMPONENT_MARKS.split(line))
            return 1, iter(self.walk([part for part in parts if part]))
        return None

    def _definitions(self, lines: Sequence[str], number: int) -> tuple[int, Iterator[Line]] | None:
        at = _definition_at(lines, number)
        if at is None:
            return None
        term = ", ".join(line.strip() for line in lines[number:at] if line.strip())
        said, end = [f"- {term if '**' in term else f'**{term}**'}:"], at
        while end < len(lines) and (marker := _DEFINITION.match(lines[end])):
            stop = _end_of_indented(lines, end + 1, 2)
            body = [lines[end][marker.end() :], *_dedented(lines[end + 1 : stop], len(marker[0]))]
            said += [f"  {line}".rstrip() for line in body]
            end = stop
        said[0] += f" {said.pop(1).strip()}"
        return end - number, iter(self.walk(said))

    def _placed(self, before: str, body: Sequence[str]) -> Iterator[Line]:
        """``body`` read on, where it stood: in a list or at the margin."""
        indent = re.sub(r"[^ \t]", " ", before)
        said = self.walk(body)
        if before.strip():
            first = said.pop(0)[0] if said and not said[0][1] else ""
            yield f"{before}{first}", False
        else:
            yield "", False
        for line, is_code in said:
            yield f"{indent}{line}" if line.strip() else line, is_code
        yield "", False


def _width(line: str) -> int:
    return len(line.expandtabs(_TAB)) - len(line.expandtabs(_TAB).lstrip())


def _closing(lines: Sequence[str], start: int, mark: str) -> int:
    """The line that ends what ``mark`` began, or the end of all."""
    for number in range(start, len(lines)):
        line = lines[number].strip().lstrip("> ")
        if len(line) >= len(mark) and not line.strip(mark[0]):
            return number
    return len(lines)


def _dedented(lines: Sequence[str], width: int) -> list[str]:
    """``lines`` without up to ``width`` columns of white space."""
    spread = [line.expandtabs(_TAB) for line in lines]
    return [line[min(width, len(line) - len(line.lstrip())) :] for line in spread]


def _end_of_indented(lines: Sequence[str], start: int, width: int) -> int:
    end = start
    for number in range(start, len(lines)):
        if not lines[number].strip():
            continue
        if _width(lines[number]) < width:
            break
        end = number + 1
    return end


def _definition_at(lines: Sequence[str], number: int) -> int | None:
    """The line on which the definition of the term at ``number`` begins, if that is a term."""
    for at in range(number + 1, min(number + _TERM_LINES + 2, len(lines))):
        if _DEFINITION.match(lines[at]):
            return at
        if at == number + 1 and not lines[at].strip():
            continue
        if not _is_term(lines[at]) or not lines[at - 1].strip():
            return None
        if not _is_term(lines[number]):
            return None
    return None


def _is_term(line: str) -> bool:
    return bool(_PLAIN.match(line)) and len(line) <= _TERM_LENGTH
