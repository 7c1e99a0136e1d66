"""Decoded pushes into the table of series: points, Pushgateway's groups, counts of lines and spans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tui_monitor.core.values import Labels, labels_of
from tui_monitor.promql.exposition_comment import Metadata
from tui_monitor.sources.push.decoded import Decoded, PushedLine, PushedPoint
from tui_monitor.sources.push.names import UnusableSeries
from tui_monitor.sources.push.pushgateway import PUSH_TIME, labels_in_group
from tui_monitor.sources.push.series import PushedNumber
from tui_monitor.sources.push.span_series import SpanSeries
from tui_monitor.sources.push.table import SeriesTable

MOST_METADATA = 5000
MOST_GROUPS = 1000
LINES_TOTAL = "log_lines_total"


class PushIntake:
    """Applies what decoders give, on the event loop. ``points`` counts the points that were taken."""

    def __init__(self, table: SeriesTable) -> None:
        self.points = 0
        self.metadata: dict[str, Metadata] = {}
        self.groups_changed = False
        self._table = table
        self._spans = SpanSeries(table)
        self._groups: dict[Labels, dict[str, Any]] = {}

    def take(self, decoded: Decoded, sender: str, now: float) -> int:
        """Take points, lines and spans; returns how many new series did not fit. ``now``: seconds of the monotonic clock."""
        self._describe(decoded.metadata)
        left_out = sum(self._point(point, sender, now) is None for point in decoded.points)
        self._count_lines(decoded.lines, now)
        self._spans.count(decoded.spans, now)
        return left_out

    def _point(
        self, point: PushedPoint, sender: str, now: float, *, hold: bool = False, ttl: float = 0.0, group: Labels = ()
    ) -> PushedNumber | None:
        series = self._table.entry(PushedNumber, point.labels, sender, now, hold=hold or point.added, ttl=ttl)
        if series is None:
            return None
        self.points += 1
        series.group = group
        series.value = series.value + point.value if point.added else point.value
        self._table.touch(series, now)
        return series

    def _describe(self, metadata: Mapping[str, Metadata]) -> None:
        for name, said in metadata.items():
            if len(self.metadata) < MOST_METADATA or name in self.metadata:
                self.metadata[name] = said

    def _count_lines(self, lines: Iterable[PushedLine], now: float) -> None:
        counts: dict[tuple[str, str], int] = {}
        for line in lines:
            key = (line.service, line.level or "unknown")
            counts[key] = counts.get(key, 0) + 1
        for (service, level), count in counts.items():
            labels = labels_of(LINES_TOTAL, service=service, level=level)
            self._point(PushedPoint(labels, float(count), True), f"logs of {service}", now)

    # --- Pushgateway --------------------------------------------------------------------------------------------------

    def push_group(self, decoded: Decoded, sender: str, now: float, wall: float, ttl: float, *, replace: bool) -> int:
        """The series of a group: all of them (PUT), or those of the same names (POST); returns how many did not fit.

        ``wall``: Unix seconds, for push_time_seconds. ``ttl`` in seconds, 0: the table's.
        """
        self._describe(decoded.metadata)
        key = tuple(sorted(decoded.group.items()))
        names = None if replace else {dict(point.labels)["__name__"] for point in decoded.points}
        kept = {point.labels for point in decoded.points}
        self._table.drop([each for each in self._table.of_group(key, names) if each.labels not in kept])
        points = [*decoded.points, PushedPoint(labels_in_group(labels_of(PUSH_TIME), decoded.group), wall)]
        taken = [self._point(point, sender, now, hold=True, ttl=ttl, group=key) for point in points]
        self._remember(key, sender, now, ttl)
        return sum(each is None for each in taken)

    def delete_group(self, group: Mapping[str, str]) -> None:
        """End all series of a group."""
        key = tuple(sorted(group.items()))
        self._table.drop(self._table.of_group(key))
        self.groups_changed = self._groups.pop(key, None) is not None or self.groups_changed

    def _remember(self, key: Labels, sender: str, now: float, ttl: float) -> None:
        self._groups.pop(key, None)
        if len(self._groups) < MOST_GROUPS:
            self._groups[key] = {"sender": sender, "at": now, "ttl": ttl}
            self.groups_changed = True

    def groups_to_json(self, now: float) -> dict[str, Any]:
        """The groups with their values, for a restart; ages in seconds instead of times of this process' clock."""
        self.groups_changed = False
        found = []
        for key, about in [*self._groups.items()]:
            series = [[list(map(list, each.labels)), each.value] for each in self._table.of_group(key) if isinstance(each, PushedNumber)]
            if not series:
                del self._groups[key]
                continue
            found.append({"group": dict(key), **about, "at": None, "age": now - about["at"], "series": series})
        return {"groups": found}

    def restore_groups(self, state: Mapping[str, Any], now: float, away: float) -> None:
        """The groups of `groups_to_json` after ``away`` seconds without a monitor; what has a wrong form is left out."""
        for item in state.get("groups", ()):
            try:
                self._restore(item, now, away)
            except (KeyError, TypeError, ValueError, UnusableSeries):
                continue

    def _restore(self, item: Mapping[str, Any], now: float, away: float) -> None:
        key, age, ttl = tuple(sorted(dict(item["group"]).items())), float(item["age"]) + away, float(item["ttl"])
        if age > (ttl or self._table.ttl):
            return
        for pairs, value in item["series"]:
            labels = tuple((str(name), str(text)) for name, text in pairs)
            series = self._point(PushedPoint(labels, float(value)), str(item["sender"]), now, hold=True, ttl=ttl, group=key)
            if series is not None:
                series.seen = now - age
        self._groups[key] = {"sender": str(item["sender"]), "at": now - age, "ttl": ttl}
