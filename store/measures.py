"""What this process counts and times, for Prometheus: a line where the thing happens, ``/metrics`` shows them all.

What the database knows (depths, ages, parked rows) is not counted here: ``api.gauges`` reads it when asked.
Labels have few values that are known beforehand: never an id, a name or anything that a customer wrote.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

# When each counter began is as many lines again, and nobody asks.
disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()
"""Our own, so that no library's metrics come along, and two tests never meet in the process-wide one."""

FROM_MESSAGE_TO_ANSWER = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0)
WORK = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
BUILDS = (1.0, 3.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1800.0, 3600.0)


def _counter(name: str, what: str, *labels: str) -> Counter:
    return Counter(f"firstline_{name}", what, labels, registry=REGISTRY)


def _histogram(name: str, what: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    return Histogram(f"firstline_{name}", what, labels, buckets=buckets, registry=REGISTRY)


# In
accepted_total = _counter("accepted_total", "Events kept in the inbox; is_new=no: came again.", "channel", "is_new")
turns_total = _counter(
    "turns_total",
    "Turns by outcome: a decision's name, or forgotten, happened, held, again, put_back, late.",
    "channel",
    "outcome",
)
turn_seconds = _histogram("turn_seconds", "From the claim of an inbox row to the end of its turn.", WORK, "channel")
stage_seconds = _histogram("stage_seconds", "Parts of a turn: read, write, record.", WORK, "stage")
parked_total = _counter("parked_total", "Inbox rows that were set aside for a person.", "channel")
replayed_total = _counter("replayed_total", "Parked inbox rows that a person had dealt with again.", "channel")
watchdog_total = _counter("watchdog_total", "Turns taken away because their time was up.", "channel")
loop_guard_total = _counter("loop_guard_total", "Conversations handed to a person because the bot talked too much.")
backfilled_total = _counter("backfilled_total", "Messages fetched afterwards that were missed while away.", "channel")

# Out
sent_total = _counter(
    "sent_total", "Attempts to send by outcome: sent, later, again, failed, uncertain.", "channel", "outcome"
)
send_seconds = _histogram("send_seconds", "One call of a channel that sends a message.", WORK, "channel")
answer_seconds = _histogram(
    "answer_seconds",
    "From a customer's message in the inbox to the delivery of what the bot said to it.",
    FROM_MESSAGE_TO_ANSWER,
    "channel",
)
doubts_total = _counter("doubts_total", "Attempts to send of which nobody knows whether they arrived.", "channel")
rate_limited_total = _counter("rate_limited_total", "Calls that a channel refused for being too many.", "channel")
cosmetic_dropped_total = _counter(
    "cosmetic_dropped_total", "Typing, status and reactions left out to stay within a channel's limits.", "channel"
)

# Knowledge
build_failures_total = _counter("build_failures_total", "Releases that could not be built.")
build_seconds = _histogram("build_seconds", "Building one release.", BUILDS)
release_swaps_total = _counter("release_swaps_total", "Releases taken up by this process.")
release_swap_failures_total = _counter(
    "release_swap_failures_total", "Times that a live release could not be loaded; the former one goes on answering."
)
release_mismatches_total = _counter(
    "release_mismatches_total", "Releases not taken up because index and database differ: publish again."
)
superseded_total = _counter(
    "superseded_total", "Answers that were read anew because another release went live before they were kept."
)
llm_calls_total = _counter(
    "llm_calls_total", "Calls of the language model by outcome: done, failed, spared.", "outcome"
)
llm_seconds = _histogram("llm_seconds", "One call of the language model.", WORK)

# The house
loop_failures_total = _counter("loop_failures_total", "Steps of a loop that failed and are tried again.", "loop")
backups_total = _counter(
    "backups_total", "Backups by deed (make, verify) and outcome (done, failed).", "deed", "outcome"
)
backup_seconds = _histogram("backup_seconds", "Making or verifying one backup.", BUILDS, "deed")
requests_total = _counter("requests_total", "HTTP requests by status: 2xx, 3xx, 4xx, 5xx.", "status")


OUTCOMES = ("sent", "later", "again", "failed", "uncertain")
"""What can become of an attempt to send."""


def expect(channels: Iterable[str]) -> None:
    """Begin the counters of these channels at 0: of one that appears with its first event, Prometheus sees no rise."""
    for channel in channels:
        for counter in (parked_total, watchdog_total, doubts_total, rate_limited_total):
            counter.labels(channel)
        for outcome in OUTCOMES:
            sent_total.labels(channel, outcome)
    for outcome in ("done", "failed", "spared"):
        llm_calls_total.labels(outcome)
    requests_total.labels("5xx")


def value(name: str, **labels: str) -> float:
    """What the sample ``name`` (without the prefix) is now, 0 before it first happened: for tests and pages."""
    return REGISTRY.get_sample_value(f"firstline_{name}", labels) or 0.0
