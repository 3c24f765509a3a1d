"""Markup within a line that CommonMark does not know: roles, attributes, footnotes, icons, wiki links."""

from __future__ import annotations

import re

_INLINE = re.compile(
    r"\\."
    r"|(?<!`)(?:\{(?P<role>[A-Za-z][\w:.+-]*)\})?(?P<ticks>`+)(?!`)(?P<code>(?:(?!\n[ \t]*\n).)+?)(?<!`)(?P=ticks)(?!`)"
    r"|(?P<shortcode>\{\{[<%].*?[>%]\}\})"
    r"|(?P<remark>\{/\*.*?\*/\})"
    r"|(?P<attributes>[ \t]?\{:[^{}\n]*\}|(?<=[)\]*_`])\{[ \t]*[.#:][^{}\n]*\})"
    r"|(?P<footnote>\[\^[^\s\]\[]+\](?::[ \t]*)?)"
    r"|\[\[(?P<page>[^\s\[\]|#][^\[\]|#\n]*)(?:#[^\[\]|\n]*)?(?:\|(?P<shown>[^\[\]\n]+))?\]\](?!\()"
    r"|<(?:project|inv|path):(?P<object>[^<>\s]+)>"
    r"|(?P<icon>:(?:material|octicons|fontawesome|simple|octicon|fa|fas|fab)-[\w-]+:)",
    re.DOTALL,
)
_HEADING_ATTRIBUTES = re.compile(
    r"^([ ]{0,3}#{1,6}[ \t].*?)[ \t]*\{[ \t]*[:#.][^{}\n]*\}([ \t]*#*[ \t]*)$", re.MULTILINE
)
_TARGET = re.compile(r"(?P<words>.*?)\s*<(?P<target>[^<>]*)>\s*\Z", re.DOTALL)
_CODE_ROLES_WORDS = """
code file command program option envvar samp literal math func class meth mod attr obj exc data const kbd
"""
_CODE_ROLES = frozenset(_CODE_ROLES_WORDS.split())
_SILENT_ROLES_WORDS = """
cite fa fas fab octicon material-regular index eq
"""
_SILENT_ROLES = frozenset(_SILENT_ROLES_WORDS.split())
_PAGE_NAME = re.compile(r"[-_]+")


def without_inline_markup(text: str) -> str:
    """``text``, in which no line is code, with only such marks as CommonMark has."""
    return _INLINE.sub(_plain, _HEADING_ATTRIBUTES.sub(r"\1\2", text))


def _plain(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "code" | "ticks" | "role":
            return _role(found["role"], found["code"]) if found["role"] else found[0]
        case "object":
            return _code(found["object"].rpartition("#")[2])
        case "page":
            return found["page"]
        case "shown":
            return found["shown"].strip()
        case None:
            return found[0]
    return ""


def _role(name: str, content: str) -> str:
    """What a role shows of its content: the words, not the target."""
    name = name.lower()
    if name in _SILENT_ROLES or name.startswith("cite:"):
        return ""
    targeted = _TARGET.match(content)
    words = (targeted["words"] if targeted else content).strip()
    target = targeted["target"].strip() if targeted else ""
    if name in ("doc", "download"):
        return _page_link(words, target or content.strip())
    if name in _CODE_ROLES or ":" in name:
        return _code(words or target)
    if name == "ref" or name.endswith("ref"):
        return words if targeted and words else _PAGE_NAME.sub(" ", content.strip())
    return words or target


def _page_link(words: str, target: str) -> str:
    """A link to another page; without words of its own it is called by the page's name."""
    if words in ("", target):
        words = _PAGE_NAME.sub(" ", target.rstrip("/").rpartition("/")[2].partition(".")[0])
    address = target if "." in target.rpartition("/")[2] else f"{target}.md"
    return f"[{words}](<{address}>)" if words else ""


def _code(words: str) -> str:
    """A name as code. Sphinx shows the last part only of one with a tilde, and the bare one of one with a bang."""
    shown = words.lstrip("!").strip()
    if shown.startswith("~"):
        shown = shown[1:].rpartition(".")[2]
    return f"`{shown}`" if "`" not in shown else f"`` {shown} ``"


__all__ = ["without_inline_markup"]
