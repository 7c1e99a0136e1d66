"""Where documents go: a file of JSON lines, Elasticsearch's _bulk, Logstash's HTTP input.

Sources: elastic.co/docs/api (bulk: one action and one document a line, an outcome for each), Logstash's http input plugin (a JSON array,
429 when it is busy).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

from tui_monitor.config.export import ExportSettings
from tui_monitor.core.clock import Clock
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.delivery.export.ecs import Exported
from tui_monitor.delivery.steady import Attempt, attempt_of, failed_attempt
from tui_monitor.notifiers.api import SendError
from tui_monitor.notifiers.http import USER_AGENT, HttpClient, secrets_of_url
from tui_monitor.platform.ownership import give_to_owner_of

KEPT_FILES = 3
_FILTER = "filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason"
"""What the answer of _bulk shall hold: without it each item has ten more keys."""
_MOST_ANSWER = 2**20
_MADE_BEFORE = 409
_BUSY = (429, 500, 502, 503, 504)


class Target(Protocol):
    """One receiver of documents."""

    @property
    def name(self) -> str:
        """The key of the configuration that names it."""
        ...

    async def send(self, documents: Sequence[Exported]) -> Attempt[Exported]:
        """One try; raises nothing."""
        ...

    async def close(self) -> None:
        """Close what is open."""
        ...


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class FileTarget:
    """A file that is renamed before it gets too large: NAME.1 is the newest of the renamed ones."""

    name = "ecs_file"

    def __init__(self, path: Path, max_size: int) -> None:
        self._path, self._max_size = path, max_size

    async def send(self, documents: Sequence[Exported]) -> Attempt[Exported]:
        """Append the documents."""
        try:
            await asyncio.to_thread(self._append, [f"{_json(one.document)}\n".encode("utf-8", "replace") for one in documents])
        except OSError as error:
            return Attempt(f"{self._path} cannot be written: {error.strerror or error}")
        return Attempt()

    def _append(self, lines: Sequence[bytes]) -> None:
        data = b"".join(lines)
        with contextlib.suppress(FileNotFoundError):
            if (size := self._path.stat().st_size) and size + len(data) > self._max_size:
                self._rename()
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        with os.fdopen(fd, "ab") as stream:
            if not stream.tell():
                with contextlib.suppress(OSError):
                    give_to_owner_of(self._path.parent, fd)
            stream.write(data)

    def _rename(self) -> None:
        for number in range(KEPT_FILES, 0, -1):
            older = self._path if number == 1 else Path(f"{self._path}.{number - 1}")
            with contextlib.suppress(FileNotFoundError):
                older.replace(f"{self._path}.{number}")

    async def close(self) -> None:
        """Nothing stays open."""


class HttpTarget:
    """What the two receivers over HTTP share."""

    def __init__(self, url: str, settings: ExportSettings, clock: Clock, content_type: str) -> None:
        """Raises ValueError for an unusable ``ca_file``."""
        self._url, self._clock = url, clock
        self._headers = {"Content-Type": content_type, "User-Agent": USER_AGENT, **settings.authorization()}
        secrets = (*secrets_of_url(url), *settings.secrets())
        self._client = HttpClient(settings.timeout, secrets, settings.ca_file, _MOST_ANSWER)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


class BulkTarget(HttpTarget):
    """Elasticsearch's _bulk: documents are created by their ids, so that one that comes twice is there once."""

    name = "ecs_url"

    def __init__(self, url: str, settings: ExportSettings, clock: Clock) -> None:
        parts = urlsplit(url)
        query = f"{parts.query}&{_FILTER}" if parts.query else _FILTER
        super().__init__(urlunsplit(parts._replace(query=query)), settings, clock, "application/x-ndjson")
        self.refused: list[str] = []
        """Why documents were refused, for the log; emptied by `drain_refused`."""

    async def send(self, documents: Sequence[Exported]) -> Attempt[Exported]:
        """Send all; of those that were not taken the busy ones are tried again, refused ones are left out."""
        lines = (f'{{"create":{{"_id":"{one.id}"}}}}\n{_json(one.document)}\n' for one in documents)
        try:
            answer = await self._client.post(self._url, content="".join(lines).encode("utf-8", "replace"), headers=self._headers)
        except SendError as error:
            return failed_attempt(error)
        attempt: Attempt[Exported] = attempt_of(answer, self._clock.wall_ms())
        if attempt.reason:
            return attempt
        found = answer.json()
        if found is None or "errors" not in found:
            return Attempt("something else than Elasticsearch's _bulk answers: see ecs_url of [export]")
        return self._judge(documents, found) if found["errors"] else Attempt()

    def _judge(self, documents: Sequence[Exported], found: Mapping[str, Any]) -> Attempt[Exported]:
        rest, reason = [], ""
        items = found.get("items")
        for one, item in zip(documents, items if isinstance(items, list) else (), strict=False):
            outcome: Any = next(iter(item.values()), None) if isinstance(item, dict) else None
            status = outcome.get("status") if isinstance(outcome, dict) else None
            if not isinstance(status, int) or 200 <= status < 300 or status == _MADE_BEFORE:
                continue
            text = f"HTTP {status}: {_reason(outcome)}"
            if status in _BUSY:
                rest.append(one)
                reason = text
            else:
                self.refused.append(text)
        return Attempt(reason, rest=rest)

    def drain_refused(self) -> list[str]:
        """Why documents were refused since the last call."""
        found, self.refused = self.refused, []
        return found


def _reason(outcome: Mapping[str, Any]) -> str:
    error = outcome.get("error")
    known = error if isinstance(error, dict) else {}
    return clip(clean(f"{known.get('type', 'refused')}: {known.get('reason', '')}"), 200).removesuffix(": ")


class LogstashTarget(HttpTarget):
    """Logstash's HTTP input with codec json: an array is one event for each document."""

    name = "logstash"

    def __init__(self, url: str, settings: ExportSettings, clock: Clock) -> None:
        super().__init__(url, settings, clock, "application/json")

    async def send(self, documents: Sequence[Exported]) -> Attempt[Exported]:
        """Send all in one request."""
        try:
            content = _json([one.document for one in documents]).encode("utf-8", "replace")
            return attempt_of(await self._client.post(self._url, content=content, headers=self._headers), self._clock.wall_ms())
        except SendError as error:
            return failed_attempt(error)


def targets_of(settings: ExportSettings, clock: Clock) -> list[Target]:
    """The configured targets."""
    found: list[Target] = []
    if settings.ecs_file is not None:
        found.append(FileTarget(Path(settings.ecs_file), int(settings.max_size)))
    if settings.ecs_url is not None:
        found.append(BulkTarget(settings.ecs_url.reveal(), settings, clock))
    if settings.logstash is not None:
        found.append(LogstashTarget(settings.logstash.reveal(), settings, clock))
    return found
