"""What a feed of messages has given so far, and the verdict on it. Pure: times come in as monotonic seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tui_monitor.core.humanize import span_words
from tui_monitor.core.values import Sample, labels_of
from tui_monitor.sources.websocket.message import MessageFacts
from tui_monitor.sources.websocket.settings import AGE, GAPS, LAG, MESSAGES

_AGE, _MESSAGES, _LAG, _GAPS = (labels_of(name) for name in (AGE, MESSAGES, LAG, GAPS))


@dataclass(slots=True)
class FeedState:
    """``connected`` and ``newest``: monotonic seconds of the connection and of the newest message that counts, None where there is none.

    ``lost``: why there is no connection. ``bad``: what is wrong with the newest message. ``lag``: seconds. ``skipped``: messages that the
    numbers show to be missing.
    """

    connected: float | None = None
    newest: float | None = None
    lost: str = ""
    bad: str = ""
    messages: int = 0
    ignored: int = 0
    skipped: int = 0
    lag: float | None = None
    _sequence: int | None = None

    def has_connected(self, now: float) -> None:
        """A new connection: numbers may begin anew, and what the last one said last is over."""
        self.connected, self.lost, self.bad, self._sequence = now, "", "", None

    def has_lost(self, reason: str) -> None:
        """The connection has ended, or could not be made."""
        self.connected, self.lost = None, reason

    def take(self, facts: MessageFacts, now: float, now_ms: int) -> None:
        """One message. One that is not as expected is no sign of freshness."""
        if facts.ignored:
            self.ignored += 1
            return
        self.bad = facts.fault
        if facts.fault:
            return
        self.messages += 1
        self.newest = now
        if facts.stamp is not None:
            self.lag = (now_ms - facts.stamp) / 1000
        if facts.sequence is not None:
            if self._sequence is not None and facts.sequence > self._sequence + 1:
                self.skipped += facts.sequence - self._sequence - 1
            self._sequence = facts.sequence

    def fault(self, now: float, max_age: float | None) -> str:
        """Why the feed is unhealthy, "" where it is well."""
        if self.connected is None:
            return self.lost or "is not connected yet"
        if self.bad:
            return self.bad
        if max_age is None or not self.is_stale(now, max_age):
            return ""
        limit = span_words(max_age, most=1)
        if self.newest is None or self.newest < self.connected:
            return f"no message since it connected {span_words(now - self.connected, most=1)} ago, max_age is {limit}"
        return f"no message for {span_words(now - self.newest, most=1)}, max_age is {limit}"

    def is_stale(self, now: float, max_age: float) -> bool:
        """Whether the newest message is too old; of a new connection the first may take as long."""
        return self.connected is not None and now - max(self.connected, self.newest or self.connected) > max_age

    def samples(self, now: float) -> Iterator[Sample]:
        """The series."""
        yield Sample(_MESSAGES, float(self.messages))
        yield Sample(_GAPS, float(self.skipped))
        if self.newest is not None:
            yield Sample(_AGE, max(0.0, now - self.newest))
        if self.lag is not None and self.connected is not None:
            yield Sample(_LAG, self.lag)
