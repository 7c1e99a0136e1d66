"""What the page of an incident reads beside the alert itself: chart and strips, the last time, the log, the board before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.listings import LogQuery
from tui_monitor.board.strip import Strip, slot_bounds
from tui_monitor.board.values import AlertView
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.widgets.alerts import subject
from tui_monitor.widgets.chart_legend import shown_from
from tui_monitor.widgets.incident_view import DAY_MS, IncidentView, LoggedLine

HOUR_MS = 3_600_000
POINTS, SLOTS, DAY_SLOTS = 240, 120, 96
KNOWN_ALERTS = 500
"""Ended alerts that are looked through for the last time."""
LOG_LINES, LOG_BEFORE_MS = 50, 600_000
Addition = Callable[[IncidentView], IncidentView]
"""Adds what was read to the newest view: that may have changed while it was read."""


class IncidentReader:
    """Reads for one page; what does not change is read once."""

    def __init__(self, context: ScreenContext) -> None:
        self._context = context
        self._history: Sequence[AlertView] = ()

    async def additions(self, view: IncidentView, span: tuple[str, int]) -> AsyncIterator[Addition]:
        """Each part as it comes; what cannot be read is left out."""
        parts: tuple[Coroutine[Any, Any, Addition], ...] = (
            self._chart(view, span), self._strips(view), self._last_time(view), self._log(view), self._before(view),
        )  # fmt: skip
        for part in parts:
            try:
                yield await part
            except CommandRefused:
                continue
            finally:
                part.close()

    async def _chart(self, view: IncidentView, span: tuple[str, int]) -> Addition:
        (name, length), series = span, view.detail.series
        if not series:
            return lambda known: replace(known, span=name)
        end = self._end(view.alert, length)
        chart = await self._context.backend.chart(series, end - length, end, POINTS)
        strip: Strip = ()
        if view.check is not None:
            bounds = slot_bounds(end, max(1000, length // SLOTS), SLOTS)
            strip = (await self._context.backend.strips([view.check.name], bounds)).get(view.check.name, ())
        start = shown_from(chart.lines, end - length, end)
        return lambda known: replace(known, chart=chart, start=start, end=end, span=name, strip=strip)

    def _end(self, alert: AlertView, length: int) -> int:
        """The chart's end: the moment shown; for an incident that is over a little after its end."""
        now = self._context.view.past_at or self._context.now()
        return now if alert.ends_at is None else min(now, alert.ends_at + length // 6)

    async def _strips(self, view: IncidentView) -> Addition:
        own = view.check.name if view.check is not None else ""
        names = [*([own] if own else []), *view.alert.affects]
        bounds = slot_bounds(self._end(view.alert, DAY_MS), DAY_MS // DAY_SLOTS, DAY_SLOTS)
        strips = await self._context.backend.strips(names, bounds) if names else {}
        return lambda known: replace(known, strips=strips, day=strips.get(own, ()))

    async def _last_time(self, view: IncidentView) -> Addition:
        if not self._history:
            self._history = await self._context.backend.alert_history(KNOWN_ALERTS)
        about, begin = (view.alert.name, subject(view.alert)), view.alert.starts_at or view.alert.active_at
        same = [one for one in self._history if (one.name, subject(one)) == about and 0 < one.starts_at < begin]
        last = max(same, key=lambda one: one.starts_at, default=None)
        times = sum(begin - one.starts_at < 30 * DAY_MS for one in same)
        return lambda known: replace(known, last_time=last, times=times)

    async def _log(self, view: IncidentView) -> Addition:
        if view.check is None:
            return lambda known: known
        since = (view.alert.starts_at or view.alert.active_at) - LOG_BEFORE_MS
        found = await self._context.backend.log_lines(LogQuery(check=view.check.name, since=since, limit=LOG_LINES))
        lines = tuple(LoggedLine(one.at, one.message, one.level) for one in reversed(found))
        return lambda known: replace(known, log=lines)

    async def _before(self, view: IncidentView) -> Addition:
        if view.before is not None:
            return lambda known: known
        board = await self._context.backend.board_at((view.alert.starts_at or view.alert.active_at) - HOUR_MS)
        return lambda known: replace(known, before=board)
