"""The end of series that a source no longer returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from operator import is_

from tui_monitor.core.values import ALERT_SERIES, ENDED_NAN, METRIC_NAME, STALE_NAN, Inventory, Labels, Sample, is_ended, label
from tui_monitor.promql.queryable import Matcher
from tui_monitor.storage.memory import SeriesMemory


class SeriesEnds:
    """The live series of one source (a target, a query), and markers for those that end.

    An answer without a series ends it at once, as Prometheus does at the next good scrape. A failure ends nothing: the source's
    series are stale, and end with the first answer that lacks them. A series that was never passed to it is never ended
    (prometheus#16427). Series are compared by identity first: a reader that gives the same objects each time costs 1 ms for 20,000
    series, hashing them 20 ms.
    """

    __slots__ = ("_live", "_silent")

    def __init__(self, known: Iterable[Labels] = ()) -> None:
        """``known``: earlier series, as loaded into memory after a restart."""
        self._live: list[Labels] = []
        self._silent: list[Labels] = list(known)

    def __len__(self) -> int:
        return len(self._live)

    def ends(self, samples: Iterable[Sample] = ()) -> tuple[Sample, ...]:
        """End markers, after an answer, for the series that are not among these samples, which become the live ones.

        The markers belong to the moment of the samples.
        """
        before, self._live = self._live, [sample[0] for sample in samples]
        gone = _gone(before, self._live)
        if self._silent:
            now = set(self._live)
            gone += [labels for labels in self._silent if labels not in now]
            self._silent = []
        return tuple([Sample(labels, ENDED_NAN) for labels in gone])

    def falls_silent(self, samples: Iterable[Sample] = ()) -> tuple[Sample, ...]:
        """Staleness markers, after a failure, for the series that are not among these samples."""
        before, self._live = self._live, [sample[0] for sample in samples]
        gone = _gone(before, self._live)
        self._silent += gone
        return tuple([Sample(labels, STALE_NAN) for labels in gone])


def _gone(before: list[Labels], now: list[Labels]) -> list[Labels]:
    if len(before) == len(now) and all(map(is_, before, now)):
        return []
    ids = set(map(id, now))
    missing = [labels for labels in before if id(labels) not in ids]
    if not missing:
        return []
    known = set(map(id, before))
    fresh = {labels for labels in now if id(labels) not in known}
    return [labels for labels in missing if labels not in fresh] if fresh else missing


def series_not_ended(memory: SeriesMemory, labels: Mapping[str, str]) -> list[Labels]:
    """The series with these labels ("": without the label) that no source has ended, also those loaded after a restart.

    Without those about alerts, whose labels are a check's, but which go on until the alert ends.
    """
    matchers = tuple(Matcher(name, "=", value) for name, value in labels.items())
    newest = ((series.labels, series.latest(memory.newest_ms)) for series in memory.select(matchers, 0, memory.newest_ms))
    live = (found for found, sample in newest if sample is not None and not is_ended(sample[1]))
    return [found for found in live if label(found, METRIC_NAME) not in ALERT_SERIES]


class InventoryEnds:
    """The end of series by inventory: of a dropped database, a removed mount.

    It compares series only where an inventory has changed; 0.1 ms for this machine's.
    """

    def __init__(self, memory: SeriesMemory) -> None:
        self._memory = memory
        self._last: dict[tuple[str, tuple[str, ...], str], frozenset[str]] = {}

    def ends(self, source: str, inventories: Iterable[Inventory], labels: Mapping[str, str]) -> tuple[Sample, ...]:
        """End markers for the series with these labels whose subject is in no inventory, also for those loaded after a restart."""
        return tuple(marker for inventory in inventories for marker in self._of(source, inventory, labels))

    def _of(self, source: str, inventory: Inventory, labels: Mapping[str, str]) -> Iterator[Sample]:
        key = (source, inventory.metrics, inventory.label)
        if self._last.get(key) == inventory.values:
            return
        self._last[key] = inventory.values
        for metric in inventory.metrics:
            for found in series_not_ended(self._memory, {METRIC_NAME: metric, **labels}):
                if label(found, inventory.label) not in inventory.values:
                    yield Sample(found, ENDED_NAN)
