"""What a scrape or a query no longer names ends in memory and history; silence ends nothing; large pages come in parts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from tests.support.clocks import ManualClock
from tests.support.settings import made
from tui_monitor.checks.collector import Collector
from tui_monitor.checks.self_diagnosis import Guard
from tui_monitor.checks.series_intake import PART, SeriesIntake
from tui_monitor.config.settings import Settings
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import AllSeries, HealthStatus, ProbeResult, Sample, is_ended, is_stale, labels_of
from tui_monitor.promql.exposition_comment import Metadata
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.metadata import STORED_AS, decode_metadata, encode_metadata
from tui_monitor.sources.queries import QuerySettings
from tui_monitor.storage.memory import SeriesMemory

ORDERS = {"check": "db", "type": "postgres"}


class Target:
    """A probe that answers what the test sets."""

    stage = ""
    answer: ProbeResult | Exception

    async def probe(self) -> ProbeResult:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def close(self) -> None:
        """Nothing is kept."""


def page(*names: str, status: HealthStatus = HealthStatus.HEALTHY) -> ProbeResult:
    """A scrape with these series."""
    reason = "" if status is HealthStatus.HEALTHY else "500"
    return ProbeResult(status, reason, 0.1, all_series=AllSeries(tuple(Sample(labels_of(name, check="node"), 1.0) for name in names)))


def settings_of(*checks: dict[str, Any]) -> Settings:
    """A configuration of these checks alone."""
    return made(Settings, {"checks": list(checks), "system": {"processes": False}})


def collector_of(settings: Settings, clock: ManualClock, memory: SeriesMemory) -> Collector:
    """A collector without doubts of its own."""
    return Collector(settings, clock, memory, Guard(settings.guard, Troubles(), clock.monotonic), lambda result: None)


async def test_series_of_a_target_end_with_its_answers_only() -> None:
    """A series that is missing ends at the next answer, a failed scrape ends all but up, own trouble ends nothing, a reload ends all."""
    clock, memory, target = ManualClock(), SeriesMemory(), Target()
    settings = settings_of({"name": "node", "type": "tcp", "host": "127.0.0.1", "port": 9})
    collector = collector_of(settings, clock, memory)
    collector._loops["node"].probe = target

    async def live(answer: ProbeResult | Exception) -> set[str]:
        await clock.advance(10)
        target.answer = answer
        await collector._loops["node"].step()
        return {name for name in ("a", "b", "up") if memory.last(labels_of(name, check="node"))}

    assert await live(page("a", "b", "up")) == {"a", "b", "up"}
    assert collector.results["node"].probe.all_series is None
    assert await live(page("a", "up")) == {"a", "up"}
    assert await live(OwnTrouble("no route")) == {"a", "up"}
    assert await live(page("up", status=HealthStatus.UNHEALTHY)) == {"up"}
    assert await live(page("a", "b", "up")) == {"a", "b", "up"}
    collector.configure(settings_of())
    assert not any(memory.last(labels_of(name, check="node")) for name in ("a", "b", "up"))


async def test_a_query_without_rows_ends_its_series() -> None:
    """An answer without a row ends that series at once; a query that fails ends nothing (faults: silence is no answer)."""
    clock, memory = ManualClock(), SeriesMemory()
    query = {"metric": "orders", "sql": "select 1 as value", "interval": "10s"}
    settings = settings_of({"name": "db", "type": "postgres", "dsn": "postgresql://x@127.0.0.1:9/x", "queries": [query]})
    collector = collector_of(settings, clock, memory)
    waiting = Sample(labels_of("orders", status="waiting"), 12.0)
    answers: list[tuple[tuple[Sample, ...], str]] = [((waiting,), ""), ((), "no connection"), ((), "")]
    seen: list[bool] = []
    stopped = asyncio.Event()

    class Queries:
        async def run_query(self, _: object) -> tuple[tuple[Sample, ...], str]:
            if not answers:
                stopped.set()
                await asyncio.Event().wait()
            await clock.advance(10)
            return answers.pop(0)

    async def sleep(seconds: float) -> None:
        seen.append(memory.last(labels_of("orders", status="waiting", check="db", type="postgres")) is not None)

    check: Any = settings.checks[0]
    clock.sleep = sleep  # type: ignore[method-assign]
    task = asyncio.create_task(collector._queries.run(check, Queries(), check.queries[0]))  # type: ignore[arg-type]
    await stopped.wait()
    task.cancel()
    assert seen == [True, True, False]


def test_large_pages_come_in_parts() -> None:
    """At most PART samples in one go, all of one moment; own times apart, and they end without a marker."""
    intake = SeriesIntake()
    many = tuple(Sample(labels_of("m", x=str(number)), 1.0) for number in range(2 * PART + 1))
    stamped = ((5, Sample(labels_of("s"), 1.0)), (4, Sample(labels_of("s"), 2.0)))
    parts = intake.page("node", 9, AllSeries(many, stamped))
    assert [(part.at, len(part.samples)) for part in parts] == [(9, PART), (9, PART), (9, 1), (4, 1), (5, 1)]
    ended = intake.page("node", 10, AllSeries(many[1:]))
    assert [labels for part in ended for labels, value in part.samples if is_stale(value)] == [many[0].labels]
    assert len(intake.gone("node", 11).samples) == 2 * PART
    assert intake.gone("node", 12).samples == ()


async def test_parts_are_taken_by_turns() -> None:
    """The first part is there at once, the others while the loop goes on; all in the end."""
    clock, memory, target = ManualClock(), SeriesMemory(), Target()
    collector = collector_of(settings_of({"name": "node", "type": "tcp", "host": "127.0.0.1", "port": 9}), clock, memory)
    collector._loops["node"].probe = target
    target.answer = page(*(f"m{number}" for number in range(3 * PART)))
    async with asyncio.TaskGroup() as group:
        collector._group = group
        await collector._loops["node"].step()
        assert len(memory) < 2 * PART
    assert len(memory) >= 3 * PART


def orders(**counts: float) -> tuple[Sample, ...]:
    """One sample a status."""
    return tuple(Sample(labels_of("orders", status=status), count) for status, count in counts.items())


class Answers:
    """A query's answers, one after the other; then it hangs."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.done = asyncio.Event()

    async def run_query(self, query: QuerySettings) -> Any:
        if not self.answers:
            self.done.set()
            await asyncio.Event().wait()
        return self.answers.pop(0)


async def run_queries(memory: SeriesMemory, *answers: Any) -> list[tuple[str, float]]:
    """What a collector stores of a query with these answers: (status, value)."""
    clock = ManualClock()
    check = {"name": "db", "type": "postgres", "dsn": "postgresql://x@127.0.0.1/x"}
    settings = settings_of({**check, "queries": [{"metric": "orders", "sql": "select 1 as value"}]})
    collector = collector_of(settings, clock, memory)
    source: Any = Answers(*answers)
    query: Any = settings.checks[0]
    task = asyncio.create_task(collector._queries.run(query, source, query.queries[0]))
    while not source.done.is_set():
        await clock.advance(60)
        await asyncio.sleep(0)
    task.cancel()
    return [(dict(sample.labels)["status"], sample.value) for batch in collector.drain() for sample in batch.samples]


async def test_an_answered_query_ends_the_rows_that_it_lacks() -> None:
    """A status without orders ends at once; an answer without any row ends all."""
    found = await run_queries(SeriesMemory(), (orders(waiting=12, done=1), ""), (orders(done=13), ""), ((), ""))
    assert [(status, is_ended(value) or value) for status, value in found] == [
        ("waiting", 12), ("done", 1), ("done", 13), ("waiting", True), ("done", True),
    ]  # fmt: skip


async def test_a_query_that_fails_ends_nothing() -> None:
    """Neither silence nor a fault in some of the rows says that a row is gone."""
    found = await run_queries(SeriesMemory(), (orders(waiting=12), ""), ((), "timed out"), (orders(done=1), '"x" is not a number'))
    assert found == [("waiting", 12), ("done", 1)]


async def test_what_went_while_the_monitor_was_down_ends_with_the_first_answer() -> None:
    """The series that were loaded from the history count as named before."""
    memory = SeriesMemory()
    memory.append(1, [Sample(labels_of("orders", status="waiting", **ORDERS), 12.0), Sample(labels_of("orders", check="b"), 1.0)])
    found = await run_queries(memory, (orders(done=12), ""))
    assert [(status, is_ended(value) or value) for status, value in found] == [("done", 12), ("waiting", True)]


async def test_a_failed_scrape_ends_nothing_for_rules() -> None:
    """A scrape that fails leaves stale series, for which alerts hold; the next one ends those that are gone."""
    intake = SeriesIntake()
    one, two = (Sample(labels_of(name), 1.0) for name in ("one", "two"))
    intake.page("node", 1, AllSeries((one, two)))
    (failed,) = intake.page("node", 2, AllSeries((Sample(labels_of("up"), 0.0),), answered=False))
    assert [is_ended(sample.value) for sample in failed.samples] == [False] * 3
    (good,) = intake.page("node", 3, AllSeries((one,)))
    assert [sample.labels for sample in good.samples if is_ended(sample.value)] == [labels_of("up"), two.labels]


async def test_labels_of_a_check_are_on_its_series_and_end_with_them() -> None:
    """A check's own labels stand on every series; series with labels that are not configured any more end at the reload."""
    clock, memory, target = ManualClock(), SeriesMemory(), Target()
    check = {"name": "node", "type": "tcp", "host": "127.0.0.1", "port": 9}
    collector = collector_of(settings_of({**check, "labels": {"team": "shop"}}), clock, memory)
    collector._loops["node"].probe, target.answer = target, ProbeResult(HealthStatus.HEALTHY, "", 0.1)
    await clock.advance(10)
    await collector._loops["node"].step()
    known = {"check": "node", "type": "tcp"}
    labels = labels_of("probe_success", **known, team="shop")
    assert memory.last(labels) is not None and memory.last(labels_of("probe_success", **known)) is None
    collector.configure(settings_of(check))
    assert not memory.last(labels)


class Described(Target):
    """A target that describes its metrics."""

    metadata: Mapping[str, Metadata] = {}


async def test_what_targets_say_of_their_metrics_is_stored_when_it_changes() -> None:
    """Viewers read it from the history; it is written once for a text, all targets together, and a restart leaves it in place."""
    clock, memory, target = ManualClock(), SeriesMemory(), Described()
    collector = collector_of(settings_of({"name": "node", "type": "tcp", "host": "127.0.0.1", "port": 9}), clock, memory)
    collector._loops["node"].probe = target
    target.answer = page("up")

    async def stored() -> list[Mapping[str, Metadata]]:
        await collector._loops["node"].step()
        saved = [batch.saved for batch in collector.drain() if batch.saved is not None]
        return [decode_metadata(one.data) for one in saved if one.source == STORED_AS]

    assert await stored() == []
    target.metadata = {"up": Metadata("gauge", "Whether it is up")}
    assert await stored() == [target.metadata]
    target.metadata = dict(target.metadata)
    assert await stored() == []
    collector.restore_feeds({STORED_AS: encode_metadata(target.metadata)})
    assert [batch.saved for batch in collector.drain()] == []
