"""The receiving part of push while it is configured: sockets, decoding in a thread, the table of series and what it gives each second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from tui_monitor.board.push import PushAnswer, PushRequest
from tui_monitor.checks.collector import Collector
from tui_monitor.checks.feed_runner import decode_saved, encode_saved
from tui_monitor.config.push import PushSettings
from tui_monitor.config.serving import host_and_port_of
from tui_monitor.core.clock import Clock
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import Sample, labels_of
from tui_monitor.runtime.pushed_telemetry import PushedTelemetry
from tui_monitor.sources.push.bodies import answered, decode
from tui_monitor.sources.push.decoded import BadPush, Decoded
from tui_monitor.sources.push.intake import PushIntake
from tui_monitor.sources.push.json_lines import encoded, line_of
from tui_monitor.sources.push.statsd import JOB, StatsdReader
from tui_monitor.sources.push.statsd_line import StatsdEvent
from tui_monitor.sources.push.statsd_listener import StatsdListener, StatsdUnusable, open_udp, open_unix
from tui_monitor.sources.push.table import SeriesTable

T = TypeVar("T")
MOST_WAITING = 16
"""Bodies that wait for the decoder; the next sender is asked to come again."""
WAIT_S = 2
TOLD_FOR_S = 600.0
OWN_EVERY_S = 15.0
SAVED_KIND = "push"


class PushReceiver:
    """``histograms``: names of StatsD distributions that get buckets. ``saved``: the stored Pushgateway groups of the last process."""

    def __init__(
        self,
        settings: PushSettings,
        histograms: Collection[str],
        collector: Collector,
        troubles: Troubles,
        telemetry: PushedTelemetry,
        clock: Clock,
        saved: bytes,
    ) -> None:
        self.table = SeriesTable(settings.max_series, settings.ttl)
        self.intake = PushIntake(self.table)
        self._settings = settings
        self._collector = collector
        self._troubles = troubles
        self._telemetry = telemetry
        self._clock = clock
        self._statsd = StatsdReader(self.table, self._event, histograms)
        self._listeners: list[StatsdListener] = []
        self._thread: ThreadPoolExecutor | None = None
        self._waiting = 0
        self._lost = self._lost_before = 0
        self._lost_at = self._faults_at = self._own_at = float("-inf")
        self._faults = 0
        self._restore(saved)

    def _restore(self, saved: bytes) -> None:
        state = decode_saved(saved) if saved else None
        if state is not None and state.kind == SAVED_KIND:
            away = max(0, self._clock.wall_ms() - state.at) / 1000
            self.intake.restore_groups(state.state, self._clock.monotonic(), away)

    @property
    def port(self) -> int:
        """The UDP port, 0 where there is none."""
        return next((each.port for each in self._listeners if each.port), 0)

    def configure(self, settings: PushSettings) -> str:
        """Use other settings; returns what is wrong with the sockets, "" for nothing."""
        before, self._settings = self._settings, settings
        self.table.configure(settings.max_series, settings.ttl)
        if self._listeners and (before.statsd, before.statsd_socket) == (settings.statsd, settings.statsd_socket):
            return ""
        self._close_sockets()
        try:
            if settings.statsd:
                self._listeners.append(open_udp(*host_and_port_of(settings.statsd), self._statsd.packet, self._clock.monotonic))
            if settings.statsd_socket:
                self._listeners.append(open_unix(Path(settings.statsd_socket), self._statsd.packet, self._clock.monotonic))
        except StatsdUnusable as error:
            self._close_sockets()
            return str(error)
        return ""

    def _event(self, event: StatsdEvent) -> None:
        item = {"message": event.title, "text": event.text, "level": event.level, **dict(event.tags)}
        self._telemetry.add([(line_of(item, JOB).service, encoded(item))], ())

    # --- bodies -------------------------------------------------------------------------------------------------------

    async def receive(self, request: PushRequest) -> PushAnswer:
        """Take one body; a bad one is answered so."""
        if self._waiting >= MOST_WAITING:
            return PushAnswer(503, b"too many bodies wait; try again\n", wait=WAIT_S)
        try:
            decoded = await self._in_thread(partial(decode, request, self._settings.resource_labels, self._clock.wall_ms()))
            left_out = self._take(request, decoded)
            return PushAnswer(*await self._in_thread(partial(answered, request, decoded, left_out)))
        except BadPush as error:
            return PushAnswer(error.status, f"{clip(clean(str(error)), 500)}\n".encode())

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="push")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._waiting -= 1

    def _take(self, request: PushRequest, decoded: Decoded) -> int:
        sender, now = request.sender or decoded.job or request.address or "unix", self._clock.monotonic()
        if request.kind != "pushgateway":
            self._telemetry.add([(line.service, line.data) for line in decoded.lines], decoded.spans)
            return self.intake.take(decoded, sender, now)
        if request.method == "DELETE":
            self.intake.delete_group(decoded.group)
            return 0
        wall = self._clock.wall_ms() / 1000
        return self.intake.push_group(decoded, sender, now, wall, request.ttl, replace=request.method == "PUT")

    # --- each second --------------------------------------------------------------------------------------------------

    def flush(self, now: float) -> None:
        """Store what has changed, and tell what was lost."""
        at = self._clock.wall_ms()
        for part in self.table.flush(now):
            self._collector.observe(at, part.samples, part.lookback_ms)
        self._watch(now)
        if now - self._own_at >= OWN_EVERY_S:
            self._own_at = now
            self._collector.observe(at, self._own_samples())
        if self.intake.groups_changed:
            with suppress(ValueError):  # larger than may be stored: after a restart the groups begin anew
                self._collector.save_push(at, encode_saved(SAVED_KIND, self.intake.groups_to_json(now), at))

    def _watch(self, now: float) -> None:
        self._troubles.set("push", self.table.trouble(now), "series")
        lost = self._lost_before + sum(each.lost for each in self._listeners)
        if lost > self._lost:
            self._lost, self._lost_at = lost, now
        text = (
            f"{self._lost:,} StatsD packets were lost: they came faster than they could be read; send less (@sample rates, packets of"
            " several lines), or use statsd_socket in [push], where senders wait"
        )
        self._troubles.set("push", text if now - self._lost_at < TOLD_FOR_S else "", "lost")
        if self._statsd.faults > self._faults:
            self._faults, self._faults_at = self._statsd.faults, now
        fault = f"StatsD lines cannot be read ({self._faults:,} so far): {clip(clean(self._statsd.last_fault), 200)}"
        self._troubles.set("push", fault if now - self._faults_at < TOLD_FOR_S else "", "lines")

    def _own_samples(self) -> list[Sample]:
        figures = {
            "tui_monitor_push_points_total": self.intake.points,
            "tui_monitor_push_series": len(self.table),
            "tui_monitor_push_refused_total": self.table.refused,
            "tui_monitor_push_statsd_lines_total": self._statsd.lines,
            "tui_monitor_push_statsd_faults_total": self._statsd.faults,
            "tui_monitor_push_lost_packets_total": self._lost,
            "tui_monitor_push_lost_records_total": self._telemetry.lost,
        }
        return [Sample(labels_of(name), float(value)) for name, value in figures.items()]

    def close(self) -> None:
        """Stop listening."""
        self._close_sockets()
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._thread = None

    def _close_sockets(self) -> None:
        self._lost_before += sum(each.lost for each in self._listeners)
        for each in self._listeners:
            each.close()
        self._listeners.clear()
