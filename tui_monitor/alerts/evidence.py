"""Evidence of an alert, small enough to store: processes, phase times, reason, log lines, recent values. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from tui_monitor.core.humanize import latency, size
from tui_monitor.core.sanitize import clean, clip

MAX_PROCESSES = 5
MAX_LINES = 20
MAX_VALUES = 60
MAX_TEXT = 300


class BusyProcess(NamedTuple):
    """One process: CPU as a ratio of one core (None: not known yet), memory in bytes."""

    pid: int
    name: str
    cpu: float | None
    memory: int


def gather(
    *,
    reason: str = "",
    phases: Mapping[str, float] | None = None,
    processes: Iterable[BusyProcess] = (),
    log_lines: Sequence[str] = (),
    values: Sequence[tuple[int, float]] = (),
) -> dict[str, object]:
    """The evidence as plain values that JSON takes; outside text is cleaned and cut, and every list is bounded.

    ``phases`` are seconds, ``values`` (UTC ms, value) in time order. Only what is there gets a key.
    """
    busiest = sorted(processes, key=lambda process: (-(process.cpu or 0.0), -process.memory))[:MAX_PROCESSES]
    found: dict[str, object] = {
        "reason": _short(reason),
        "phases": {name: round(seconds, 6) for name, seconds in (phases or {}).items()},
        "processes": [
            {"pid": one.pid, "name": _short(one.name), "cpu": None if one.cpu is None else round(one.cpu, 3), "memory": one.memory}
            for one in busiest
        ],
        "log": [_short(line) for line in log_lines[-MAX_LINES:]],
        "values": [[at, value] for at, value in values[-MAX_VALUES:]],
    }
    return {key: value for key, value in found.items() if value}


def short_lines(evidence: Mapping[str, object], most: int = 4, told: str = "", say: Callable[[str], str] = str) -> tuple[str, ...]:
    """The evidence in a few lines for a message: reason, phases, busiest processes, last log line.

    A reason that stands in ``told`` (the summary) is left out, and so are phases that took no time. ``say`` puts the reason, which is
    stored in English, into the message's language.
    """
    lines: list[str] = []
    reason = say(str(evidence.get("reason") or ""))
    if reason and reason not in told:
        lines.append(reason)
    phases = evidence.get("phases")
    if isinstance(phases, Mapping) and (
        lasting := [f"{name} {latency(float(seconds))}" for name, seconds in phases.items() if seconds > 0]
    ):
        lines.append(" · ".join(lasting))
    processes = evidence.get("processes")
    if isinstance(processes, list) and processes:
        lines.append(", ".join(map(_process, processes[:3])))
    log = evidence.get("log")
    if isinstance(log, list) and log:
        lines.append(str(log[-1]))
    return tuple(lines[:most])


def _process(one: Mapping[str, object]) -> str:
    share = "" if (cpu := one["cpu"]) is None else f" {float(str(cpu)):.0%}"
    return f"{one['name']}{share} {size(int(str(one['memory'])))}"


def _short(text: str) -> str:
    return clip(clean(text).strip(), MAX_TEXT)
