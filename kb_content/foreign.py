"""What pages made for other documentation tools bring along: their front matter, drafts, pages that only navigate."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from markdown_it.token import Token

from kb_content.blocks import blocks
from kb_content.fields import Fields, NotYaml, write_yaml
from kb_content.markdown import parse, plain

_FOREIGN_KEYS_WORDS = """
aliases author authors cascade contributors cover custom_edit_url date description displayed_sidebar draft
edit_url excerpt featured has_children hero hide hide_table_of_contents hide_title icon image keywords
last_update lastmod layout linkTitle linktitle menu meta ms.author ms.date ms.topic nav nav_exclude nav_order
navigation next outline pagination_label pagination_next pagination_prev parent grand_parent permalink prev
published publishdate redirect_from search search_exclude sidebar sidebar_class_name sidebar_custom_props
sidebar_label sidebar_position slug status subtitle summary template toc toc_max_heading_level type updated
url version weight
"""
FOREIGN_KEYS = frozenset(_FOREIGN_KEYS_WORDS.split())
"""Keys that site generators use: kept like all that we do not know, but not worth a warning."""

_PAGES = ("", ".md", ".markdown", ".mdx", ".html", ".htm")


def yaml_of_toml(source: str) -> str:
    """Front matter between +++ lines, as YAML. Raises NotYaml."""
    try:
        values = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise NotYaml(f"between the +++ lines is no TOML ({error})", None) from error
    return write_yaml({key: _plain(value) for key, value in values.items()})


def is_draft(fields: Fields) -> bool:
    """Whether its tool would not publish the page."""
    said = {key: str(getattr(fields.nodes.get(key), "value", "")).lower() for key in ("draft", "published")}
    return said["draft"] in ("true", "yes") or said["published"] in ("false", "no")


def says_nothing(body: str) -> bool:
    """Whether nothing but headings and links to other pages is left of ``body`` when its includes and tables of
    contents are gone."""
    return not any(_says_something(block.text) for block in blocks(body)[0] if block.kind != "heading")


def _says_something(text: str) -> bool:
    return any(_is_told(token) if token.type == "inline" else token.content.strip() for token in parse(text))


def _is_told(line: Token) -> bool:
    """Whether a line is more than links to other pages, and what stands between them."""
    if not any(_leads_on(child) for child in line.children or ()):
        return bool(plain(line))
    kept, is_link = [], False
    for child in line.children or ():
        is_link = _leads_on(child) or (is_link and child.type != "link_close")
        kept += [] if is_link else [child]
    return any(character.isalnum() for character in plain(replace(line, children=kept)))


def _leads_on(token: Token) -> bool:
    """Whether a link to another page begins here; a file to fetch or another site is worth telling."""
    if token.type != "link_open":
        return False
    address = urlsplit(str(token.attrs.get("href", "")))
    return not (address.scheme or address.netloc) and PurePosixPath(address.path).suffix.lower() in _PAGES


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool)) else str(value)
