"""remote_write against a real Prometheus and a real VictoriaMetrics that are down, come back and refuse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.clocks import ManualClock
from tests.support.peers.fixtures import present
from tests.support.peers.prometheus import Prometheus, prometheus
from tests.support.peers.victoria_metrics import VictoriaMetrics, victoria_metrics
from tests.support.processes import PATIENCE, until
from tests.support.receivers import Reply, receiver
from tests.support.settings import made
from tests.support.stored_history import write_history
from tui_monitor.config.remote_write import RemoteWriteSettings
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import METRIC_NAME, labels_of
from tui_monitor.delivery import steady
from tui_monitor.delivery.remote_write.batches import WriteCursor, cursor_from
from tui_monitor.delivery.remote_write.sender import RemoteWriteSender
from tui_monitor.storage.history.background import HistoryConnection
from tui_monitor.storage.history.writer import History
from tui_monitor.storage.in_memory.repository import InMemoryRepository

WRITE = "/api/v1/write"
MINUTES = 10
SERIES = [labels_of("orders_total", shop=str(number)) for number in range(5)]


@pytest.fixture
def engines() -> Iterator[dict[str, Prometheus | VictoriaMetrics]]:
    """Both engines."""
    with ExitStack() as stack:
        yield {
            "prometheus": stack.enter_context(present(lambda: prometheus("global: {}\n", "--web.enable-remote-write-receiver"))),
            "victoria-metrics": stack.enter_context(present(victoria_metrics)),
        }


def ten_minutes(path: Path, end: int) -> None:
    """Ten minutes of five series, a sample each second, committed as a monitor does."""
    start = end - MINUTES * 60_000 + 1000
    write_history(path, {labels: lambda at: (at - start) / 1000 for labels in SERIES}, start, end, 1.0).close()


@asynccontextmanager
async def sender_of(path: Path, url: str, state: InMemoryRepository, **keys: Any) -> AsyncIterator[RemoteWriteSender]:
    """A sender of that history."""
    settings = made(RemoteWriteSettings, {"url": url, **keys})
    reading = HistoryConnection(path)
    sender = RemoteWriteSender(settings, "web-1", reading, state, SystemClock(), Troubles())
    try:
        yield sender
    finally:
        await sender.close()
        await reading.close()


async def stored_cursor(state: InMemoryRepository) -> WriteCursor:
    """The durable cursor."""
    return cursor_from(await state.read(lambda tables: tables.cursors.get("remote_write")))


def counts(engine: Prometheus | VictoriaMetrics, at: int) -> dict[str, tuple[float, float]]:
    """The number and the sum of the samples that the engine has of each series, by its label shop."""
    if isinstance(engine, VictoriaMetrics):
        engine.flush()
    found: dict[str, list[float]] = {}
    for name in ("count", "sum"):
        answer = engine.get("/api/v1/query", query=f'{name}_over_time(orders_total{{host="web-1"}}[15m])', time=f"{at / 1000 + 1:.3f}")
        for one in answer["result"]:
            found.setdefault(one["metric"]["shop"], []).append(float(one["value"][1]))
    return {shop: (values[0], values[1]) for shop, values in found.items()}


@pytest.mark.parametrize("name", ["prometheus", "victoria-metrics"])
async def test_ten_minutes_while_the_engine_is_down_are_complete_and_not_doubled(
    engines: dict[str, Prometheus | VictoriaMetrics], tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written while the engine is down arrives once it is back; a second sender goes on at the cursor."""
    monkeypatch.setattr(steady, "FIRST_PAUSE", 0.05)
    engine, state, path = engines[name], InMemoryRepository(), tmp_path / "history.db"
    end = SystemClock().wall_ms() // 1000 * 1000
    ten_minutes(path, end)
    engine.stop()
    async with sender_of(path, engine.url + WRITE, state) as first:
        task = asyncio.create_task(first.run())
        try:
            await asyncio.sleep(0)
            engine.start()
            async with asyncio.timeout(PATIENCE):
                while (await stored_cursor(state)).at < end:  # noqa: ASYNC110  the cursor is a row, nothing tells of it
                    await asyncio.sleep(0.05)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    whole = sum(range(MINUTES * 60))
    assert counts(engine, end) == {str(number): (MINUTES * 60, whole) for number in range(5)}
    cursor = await stored_cursor(state)
    assert cursor.at == end
    async with sender_of(path, engine.url + WRITE, state) as again:
        assert await again.send_pending(cursor) == cursor
    assert counts(engine, end) == {str(number): (MINUTES * 60, whole) for number in range(5)}


async def turned(clock: ManualClock, condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Turn the clock, with real time for each request, until the condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await clock.advance(seconds)
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("name", ["prometheus", "victoria-metrics"])
async def test_history_written_while_the_engine_is_down(
    engines: dict[str, Prometheus | VictoriaMetrics], tmp_path: Path, name: str
) -> None:
    """The sender runs while 12 minutes pass without the engine and the history grows: a trouble after 10, then all arrives, once."""
    engine, state, troubles = engines[name], InMemoryRepository(), Troubles()
    clock = ManualClock(SystemClock().wall_ms() // 1000 * 1000 - 25 * 60_000)
    begin = clock.wall_ms() + 1000
    history = History(tmp_path / "history.db")
    reading = HistoryConnection(tmp_path / "history.db")
    settings = made(RemoteWriteSettings, {"url": engine.url + WRITE})
    sender = RemoteWriteSender(settings, "web-1", reading, state, clock, troubles)
    engine.stop()
    task = asyncio.create_task(sender.run())
    try:
        for second in range(12 * 60):
            await clock.advance(1)
            history.append(clock.wall_ms(), [(labels, float(second)) for labels in SERIES])
            if second % 5 == 0:
                history.commit(clock.wall_ms())
                await asyncio.sleep(0.002)  # time for a refused connection
        history.commit(clock.wall_ms())
        end = clock.wall_ms()
        await turned(clock, lambda: troubles.texts)
        assert troubles.texts[0].startswith("remote_write: nothing was taken for 10 minutes: cannot connect")
        assert (await stored_cursor(state)).at == 0
        engine.start()
        stored = WriteCursor()
        async with asyncio.timeout(PATIENCE):
            while stored.at < end:
                await clock.advance(5)
                await asyncio.sleep(0.01)
                stored = await stored_cursor(state)
        assert not troubles.texts
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        history.close()
        await reading.close()
    seconds = (end - begin) // 1000 + 1
    assert counts(engine, end) == {str(number): (seconds, sum(range(seconds))) for number in range(5)}


async def test_what_is_too_old_is_left_out(engines: dict[str, Prometheus | VictoriaMetrics], tmp_path: Path) -> None:
    """After a long outage samples beyond max_age are not sent, those within it all."""
    engine, path = engines["victoria-metrics"], tmp_path / "history.db"
    end = SystemClock().wall_ms() // 1000 * 1000
    ten_minutes(path, end)
    async with sender_of(path, engine.url + WRITE, InMemoryRepository(), max_age="5m") as sender:
        await sender.send_pending(WriteCursor(1, end - MINUTES * 60_000))
    found = [count for count, _ in counts(engine, end).values()]
    assert len(found) == 5 and all(200 < count <= 301 for count in found)


async def test_retry_after_is_heeded(tmp_path: Path) -> None:
    """A busy engine says when to come again: no request before, one then."""
    clock, path = ManualClock(SystemClock().wall_ms()), tmp_path / "history.db"
    ten_minutes(path, clock.wall_ms())
    async with receiver(Reply(429, "slow down", {"retry-after": "40"})) as server:
        reading = HistoryConnection(path)
        settings = made(RemoteWriteSettings, {"url": server.url})
        sender = RemoteWriteSender(settings, "web-1", reading, InMemoryRepository(), clock, Troubles())
        task = asyncio.create_task(sender.send_pending(WriteCursor()))
        await server.wait_for(1)
        await until(lambda: bool(clock._sleepers))
        await clock.advance(39)
        assert len(server.requests) == 1
        server.default = Reply(204)
        await clock.advance(1)
        await server.wait_for(2)
        assert server.requests[0].body == server.requests[1].body
        async with asyncio.timeout(PATIENCE):
            await task
        await sender.close()
        await reading.close()


async def test_what_prometheus_refuses_costs_only_itself(engines: dict[str, Prometheus | VictoriaMetrics], tmp_path: Path) -> None:
    """A request with one series of older samples is refused whole (400); halving saves the others."""
    engine, state, path = engines["prometheus"], InMemoryRepository(), tmp_path / "history.db"
    end = SystemClock().wall_ms() // 1000 * 1000
    ten_minutes(path, end)
    late = labels_of("orders_total", shop="2")
    first = tmp_path / "newer.db"
    write_history(first, {late: lambda at: 1.0}, end, end, 1.0).close()
    async with sender_of(first, engine.url + WRITE, InMemoryRepository()) as sender:
        await sender.send_pending(WriteCursor())
    async with sender_of(path, engine.url + WRITE, state) as sender:
        await sender.send_pending(WriteCursor())
    found = counts(engine, end)
    assert {shop: count for shop, (count, _) in found.items() if shop != "2"} == dict.fromkeys("0134", MINUTES * 60)
    assert found["2"][0] == 1
    assert sender.dropped > 0


async def test_samples_ahead_of_now_are_not_sent(engines: dict[str, Prometheus | VictoriaMetrics], tmp_path: Path) -> None:
    """A clock that was ahead cannot make Prometheus refuse everybody's samples."""
    engine, path = engines["prometheus"], tmp_path / "history.db"
    now = SystemClock().wall_ms()
    write_history(path, {SERIES[0]: lambda at: 1.0}, now + 3_600_000, now + 3_600_000, 1.0).close()
    async with sender_of(path, engine.url + WRITE, InMemoryRepository()) as sender:
        assert await sender.send_pending(WriteCursor()) == WriteCursor()
    assert engine.get("/api/v1/series", **{"match[]": "orders_total", "end": f"{now / 1000 + 9999:.0f}"}) == []


async def test_an_outage_longer_than_the_ring_is_filled_from_the_store(
    engines: dict[str, Prometheus | VictoriaMetrics], tmp_path: Path
) -> None:
    """After an hour VictoriaMetrics has each sample, those too that are no longer among the recent commits; keep and labels hold."""
    engine, state, path = engines["victoria-metrics"], InMemoryRepository(), tmp_path / "history.db"
    end = SystemClock().wall_ms() // 10_000 * 10_000
    start = end - 3_600_000
    curves = {SERIES[0]: lambda at: float(at), labels_of("other"): lambda at: 1.0}
    write_history(path, curves, start, end, 10.0).close()
    async with sender_of(path, engine.url + WRITE, state, keep=["orders_.*"], labels={"site": "seoul"}) as sender:
        cursor = await sender.send_pending(WriteCursor(1, start - 1))
    assert cursor.at == end
    engine.flush() if isinstance(engine, VictoriaMetrics) else None
    query = 'count_over_time({site="seoul"}[2h])'
    (found,) = engine.get("/api/v1/query", query=query, time=f"{end / 1000 + 1:.0f}")["result"]
    assert found["value"][1] == "361"
    assert found["metric"] == {"host": "web-1", "shop": "0", "site": "seoul"} or METRIC_NAME in found["metric"]
