"""State of a job from its pings, and its verdict at a given time. Pure; times are UTC ms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, field, fields, replace
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import exact_span
from tui_monitor.core.ping import MOST_TEXT, PING_KINDS, Ping, StoredPing
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.units import format_duration
from tui_monitor.core.values import HealthStatus
from tui_monitor.sources.heartbeat.schedule import Expected

MOST_RUNS = 50
"""Runs that are open at once; beyond, the oldest is given up."""
NEAR_MS = 600_000
"""A ping at most so long before a slot was probably meant for it."""
HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus


@frozen
class Job:
    """``since``: when the monitor began to watch; ``taken``: the number of the newest ping that is in it. ``runs``: starts by run id.

    ``reported``: the newest end of a run, successful or not, from which the next slot is computed. ``excused``: until then nothing
    is late, because the monitor was not running.
    """

    since: int
    taken: int = 0
    success: int = 0
    reported: int = 0
    failed: bool = False
    code: int | None = None
    text: str = ""
    runs: Mapping[str, int] = field(default_factory=dict)
    run_seconds: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    excused: int = 0

    def to_json(self) -> dict[str, Any]:
        """For the store."""
        return asdict(self)


def job_from(value: Mapping[str, Any], now: int) -> Job:
    """The job of `to_json`'s value; a new one for an invalid value."""
    try:
        given = {each.name: value[each.name] for each in fields(Job) if each.name in value}
        job = Job(**given)
        whole = (job.since, job.taken, job.success, job.reported, job.excused, *job.runs.values(), *job.counts.values())
        if all(isinstance(number, int) for number in whole) and isinstance(job.text, str):
            return job
    except (TypeError, AttributeError):
        pass
    return Job(now)


def taken(job: Job, stored: StoredPing, longest_run_ms: int) -> Job:
    """The job after a ping; a ping processed before has no effect."""
    if stored.id <= job.taken:
        return job
    ping = stored.ping
    job = replace(job, taken=stored.id, counts={**job.counts, ping.kind: job.counts.get(ping.kind, 0) + 1})
    if ping.kind == "start":
        runs = {rid: at for rid, at in job.runs.items() if rid != ping.rid}
        kept = sorted(runs.items(), key=lambda run: run[1])[-(MOST_RUNS - 1) :]
        return replace(job, runs={**dict(kept), ping.rid: ping.at})
    text = clip(clean(ping.text, newlines=True), MOST_TEXT)
    return replace(job, text=text) if ping.kind == "log" else _ended(job, ping, text, longest_run_ms)


def _ended(job: Job, ping: Ping, text: str, longest_run_ms: int) -> Job:
    """The job after the end of the ping's run; runs that were overdue before it started are dropped."""
    begun = job.runs.get(ping.rid)
    return replace(
        job,
        success=max(job.success, ping.at) if ping.kind == "success" else job.success,
        reported=max(job.reported, ping.at),
        failed=ping.kind == "fail",
        code=ping.code,
        text=text,
        runs={rid: at for rid, at in job.runs.items() if rid != ping.rid and at + longest_run_ms >= (ping.at if begun is None else begun)},
        run_seconds=max(0, ping.at - begun) / 1000 if begun is not None else job.run_seconds,
    )


@frozen
class Terms:
    """The settings' limits in seconds. ``max_run`` None: same as ``grace``."""

    expected: Expected
    grace: float
    max_run: float | None = None

    @property
    def longest_run(self) -> float:
        """Allowed seconds from a start to its end."""
        return self.grace if self.max_run is None else self.max_run


def due(job: Job, terms: Terms) -> int | None:
    """Time of the next due ping; None: none is due any more."""
    return terms.expected.after(job.reported or job.since)


def deadline(job: Job, terms: Terms) -> int | None:
    """Time at which the status becomes unhealthy without a ping; None: no ping is due, or the job has failed."""
    if job.failed:
        return None
    if job.runs:
        return max(min(job.runs.values()) + round(terms.longest_run * 1000), job.excused)
    at = due(job, terms)
    return None if at is None else max(at + round(terms.grace * 1000), job.excused)


def away(job: Job, terms: Terms, since: int, now: int) -> Job:
    """The job after the monitor was not running: pings that became late meanwhile get a new grace period."""
    end = deadline(job, terms)
    return replace(job, excused=now + round(terms.grace * 1000)) if end is not None and since <= end <= now else job


def verdict(job: Job, terms: Terms, now: int) -> tuple[HealthStatus, str]:
    """Status and reason."""
    if job.failed:
        return UNHEALTHY, _failure(job, now)
    end = deadline(job, terms)
    if end is not None and now > end:
        return UNHEALTHY, _overrun(job, terms, now) if job.runs else _lateness(job, terms, now)
    if job.runs:
        return (HEALTHY if job.success else UNKNOWN), f"running for {_span(now - min(job.runs.values()))}"
    at = due(job, terms)
    if not job.reported:
        return UNKNOWN, "waits for the first ping" + (f", due in {_span(at - now)}" if at is not None and at > now else "")
    if at is not None and end is not None and now > at:
        return HEALTHY, f"late for {_span(now - at)}; unhealthy in {_span(end - now)}"
    return HEALTHY, ""


def _failure(job: Job, now: int) -> str:
    code = f" (exit {job.code})" if job.code is not None else ""
    said = f": {clip(job.text.splitlines()[0], 200)}" if job.text.strip() else ""
    return f"the job failed{code} {_span(now - job.reported)} ago{said}"


def _overrun(job: Job, terms: Terms, now: int) -> str:
    ran = _span(now - min(job.runs.values()))
    if terms.max_run is None:
        return f"started {ran} ago and has not ended within grace ({format_duration(terms.grace)}); set max_run if it may take longer"
    return f"started {ran} ago and has not ended; max_run is {format_duration(terms.max_run)}"


def _lateness(job: Job, terms: Terms, now: int) -> str:
    at = due(job, terms) or now
    if not job.reported:
        return f"has never pinged; the first was due {_span(now - at)} ago: call `tui-monitor heartbeat NAME` at the job's end"
    text = f"no ping for {_span(now - job.reported)}; one was due {_span(now - at)} ago"
    if terms.expected.early and at - job.reported <= NEAR_MS:
        text += f". The last one came {_span(at - job.reported)} before its time and does not count for it: is the clock or the zone right?"
    return text


def _span(ms: int) -> str:
    return exact_span(ms / 1000)


def counts(job: Job) -> Mapping[str, int]:
    """Number of pings by kind, 0 for kinds not received."""
    return {kind: job.counts.get(kind, 0) for kind in PING_KINDS}
