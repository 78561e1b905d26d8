"""Numbers for Prometheus, at ``/metrics``."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0
from quart import Blueprint, Response

_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
#: Seconds. The small ones tell a ping from a query; what takes over ten is a stream.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """What is counted. The registry is its own, so that two servers in one process (tests) do not share it.

    Labels are bounded: a request counts under the template of its route, never under its path.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.in_flight = Gauge(
            "tonearm_http_requests_in_flight", "Requests being answered now.", registry=self.registry
        )
        self.streams = Gauge("tonearm_streams", "Responses with audio that are being sent now.", registry=self.registry)
        self._requests = Counter(
            "tonearm_http_requests",
            "Requests answered, by route and status.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "tonearm_http_request_seconds",
            "Time from a request's head to the end of its response.",
            ["route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._sent = Counter("tonearm_http_sent_bytes", "Bytes of response bodies.", registry=self.registry)
        ProcessCollector(registry=self.registry)

    def gauge(self, name: str, documentation: str, read: Callable[[], float]) -> None:
        """Show what ``read`` gives whenever the numbers are asked for. ``read`` must not block."""
        Gauge(name, documentation, registry=self.registry).set_function(read)

    def observe(self, method: str, route: str, status: int, seconds: float, sent: int) -> None:
        """Count one answered request. ``sent``: bytes of its body."""
        self._requests.labels(method if method in _METHODS else "other", route, status).inc()
        self._seconds.labels(route).observe(seconds)
        self._sent.inc(sent)


def blueprint(metrics: Metrics) -> Blueprint:
    """``/metrics`` in the Prometheus text format."""
    pages = Blueprint("metrics", __name__)

    @pages.get("/metrics")
    async def show() -> Response:
        return Response(generate_latest(metrics.registry), content_type=CONTENT_TYPE_PLAIN_1_0_0)

    return pages
