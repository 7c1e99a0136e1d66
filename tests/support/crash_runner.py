"""Forks lives of the daemon from one warm process, each killed at a chosen point. For tests/process/test_crash.py.

A line of standard input is a life: {"config", "state", "log", "point": "commit" | "send", "count": n, "when": "before" | "after"}; count 0:
it is not killed. Each is answered by two lines: its process id, and at its end its status and how many commits and sends it came to.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx  # noqa: F401  loaded once, for all lives
import jinja2.sandbox  # noqa: F401

from tui_monitor.daemon.headless import run_headless
from tui_monitor.notifiers.webhook import Webhook
from tui_monitor.sources.http import probe as http  # noqa: F401
from tui_monitor.storage.state.database import SqliteRepository

counts = {"commit": 0, "send": 0}


def live(life: dict[str, Any], ends: int) -> None:
    """Run the daemon in this (forked) process; never returns."""
    log = os.open(life["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 2)
    commit, send = SqliteRepository._transact, Webhook.send

    def reach(point: str) -> Callable[[str], None]:
        counts[point] += 1
        number = counts[point]
        os.pwrite(ends, json.dumps(counts).encode().ljust(100), 0)

        def at(when: str) -> None:
            if (life["point"], life["count"], life["when"]) == (point, number, when):
                os.kill(os.getpid(), signal.SIGKILL)

        return at

    def counted_commit(self: SqliteRepository, *given: Any, **more: Any) -> Any:
        at = reach("commit")
        at("before")
        answer = commit(self, *given, **more)
        at("after")
        return answer

    async def counted_send(self: Webhook, *given: Any, **more: Any) -> str:
        at = reach("send")
        at("before")
        answer = await send(self, *given, **more)
        at("after")
        return answer

    SqliteRepository._transact, Webhook.send = counted_commit, counted_send  # type: ignore[method-assign]
    status = 70
    try:
        status = run_headless(Namespace(config=life["config"], state=life["state"], log_level="info"))
    finally:
        os._exit(status)


def main() -> None:
    """One life after the other."""
    ends = os.memfd_create("counts") if hasattr(os, "memfd_create") else os.open(Path("/dev/null"), os.O_RDWR)
    print("ready", flush=True)
    for line in sys.stdin:
        os.pwrite(ends, b"{}".ljust(100), 0)
        pid = os.fork()
        if pid == 0:
            live(json.loads(line), ends)
        print(json.dumps({"pid": pid}), flush=True)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(json.dumps({"status": status, **json.loads(os.pread(ends, 100, 0) or b"{}")}), flush=True)


if __name__ == "__main__":
    main()
