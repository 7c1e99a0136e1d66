"""The Backend: the runtime implements all of it, says that it is not ready while it starts, and answers PromQL from the store."""

from __future__ import annotations

import json
import time
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.board_backend import FakeBackend
from tests.support.httpserver import HttpServer
from tests.support.processes import running, until
from tests.support.settings import made
from tests.support.stored_history import write_history
from tui_monitor.board.backend import Backend, MetricMetadata, NotReady
from tui_monitor.config.engine import EngineSettings
from tui_monitor.config.faults import Configuration, ConfigurationError, Fault
from tui_monitor.config.load import load
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.commands import Reload
from tui_monitor.core.values import labels_of
from tui_monitor.platform.state_directory import open_directory
from tui_monitor.promql.errors import PromqlError
from tui_monitor.promql.exposition_comment import Metadata
from tui_monitor.promql.values import Matrix
from tui_monitor.runtime.queries import StoreQueries
from tui_monitor.runtime.runtime import Runtime
from tui_monitor.sources.metadata import STORED_AS, decode_metadata, encode_metadata
from tui_monitor.storage.history.background import HistoryConnection
from tui_monitor.storage.history.writer import History

NAMES = [name for name in vars(Backend) if not name.startswith("_")]


def runtime(path: Path) -> Runtime:
    """One that does not run."""
    return Runtime(open_directory(path), lambda: load(None, {}), SystemClock(), "headless", "kim")


@pytest.mark.parametrize("name", NAMES)
def test_every_process_has_the_whole_backend(name: str) -> None:
    """What a face may ask is there in the runtime, which headless has too, and in the tests' own backend."""
    assert hasattr(Runtime, name) and hasattr(FakeBackend, name)


async def test_a_runtime_that_starts_says_so(tmp_path: Path) -> None:
    """Before it leads or follows: commands are refused, questions raise NotReady, the first board is loading."""
    starting = runtime(tmp_path)
    result = await starting.command(Reload())
    assert not result.ok and "not ready" in result.text
    for question in (starting.alert_history(1), starting.query("up", 0), starting.silences(), starting.names(), starting.board_at(0)):
        with pytest.raises(NotReady):
            await question
    assert starting.board.loading


async def test_promql_over_the_stored_history(tmp_path: Path) -> None:
    """Queries, series and labels come from history.db, metadata as the leader stored them; a wrong expression says where."""
    now = round(time.time()) * 1000
    metrics = {labels_of("heat_seconds", room=room): lambda at: 7.0 for room in "ab"} | {labels_of("hits_total"): lambda at: 1.0}
    write_history(tmp_path / "history.db", metrics, now - 600_000, now, 15.0).close()
    reading = HistoryConnection(tmp_path / "history.db")
    archive = StoreQueries(tmp_path / "state.db", reading)
    try:
        query = await archive.compiled("sum(heat_seconds)")
        assert await archive.query(query, now, 30.0) == [((), 14.0)]
        found = await archive.query_range(query, now - 60_000, now, 30_000, 30.0)
        assert isinstance(found, Matrix) and [(times, values) for _, times, values in found] == [
            ([now - 60_000, now - 30_000, now], [14.0] * 3)
        ]
        assert await archive.series(['heat_seconds{room="a"}']) == [labels_of("heat_seconds", room="a")]
        assert len(await archive.series([])) == 3
        assert await archive.metadata() == [MetricMetadata("heat_seconds", unit="seconds"), MetricMetadata("hits_total", "counter")]
        known = {"hits": Metadata("counter", "Hits of\x1b[1m all"), "heat_seconds": Metadata("gauge", unit="seconds")}
        told = await archive.metadata(known)
        assert told[1] == MetricMetadata("hits_total", "counter", "", "Hits of all") and told[0].type == "gauge"
        leaders = History(tmp_path / "history.db")
        leaders.set_saved_state(now, STORED_AS, encode_metadata(known))
        leaders.commit(now)
        leaders.close()
        assert await archive.metadata() == told
        for wrong in ("sum(", "rate(hits_total[5m])"):
            with pytest.raises(PromqlError):
                await archive.series([wrong])
    finally:
        await archive.close()
        await reading.close()


def test_stored_metadata_come_back_or_are_nothing() -> None:
    """Help is cut at 500 characters; bytes of another version or of nobody are no metadata."""
    known = {"a": Metadata("counter", "x" * 900, "seconds")}
    assert decode_metadata(encode_metadata(known)) == {"a": Metadata("counter", "x" * 500, "seconds")}
    assert [decode_metadata(data) for data in (b"", b"x", zlib.compress(b"[[1]]"), zlib.compress(b"7"))] == [{}] * 4
    assert encode_metadata({}) == b""


async def test_a_viewer_asks_the_engine_of_its_configuration(tmp_path: Path) -> None:
    """A dashboard beside a daemon draws other hosts' series, and says what hinders it; the daemon's own file is read for it."""
    faults: list[Fault] = []

    def read() -> Configuration:
        loaded = Configuration(replace(load(None, {}).settings, engine=made(EngineSettings, {"url": server.url})))
        if faults:
            raise ConfigurationError(faults, loaded)
        return loaded

    async with HttpServer() as server:
        series = {"metric": {"host": "web-2"}, "values": [[time.time(), "1"]]}
        server.behave(body=json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [series]}}).encode())
        leader = runtime(tmp_path)
        async with running(leader.run(), leader.stop):
            await until(lambda: leader.leader is not None and (tmp_path / "history.db").exists())
            for given, said in (([], ""), ([Fault(("checks",), "wrong")], ""), ([Fault(("engine", "url"), "wrong")], "engine.url: wrong")):
                faults[:] = given
                roles: list[str] = []
                viewer = Runtime(open_directory(tmp_path), read, SystemClock(), "dashboard", "kim", on_role=roles.append)
                async with running(viewer.run(), viewer.stop):
                    now = round(time.time()) * 1000
                    await until(lambda roles=roles: bool(roles))  # type: ignore[misc]
                    chart = await viewer.chart('up{host="web-2"}', now - 60_000, now, 10)
                    assert chart.error.endswith(said) and bool(chart.lines) is not bool(said)
