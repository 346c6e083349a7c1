"""GET /metrics: the counters of this web server, and the figures of the whole installation.

docs/operations.md explains each metric; a test compares the two.
"""

import os
import time
from collections.abc import Iterable, Iterator

from prometheus_client import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from apps.banking.aggregators.calls import Calls, read_calls
from apps.integrations.figures import Figures, read_figures
from apps.reliability.backlog import Backlog
from apps.reliability.broker import Broker
from apps.reliability.connections import database
from apps.reliability.health import PATIENCE, read_health
from apps.reliability.probe import Probe, answer_by
from apps.reliability.sync_figures import SyncFigures, read_sync_figures
from lib.redis_client import redis_client

__all__ = ["CONTENT_TYPE", "render"]


def _count_integrations() -> Figures:
    with database():
        return read_figures()


# Counting connections and syncs reads many rows, so several requests share one count.
SYNC_FIGURES: Probe[SyncFigures] = Probe(read_sync_figures, fresh=10)
FIGURES: Probe[Figures] = Probe(_count_integrations, fresh=15)
CALLS: Probe[Calls] = Probe(lambda: read_calls(redis_client()))


def render() -> bytes:
    """The page. Takes little more than health.PATIENCE; metrics whose source does not answer in time are missing."""
    return generate_latest(own_counters()) + generate_latest(_shared_figures())


def own_counters() -> CollectorRegistry:
    """The counters of this web server: of all its processes, if there are several."""
    # With several web processes, each keeps its counters in files of its own (see gunicorn.conf.py).
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry


def _shared_figures() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Families(list(_collect())))
    return registry


class _Families:
    """A collector that returns the metrics it was made with."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _collect() -> Iterator[Metric]:
    deadline = time.monotonic() + PATIENCE
    syncs, calls, figures = SYNC_FIGURES.begin(), CALLS.begin(), FIGURES.begin()
    health = read_health()
    yield _labelled_gauge("ponte_up", "Whether a service answers.", "service", health.services)
    if health.backlog:
        yield from _backlog(health.backlog)
    if health.broker:
        yield from _broker(health.broker)
    if sync_figures := answer_by(syncs, deadline):
        yield from _sync_figures(sync_figures)
    if call_counts := answer_by(calls, deadline):
        yield from _calls(call_counts)
    if counted := answer_by(figures, deadline):
        yield from _integrations(counted)


def _backlog(backlog: Backlog) -> Iterator[Metric]:
    books = backlog.books
    states = ("accepted", "done", "pending", "dead", "purged")
    yield _labelled_gauge(
        "ponte_events", "Events in the books.", "state", {state: getattr(books, state) for state in states}
    )
    yield _gauge("ponte_books_balanced", "1 while accepted = done + pending + dead + purged.", books.balanced)
    yield _gauge(
        "ponte_events_oldest_pending_seconds",
        "Seconds since the oldest unfinished event arrived, whatever it waits for.",
        backlog.oldest_pending_seconds,
    )
    yield _gauge(
        "ponte_events_overdue_seconds",
        "Seconds since the longest waiting due event became due.",
        backlog.overdue_seconds,
    )


def _broker(broker: Broker) -> Iterator[Metric]:
    yield _labelled_gauge("ponte_queue_depth", "Messages that no worker has taken yet.", "queue", broker.queues)
    yield _gauge("ponte_workers", "Workers whose heartbeat is fresh.", broker.workers)


def _sync_figures(figures: SyncFigures) -> Iterator[Metric]:
    yield _labelled_gauge("ponte_connections", "Connected banks, by state.", "state", figures.connections)
    syncs = GaugeMetricFamily(
        "ponte_syncs_last_day", "Syncs that began in the last 24 hours.", labels=["result", "error_type"]
    )
    for labels, number in sorted(figures.syncs.items()):
        syncs.add_metric(labels, number)
    yield syncs
    if figures.schedule_seconds is not None:
        yield _gauge(
            "ponte_schedule_seconds", "Seconds since beat last wrote down what it sent.", figures.schedule_seconds
        )


def _calls(calls: Calls) -> Iterator[Metric]:
    counts = CounterMetricFamily(
        "ponte_api_calls", "Calls to aggregators.", labels=["aggregator", "endpoint", "outcome"]
    )
    for labels, number in sorted(calls.counts.items()):
        counts.add_metric(labels, number)
    seconds = CounterMetricFamily(
        "ponte_api_call_seconds", "Seconds spent in these calls.", labels=["aggregator", "endpoint"]
    )
    for endpoint, total in sorted(calls.seconds.items()):
        seconds.add_metric(endpoint, total)
    return iter((counts, seconds))


def _integrations(figures: Figures) -> Iterator[Metric]:
    for name, text, labels, numbers in (
        ("ponte_integrations", "Integrations, by type and status.", ["type", "status"], figures.integrations),
        ("ponte_sends_last_hour", "Sends of the last hour.", ["channel", "state"], figures.sends),
        ("ponte_integration_calls_last_hour", "Calls of the last hour.", ["provider", "outcome"], figures.calls),
    ):
        family = GaugeMetricFamily(name, text, labels=labels)
        for pair, number in sorted(numbers.items()):
            family.add_metric(pair, number)
        yield family
    waiting = "Seconds since the oldest send that is queued or being sent was asked for."
    yield _gauge("ponte_sends_waiting_seconds", waiting, figures.oldest_waiting_seconds)


def _labelled_gauge(name: str, text: str, label: str, values: dict[str, int] | dict[str, bool]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
