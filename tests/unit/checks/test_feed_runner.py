"""Feeds beside their checks: begun again with a pause, own trouble told, news out of turn, state stored with its samples."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.clocks import ManualClock, settle
from tui_monitor.checks.feed_runner import FeedRunner, decode_saved, encode_saved
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.sources.api import Feed, OwnTrouble


class Scripted:
    """A feed whose runs end as told: an exception, or None for one that goes on."""

    def __init__(self, *ends: Exception | None) -> None:
        self.stage, self.news = "", asyncio.Event()
        self._ends = list(ends)
        self.runs = 0

    def restore(self, saved: Mapping[str, Any] | None, at: int) -> None:
        pass

    async def run(self) -> None:
        self.runs += 1
        end = self._ends.pop(0) if self._ends else None
        if end is None:
            await asyncio.Event().wait()
        else:
            raise end

    async def probe(self) -> ProbeResult:
        return ProbeResult(HealthStatus.HEALTHY)

    async def close(self) -> None:
        pass


async def test_a_broken_feed_is_unknown_and_begun_again_with_growing_pauses() -> None:
    """The reason says what broke; after the pause it runs again, and is well once it has stayed for a second."""
    clock, feed = ManualClock(), Scripted(RuntimeError("pipe gone"), OwnTrouble("no journalctl: install systemd"))
    assert isinstance(feed, Feed)
    runner = FeedRunner("app", feed, clock)
    task = asyncio.create_task(runner.run())
    await settle()
    with pytest.raises(OwnTrouble, match="the feed failed: RuntimeError: pipe gone"):
        await runner.probe()
    assert feed.news.is_set() and feed.runs == 1
    await clock.advance(1)
    with pytest.raises(OwnTrouble, match="no journalctl: install systemd"):
        await runner.probe()
    await clock.advance(1.5)
    assert feed.runs == 2
    await clock.advance(0.5)
    assert feed.runs == 3
    await clock.advance(1)
    assert (await runner.probe()).status is HealthStatus.HEALTHY
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_news_are_asked_for_once_and_not_more_often_than_twice_a_second() -> None:
    """A storm of news costs two probes a second."""
    clock, feed = ManualClock(), Scripted()
    asked = 0

    async def step() -> None:
        nonlocal asked
        asked += 1

    task = asyncio.create_task(FeedRunner("app", feed, clock).on_news(step))
    for _ in range(20):
        feed.news.set()
        await settle()
        await clock.advance(0.1)
    assert asked in (4, 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_a_state_comes_back_and_nonsense_does_not() -> None:
    """What cannot be JSON or is too large is refused when it is stored, what is damaged is nothing when it is read."""
    saved = decode_saved(encode_saved("log", {"position": 3}, 17))
    assert saved is not None and (saved.kind, saved.state, saved.at) == ("log", {"position": 3}, 17)
    assert [decode_saved(data) for data in (b"", b"x", b"\x78\x9c\x03\x00")] == [None, None, None]
    for state in ({"x": object()}, {"x": os.urandom(5 * 2**20).hex()}):
        with pytest.raises(ValueError, match=r"not JSON|larger than"):
            encode_saved("log", state, 1)
