"""The command notifier: runs a configured program with the webhook's JSON on standard input, without a shell."""

from __future__ import annotations

import asyncio
import os

from tui_monitor.config.notifier_fields import ProgramArguments
from tui_monitor.config.section import key
from tui_monitor.core.clock import Clock
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.dispatch.message import Message
from tui_monitor.notifiers.api import NotifierSettings, RateLimit, SendError
from tui_monitor.notifiers.webhook import encode
from tui_monitor.platform.child_process import CannotStart, run

_AT_ONCE = 4
"""Runs of one notifier at the same time."""


def environment_of(message: Message, note: str, possible_repeat: bool) -> dict[str, str]:
    """Variables added to the program's environment."""
    texts = {"KEY": message.key, "KIND": message.kind, "SEVERITY": message.severity, "TITLE": message.title, "NOTE": note}
    texts["POSSIBLE_REPEAT"] = "1" if possible_repeat else ""
    return {f"TUI_MONITOR_{name}": clip(clean(text), 1000) for name, text in texts.items()}


class CommandNotifier(NotifierSettings):
    """A program that reads the webhook's JSON from standard input."""

    argv: ProgramArguments = key(doc="program and arguments; no shell", min_length=1, example=["/usr/local/bin/on-alert"])


class Command:
    """Sender that runs the program once per message; exit 0 is success, the first output line is the id."""

    def __init__(self, settings: CommandNotifier, _: Clock | None = None) -> None:
        self.name = settings.name
        self.timeout = settings.timeout
        self.rate_limit = RateLimit.parse(settings.rate_limit)
        self._argv = settings.argv
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def send(self, message: Message, note: str = "", possible_repeat: bool = False) -> str:
        """Run the program. Raises SendError; after the timeout it is killed with its process group and may have delivered.

        Processes that it detached keep running after its exit.
        """
        environment = {**os.environ, **environment_of(message, note, possible_repeat)}
        try:
            outcome = await run(self._argv, time_limit=self.timeout, slots=self._slots, environment=environment, stdin=encode(message))
        except CannotStart as trouble:
            raise SendError(str(trouble), permanent=trouble.permanent) from None
        if outcome.timed_out:
            fate = f"cannot be stopped: {outcome.problem}" if outcome.problem else "killed"
            raise SendError(f"still running after {self.timeout:g}s, {fate}", maybe_delivered=True)
        if outcome.code != 0:
            complaint = next(reversed(_lines(outcome.errors)), "")
            raise SendError(f"{outcome.ending}: {complaint}" if complaint else outcome.ending)
        return next(iter(_lines(outcome.output)), "")

    async def close(self) -> None:
        """Nothing to close."""


def _lines(output: bytes) -> list[str]:
    lines = output.decode(errors="replace").splitlines()
    return [clip(clean(line).strip(), 200) for line in lines if line.strip()]
