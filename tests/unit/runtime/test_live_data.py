"""What memory answers for other programs: which queries, with the same values as the history, and which series are exported."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.clocks import ManualClock
from tests.support.stored_history import write_history
from tui_monitor.config.load import load
from tui_monitor.core.values import STALE_NAN, Labels, Sample, labels_of
from tui_monitor.platform.state_directory import open_directory
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.queryable import Matcher
from tui_monitor.runtime.leader import Leader
from tui_monitor.runtime.leader_assembly import open_leader
from tui_monitor.runtime.live_data import MOST_SAMPLES, TURN

NOW = 1_780_000_000_000
CONFIG = """
[[checks]]
name = "api"
type = "tcp"
host = "127.0.0.1"
port = 1
[[checks]]
name = "node"
type = "prometheus"
url = "http://127.0.0.1:1/metrics"
[[rules]]
record = "api:success"
expr = "probe_success"
"""
API, DB = labels_of("probe_success", check="api", type="tcp"), labels_of("probe_success", check="db", type="tcp")


@pytest.fixture
async def leader(tmp_path: Path) -> AsyncIterator[Leader]:
    """A leader that does not run, at NOW."""
    file = tmp_path / "config.toml"
    file.write_text(CONFIG)
    file.chmod(0o600)
    clock = ManualClock(NOW)
    made = await open_leader(load(file, {}), open_directory(tmp_path / "state"), clock, "headless", 1, lambda board: None)
    try:
        yield made
    finally:
        await made.close()
        await made.recorder.reading.close()


def fill(leader: Leader, *series: Labels, seconds: int = 590) -> None:
    """A sample each second until NOW: 1, then 2, then 3, then 1 again."""
    for second in range(seconds, -1, -1):
        leader.live_data.memory.append(NOW - 1000 * second, [Sample(labels, float(second % 3 + 1)) for labels in series])


ALIKE = (
    "probe_success", 'probe_success{check="api"}', "sum(probe_success)", "rate(probe_success[5m])", "avg_over_time(probe_success[9m])",
    "probe_success > bool 1", "absent(nothing)", "topk(1, probe_success)", "timestamp(probe_success)",
    "1 + 1", '"text"', "probe_success[10s]",
)  # fmt: skip


@pytest.mark.parametrize("expr", ALIKE)
async def test_memory_answers_as_the_history_does(leader: Leader, tmp_path: Path, expr: str) -> None:
    """Value for value, at the same moment."""
    fill(leader, API, DB)
    reader = write_history(
        tmp_path / "other.db", dict.fromkeys((API, DB), lambda at: float((NOW - at) // 1000 % 3 + 1)), NOW - 590_000, NOW, 1.0
    )
    query = compile_expr(expr)
    found = leader.live_data.instant(query, NOW)
    assert found is not None and found == query.instant(reader, NOW)
    reader.close()


@pytest.mark.parametrize(
    "expr",
    [
        "probe_success offset 1m", "avg_over_time(probe_success[10m])", "max_over_time(probe_success[1m:1s])", "probe_success @ 1",
        '{check="api"}', '{__name__=~"probe_.*"}',
    ],
)  # fmt: skip
async def test_what_only_the_history_knows(leader: Leader, expr: str) -> None:
    """Earlier moments, long windows, subqueries and selectors without a name are not answered from memory."""
    fill(leader, API)
    assert leader.live_data.instant(compile_expr(expr), NOW) is None


async def test_an_earlier_moment_and_many_samples_are_left_to_the_history(leader: Leader) -> None:
    """A slow series may have lost its sample of then; and the event loop touches a bounded number of samples."""
    many = [labels_of("wide", n=str(n)) for n in range(MOST_SAMPLES // 300 + 1)]
    fill(leader, API, *many, seconds=1)
    data = leader.live_data
    assert data.instant(compile_expr("probe_success"), NOW - 60_000) is None
    assert data.instant(compile_expr("wide"), NOW) is not None
    assert data.instant(compile_expr("rate(wide[5m])"), NOW) is None


async def test_exported_are_own_machine_and_check_series(leader: Leader) -> None:
    """Not those of scraped pages, rules, alerts and checks that are gone; a histogram is one family."""
    bucket = labels_of("http_request_duration_seconds_bucket", check="api", type="tcp", le="+Inf")
    count = labels_of("http_request_duration_seconds_count", check="api", type="tcp")
    own = [API, labels_of("cpu_count"), labels_of("tui_monitor_threads"), labels_of("orders", check="api", type="tcp"), bucket, count]
    other = [
        labels_of("node_load1", check="node", instance="n"), labels_of("node_x", check="node", type="idle"), DB,
        labels_of("api:success", check="api", type="tcp"), labels_of("ALERTS", check="api", type="tcp"), labels_of("pushed_by_others"),
    ]  # fmt: skip
    leader.live_data.memory.append(NOW, [Sample(labels, 1.0) for labels in (*own, *other)])
    leader.live_data.memory.append(NOW, [Sample(labels_of("load1"), STALE_NAN)])
    found = {family.name: family for family in leader.live_data.exported()}
    assert {sample.labels for family in found.values() for sample in family.samples} == {*own}
    assert (found["probe_success"].type, found["orders"].type, found["orders"].help != "") == ("gauge", "unknown", True)
    assert (found["http_request_duration_seconds"].type, len(found["http_request_duration_seconds"].samples)) == ("histogram", 2)


async def test_current_samples_by_any_selector(leader: Leader) -> None:
    """Ended and outdated series are left out; other tasks run between the pieces of many series."""
    memory = leader.live_data.memory
    memory.append(NOW - 400_000, [Sample(labels_of("old"), 1.0)])
    memory.append(NOW - 1000, [Sample(API, 1.0), Sample(DB, 0.0), *(Sample(labels_of("wide", n=str(n)), 1.0) for n in range(2 * TURN))])
    memory.mark_stale(NOW, DB)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    everything = await leader.live_data.current([(Matcher("__name__", "!=", ""),)])
    task.cancel()
    assert len(everything) == 2 * TURN + 1 and everything == sorted(everything) and turns >= 2
    named = await leader.live_data.current([(Matcher("__name__", "=", "probe_success"),), (Matcher("__name__", "=", "old"),)])
    assert [(one.labels, one.value, one.at) for one in named] == [(API, 1.0, NOW - 1000)]


async def test_rules_in_force(leader: Leader) -> None:
    """Recorded series and built-in rules, in groups, quiet at first."""
    groups = leader.live_data.rules(NOW)
    assert [(group.name, group.file) for group in groups] == [("configuration", ""), ("built-in", "")]
    assert [(rule.kind, rule.name) for rule in groups[0].rules] == [("record", "api:success")]
    assert {"HighCPU", "CheckUnhealthy"} <= {rule.name for rule in groups[1].rules}
    assert {rule.state for group in groups for rule in group.rules} == {"inactive"}
