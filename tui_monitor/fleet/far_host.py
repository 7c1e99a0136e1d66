"""One host of the fleet: its link's state as board and row. Alerts of all hosts together have ids "host/id"."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace

from tui_monitor.board.codec import board_from_object
from tui_monitor.board.fleet import HostView
from tui_monitor.board.values import AlertView, Board, LeaderView, Resources
from tui_monitor.core.clock import Clock
from tui_monitor.core.values import HealthStatus
from tui_monitor.core.version import VERSION
from tui_monitor.sources.host.link import HostLink, StartPace
from tui_monitor.sources.host.probe import board_age, usage, verdict

SPARK = 60
"""Values of the CPU's sparkline; one comes with each board, about each 5 s."""
READ_ONLY = "read-only: the key of this connection may only look"


class FarHost:
    """A host, its link, and what is shown of it."""

    def __init__(self, name: str, destination: str, labels: Mapping[str, str], clock: Clock, pace: StartPace) -> None:
        self.name = name
        self.link = HostLink(name, destination, clock, pace, self._on_news)
        self.shared_alerts: tuple[AlertView, ...] = ()
        """Its alerts as they stand in a list of all hosts."""
        self._labels, self._clock = labels, clock
        self._board = self._empty()
        self._board_at = 0
        self._cpu: deque[float | None] = deque(maxlen=SPARK)
        self._since: tuple[str, int] = ("", 0)

    @property
    def board(self) -> Board:
        """The host's board; why it is old, or cannot be acted on, stands in it."""
        view = self.link.view
        _, reason = verdict(view, self._clock.wall_ms())
        lost = reason if not view.connected or view.remark else ""
        may = (view.hello or {}).get("may")
        refused = "" if isinstance(may, list) and "act" in may else READ_ONLY
        read_only = f"{self.name} is not connected" if not view.connected else refused or self._board.read_only
        trouble = (*((lost,) if lost else ()), *self._board.trouble)
        return replace(self._board, read_only=read_only, trouble=trouble, kill=False, loading=not self._board_at and not lost)

    def view(self) -> HostView:
        """The host's row."""
        view, now = self.link.view, self._clock.wall_ms()
        health, reason = verdict(view, now)
        ok = health is HealthStatus.HEALTHY
        cpu, memory, disk = usage(view.board or {})
        alerts = self._board.alerts
        first = next((alert for alert in alerts if alert.state == "firing"), None)
        status = self._board.status if ok else HealthStatus.UNKNOWN
        if ok and not view.connected and view.fault is not None:
            reason, since = f"connecting again: {view.fault.text}", view.since
        elif ok and first is not None:
            reason, since = first.summary or first.name, first.starts_at
        else:
            since = self._begin(reason or str(status), now)
        return HostView(
            name=self.name,
            connected=view.connected,
            status=status,
            reason=reason,
            since=since,
            alerts=alerts,
            cpu=cpu,
            memory=memory,
            disk=disk,
            latency=view.latency,
            age=board_age(view, now) if view.board else None,
            version=str((view.hello or {}).get("version") or self._board.version),
            labels=self._labels,
            cpu_spark=tuple(self._cpu),
            unreached=health is HealthStatus.UNHEALTHY,
        )

    def _begin(self, state: str, now: int) -> int:
        """When this state began."""
        if self._since[0] != state:
            self._since = (state, now)
        return self._since[1]

    def _on_news(self, link: HostLink) -> None:
        view = link.view
        if view.board is None or view.board_at == self._board_at:
            return
        self._board_at = view.board_at
        try:
            board = board_from_object(view.board)
        except ValueError:
            return
        known_as = self.name if board.host in ("", self.name) else f"{self.name} ({board.host})"
        self._board = replace(
            board,
            host=known_as,
            leader=replace(board.leader, role="viewer"),
            alerts=tuple(_with_host(one, self.name) for one in board.alerts),
        )
        self.shared_alerts = tuple(shared(alert, self.name) for alert in self._board.alerts)
        self._cpu.append(board.resources.cpu)

    def _empty(self) -> Board:
        no_leader = LeaderView("viewer", alive=False)
        return Board(0, self.name, VERSION, HealthStatus.UNKNOWN, (), Resources(), (), no_leader, loading=True)


def _with_host(alert: AlertView, host: str) -> AlertView:
    return alert if alert.labels.get("host") else replace(alert, labels={**alert.labels, "host": host})


def shared(alert: AlertView, host: str) -> AlertView:
    """The alert in a list of all hosts: its id and summary name the host."""
    return replace(alert, id=f"{host}/{alert.id}", summary=f"{host}: {alert.summary or alert.name}")
