"""What a check of a channel's set-up found, one finding a line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """``text`` is what is so; ``do`` says what an admin does about it, empty where nothing needs doing."""

    ok: bool
    text: str
    do: str = ""
