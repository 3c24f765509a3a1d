"""Figures that are asked for rather than counted: what the database knows, read anew every few seconds at most."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from api.product import Product
from api.vitals import Vitals, disk, software, vitals
from bot.channels.base import State, Status
from store import backup, measures, reading
from store.errors import StoreError

KEPT_SECONDS = 5.0

log = structlog.get_logger()


class Gauges(Collector):
    """A collector for ``product``. Never raises: that the database is down is a figure, too."""

    def __init__(self, product: Product, clock: Callable[[], float] = time.monotonic) -> None:
        self._product, self._clock = product, clock
        self._lock = threading.Lock()
        self._known: list[Metric] = []
        self._known_until = -1.0

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            if self._clock() >= self._known_until:
                self._known = [*_of_this_process(self._product), *self._of_the_database()]
                self._known_until = self._clock() + KEPT_SECONDS
            return self._known

    def _of_the_database(self) -> list[Metric]:
        up, what = "database_up", "1 while the database can be read."
        try:
            with reading(self._product.database) as session:
                found = vitals(session, datetime.now(UTC))
        except (StoreError, SQLAlchemyError) as error:
            log.warning("no figures from the database", error=type(error).__name__)
            return [_gauge(up, what, 0)]
        return [_gauge(up, what, 1), *_of(found)]


def registry_of(product: Product) -> CollectorRegistry:
    """All that ``product`` shows: what it counts, what is read when asked for, and what the system says of it."""
    registry = CollectorRegistry(auto_describe=False)
    measures.expect(product.channels)
    registry.register(measures.REGISTRY)
    registry.register(Gauges(product))
    ProcessCollector(registry=registry)
    return registry


def _of(found: Vitals) -> Iterator[Metric]:
    inbox, out = found.inbox, found.deliveries
    depths = {"new": inbox.new, "working": inbox.working, "parked": inbox.parked}
    yield _by("inbox_depth", "Inbox rows that are not dealt with; parked ones wait for a person.", "state", depths)
    yield _gauge("inbox_oldest_seconds", "Age of the oldest row that is new or worked on.", inbox.oldest_seconds)
    states = {state.value: count for state, count in out.depths.items()}
    yield _by("deliveries", "Deliveries that have not arrived, or may not have.", "state", states)
    yield _gauge("delivery_oldest_seconds", "Age of the oldest delivery that has yet to leave.", out.oldest_seconds)
    tickets = {status: found.tickets[status] for status in ("open", "pending")}
    yield _by("tickets", "Tickets that are not solved.", "status", tickets)
    yield _gauge("tickets_unassigned", "Open tickets that have nobody's name on them.", found.tickets["new"])
    yield _gauge("release", "The number of the live release; 0 without one.", found.release or 0)
    yield _gauge("processes", "Processes of this Firstline that are alive.", len(found.processes))
    kinds = [name.split(":")[0] for name in found.holders]
    held = {kind: kinds.count(kind) for kind in sorted(set(kinds))}
    yield _by("leases_held", "Things that only one may do, and somebody does, by kind.", "kind", held)
    yield from _of_backups(found.backups)


def _of_backups(found: backup.Standing) -> Iterator[Metric]:
    made, verified = (at.timestamp() if at else 0 for at in (found.made_at, found.verified_at))
    yield _gauge("backup_made_timestamp_seconds", "When the newest backup was made; 0: never.", made)
    yield _gauge(
        "backup_verified_timestamp_seconds", "When a backup was last restored and found whole; 0: never.", verified
    )
    yield _gauge(
        "backup_problem", "1 while the last attempt to make or verify a backup failed.", found.problem is not None
    )


def _of_this_process(product: Product) -> Iterator[Metric]:
    about = GaugeMetricFamily("firstline_info", "Always 1; its label is the version.", labels=("version",))
    about.add_metric([software()], 1)
    yield about
    serving = product.live.serving
    yield _gauge("serving_release", "The release that this process answers from.", serving.release_id if serving else 0)
    yield from _of_channels({name: each.state for name, each in product.connections.items()})
    yield _gauge("dead_loops", "Loops of this process that have not moved for a minute.", len(product.dead_loops()))
    days = product.settings.backup_days
    yield _gauge("backup_days", "How many daily backups are kept; 0: none is made by itself.", days)
    yield _gauge("draining", "1 while this process is stopping.", product.is_draining)
    yield _gauge(
        "disk_free_bytes", "What is free on the disk of the data folder.", disk(product.settings.data_dir).free
    )


def _of_channels(states: Mapping[str, State]) -> Iterator[Metric]:
    up = {name: float(state.status is Status.CONNECTED) for name, state in states.items()}
    yield _by("channel_up", "1 while this process is connected to the channel.", "channel", up)
    warns = {name: float(state.warns) for name, state in states.items()}
    yield _by("channel_warns", "1 while a connected channel has something to be mended.", "channel", warns)
    waiting = {name: float(state.waiting) for name, state in states.items() if state.waiting is not None}
    yield _by("channel_waiting", "Messages that the platform could not bring to us yet.", "channel", waiting)


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(f"firstline_{name}", what, value=float(value))


def _by(name: str, what: str, label: str, values: Mapping[str, float]) -> Metric:
    metric = GaugeMetricFamily(f"firstline_{name}", what, labels=(label,))
    for key, value in values.items():
        metric.add_metric([key], float(value))
    return metric
