"""What a command says when it cannot go on: one sentence that says what to do, and the exit code."""

from __future__ import annotations

from typing import Any

FOUND, WRONG_USE = 1, 2


class Refused(Exception):
    """A command that cannot do what it was asked; the message is the sentence for the person who asked."""

    def __init__(self, sentence: str, code: int = WRONG_USE) -> None:
        super().__init__(sentence)
        self.code = code


def sentence_of(error: Exception) -> tuple[str, int]:
    """The sentence and exit code for ``error``. What nobody foresaw is named, with a way to learn more."""
    if isinstance(error, Refused):
        return str(error), error.code
    if hasattr(error, "format_message"):
        return _usage(error), WRONG_USE
    if _is_ours(error):
        return str(error), WRONG_USE
    if type(error).__name__ == "ValidationError":
        return _setting(error), WRONG_USE
    if isinstance(error, OSError):
        place = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror or error}{place}. Check that the place exists and may be written.", WRONG_USE
    return f"Unexpected: {type(error).__name__}: {error}. `firstline doctor` shows what may be wrong.", FOUND


def _usage(error: Any) -> str:
    """Which words the command does not take, and where it says what it takes; "" where its help was just shown."""
    words = error.format_message().strip()
    if not words:
        return ""
    path = error.ctx.command_path if error.ctx else "firstline"
    return f"{words}{'' if words.endswith(('.', '?')) else '.'} See `{path} --help`."


def _is_ours(error: Exception) -> bool:
    """Errors of our own rooms speak in sentences already."""
    rooms = ("api.", "bot.", "handoff.", "kb_content.", "retrieval.", "store.")
    return type(error).__module__.startswith(rooms)


def _setting(error: Exception) -> str:
    """Which setting is wrong, by the name that stands in the environment."""
    faults = [
        f"FIRSTLINE_{'_'.join(str(part) for part in fault['loc']).upper()}: {_told(fault['msg'])}"
        for fault in error.errors()  # type: ignore[attr-defined]
    ]
    return "; ".join(faults) + ". Correct it in the environment or in .env."


def _told(fault: str) -> str:
    """Our own sentences come with pydantic's words before them."""
    return fault.removeprefix("Value error, ").rstrip(".")
