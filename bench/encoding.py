"""The English encoder beside plain torch: how fast, how near, and what messages that come at once gain.

Both sides are measured in turns, many times over: what else the machine does hits them alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from multiprocessing import get_context
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.figure import Figure

if TYPE_CHECKING:
    from bench.sets import Set
    from retrieval.encoders import Encoder, Vectors

_AT_ONCE = 8
_ROUNDS = 15
_ASKED = 120
_MOST = 1_000
QUESTIONS = (
    "I forgot my password, can't get in",
    "How do I export a report to Excel?",
    "Why was my card charged twice this month, and how do I get the second payment back?",
    "invite a colleague",
    "The app on my phone stopped syncing after the last update, and now half of my tasks are missing.",
    "Is there a way to change the owner of a workspace",
)


def measure() -> Iterator[Figure]:
    """Speed first, then whether the faster encoder finds the same articles."""
    from retrieval.encoders import load_encoders
    from retrieval.sentence_models import minilm_model

    ours, torch = load_encoders(None, lambda sentence: None).of("en"), minilm_model()
    texts = [f"{QUESTIONS[number % len(QUESTIONS)]} {number}" for number in range(_ASKED)]

    def by_torch(text: str) -> Any:
        return torch.encode_query([text], normalize_embeddings=True, show_progress_bar=False)

    own, other = _in_turns(lambda: _p50(lambda text: ours.queries([text]), texts), lambda: _p50(by_torch, texts))
    yield Figure("English encoder, one question, p50", median(own), "ms")
    yield Figure("plain torch sentence-transformers, one question, p50", median(other), "ms")
    ratio = median(slow / fast for fast, slow in zip(own, other, strict=True))
    yield Figure("English encoder, times as fast as torch", ratio, "×", least=2.5)
    yield from _at_once(ours, texts)
    for each in _sets():
        lost = _hit(each, torch) - _hit(each, ours)
        yield Figure(f"{each.name}: hit@1 of torch less ours", 100 * lost, "points", 0.5)


def _at_once(ours: Encoder, texts: Sequence[str]) -> Iterator[Figure]:
    """Wall clock says what is gained while both cores are free; processor time says it on a busy machine, too."""

    def encode(text: str) -> object:
        return ours.queries([text])

    for clock, unit in ((time.perf_counter, "wall clock"), (time.process_time, "processor time")):
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            alone, together = _in_turns(
                lambda clock=clock: _rate(clock, lambda: [encode(text) for text in texts]),
                lambda clock=clock, pool=pool: _rate(clock, lambda: list(pool.map(encode, texts))),
            )
        gains = [many / one for one, many in zip(alone, together, strict=True)]
        is_wall = clock is time.perf_counter
        yield Figure(f"English messages a second of {unit}, one at a time", median(alone), "")
        yield Figure(f"{_AT_ONCE} at once ÷ one at a time", median(gains), "×", least=1.8 if is_wall else None)
        yield Figure("the same, in the quietest round", max(gains), "×")
    yield from _ceiling(texts)


def _ceiling(texts: Sequence[str]) -> Iterator[Figure]:
    """What two processes that share nothing gain over one: two cores of a machine need not be worth twice one."""
    anew = get_context("spawn")
    with ProcessPoolExecutor(1, anew) as first, ProcessPoolExecutor(1, anew) as second:
        alone, both = _in_turns(
            lambda: first.submit(_seconds_for, texts).result(),
            lambda: max(each.result() for each in [pool.submit(_seconds_for, texts) for pool in (first, second)]),
        )
    gains = [2 * one / two for one, two in zip(alone, both, strict=True)]
    yield Figure("two processes ÷ one, messages a second of wall clock", median(gains), "×")
    yield Figure("the same, in the quietest round", max(gains), "×")


def _seconds_for(texts: Sequence[str]) -> float:
    """In a process of its own, which keeps its encoder."""
    ours = _own_encoder()
    started = time.perf_counter()
    for text in texts:
        ours.queries([text])
    return time.perf_counter() - started


@cache
def _own_encoder() -> Encoder:
    from retrieval.encoders import load_encoders

    ours = load_encoders(None, lambda sentence: None).of("en")
    ours.queries(QUESTIONS)
    return ours


def _in_turns(one: Callable[[], float], other: Callable[[], float]) -> tuple[list[float], list[float]]:
    one(), other()
    pairs = [(one(), other()) for _ in range(_ROUNDS)]
    return [first for first, _ in pairs], [second for _, second in pairs]


def _p50(encode: Callable[[str], object], texts: Sequence[str]) -> float:
    times = []
    for text in texts:
        started = time.perf_counter()
        encode(text)
        times.append((time.perf_counter() - started) * 1000)
    return median(times)


def _rate(clock: Callable[[], float], encode: Callable[[], object]) -> float:
    started = clock()
    encode()
    return _ASKED / (clock() - started)


def _sets() -> Iterator[Set]:
    from bench.__main__ import say
    from bench.sets import DATA, banking, stackfaq

    if not DATA.is_dir():
        say(f"There is no {DATA}: whether the faster encoder finds the same articles is not measured.")
        return
    yield stackfaq("report")
    questions = banking("report", 10)
    yield replace(questions, questions=tuple(Random(0).sample(questions.questions, _MOST)))


def _hit(each: Set, model: Encoder | Any) -> float:
    """Share of the questions whose nearest text, by cosine alone, is one of the right article's."""
    from bench.peers import texts_of

    owners = [(published.article.id, text) for published in each.contents.articles for text in texts_of(published)]
    held = _vectors(model, [text for _, text in owners])
    asked = _vectors(model, [question.text for question in each.questions])
    nearest = (asked @ held.T).argmax(1)
    right = [owners[place][0] in each.questions[row].expect for row, place in enumerate(nearest.tolist())]
    return float(np.mean(right))


def _vectors(model: Encoder | Any, texts: list[str]) -> Vectors:
    if hasattr(model, "queries"):
        found: Vectors = model.passages(texts)
        return found
    return np.asarray(model.encode(texts, normalize_embeddings=True, show_progress_bar=False), np.float32)
