"""Importing 2,000 English Markdown files of a product's documentation, and fewer of other languages for their rates.

The pages are those of two real documentations where the folder of public data is there, else those of the sample, each
told many times over with other words in it, so that no text is read twice. Minutes on two cores.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from bench.figure import Figure
from bench.sets import DATA
from kb_content.catalogue import sample_folder

FIRSTLINE = str(Path(sys.executable).with_name("firstline"))
ENGLISH, CHINESE = 2_000, 100
GOAL_SECONDS = 600.0
_SHORTEST = 400
_WORDS = {
    "other": "amber blue crimson dusty early frozen golden hollow iron jade lunar misty noble olive plain quiet",
    "things": "harbor ledger meadow beacon canyon delta ember forest garden island kettle lantern market orchard",
    "chinese": "琥珀 蓝色 深红 早春 金色 空心 玉石 月光 薄雾 高贵 安静 飞快 银色 潮汐",
}
_OTHER, _THINGS, _CHINESE_OTHER = (words.split() for words in _WORDS.values())
_WORD = re.compile(r"\b(check|task|job|project|account|server|worker|email|report|setting|user|file|page|team)(s?)\b")


def measure() -> Iterator[Figure]:
    """The command as an editor runs it, from nothing to a live release."""
    with tempfile.TemporaryDirectory() as folder:
        english = _write(Path(folder) / "english", _english(), ENGLISH)
        seconds, said = _import(Path(folder) / "data-en", english)
        what = f"{ENGLISH:,} English files ({_size(english):.1f} MB): imported and live"
        yield Figure(what, seconds, "s", GOAL_SECONDS)
        yield from _rates(said)
        yield Figure("  of them named as duplicates of others", len(said["duplicates"]), "", digits=0)
        chinese = _write(Path(folder) / "chinese", _chinese(), CHINESE)
        seconds, said = _import(Path(folder) / "data-zh", chinese)
        yield Figure(f"{CHINESE:,} Chinese files ({_size(chinese):.1f} MB): imported and live", seconds, "s")
        yield from _rates(said)


def _rates(said: dict[str, Any]) -> Iterator[Figure]:
    for rate in said["rates"]:
        yield Figure(f"  {rate['language']}: passages read a second", rate["each_second"] or 0.0, "", digits=1)


def _import(home: Path, folder: Path) -> tuple[float, dict[str, Any]]:
    environment = {**os.environ, "FIRSTLINE_DATA_DIR": str(home), "HF_HUB_OFFLINE": "1"}
    started = perf_counter()
    done = subprocess.run(
        [FIRSTLINE, "kb", "import", str(folder), "--json"], env=environment, capture_output=True, text=True, check=False
    )
    seconds = perf_counter() - started
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-2_000:])
    said: dict[str, Any] = json.loads(done.stdout)
    return seconds, said


def _english() -> list[str]:
    pages = sorted(DATA.glob("docs/**/*.md")) or sorted(sample_folder().glob("articles/en/*.md"))
    return [text for page in pages if len(text := page.read_text("utf-8")) > _SHORTEST]


def _chinese() -> list[str]:
    return [page.read_text("utf-8") for page in sorted(sample_folder().glob("articles/zh/*.md"))]


def _write(folder: Path, pages: Sequence[str], count: int) -> Path:
    """``count`` files: each page told again with other words, its sections in another order."""
    folder.mkdir(parents=True)
    chance = Random(0)
    for number in range(count):
        text = pages[number % len(pages)]
        (folder / f"page-{number}.md").write_text(_told_again(text, number, chance), "utf-8")
    return folder


def _told_again(text: str, number: int, chance: Random) -> str:
    text = re.sub(r"(?m)^id:.*\n", "", text)
    words = {word: f"{chance.choice(_OTHER)} {chance.choice(_THINGS)}" for word in set(_WORD.findall(text))}
    told = _WORD.sub(lambda found: f"{words[found[1], found[2]]} {found[0]}", text)
    told = re.sub("[，。]", lambda found: f"{found[0]}{chance.choice(_CHINESE_OTHER)}", told)
    first, *rest = re.split(r"(?m)^(?=## )", told)
    chance.shuffle(rest)
    return f"{first}{''.join(rest)}\n\n## Number {number}\n\nThis is page {number} of the {chance.choice(_THINGS)}.\n"


def _size(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.iterdir()) / 1e6
