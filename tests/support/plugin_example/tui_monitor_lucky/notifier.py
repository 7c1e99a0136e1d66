"""A kind of notifier: one line in a file for each message."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tui_monitor.notifiers.api import Clock, FilePath, Message, NotifierKind, NotifierSettings, RateLimit, SendError, key


class LogbookSettings(NotifierSettings):
    """A file that gets a line for each message."""

    path: FilePath = key(doc="the file", example="/var/log/alerts.txt")


class Logbook:
    """Appends; each line begins with the key of its message, so that a repeat can be seen."""

    def __init__(self, settings: LogbookSettings, clock: Clock) -> None:
        self.name = settings.name
        self.timeout = settings.timeout
        self.rate_limit = RateLimit.parse(settings.rate_limit)
        self._path = Path(settings.path)
        self._clock = clock

    async def send(self, message: Message, note: str = "", possible_repeat: bool = False) -> str:
        """The number of the line is not known, so there is no id."""
        line = f"{message.key} {self._clock.wall_ms()} {message.title}{f' ({note})' if note else ''}\n"
        try:
            await asyncio.to_thread(self._append, line)
        except OSError as error:
            raise SendError(f"{self._path} cannot be written: {error.strerror}") from None
        return ""

    def _append(self, line: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line)

    async def close(self) -> None:
        """Nothing is kept open."""


KIND = NotifierKind("logbook", settings=LogbookSettings, notifier=Logbook, example={"name": "logbook"})
