"""What a log line must never hold: secrets, and words that somebody wrote. The last net, under every line of ours.

An exception is told by its type and its places: its message may quote what it stumbled over.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "***"
FRAMES = 8
SHORTEST_SECRET = 8
_TOKENS = re.compile(
    r"bot\d+:[\w-]+"  # in a Telegram address
    r"|\b\d{6,}:[\w-]{30,}"  # a Telegram token by itself
    r"|\bxox[a-z](?:\.xox[a-z])?-[\w-]+|\bxapp-[\w-]+"  # Slack
    r"|\bsk-[\w-]{8,}|\bfl_[\w-]{16,}"  # keys of a language model's, and of our own
    r"|\bBearer\s+[^\s\"',]+"
    r"|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)",  # name and password in an address
    re.IGNORECASE,
)
_FIXED_WORDS = re.compile(r"[^:({\[<'\"`\n%]*")
_OURS = frozenset({"api", "bot", "handoff", "kb_content", "retrieval", "store", "bench", "tests"})
_ROOT = str(Path(__file__).parents[1]) + "/"
_ABOVE = re.compile(r".*/(?:site-packages|python3\.\d+)/")
"""What stands before the name of a package or a module of Python's own."""


def without_secrets(secrets: Iterable[str] = ()) -> Processor:
    """A processor that blots out whatever looks like a token, and every one of ``secrets``."""
    known = sorted({one for one in secrets if len(one) >= SHORTEST_SECRET}, key=len, reverse=True)
    exact = re.compile("|".join(map(re.escape, known))) if known else None

    def scrub(value: Any) -> Any:
        if isinstance(value, str):
            value = exact.sub(HIDDEN, value) if exact else value
            return _TOKENS.sub(HIDDEN, value)
        if isinstance(value, dict):
            return {scrub(key): scrub(each) for key, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [scrub(each) for each in value]
        return value if isinstance(value, int | float | bool | None) else scrub(str(value))

    def processor(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
        return {key: value if key.startswith("_") else scrub(value) for key, value in line.items()}

    return processor


def told(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
    """Put an exception into words: what it is and where it came up, never what it says."""
    found = line.pop("exc_info", None)
    line.pop("stack_info", None)
    if found and not isinstance(found, BaseException):
        found = (found if isinstance(found, tuple) else sys.exc_info())[1]
    if isinstance(found, BaseException):
        line["exception"] = chain_of(found)
    return line


def chain_of(error: BaseException) -> list[str]:
    """``["ValueError at bot/turns.py:90 in _pass < …", …]``: the exception, then what caused it."""
    chain, seen = [], set[int]()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        chain.append(f"{_named(following)} at {_places(following.__traceback__)}")
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
    return chain


def fixed_words(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
    """Of a library's line keep what its authors wrote: what was put into it later may be anybody's words."""
    record, arguments = line.get("_record"), line.pop("positional_args", None)
    if record is None:
        return line
    words = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
    # With arguments the words are a pattern; without, what was put in stands behind a colon, a quote or a bracket.
    begun = words if arguments else (_FIXED_WORDS.match(words) or [""])[0]
    line["event"] = begun.strip()[:200]
    line["logger"], line["where"] = record.name, f"{record.filename}:{record.lineno}"
    return line


def _named(error: BaseException) -> str:
    """The type, with the number that the system or the database gives to what happened."""
    for name in ("sqlstate", "sqlite_errorname", "strerror"):
        if found := getattr(getattr(error, "orig", None) or error, name, None):
            return f"{type(error).__name__} ({found})"
    return type(error).__name__


def _places(trace: TracebackType | None) -> str:
    """Where it came up, and by which of our own lines: those of a library in between say nothing to our readers."""
    every = traceback.extract_tb(trace)
    ours = [each for each in every if each is every[-1] or _is_ours(each.filename)]
    frames = (ours if len(ours) > 1 else every)[-FRAMES:]
    return " < ".join(f"{_short(each.filename)}:{each.lineno} in {each.name}" for each in reversed(frames)) or "?"


def _is_ours(path: str) -> bool:
    # Installed, our packages lie beside those of others.
    return path.startswith(_ROOT) and path.removeprefix(_ROOT).split("/")[0] in _OURS


def _short(path: str) -> str:
    return _ABOVE.sub("", path.removeprefix(_ROOT))
