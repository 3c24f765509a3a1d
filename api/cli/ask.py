"""``firstline ask``: what the bot would say to an unknown customer's first message."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.parts import fit_of, folder_at, house_of, loaded, opened, report

if TYPE_CHECKING:
    from api.settings import Settings
    from bot.live import Serving


def ask(
    text: Annotated[str, typer.Argument(help="The question; - reads one a line from standard input.")] = "-",
    kb: Annotated[Path | None, typer.Option(help="Ask this KB folder instead of the live release.")] = None,
    language: Annotated[str | None, typer.Option(help="The question's language, if it is not to be guessed.")] = None,
    why: Annotated[bool, typer.Option("--why", help="Show what the decision rests on.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one line an answer.")] = False,
) -> None:
    """Ask the bot something. Nothing is stored and no ticket is opened."""
    from api.settings import Settings
    from bot.asking import ask as answer

    with _serving(Settings(), kb) as serving:
        if text != "-":
            _print(answer(serving, text, language, why=why), as_json)
            return
        # A line for each line, the empty ones too: programs count them.
        for line in sys.stdin:
            _print(answer(serving, line.rstrip("\n"), language, why=why), as_json=True)


@contextmanager
def _serving(settings: Settings, kb: Path | None) -> Iterator[Serving]:
    if kb is None:
        with opened(settings) as database:
            serving = loaded(settings, database).serving
            assert serving is not None
            yield serving
        return
    from bot.learning.scratch import serve_folder

    yield serve_folder(folder_at(kb), fit_of(settings), house_of(settings), report)


def _print(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    typer.echo(answer["text"])
    for citation in answer["citations"]:
        typer.echo(f"\n  “{citation['quote']}”\n  {citation['url']}")
    reason = f", {answer['reason']}" if "reason" in answer else ""
    typer.echo(f"\n[{answer['decision']}{reason}; confidence {answer['confidence']:.2f}]")
    if "why" in answer:
        from api.cli.why_tables import why_in_words

        typer.echo(f"\n{why_in_words(answer['why'])}")
