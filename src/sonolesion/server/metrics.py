"""Figures for Prometheus; labels are routes, methods and codes, never an id."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from sonolesion.server.worker_pool import PoolFigures

_BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Metrics:
    """The figures of one server.

    Args:
        pool_figures: asked whenever somebody looks.
        case_counts: state -> cases, likewise.
    """

    def __init__(
        self, pool_figures: Callable[[], PoolFigures], case_counts: Callable[[], dict[str, int]]
    ) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "sonolesion_requests",
            "Requests answered",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "sonolesion_request_seconds",
            "Time from request to the end of its answer",
            ("route",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.errors = Counter(
            "sonolesion_errors", "Errors answered, by id", ("id",), registry=self.registry
        )
        self.registry.register(_Gauges(pool_figures, case_counts))
        ProcessCollector(registry=self.registry)

    def text(self) -> bytes:
        """Return all figures in Prometheus's text format."""
        return generate_latest(self.registry)


class _Gauges(Collector):
    def __init__(
        self, pool_figures: Callable[[], PoolFigures], case_counts: Callable[[], dict[str, int]]
    ) -> None:
        self._pool_figures = pool_figures
        self._case_counts = case_counts

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the figures of this moment."""
        pool = self._pool_figures()
        for name, value, text in (
            ("workers_alive", pool.alive, "Worker processes with a model"),
            ("workers_busy", pool.busy, "Worker processes at work"),
            ("tasks_waiting", pool.waiting, "Images that wait for a worker"),
            ("worker_crashes", pool.crashes, "Workers that died over an image"),
            ("worker_timeouts", pool.timeouts, "Workers that were stopped over an image"),
        ):
            yield GaugeMetricFamily(f"sonolesion_{name}", text, value=value)
        cases = GaugeMetricFamily("sonolesion_cases", "Cases by state", labels=["state"])
        for state, count in self._case_counts().items():
            cases.add_metric([state], count)
        yield cases
