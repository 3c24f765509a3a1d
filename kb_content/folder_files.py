"""The files of a KB folder as texts: each is read or named with the reason why not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from kb_content.problems import Problem

LARGEST_FILE = 1_000_000
LARGEST_GOLD_FILE = 20_000_000


def texts(root: Path, name: str, endings: tuple[str, ...], problems: list[Problem]) -> Iterator[tuple[str, str]]:
    """Path and text of each file under ``root/name`` that can be read as text."""
    largest = LARGEST_GOLD_FILE if name == "gold" else LARGEST_FILE
    for file in _files(root / name, endings, is_private=None if name else _is_private):
        shown = os.fsencode(file.relative_to(root)).decode("utf-8", "replace").replace(os.sep, "/")
        try:
            yield shown, text_of(root, file, largest)
        except Unreadable as error:
            problems.append(Problem(shown, error.line, f"{error}. The file was left out"))


def has_pages(folder: Path, endings: tuple[str, ...]) -> bool:
    """Whether there is a file of these endings anywhere in it that is no tool's."""
    return any(_files(folder, endings, is_private=_is_private))


class Unreadable(Exception):
    """Why a file cannot be read as text, and what to do."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def text_of(root: Path, file: Path, largest: int) -> str:
    """Raises Unreadable."""
    try:
        if file.is_symlink() and root.resolve() not in file.resolve(strict=True).parents:
            raise Unreadable("the file is a link to outside the KB folder: put the file itself there")
        if not file.is_file():
            raise Unreadable("this is not a plain file: put a text file there or delete it")
        size = file.stat().st_size
        if size > largest:
            limit = largest // 1_000_000
            raise Unreadable(f"the file has {size / 1e6:.1f} MB, but at most {limit} MB is read: split it")
        raw = file.read_bytes()
    except FileNotFoundError:
        raise Unreadable("the file is a link that leads nowhere: mend or delete it") from None
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise Unreadable(f"the file cannot be opened ({reason}): check its permissions") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Unreadable("the file is not UTF-8 text: save it as UTF-8", line) from None


def _files(folder: Path, endings: tuple[str, ...], is_private: Callable[[str], bool] | None = None) -> Iterator[Path]:
    """The files below ``folder`` by name; hidden ones, ``is_private`` and linked folders are passed over."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and not (is_private and is_private(name))
        )
        for name in sorted(names):
            if name.lower().endswith(endings) and not name.startswith("."):
                yield Path(parent, name)


def _is_private(name: str) -> bool:
    """Whether a folder beside documentation holds tools, or parts of pages, rather than pages."""
    return name.startswith("_") or name in ("node_modules", "venv", "intents", "gold")
