"""``firstline eval``: how right, how sure and how useful the answers of a KB folder are."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.parts import fit_of, folder_at, house_of, report
from store.counting import counted

if TYPE_CHECKING:
    from bot.learning.evaluation import Report
    from bot.learning.rows import Changed


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
    plot: Annotated[Path | None, typer.Option(help="Draw reliability and coverage into this PNG.")] = None,
    compare: Annotated[
        tuple[Path, Path] | None, typer.Option(help="Compare two files of rows and list changed decisions.")
    ] = None,
) -> None:
    """Ask every question alone and grade the answers. The live database is never touched."""
    if compare is not None:
        _compare(*compare, as_json)
        return
    for wanted in (rows, plot):
        if wanted is not None:
            _check_writable(wanted)
    if plot is not None and plot.suffix.lower() != ".png":
        from api.cli.refusals import Refused

        raise Refused(f"{plot} would hold a PNG picture. Give it a name that ends in .png.")
    result = _measure(kb, questions, target)
    _keep(result, rows, plot)
    if as_json:
        typer.echo(json.dumps(result.figures, ensure_ascii=False))
        return
    from api.cli.evaluation_tables import figures_in_words

    typer.echo(figures_in_words(result))


def _measure(kb: Path | None, questions: Path | None, target: float | None) -> Report:
    from dataclasses import replace

    from api.cli.refusals import Refused
    from api.settings import Settings
    from bot.learning.evaluation import evaluate as measure
    from bot.learning.publish import read_usable
    from bot.learning.rows import read_questions
    from bot.learning.scratch import contents_of
    from kb_content.catalogue import sample_folder
    from retrieval.encoders import load_encoders

    asked = read_questions(questions) if questions else None
    settings = Settings()
    contents = contents_of(read_usable(folder_at(kb or sample_folder()), report))
    asked = list(contents.gold) if asked is None else asked
    if not asked:
        raise Refused("This KB has no gold questions. Give a file: --questions FILE.jsonl.")
    fit = fit_of(settings)
    if target is not None:
        fit = replace(fit, target_precision=target)
    return measure(contents, asked, load_encoders(settings.encoder, report), fit, house_of(settings), report)


def _check_writable(path: Path) -> None:
    """Said before the work, not after it. Raises Refused."""
    from api.cli.refusals import Refused

    if path.is_dir():
        raise Refused(f"{path} is a folder. Give the name of a file.")
    if not path.absolute().parent.is_dir():
        raise Refused(f"{path} cannot be written: there is no folder {path.absolute().parent}. Make it first.")
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise Refused(f"{path} may not be written. Choose another place.")


def _keep(result: Report, rows: Path | None, plot: Path | None) -> None:
    if rows is not None:
        from bot.learning.rows import write_rows

        write_rows(result.rows, rows)
    if plot is not None:
        from bot.learning.plot import plot as draw

        draw(result.rows, result.figures, plot)


def _compare(before: Path, after: Path, as_json: bool) -> None:
    from bot.learning.rows import asked_once, changed_decisions, read_rows

    old, new = read_rows(before), read_rows(after)
    changes = changed_decisions(old, new)
    if as_json:
        typer.echo(json.dumps([_values(one) for one in changes], ensure_ascii=False))
    elif changes:
        from api.cli.evaluation_tables import changes_in_words

        typer.echo(changes_in_words(changes))
    counts = {effect: sum(one.effect == effect for one in changes) for effect in ("better", "worse", "same")}
    report(
        f"{counted(len(changes), 'decision')} changed: {counts['better']} for the better, "
        f"{counts['worse']} for the worse, {counts['same']} without a difference to the customer"
    )
    if alone := asked_once(old, new):
        report(f"in one of the files only, and passed over: {counted(alone, 'question')}")


def _values(one: Changed) -> dict[str, Any]:
    """One changed question: what was decided ``before`` and ``after``, and everything else of both rows."""
    sides = {"before": one.before, "after": one.after}
    return {
        "text": one.text,
        "expect": list(one.after.expect),
        **{side: row.decision for side, row in sides.items()},
        "effect": one.effect,
        "articles": {side: list(row.citations or row.options) for side, row in sides.items()},
        "reason": {side: row.reason for side, row in sides.items()},
        "confidence": {side: row.confidence for side, row in sides.items()},
    }
