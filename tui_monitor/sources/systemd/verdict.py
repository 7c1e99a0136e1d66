"""Whether a unit is well, and what to say where it is not."""

from __future__ import annotations

import signal

from tui_monitor.core.units import format_duration
from tui_monitor.core.values import HealthStatus
from tui_monitor.sources.systemd.reading import UnitReading
from tui_monitor.sources.systemd.units import ListedUnit, UnitDetails

HEALTHY, DEGRADED, UNHEALTHY = HealthStatus.HEALTHY, HealthStatus.DEGRADED, HealthStatus.UNHEALTHY
Verdict = tuple[HealthStatus, str]
_KILLED, _DUMPED = 2, 3
"""How a process ended (source: waitid(2), si_code)."""
_RESULTS = {
    "oom-kill": "was killed for want of memory",
    "timeout": "did not start or stop within its time limit",
    "watchdog": "did not answer its watchdog in time",
    "start-limit-hit": "was started too often, and systemd has given up",
    "resources": "could not be started: systemd lacked memory, files or rights for it",
    "protocol": "ended without saying that it was ready",
    "exec-condition": "was not started: its ExecCondition did not hold",
}
"""Results of a unit without an exit code or a signal (source: systemd.exec(5), $SERVICE_RESULT)."""
_LOADS = {
    "not-found": "is not installed: there is no such unit file",
    "masked": "is masked, so that nothing can start it: systemctl unmask {name}",
}


class UnitJudge:
    """Judges units; ``limit`` restarts in ``window`` seconds are too many. ``user``: of the user's systemd."""

    def __init__(self, limit: int, window: float, user: bool = False) -> None:
        self._limit = limit
        self._window = window
        self._flag = "--user " if user else ""

    def judge(self, reading: UnitReading, restarts: int) -> Verdict:
        """The status of one unit and, where it is not healthy, the reason. ``restarts``: within the window.

        A unit that was named is meant to run; one that only fits a pattern may rest.
        """
        unit, details = reading.unit, reading.details if reading.fresh else None
        if unit.load not in ("loaded", "merged"):
            return self._unloaded(reading)
        if unit.active == "failed":
            return UNHEALTHY, f"{unit.name} {ending(details)}; see journalctl {self._flag}-u {unit.name}"
        if unit.sub.startswith("auto-restart"):
            return UNHEALTHY, f"{unit.name} waits for its next start ({unit.sub}): it {ending(details)}{self._so_often(restarts)}"
        if unit.active == "inactive":
            return self._resting(unit, details) if reading.named else (HEALTHY, "")
        if restarts >= self._limit:
            return DEGRADED, f"{unit.name} was started again{self._so_often(restarts)}; see journalctl {self._flag}-u {unit.name}"
        return self._moving(unit, details) if unit.active in ("activating", "deactivating", "maintenance") else self._timer(reading)

    def _unloaded(self, reading: UnitReading) -> Verdict:
        """Without a usable file; of what only fits a pattern, a masked one is so by intent."""
        unit = reading.unit
        if unit.load == "masked" and not reading.named:
            return HEALTHY, ""
        said = _LOADS.get(unit.load, "has a file that systemd cannot use ({load}): systemctl {flag}status {name}")
        return UNHEALTHY, f"{unit.name} " + said.format(name=unit.name, load=unit.load, flag=self._flag)

    def _resting(self, unit: ListedUnit, details: UnitDetails | None) -> Verdict:
        if details is not None and (details.oneshot or details.triggered):
            return HEALTHY, ""
        return UNHEALTHY, f"{unit.name} is stopped (inactive, without a failure): systemctl {self._flag}start {unit.name}"

    def _moving(self, unit: ListedUnit, details: UnitDetails | None) -> Verdict:
        if unit.active == "maintenance":
            return UNHEALTHY, f"{unit.name} is in maintenance"
        if unit.active == "activating" and (details is None or details.oneshot):
            return HEALTHY, ""
        return DEGRADED, f"{unit.name} is {'starting' if unit.active == 'activating' else 'stopping'} ({unit.sub})"

    def _timer(self, reading: UnitReading) -> Verdict:
        """Of a timer, also what it started last."""
        run = reading.run
        if run is None or run.unit.active != "failed":
            return HEALTHY, ""
        name = run.unit.name
        return UNHEALTHY, f"{reading.unit.name}: its last run failed: {name} {ending(run.details)}; see journalctl {self._flag}-u {name}"

    def _so_often(self, restarts: int) -> str:
        return f" {restarts} time{'' if restarts == 1 else 's'} in {format_duration(self._window)}" if restarts else ""


def ending(details: UnitDetails | None) -> str:
    """How a unit ended, as the rest of a sentence about it."""
    if details is None or not details.result or details.result == "success":
        return "failed"
    if details.result in _RESULTS:
        return f"{_RESULTS[details.result]} ({details.result})"
    if details.code in (_KILLED, _DUMPED):
        return f"was killed by {_signal(details.exit_status)} ({details.result})"
    return f"ended with code {details.exit_status}" if details.result == "exit-code" else f"failed ({details.result})"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
