"""Which article a link from one page of the folder to another means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import PurePosixPath
from urllib.parse import unquote

from kb_content.ids import NAMELESS, slug

SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_PAGES = (".md", ".markdown", ".mdx", ".html", ".htm", "")


class PageLinks:
    """Finds articles by the links that documentation uses: ``../basics/defer.md``, ``/guide/defer/``, ``defer``."""

    def __init__(self, ids: Iterable[str]) -> None:
        self.ids = frozenset(ids)

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {article_id.casefold(): article_id for article_id in sorted(self.ids, reverse=True)}

    def article_of(self, href: str) -> str | None:
        """The id of the article that ``href`` leads to, without its fragment; None where it is none of ours."""
        if SCHEME.match(href) or href.startswith(("#", "//")):
            return None
        path = PurePosixPath(unquote(href.partition("#")[0].partition("?")[0]))
        parts = [part for part in path.parts if part not in ("/", ".", "..")]
        if not parts or path.suffix.lower() not in _PAGES:
            return None
        parts[-1] = path.stem
        if parts[-1].lower() in NAMELESS and len(parts) > 1:
            return self._known(parts) or self._known(parts[:-1])
        return self._known(parts)

    def _known(self, parts: list[str]) -> str | None:
        """The article called after all of the path, its end, or its last part; else the only one that ends with it."""
        names = [slug("-".join(parts[start:])).casefold() for start in range(len(parts))]
        for name in names:
            if name in self._folded:
                return self._folded[name]
        return next(filter(None, map(self._only_one_ending, names)), None)

    def _only_one_ending(self, name: str) -> str | None:
        found = [article_id for folded, article_id in self._folded.items() if folded.endswith(f"-{name}")]
        return found[0] if len(found) == 1 else None


__all__ = ["SCHEME", "PageLinks"]
