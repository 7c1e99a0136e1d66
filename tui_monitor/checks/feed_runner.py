"""The runner of a feed: restarted with growing pauses after a failure, probed out of turn at news."""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tui_monitor.checks.fence import text_of
from tui_monitor.core.clock import Clock
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clip
from tui_monitor.core.units import format_duration
from tui_monitor.core.values import ProbeResult
from tui_monitor.sources.api import Feed, OwnTrouble

log = logging.getLogger(__name__)
PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Seconds before a failed feed is restarted, by the number of failures in a row."""
LONG_LIFE = 60.0
"""Seconds of running after which earlier failures no longer count."""
NEWS_PAUSE = 0.5
"""Seconds between two probes out of turn, which limit the probes of a busy source."""
MOST_SAVED = 4 * 1024 * 1024
"""Bytes of a feed's compressed state. A larger one is not stored; after a restart that feed begins without one."""


class FeedRunner:
    """A feed as a probe (sources/api.py: Probe). A failure in it is an unknown status with the reason."""

    def __init__(self, name: str, feed: Feed, clock: Clock) -> None:
        self.feed = feed
        self.stage = ""
        self._name = name
        self._clock = clock
        self._trouble = ""
        self._began = float("-inf")

    async def probe(self) -> ProbeResult:
        """The state of the feed. Raises OwnTrouble after a failure, until it runs again."""
        if self._trouble and self._clock.monotonic() - self._began < PAUSES[0]:
            raise OwnTrouble(self._trouble)
        return await self.feed.probe()

    async def close(self) -> None:
        """Release the resources of the feed."""
        await self.feed.close()

    async def run(self) -> None:
        """Run the feed until cancelled."""
        failures = 0
        while True:
            self._began = self._clock.monotonic()
            self._trouble = await self._life()
            failures = 1 if self._clock.monotonic() - self._began > LONG_LIFE else failures + 1
            pause = PAUSES[min(failures, len(PAUSES)) - 1]
            log.error("check %s: %s; tried again in %s", self._name, self._trouble, format_duration(pause))
            self._began = float("inf")
            self.feed.news.set()
            await self._clock.sleep(pause)

    async def _life(self) -> str:
        """Run the feed once; returns the reason of its end."""
        try:
            await self.feed.run()
        except OwnTrouble as trouble:
            return str(trouble)
        except Exception as error:
            log.exception("check %s: its feed failed", self._name)
            return f"the feed failed: {type(error).__name__}: {clip(text_of(error), 200)}"
        return "the feed has ended by itself"

    async def on_news(self, step: Callable[[], Awaitable[object]]) -> None:
        """Call ``step`` whenever the feed has news, until cancelled."""
        while True:
            await self.feed.news.wait()
            self.feed.news.clear()
            await step()
            await self._clock.sleep(NEWS_PAUSE)


@frozen
class Restored:
    """A restored state of a feed: its kind, its value, and the time of its samples (UTC ms)."""

    kind: str
    state: Mapping[str, Any]
    at: int


def encode_saved(kind: str, state: Mapping[str, object], at: int) -> bytes:
    """The stored form of a state. Raises ValueError where it is too large or is not JSON."""
    try:
        text = json.dumps({"kind": kind, "at": at, "state": state}, separators=(",", ":"))
    except (TypeError, RecursionError) as error:
        raise ValueError(f"it is not JSON: {error}") from None
    data = zlib.compress(text.encode(), 1)
    if len(data) > MOST_SAVED:
        raise ValueError(f"it is larger than {MOST_SAVED >> 20}MiB")
    return data


def decode_saved(data: bytes) -> Restored | None:
    """The inverse of `encode_saved`; None where the bytes cannot be decoded."""
    try:
        value = json.loads(zlib.decompress(data))
        if isinstance(value["state"], dict):
            return Restored(str(value["kind"]), value["state"], int(value["at"]))
    except (zlib.error, ValueError, KeyError, TypeError, RecursionError):
        pass
    return None
