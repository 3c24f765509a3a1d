"""Tables on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

_UNCUT = 1_000


def table(lines: Iterable[Sequence[str]], columns: Sequence[str]) -> str:
    """The lines as a table, as wide as the terminal at most and folded there; in a file or pipe nothing is folded.

    Cells are plain text, whatever customers wrote into them.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE, pad_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for line in lines:
        drawn.add_row(*map(Text, line))
    console = Console(width=None if sys.stdout.isatty() else _UNCUT, color_system=None)
    with console.capture() as captured:
        console.print(drawn)
    return "\n".join(line.rstrip() for line in captured.get().splitlines() if line.strip())
