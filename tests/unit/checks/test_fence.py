"""Whatever a source hands on costs itself only: no value, label or exception of a source ends the monitor or stops another check."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

import pytest

from tests.support.clocks import ManualClock
from tests.support.settings import made
from tui_monitor.checks.check_loop import probe_once
from tui_monitor.checks.collector import Collector
from tui_monitor.checks.fence import MOST_CONTAINERS, MOST_SAMPLES, TEXT_LENGTH, admit_result, admit_samples
from tui_monitor.checks.self_diagnosis import Guard
from tui_monitor.config.settings import Settings
from tui_monitor.core.troubles import Troubles
from tui_monitor.core.values import (
    STALE_NAN,
    CheckResult,
    ContainerState,
    HealthStatus,
    ProbeResult,
    Sample,
    UnitState,
    is_stale,
    labels_of,
)
from tui_monitor.platform.redaction import Redaction
from tui_monitor.sources.tcp.settings import TcpCheck
from tui_monitor.storage.memory import SeriesMemory

GOOD = labels_of("good")
CHECK = made(TcpCheck, {"name": "db", "host": "db.example.com", "port": 5432, "timeout": "50ms"})


class Unprintable:
    """A value whose repr fails."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


class Wordless(Exception):
    """An exception whose text fails."""

    def __str__(self) -> str:
        raise RuntimeError("no")


class Harmless(BaseException):
    """An error that `except Exception` does not see."""


@pytest.mark.parametrize("value", [None, "1", "NaN", b"1", 10**400, -(10**400), Decimal("1e999999"), [1], {}, 1j, Unprintable(), object()])
def test_a_value_that_is_no_number_costs_that_sample_only(value: Any) -> None:
    """The sample is left out with its reason; the one beside it stays."""
    admitted, refused = admit_samples([Sample(labels_of("bad"), value), Sample(GOOD, 1.0)])
    if value == Decimal("1e999999"):
        assert admitted[0].value == math.inf
    else:
        assert admitted == (Sample(GOOD, 1.0),) and refused.startswith("bad: ")


@pytest.mark.parametrize(("value", "stored"), [(True, 1.0), (7, 7.0), (Decimal("0.5"), 0.5), (math.inf, math.inf), (-math.inf, -math.inf)])
def test_a_number_of_any_type_becomes_a_float(value: Any, stored: float) -> None:
    """Decimal, int and bool are stored; infinities stay what they are."""
    ((_, found),) = admit_samples([Sample(GOOD, value)])[0]
    assert found == stored and type(found) is float


def test_nan_is_a_value_and_only_the_marker_itself_ends_a_series() -> None:
    """A NaN with other bits than the staleness marker stays an ordinary NaN."""
    plain, marker = (sample.value for sample in admit_samples([Sample(GOOD, math.nan), Sample(GOOD, STALE_NAN)])[0])
    assert math.isnan(plain) and not is_stale(plain) and is_stale(marker)


@pytest.mark.parametrize(
    "labels",
    [
        None, "name", (), [], {"__name__": "x"}, (("a", "b"),), (("__name__", ""),), (("__name__", 1),), (("__name__",),), ("__name__",),
        (("b", "1"), ("__name__", "x")),
        (("__name__", "x"), ("__name__", "x")), (("__name__", "\ud800"),), (("__name__", b"x"),), 7, Unprintable(),
    ],
)  # fmt: skip
def test_a_label_set_of_the_wrong_form_costs_that_sample_only(labels: Any) -> None:
    """Lists, unsorted and doubled names, values that are no text or cannot be encoded."""
    admitted, refused = admit_samples([Sample(labels, 1.0), Sample(GOOD, 1.0)])
    assert admitted == (Sample(GOOD, 1.0),) and refused


@pytest.mark.parametrize("samples", [None, 7, "text", b"bytes", [None], [7], [()], ["ab"], [(1, 2, 3)]])
def test_what_is_no_sample_at_all_is_left_out(samples: Any) -> None:
    """Nothing is admitted, and the reason names what came."""
    admitted, refused = admit_samples(samples)
    assert not admitted and refused


def test_more_samples_than_the_limit_are_cut_and_said() -> None:
    """The first 20,000 count."""
    admitted, refused = admit_samples(Sample(labels_of("m", n=str(n)), 1.0) for n in range(MOST_SAMPLES + 5))
    assert len(admitted) == MOST_SAMPLES and "20,000" in refused


@pytest.mark.parametrize("answer", [None, 1, "healthy", ("healthy",), object(), ProbeResult("fine")])  # type: ignore[arg-type]
def test_an_answer_that_is_no_result_is_unknown(answer: object) -> None:
    """A source's own fault is never the target's outage."""
    assert admit_result(answer).status is HealthStatus.UNKNOWN


def test_a_result_keeps_what_can_be_shown() -> None:
    """Texts are cleaned and bounded, durations that are no duration are left out, and what was left out is a fact."""
    untyped: Any = ProbeResult
    result = untyped(
        HealthStatus.HEALTHY, "\x1b[31mred", math.nan, {"a": math.inf, "b": 1, "c": None},
        ({}, Sample(GOOD, 2)), {"k": None, 7: "x" * 9_999},
    )  # fmt: skip
    kept = admit_result(result)
    assert (kept.reason, kept.duration, kept.phases) == ("red", None, {"b": 1.0})
    assert kept.samples == (Sample(GOOD, 2.0),) and "left out" in kept.facts and len(kept.facts["7"]) == 1_000


def test_units_are_bounded_and_cleaned() -> None:
    """What is no unit, or has no status, is left out; figures that are none are not known."""
    untyped: Any = UnitState
    good = UnitState("a.service", HealthStatus.HEALTHY, "active", "running", 5, 1, 2, 0.5)
    given: Any = (
        good, None, untyped("b.service", "well", "active", "x"),
        untyped("\x1b[31mc", HealthStatus.DEGRADED, 7, None, -1, "many", math.nan, math.inf), *[good] * 200,
    )  # fmt: skip
    kept = admit_result(ProbeResult(HealthStatus.HEALTHY, units=given)).units
    assert kept[:2] == (good, UnitState("c", HealthStatus.DEGRADED, "7", "None")) and len(kept) == 98
    assert admit_result(ProbeResult(HealthStatus.HEALTHY, units=cast(Any, 7))).units == ()


def test_containers_are_bounded_and_cleaned() -> None:
    """The same for containers."""
    untyped: Any = ContainerState
    good = ContainerState("web", HealthStatus.HEALTHY, "i", "running", "", "healthy", 5, 1, 2, 3, 0.5)
    given: Any = (
        good, None, untyped("web", "well", "i", "x"),
        untyped("\x1b[31mc", HealthStatus.DEGRADED, 7, None, "", "", -1, "many", math.nan, 2.0, math.inf), *[good] * 400,
    )  # fmt: skip
    kept = admit_result(ProbeResult(HealthStatus.HEALTHY, containers=given)).containers
    assert kept[:2] == (good, ContainerState("c", HealthStatus.DEGRADED, "7", "None", memory_limit=2)) and len(kept) == MOST_CONTAINERS - 2
    assert admit_result(ProbeResult(HealthStatus.HEALTHY, containers=cast(Any, 7))).containers == ()


class Source:
    """A source that does what the test says."""

    stage = ""

    def __init__(self, act: Callable[[], Any]) -> None:
        self.act, self.began = act, 0

    async def probe(self) -> ProbeResult:
        """Do it."""
        self.began += 1
        answer = self.act()
        return await answer if asyncio.iscoroutine(answer) else answer  # type: ignore[no-any-return]

    async def close(self) -> None:
        """Nothing to give back."""


def _raise(error: BaseException) -> Any:
    raise error


@pytest.mark.parametrize(
    "error",
    [
        Wordless(), Harmless("x"), SystemExit(3), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError(), MemoryError(),
        RecursionError(), StopIteration(1), StopAsyncIteration(),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
async def test_any_error_of_a_source_is_unknown_with_its_name(error: BaseException) -> None:
    """Also the errors that would end the event loop; the message names the error."""
    result = await probe_once(Source(lambda: _raise(error)), CHECK, ManualClock())
    name = "RuntimeError" if isinstance(error, StopIteration) else type(error).__name__
    assert result.status is HealthStatus.UNKNOWN and name in result.reason


async def test_a_probe_that_swallows_its_cancellation_is_left_behind_and_holds_back_the_next_one() -> None:
    """It is a timeout; until it ends, the check is unknown and no second one begins; afterwards the check goes on."""
    released, left = asyncio.Event(), set[asyncio.Task[Any]]()

    async def stubborn() -> ProbeResult:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue
        return ProbeResult(HealthStatus.HEALTHY, "", 0.1)

    source = Source(lambda: stubborn())
    assert (await probe_once(source, CHECK, ManualClock(), left=left)).reason.startswith("timed out after 50ms")
    second = await probe_once(source, CHECK, ManualClock(), left=left)
    assert second.status is HealthStatus.UNKNOWN and "has not ended" in second.reason and source.began == 1
    released.set()
    await asyncio.gather(*left)
    await asyncio.sleep(0)
    assert (await probe_once(source, CHECK, ManualClock(), left=left)).status is HealthStatus.HEALTHY


async def test_an_answer_after_the_time_limit_is_thrown_away() -> None:
    """A probe that answers "healthy" when it is cancelled has still timed out."""

    async def late() -> ProbeResult:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return ProbeResult(HealthStatus.HEALTHY, "", 0.1)

    assert (await probe_once(Source(lambda: late()), CHECK, ManualClock())).status is HealthStatus.UNHEALTHY


async def test_hostile_samples_reach_neither_memory_nor_history() -> None:
    """A collector with such a source keeps its other check and hands only clean samples to the history."""
    clock, memory, changed = ManualClock(), SeriesMemory(), list[CheckResult]()
    settings = made(
        Settings,
        {
            "checks": [{"name": name, "type": "tcp", "host": "127.0.0.1", "port": 9} for name in ("bad", "well")],
            "system": {"processes": False},
        },
    )
    troubles = Troubles()
    collector = Collector(settings, clock, memory, Guard(settings.guard, troubles, clock.monotonic), changed.append)
    hostile: Any = ({}, Sample(labels_of("x"), None), Sample(labels_of("x", a="\ud800"), 1.0), Sample(labels_of("fine"), 1.0))  # type: ignore[arg-type]
    collector._loops["bad"].probe = Source(lambda: ProbeResult(HealthStatus.HEALTHY, "", 0.1, {}, hostile))
    collector._loops["well"].probe = Source(lambda: ProbeResult(HealthStatus.HEALTHY, "", 0.2))
    for loop in collector._loops.values():
        await loop.step()
    stored = [sample for batch in collector.drain() for sample in batch.samples]
    assert all(type(sample.value) is float for sample in stored) and any(("__name__", "fine") in sample.labels for sample in stored)
    assert {name: result.status for name, result in collector.results.items()} == dict.fromkeys(("bad", "well"), HealthStatus.HEALTHY)


def test_patterns_hide_in_reasons_and_facts_before_they_are_cut() -> None:
    """Half of a secret at the end of a long text is hidden as well; samples and phases are left alone."""
    redact = Redaction([r"sk-[a-z]{30}"])
    secret = "sk-" + "a" * 30
    long = "x" * (TEXT_LENGTH - 10) + secret
    found = admit_result(ProbeResult(HealthStatus.UNHEALTHY, f"401: {secret}", facts={"body": long}), redact)
    assert found.reason == "401: ***" and found.facts["body"].endswith("x***") and "sk-" not in found.facts["body"]
