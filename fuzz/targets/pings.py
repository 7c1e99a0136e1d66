"""Pings of jobs: the address and body of one over HTTP, and a job's state as an earlier process stored it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fuzz.fences import replaced, unfenced
from fuzz.target import Target
from fuzz.targets.configuration import loaded
from tui_monitor.core.ping import Ping, PingKind, StoredPing
from tui_monitor.serving.routes import heartbeats
from tui_monitor.sources.heartbeat import job as jobs
from tui_monitor.sources.heartbeat.schedule import Cron, Every

NOW = 1_790_000_000_000
_CHECKS = "".join(
    f'[[checks]]\nname = "{name}"\ntype = "heartbeat"\nevery = "1h"\ntoken = "k"\n' for name in ("backup", "a/b", "a/start", "7", "한글")
)
_TERMS = (jobs.Terms(Every(3600), 60), jobs.Terms(Cron("0 3 * * *", "Europe/Berlin"), 60, max_run=10))


def _ping(text: str) -> bool:
    """The first line is what stands behind /ping/, the rest is the body."""
    configuration: Any = loaded(_CHECKS)
    rest, _, body = text.partition("\n")
    found = heartbeats.address_of_ping(rest, configuration.settings)
    if found is None:
        return False
    ping = Ping(found.name, found.kind, NOW, rest[-200:], found.code, body)
    for terms in _TERMS:
        _judged(jobs.taken(jobs.Job(NOW - 1), StoredPing(1, ping), 1000), terms)
    return True


def _judged(job: jobs.Job, terms: jobs.Terms) -> None:
    for at in (NOW, NOW + 10**9):
        assert isinstance(jobs.verdict(job, terms, at)[1], str)
    jobs.job_from(json.loads(json.dumps(job.to_json())), NOW)


def _stored(text: str) -> bool:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(value, dict):
        return False
    job = jobs.job_from(value, NOW)
    for terms in _TERMS:
        _judged(jobs.away(job, terms, NOW - 1, NOW), terms)
    return job != jobs.Job(NOW)


def _any_number(rest: str) -> Iterator[tuple[str, PingKind, int | None]]:
    head, _, word = rest.rpartition("/")
    yield head, "success", int(word) if word.isdigit() else None


_JOB = jobs.Job(NOW - 10**7, 3, NOW - 10**6, NOW - 10**6, True, 2, "disk full", {"a": NOW - 1000}, 1.5, {"start": 2, "fail": 1}, NOW)
TARGETS = (
    Target(
        name="heartbeat-ping", kind="text", call=_ping,
        words=("backup", "k/", "a/b", "/start", "/fail", "/log", "/255", "/0", "²", "\n", "QQ"),
        seeds=lambda: [b"k/backup", b"a/b/fail\nout of disk", b"a/start/start", "k/한글/17".encode(), b"7/7", "7/²".encode()],
        fence=lambda: replaced(heartbeats, "_readings", _any_number),
    ),
    Target(
        name="stored-job", kind="json", call=_stored, seeds=lambda: [json.dumps(_JOB.to_json()).encode(), b"{}"],
        words=("runs", "text", "null", "1e400", "[]"), fence=lambda: unfenced(jobs.job_from),
    ),
)  # fmt: skip
