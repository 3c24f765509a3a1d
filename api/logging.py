"""Logs: JSON lines on standard error, an event and ids each, never the text of a message and never a token."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress

import structlog

from api.redaction import fixed_words, told, without_secrets

log = structlog.get_logger()


def configure(level: str, secrets: Iterable[str] = ()) -> None:
    """Set up logging for this process, ours and the libraries'. ``secrets``: values that must never be in a line."""
    number = logging.getLevelNamesMapping()[level]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        told,
    ]
    last: list[structlog.typing.Processor] = [without_secrets(secrets), structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=_Printer,
    )
    _configure_libraries(max(number, logging.WARNING), [*shared, fixed_words], last)
    threading.excepthook = _thread_ended


def _configure_libraries(
    number: int, first: list[structlog.typing.Processor], last: list[structlog.typing.Processor]
) -> None:
    """Their warnings and errors, as lines of ours. Below that they print addresses and bodies, so that is never on."""
    handler = _Handler()
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[remove, *last], foreign_pre_chain=first, pass_foreign_args=True, use_get_message=False
        )
    )
    # bm25s gives its own logger a level and a handler when it is imported.
    logging.getLogger("bm25s").disabled = True
    # A line that cannot be written is lost; printing it beside would show all that was to be put into it.
    logging.raiseExceptions = False
    logging.basicConfig(level=number, handlers=[handler], force=True)


class _Printer:
    """Prints finished lines on standard error. One that cannot be written (a full disk, a reader that is gone) is lost:
    what it tells of must go on."""

    _lock = threading.Lock()

    def __init__(self, *_: object) -> None: ...

    def msg(self, line: str) -> None:
        with self._lock, suppress(OSError, ValueError):
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    log = debug = info = warning = error = critical = exception = msg


class _Handler(logging.Handler):
    """The same for the libraries' lines."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            _Printer().msg(self.format(record))
        except Exception:
            self.handleError(record)


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    """Instead of Python's own traceback, which quotes what the exception says."""
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        log.error("a thread ended", thread=ended.thread.name if ended.thread else None, exc_info=ended.exc_value)
