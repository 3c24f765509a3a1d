"""``firstline eval``: how right, how sure and how useful the answers of a KB folder are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.parts import folder_at, report


def evaluate(
    kb: Annotated[Path | None, typer.Option(help="The KB folder; the sample KB without it.")] = None,
    questions: Annotated[
        Path | None, typer.Option(help="JSON lines: {text, language?, expect}; the KB's gold questions without it.")
    ] = None,
    target: Annotated[
        float | None, typer.Option(min=0.5, max=0.999, help="The precision that answers must have.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    rows: Annotated[Path | None, typer.Option(help="Write one JSON line a question to this file.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw coverage and reliability into this PNG.")] = None,
    compare: Annotated[
        tuple[Path, Path] | None, typer.Option(help="Compare two files of rows and list changed decisions.")
    ] = None,
) -> None:
    """Ask every question alone and grade the answers. The live database is never touched."""
    if compare is not None:
        _compare(*compare, as_json)
        return
    from bot.learning.evaluation import evaluate as measure
    from bot.learning.evaluation import write_rows

    result = measure(**_order(kb, questions, target))
    if rows is not None:
        write_rows(result.rows, rows)
    if plot is not None:
        from bot.learning.plot import plot as draw

        draw(result.rows, result.figures, plot)
    typer.echo(json.dumps(result.figures, indent=None if as_json else 2, ensure_ascii=False))


def _order(kb: Path | None, questions: Path | None, target: float | None) -> dict[str, Any]:
    """The arguments of the evaluation: contents, questions, encoders and the product's own decision."""
    from api.cli.parts import house_of
    from api.cli.refusals import Refused
    from api.settings import Settings
    from bot.asking import decide_alone
    from bot.learning.evaluation import read_questions
    from bot.learning.publish import read_usable
    from bot.learning.scratch import contents_of
    from bot.live import policy_of
    from kb_content.catalogue import sample_folder
    from retrieval.encoders import load_encoders

    settings = Settings()
    house = house_of(settings)
    contents = contents_of(read_usable(folder_at(kb or sample_folder()), report))
    asked = read_questions(questions) if questions else list(contents.gold)
    if not asked:
        raise Refused("This KB has no gold questions. Give a file: --questions FILE.jsonl.")
    return {
        "contents": contents,
        "questions": asked,
        "encoders": load_encoders(settings.encoder, report),
        "decide_one": lambda reading, threshold: decide_alone(reading, policy_of(house, threshold, contents.intents)),
        "target": target or settings.target_precision,
        "unanswerable_share": settings.unanswerable_share,
        "report": report,
    }


def _compare(before: Path, after: Path, as_json: bool) -> None:
    from bot.learning.evaluation import changed_decisions, read_rows

    changes = changed_decisions(read_rows(before), read_rows(after))
    if as_json:
        values = [{"text": one.text, "before": one.before.decision, "after": one.after.decision} for one in changes]
        typer.echo(json.dumps(values, ensure_ascii=False))
        return
    for change in changes:
        typer.echo(f"{change.before.decision} -> {change.after.decision}: {change.text}")
    report(f"{len(changes)} decisions changed")
