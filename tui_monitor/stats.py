"""Percentiles and uptime of every check over 5 m, 1 h and 24 h, brought up to date a few checks at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from tui_monitor.model import Labels, labels_of
from tui_monitor.store.history_reader import HistoryReader
from tui_monitor.views import Window

WINDOWS = {"5m": 300_000, "1h": 3_600_000, "24h": 86_400_000}
QUANTILES = (0.5, 0.95, 0.99)
CHECKS_A_TURN = 4


class Statistics:
    """The newest windows of each check. ``turn`` picks who is next; ``read`` does the work, in the reading thread."""

    def __init__(self) -> None:
        self.windows: dict[str, Mapping[str, Window]] = {}
        self._queue: list[str] = []

    def turn(self, checks: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
        """The next few checks (name → labels) whose figures are the oldest."""
        self._queue = [name for name in self._queue if name in checks] + [name for name in checks if name not in self._queue]
        chosen = list(islice(self._queue, CHECKS_A_TURN))
        self._queue = self._queue[len(chosen) :] + chosen
        return {name: checks[name] for name in chosen}

    def take(self, found: Mapping[str, Mapping[str, Window]]) -> None:
        """Keep what `read` found."""
        self.windows.update(found)


def read_windows(reader: HistoryReader, checks: Mapping[str, Mapping[str, str]], now_ms: int) -> dict[str, dict[str, Window]]:
    """The windows of these checks that end now. Raises HistoryFault."""
    return {name: {key: _window(reader, labels, now_ms - span, now_ms) for key, span in WINDOWS.items()} for name, labels in checks.items()}


def _window(reader: HistoryReader, labels: Mapping[str, str], after: int, until: int) -> Window:
    duration: Labels = labels_of("probe_duration_seconds", **labels)
    p50, p95, p99 = (_known(value) for value in reader.percentiles(duration, QUANTILES, after, until))
    return Window(p50, p95, p99, reader.uptime(labels_of("probe_success", **labels), after, until))


def _known(value: float) -> float | None:
    return value if value == value else None


def sparks_of(values: Sequence[float]) -> tuple[float | None, ...]:
    """A series' newest values as a spark: NaN (a gap) becomes None."""
    return tuple(_known(value) for value in values)
