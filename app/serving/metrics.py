"""Metrics: what the server does, as Prometheus reads it; no name of a user, item or thread is in them."""

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

if TYPE_CHECKING:
    from ...agents.state import Answer
    from .throttle import Refused

CONTENT_TYPE = CONTENT_TYPE_LATEST
"""What kind of text `Metrics.text` is."""

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120)


class Metrics:
    """One server's numbers, in a registry of their own."""

    def __init__(self) -> None:
        own = self._registry = CollectorRegistry()
        ProcessCollector(registry=own)
        PlatformCollector(registry=own)
        self._requests = Counter(
            "convrec_requests", "Requests, by route and outcome.", ["method", "route", "status"], registry=own
        )
        self._latency = Histogram(
            "convrec_request_seconds", "Seconds to the end of an answer.", ["method", "route"],
            buckets=_QUICK, registry=own,
        )  # fmt: skip
        self._turns = Counter(
            "convrec_turns", "Turns, by what the message did and who answered.", ["act", "brain"], registry=own
        )
        self._seconds = Histogram("convrec_turn_seconds", "Seconds of a turn.", ["brain"], buckets=_SLOW, registry=own)
        self._calls = Counter("convrec_model_calls", "Calls of language models.", registry=own)
        self._tokens = Counter("convrec_model_tokens", "Tokens of language models.", ["kind"], registry=own)
        self._cached = Counter("convrec_model_cached", "Answers of language models from the cache.", registry=own)
        self._fallbacks = Counter(
            "convrec_fallbacks", "Steps that the built-in agents took over from a model.", ["agent"], registry=own
        )
        self._failed = Counter("convrec_turns_failed", "Turns that ended in a fault.", registry=own)
        self._under_way = Gauge("convrec_turns_under_way", "Turns that are being answered.", registry=own)
        self._refused = Counter("convrec_refused", "Requests that were refused.", ["reason"], registry=own)
        self._streams = Gauge("convrec_event_streams", "Event streams that are open.", registry=own)

    def turn(self, answer: "Answer") -> None:
        """Count a turn that was answered."""
        usage = answer.usage
        brain = "model" if any(step.brain != "built-in" for step in answer.steps) else "built-in"
        self._turns.labels(answer.act, brain).inc()
        self._seconds.labels(brain).observe(usage.seconds)
        self._calls.inc(usage.calls)
        self._tokens.labels("prompt").inc(usage.prompt_tokens)
        self._tokens.labels("completion").inc(usage.completion_tokens)
        self._cached.inc(usage.cached)
        for step in answer.steps:
            if step.fallback:
                self._fallbacks.labels(step.agent).inc()

    def turn_begins(self) -> None:
        """A turn is being answered."""
        self._under_way.inc()

    def turn_ends(self, *, failed: bool = False) -> None:
        """It is no longer; it may have ended in a fault."""
        self._under_way.dec()
        if failed:
            self._failed.inc()

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request.

        Args:
            method: of HTTP; those that nobody heard of are counted as one.
            route: as it was declared, `/v1/items/{item}`, never as it was called.
            status: of HTTP.
            seconds: until the answer's end.
        """
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._latency.labels(method, route).observe(seconds)

    def refuse(self, reason: "Refused") -> None:
        """Count a request that was refused."""
        self._refused.labels(reason).inc()

    def stream_opens(self) -> None:
        """An event stream has begun."""
        self._streams.inc()

    def stream_closes(self) -> None:
        """It has ended."""
        self._streams.dec()

    def text(self) -> bytes:
        """All numbers, in Prometheus' text format."""
        return generate_latest(self._registry)
