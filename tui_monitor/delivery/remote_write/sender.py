"""Sends the history to an engine by Prometheus' remote write, from a durable cursor: nothing is lost while the engine is down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from tui_monitor.config.remote_write import RemoteWriteSettings
from tui_monitor.core.clock import Clock
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import METRIC_NAME, Labels, label
from tui_monitor.delivery.remote_write.batches import WriteBatch, WriteCursor, cursor_from, next_batch
from tui_monitor.delivery.remote_write.encoding import HEADERS, Series, body, encode_labels, sendable
from tui_monitor.delivery.steady import Attempt, SteadyDelivery, attempt_of, failed_attempt
from tui_monitor.notifiers.api import SendError
from tui_monitor.notifiers.http import USER_AGENT, HttpClient, secrets_of_url
from tui_monitor.platform.regex import compile_regex
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.interface import HistoryReading
from tui_monitor.storage.repository import StateRepository

log = logging.getLogger(__name__)
NAME = "remote_write"
EVERY_S = 5.0
MOST_KEPT = 20_000
"""Label sets whose bytes are kept."""


class RemoteWriteSender:
    """The sender; one request at a time, in time order."""

    def __init__(
        self, settings: RemoteWriteSettings, host: str, reading: HistoryReading, state: StateRepository, clock: Clock, troubles: Troubles
    ) -> None:
        """Raises ValueError, starting with "ca_file: ", for an unusable file."""
        self.dropped = 0
        """Samples that the engine refused for ever."""
        self._url = settings.url.reveal()
        self._settings, self._reading, self._state, self._clock, self._troubles = settings, reading, state, clock, troubles
        self._added = {"host": host, **settings.labels}
        self._headers = {**HEADERS, "User-Agent": USER_AGENT, **settings.authorization()}
        self._client = HttpClient(settings.timeout, (*secrets_of_url(self._url), *settings.secrets()), settings.ca_file)
        self._keep = [compile_regex(text) for text in settings.keep]
        self._drop = [compile_regex(text) for text in settings.drop]
        self._delivery = SteadyDelivery[Series](NAME, clock, troubles, self._try, self._drop_series)
        self._encoded: dict[Labels, bytes] = {}

    async def run(self) -> None:
        """Send until cancelled."""
        self._troubles.clear(NAME)
        try:
            cursor = await self._read_cursor()
            while True:
                cursor = await self.send_pending(cursor)
                await self._clock.sleep(EVERY_S)
        finally:
            await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def send_pending(self, cursor: WriteCursor) -> WriteCursor:
        """Send all that is stored behind the cursor; the cursor behind that."""
        while True:
            now = self._clock.wall_ms()
            age = round(1000 * self._settings.max_age)
            ask = partial(next_batch, cursor=cursor, now=now, max_age_ms=age, labels_of=self._labels_of)
            try:
                batch: WriteBatch | None = await self._reading.slow_lane.query(ask)
            except StorageFault as fault:
                log.warning("remote_write: the history cannot be read: %s", fault)
                return cursor
            if batch is None:
                return cursor
            await self._delivery.deliver(batch.series)
            cursor = batch.cursor
            await self._store_cursor(cursor)

    async def _try(self, series: Sequence[Series]) -> Attempt[Series]:
        """One request."""
        content = await asyncio.to_thread(body, series, self._bytes_of)
        try:
            answer = await self._client.post(self._url, content=content, headers=self._headers)
        except SendError as error:
            return failed_attempt(error)
        return attempt_of(answer, self._clock.wall_ms())

    def _drop_series(self, series: Series, reason: str) -> None:
        self.dropped += len(series[1])
        log.warning("remote_write: %d samples of %s were refused: %s", len(series[1]), label(series[0], METRIC_NAME), reason)

    def _labels_of(self, labels: Labels) -> Labels | None:
        name = label(labels, METRIC_NAME)
        if self._keep and not any(pattern.is_whole(name) for pattern in self._keep):
            return None
        if any(pattern.is_whole(name) for pattern in self._drop):
            return None
        return sendable(labels, self._added)

    def _bytes_of(self, labels: Labels) -> bytes:
        found = self._encoded.get(labels)
        if found is None:
            if len(self._encoded) >= MOST_KEPT:
                self._encoded.clear()
            found = self._encoded[labels] = encode_labels(labels)
        return found

    async def _read_cursor(self) -> WriteCursor:
        while True:
            try:
                return cursor_from(await self._state.read(lambda state: state.cursors.get(NAME)))
            except StorageFault:
                await self._clock.sleep(EVERY_S)

    async def _store_cursor(self, cursor: WriteCursor) -> None:
        try:
            await self._state.transaction(lambda state: state.cursors.set(NAME, cursor.to_text()), durable=False)
        except StorageFault as fault:
            log.warning("remote_write: the cursor cannot be stored: %s", fault)
