"""Run the real program in a process of its own, and wait on conditions instead of times."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from tests.support.paths import ROOT
from tests.support.receivers import Receiver, Request

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds that a condition may take on a busy machine; what is promised to be faster is measured by the test."""


async def until(condition: Callable[[], T | Literal[False] | None], seconds: float = PATIENCE, what: str = "") -> T:
    """The condition's value, as soon as it is true."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not (answer := condition()):
        if loop.time() > end:
            raise AssertionError(f"waited {seconds} s in vain{': ' if what else ''}{what}")
        await asyncio.sleep(0.02)
    return answer


async def eventually(question: Callable[[], Awaitable[T]], right: Callable[[T], object] = bool, what: str = "") -> T:
    """The answer of a question that takes time itself, as soon as it is right."""
    end = asyncio.get_running_loop().time() + PATIENCE
    while not right(answer := await question()):
        if asyncio.get_running_loop().time() > end:
            raise AssertionError(f"waited {PATIENCE} s in vain{': ' if what else ''}{what}; the last answer: {answer!r:.2000}")
        await asyncio.sleep(0.02)
    return answer


class Daemon:
    """`tui-monitor --headless` as a child; its standard error goes to a file."""

    def __init__(self, argv: Sequence[str], log: Path, environment: Mapping[str, str], user: int | None = None) -> None:
        self.log = log
        self._from = log.stat().st_size if log.exists() else 0
        who: dict[str, Any] = {} if user is None else {"user": user, "group": user, "extra_groups": []}
        with log.open("ab") as stream:
            self.process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=environment, **who)

    @property
    def text(self) -> str:
        """All that this process has logged."""
        with self.log.open("rb") as stream:
            stream.seek(self._from)
            return stream.read().decode()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The log's lines; a line that is no JSON fails."""
        whole = self.text.rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    async def said(self, part: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """The first line whose message holds the part, as soon as there is one."""

        def look() -> dict[str, Any] | None:
            found = next((line for line in self.lines if part in line["message"]), None)
            if found is None and self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode} without saying {part!r}:\n{self.text}")
            return found

        try:
            found = await until(look, seconds)
        except AssertionError as error:
            raise AssertionError(f"{part!r}: {error}\n{self.text}") from None
        assert found is not None
        return found

    async def leads(self) -> None:
        """Wait until it leads."""
        await self.said("is now leader")

    async def ended(self, seconds: float = PATIENCE) -> int:
        """Wait for its exit; returns the status."""
        await until(lambda: self.process.poll() is not None, seconds, self.text)
        return self.process.returncode

    async def terminate(self) -> int:
        """SIGTERM, and its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        await self.ended()


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The child's environment: nothing of the caller's configuration."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TUI_MONITOR_", "XDG_", "NOTIFY_", "WATCHDOG_"))}
    return {**kept, **(extra or {})}


class Installation:
    """A configuration and a state directory, and the processes that were started on them."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.config = place / "config.toml"
        self.state = place / "state"
        self._daemons: list[Daemon] = []

    def configure(self, text: str) -> None:
        """Write the configuration."""
        self.config.write_text(text)
        self.config.chmod(0o600)

    @property
    def state_db(self) -> Path:
        """The state's file."""
        return self.state / "state.db"

    async def start(
        self,
        *,
        environ: Mapping[str, str] | None = None,
        config: Path | None = None,
        prelude: str = "",
        user: int | None = None,
        wait: bool = True,
    ) -> Daemon:
        """Start a daemon and wait until it leads; ``prelude`` is Python that runs in the process before the program."""
        program = ["-c", f"{prelude}\nfrom tui_monitor.cli.main import main\nmain()"] if prelude else ["-m", "tui_monitor"]
        argv = [sys.executable, *program, "--headless", "--config", str(config or self.config), "--state", str(self.state)]
        daemon = Daemon(argv, self.place / f"log{len(self._daemons)}.jsonl", environment(environ), user)
        self._daemons.append(daemon)
        if wait:
            await daemon.leads()
        return daemon

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """One command of the command line, to its end; without `--config` once its file is gone."""
        config = ["--config", str(self.config)] if self.config.exists() else []
        argv = [sys.executable, "-m", "tui_monitor", *arguments, *config, "--state", str(self.state)]
        return subprocess.run(argv, cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=PATIENCE, env=environment(), check=False)

    def rows(self, question: str, *arguments: object) -> list[tuple[Any, ...]]:
        """The rows of a query of state.db; none where it does not exist yet."""
        if not self.state_db.exists():
            return []
        with contextlib.closing(self.connect()) as db:
            return db.execute(question, arguments).fetchall()

    def connect(self) -> sqlite3.Connection:
        """A reading connection to state.db."""
        return sqlite3.connect(f"{self.state_db.as_uri()}?mode=ro", uri=True, timeout=5)

    def stop(self) -> None:
        """Kill what still runs."""
        for daemon in self._daemons:
            if daemon.process.poll() is None:
                daemon.process.kill()
            daemon.process.wait(10)


@contextlib.contextmanager
def installation(place: Path) -> Iterator[Installation]:
    """An installation whose processes end with the context."""
    place.mkdir(exist_ok=True)
    made = Installation(place)
    try:
        yield made
    finally:
        made.stop()


@contextlib.asynccontextmanager
async def running(work: Awaitable[None], stop: Callable[[], None]) -> AsyncIterator[asyncio.Task[None]]:
    """An in-process runtime beside the test; stopped at the end, and what it raised comes out here."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        stop()
        async with asyncio.timeout(PATIENCE):
            await task


# --- what a webhook received ----------------------------------------------------------------------------------------------


def told(receiver: Receiver, name: str, status: str = "") -> list[Request]:
    """The requests that tell of an alert (by name), with the message's status if given."""
    return [request for request in receiver.requests if request.body and is_about(request.json(), name, status)]


def is_about(body: Mapping[str, Any], name: str, status: str = "") -> bool:
    """Whether a webhook's body tells of an alert in that status."""
    return any(alert["labels"]["alertname"] == name and status in ("", alert["status"]) for alert in body["alerts"])


def keys(requests: Sequence[Request]) -> list[str]:
    """Their idempotency keys."""
    return [request.headers["idempotency-key"] for request in requests]


def marked(request: Request) -> bool:
    """Whether the message says that it may be a repeat."""
    return request.headers.get("x-possible-repeat") == "1"
