"""The host check as a feed: keeps the link, and judges whether the host is reached and its monitor runs.

The status of the far board is a fact and a series, not the verdict: that monitor tells its own alerts, and nothing is told twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

from tui_monitor.core.clock import Clock, SystemClock
from tui_monitor.core.humanize import stamp
from tui_monitor.core.values import HealthStatus, ProbeResult, Sample, labels_of
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.host.link import HostLink, LinkView, StartPace
from tui_monitor.sources.host.settings import HostCheck

FIRST_WITHIN = 12.0
"""Seconds that the first probe waits for the first connection; ssh gives up after 10."""
MOST_TEXT = 200
_STATUSES = {str(status): float(status.exit_code) for status in HealthStatus}
_PACE: list[StartPace] = []


class HostProbe:
    """The check of one host."""

    def __init__(self, settings: HostCheck, clock: Clock | None = None) -> None:
        self.stage = "ssh"
        self.news = asyncio.Event()
        self._settings = settings
        self._clock = clock or SystemClock()
        self._view = LinkView()
        self._known = asyncio.Event()
        self._shown: tuple[HealthStatus, str] | None = None

    def restore(self, saved: Mapping[str, Any] | None, at: int) -> None:
        """Nothing is stored: the link begins anew."""

    async def run(self) -> None:
        """Keep the link until cancelled."""
        await HostLink(self._settings.name, self._settings.ssh, self._clock, _pace(self._clock), self._on_news).run()

    async def close(self) -> None:
        """Nothing to close: the link ends with `run`."""

    async def probe(self) -> ProbeResult:
        """The state of the link. Raises OwnTrouble where this machine lacks what it needs."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_WITHIN):
                await self._known.wait()
        view, now = self._view, self._clock.wall_ms()
        if view.fault is not None and view.fault.ours and not view.connected:
            raise OwnTrouble(view.fault.text)
        status, reason = verdict(view, now)
        return ProbeResult(status, reason, samples=tuple(_samples(view, now, status)), facts=_facts(view))

    def _on_news(self, link: HostLink) -> None:
        self._view = view = link.view
        if view.board is not None or view.remark or view.failures:
            self._known.set()
        shown = verdict(view, self._clock.wall_ms())
        if shown[0] is not (self._shown or (None,))[0]:
            self._shown = shown
            self.news.set()


def _pace(clock: Clock) -> StartPace:
    """The pace that all hosts of this process share."""
    if not _PACE:
        _PACE.append(StartPace(clock))
    return _PACE[0]


def verdict(view: LinkView, now: int) -> tuple[HealthStatus, str]:
    """Whether the host is reached and its monitor runs; a connection that has just ended is tried once more first."""
    retried = view.failures >= 2 or view.hello is None
    if not view.connected and view.fault is not None and retried:
        return HealthStatus.UNHEALTHY, f"unreachable: {view.fault.text}"
    if view.remark:
        return HealthStatus.UNHEALTHY, view.remark
    if view.board is None:
        return HealthStatus.UNKNOWN, "connecting"
    leader = view.board.get("leader")
    if not (isinstance(leader, dict) and leader.get("alive")):
        last = stamp(round(now - 1000 * board_age(view, now)), now, None, seconds=True)
        return HealthStatus.UNHEALTHY, f"its monitor does not run; its last board is of {last}"
    return HealthStatus.HEALTHY, ""


def board_age(view: LinkView, now: int) -> float:
    """Seconds since the board was made, by the host's own clock."""
    at = (view.board or {}).get("at")
    return max(0.0, (now + view.ahead_ms - at) / 1000) if isinstance(at, int | float) and at else 0.0


def _samples(view: LinkView, now: int, status: HealthStatus) -> Iterable[Sample]:
    yield Sample(labels_of("host_up"), 1.0 if status is HealthStatus.HEALTHY else 0.0)
    if view.latency is not None:
        yield Sample(labels_of("host_link_seconds"), view.latency)
    if not view.connected or view.board is None:
        return
    board = view.board
    yield Sample(labels_of("host_board_age_seconds"), board_age(view, now))
    yield Sample(labels_of("host_status"), _STATUSES.get(str(board.get("status")), 3.0))
    firing, acknowledged = alert_counts(board)
    yield Sample(labels_of("host_alerts", state="firing"), float(firing))
    yield Sample(labels_of("host_alerts", state="acknowledged"), float(acknowledged))
    for metric, value in zip(("cpu", "memory", "disk"), usage(board), strict=True):
        if value is not None:
            yield Sample(labels_of(f"host_{metric}_usage_ratio"), value)


def alert_counts(board: Mapping[str, Any]) -> tuple[int, int]:
    """The numbers of unacknowledged and of acknowledged firing alerts."""
    found = board.get("alerts")
    alerts = found if isinstance(found, list) else []
    firing = [one for one in alerts if isinstance(one, dict) and one.get("state") == "firing"]
    acknowledged = sum(1 for one in firing if one.get("acknowledged_by"))
    return len(firing) - acknowledged, acknowledged


def usage(board: Mapping[str, Any]) -> tuple[float | None, float | None, float | None]:
    """The use of CPU, memory and of the fullest file system (ratios); None where it is not known."""
    found = board.get("resources")
    resources = found if isinstance(found, dict) else {}
    mounts = resources.get("mounts")
    full = [mount.get("usage") for mount in mounts if isinstance(mount, dict)] if isinstance(mounts, list) else []
    return (
        _ratio(resources.get("cpu")),
        _ratio(resources.get("memory")),
        max((one for one in map(_ratio, full) if one is not None), default=None),
    )


def _ratio(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _facts(view: LinkView) -> dict[str, str]:
    hello, board = view.hello or {}, view.board or {}
    found = {
        "host": board.get("host") or hello.get("host"),
        "version": hello.get("version"),
        "status": board.get("status"),
        "user": hello.get("user"),
    }
    firing, acknowledged = alert_counts(board)
    counts = {"alerts": f"{firing} firing, {acknowledged} acknowledged"} if board else {}
    return {**{name: str(value)[:MOST_TEXT] for name, value in found.items() if value}, **counts}
