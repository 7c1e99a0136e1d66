"""Which traces the screen of traces lists, and the line in which people write it. Pure."""

from __future__ import annotations

import shlex
from dataclasses import replace

from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean
from tui_monitor.core.trace import TraceOrder, TraceQuery
from tui_monitor.core.units import parse_duration

ORDERS: tuple[TraceOrder, ...] = ("newest", "slowest", "failed")
EXAMPLE = "service=shop  slower=500ms  errors  last=1h  POST /orders"
MOST_TRACES = 500


@frozen
class TraceChoice:
    """A filter as people choose it; ``last`` ms before the moment shown (0: all), ``slower`` in microseconds."""

    service: str = ""
    operation: str = ""
    slower: int = 0
    errors: bool = False
    last: int = 0
    order: TraceOrder = "newest"

    def query(self, now: int, until: int) -> TraceQuery:
        """The query of the store; ``until``: the moment of the past that is shown (UTC ms), else 0."""
        since = max(0, (until or now) - self.last) * 1000 if self.last else 0
        return TraceQuery(self.service, self.operation, self.slower, self.errors, since, MOST_TRACES, until * 1000, self.order)

    @property
    def is_narrowed(self) -> bool:
        """Whether more than service and order is chosen."""
        return self != TraceChoice(service=self.service, order=self.order)

    def line(self) -> str:
        """The line that `parse_trace_choice` reads as this filter."""
        parts = [f"service={shlex.quote(self.service)}"] if self.service else []
        return " ".join([*parts, *self._words(), self.operation]).strip()

    def words(self) -> str:
        """The filter beside the title, without its service."""
        return "  ".join([*self._words(), *([self.operation] if self.operation else [])])

    def _words(self) -> list[str]:
        parts = [f"slower={self.slower // 1000}ms"] if self.slower else []
        parts += ["errors"] if self.errors else []
        return [*parts, f"last={self.last // 60_000}m"] if self.last else parts


def parse_trace_choice(text: str, order: TraceOrder = "newest") -> TraceChoice:
    """A filter from ``service=shop slower=500ms errors last=1h POST /orders``. ValueError says what is wrong with the line."""
    try:
        words = shlex.split(text)
    except ValueError:
        raise ValueError("a quotation mark is open: close it") from None
    found, rest = TraceChoice(order=order), []
    for word in words:
        name, equals, value = word.partition("=")
        if name == "service" and equals:
            found = replace(found, service=value)
        elif name == "operation" and equals:
            rest.append(value)
        elif name in ("slower", "slower-than") and equals:
            found = replace(found, slower=round(_seconds(name, value) * 1e6))
        elif name == "last" and equals:
            found = replace(found, last=round(_seconds(name, value) * 1e3))
        elif word == "errors":
            found = replace(found, errors=True)
        else:
            rest.append(word)
    return replace(found, operation=" ".join(rest))


def _seconds(name: str, text: str) -> float:
    try:
        return parse_duration(text if not text.isdecimal() else "")
    except ValueError:
        raise ValueError(f'"{clean(text)}" is not a duration: write for example {name}=500ms') from None
