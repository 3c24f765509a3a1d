"""Articles of a folder told apart: ids that were made from file names, and files that say the same article twice."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from kb_content.article_file import ArticleFile
from kb_content.ids import id_from_path, inner_parts
from kb_content.problems import Problem


def named(files: list[ArticleFile]) -> list[ArticleFile]:
    """Ids from file names made distinct by their folders: documentation is full of ``index.md``."""
    return _distinct_ids(_distinct_ids(files, _by_path), _by_hash)


def _distinct_ids(files: list[ArticleFile], rename: Callable[[ArticleFile], ArticleFile]) -> list[ArticleFile]:
    """``files`` with a new name for each whose id was made from its file name, as was that of another."""
    count = Counter((file.id, file.article.language) for file in files if file.article and not file.id_is_written)
    # In all languages, so that those of a pair keep one id.
    twice = {article_id for (article_id, _), number in count.items() if number > 1}
    return [rename(file) if file.article and not file.id_is_written and file.id in twice else file for file in files]


def _by_path(file: ArticleFile) -> ArticleFile:
    renamed = _renamed(file, id_from_path(inner_parts(file.path)))
    if renamed.id == file.id:
        return renamed
    name = PurePosixPath(file.path).name
    message = (
        f"another file is called {name} too, so this article's id is `{renamed.id}`, after its folders: write an `id` "
        "into its front matter, and it stays the same wherever the file lies"
    )
    return replace(renamed, problems=(*renamed.problems, Problem(file.path, 1, message, is_error=False)))


def _by_hash(file: ArticleFile) -> ArticleFile:
    return _renamed(file, f"{file.id[:80]}-{hashlib.sha256(file.path.encode()).hexdigest()[:8]}")


def _renamed(file: ArticleFile, article_id: str) -> ArticleFile:
    return replace(file, id=article_id, article=replace(file.article, id=article_id) if file.article else None)


def distinct_articles(files: Iterable[ArticleFile], problems: list[Problem]) -> list[ArticleFile]:
    """``files`` without those that say once more what another is; each of these is added to ``problems``."""
    kept: dict[tuple[str, str], ArticleFile] = {}
    unread: list[ArticleFile] = []
    for file in files:
        problems += file.problems
        if file.article is None:
            unread.append(file)
            continue
        key = (file.article.id, file.article.language)
        first = kept.setdefault(key, file)
        if first is not file:
            problems.append(
                Problem(
                    file.path,
                    file.id_line,
                    f"the article `{key[0]}` in `{key[1]}` is already in {first.path}: give one of them another `id` "
                    "or `language`. This file was left out",
                )
            )
    return [*kept.values(), *unread]
