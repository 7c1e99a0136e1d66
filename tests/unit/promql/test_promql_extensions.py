from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support.alert_world import rules_of
from tests.support.paths import ROOT
from tests.support.vectors import vector_of
from tui_monitor.core.values import STALE_NAN, Labels, labels_of
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.errors import PromqlError
from tui_monitor.promql.function_table import FUNCTIONS
from tui_monitor.promql.names import FUNCTION_NAMES
from tui_monitor.promql.robust_statistics import median, parts_of, trend
from tui_monitor.storage.history.reader import HistoryReader
from tui_monitor.storage.history.writer import History
from tui_monitor.storage.memory import SeriesMemory

OWN = [name for name, entry in FUNCTIONS.items() if entry.kind == "own"]
DAY = 86_400_000
HOUR = 3_600_000
NOW = 1_700_000_000_000 // DAY * DAY + 14 * HOUR
INF, NAN = math.inf, math.nan
SUBJECT = labels_of("m", mount="/")


def memory_of(samples: Iterable[tuple[int, float]], labels: Labels = SUBJECT) -> SeriesMemory:
    memory = SeriesMemory(60 * 86_400)
    pairs = list(samples)
    memory.load(labels, [at for at, _ in pairs], [value for _, value in pairs])
    return memory


def answer(expr: str, memory: SeriesMemory) -> list[tuple[Labels, float]]:
    return vector_of(compile_expr(expr).instant(memory, NOW))


def line(start: float, per_second: float, seconds: int = 3600, step: int = 10) -> list[tuple[int, float]]:
    return [(NOW - (seconds - at) * 1000, start + per_second * at) for at in range(step, seconds + 1, step)]


def with_wild(samples: list[tuple[int, float]], every: int, wild: float) -> list[tuple[int, float]]:
    return [(at, wild if index % every == 0 else value) for index, (at, value) in enumerate(samples)]


@pytest.mark.parametrize(
    ("samples", "seconds"),
    [
        (line(10_000, -1), 6400),
        (line(10_000, -1, step=60), 6400),
        (with_wild(line(10_000, -1), 7, 1e12), 6400),
        (with_wild(line(10_000, -1), 7, -1e12), 6400),
        (with_wild(line(10_000, -1), 9, NAN), 6400),
        (with_wild(line(10_000, -1), 9, INF), 6400),
        (with_wild(line(10_000, -1), 9, STALE_NAN), 6400),
        (line(10_000, 1), INF),
        (line(10_000, 0), INF),
        (line(3600, -1), 0),
        (line(100, -1), 0),
        (line(0, 0), 0),
        ([(NOW - 2000, 30.0), (NOW - 1000, 20.0)], 1),
    ],
)
def test_time_to_zero_is_the_robust_trends(samples: list[tuple[int, float]], seconds: float) -> None:
    """Every few samples wild, NaN or infinite do not move the forecast; what does not fall never ends, what has ended is 0."""
    ((labels, value),) = answer("tui_time_to_zero(m[1h])", memory_of(samples))
    assert value == pytest.approx(seconds, rel=0.01, abs=0.01)
    assert labels == labels_of(mount="/")


@pytest.mark.parametrize("samples", [[], [(NOW, 5.0)], [(NOW - 1000, NAN), (NOW, 5.0)]])
def test_time_to_zero_needs_two_samples(samples: list[tuple[int, float]]) -> None:
    """Fewer than two finite values give no element."""
    assert answer("tui_time_to_zero(m[1h])", memory_of(samples)) == []


def test_time_to_zero_counts_from_the_evaluation_as_predict_linear_does() -> None:
    """With an offset the line is continued to the time of evaluation."""
    ((_, value),) = answer("tui_time_to_zero(m[30m] offset 30m)", memory_of(line(10_000, -1)))
    assert value == pytest.approx(6400, rel=0.01)


def week(values: dict[int, float], days: int = 8, step: int = 60_000, usual: float = 10.0) -> list[tuple[int, float]]:
    """Days of 10 at this hour (plus the minute of the hour as ripple below one) and 50 else; ``values`` set whole days, 0 is today."""
    samples = []
    for at in range(NOW - days * DAY, NOW + 1, step):
        day = round((NOW - at) / DAY)
        near = abs(NOW - day * DAY - at) <= 1_800_000
        samples.append((at, values.get(day, usual + (at // 60_000 % 5) / 10 - 0.2) if near else 50.0))
    return samples


@pytest.mark.parametrize(
    ("expr", "samples", "expected"),
    [
        ("tui_usual(m[7d])", week({}), 10.0),
        ("tui_usual(m[7d])", week({}, step=10_000), 10.0),
        ("tui_usual(m[7d])", week({3: 1e9, 5: 0.0}), 10.0),
        ("tui_usual(m[7d])", week({3: NAN}), 10.0),
        ("tui_usual_ratio(m[7d])", week({0: 20.0}), 2.0),
        ("tui_usual_ratio(m[7d])", week({0: 20.0, 2: 400.0}), 2.0),
        ("tui_usual_ratio(m[7d])", week({day: 0.0 for day in range(1, 9)} | {0: 3.0}), INF),
        ("tui_usual_score(m[7d])", week({0: 10.0}), 0.0),
        ("tui_usual_score(m[7d])", week({0: 11.4826}), 10.0),
        ("tui_usual_score(m[7d])", week({0: 8.5174}), -10.0),
        ("tui_usual(m[21d], 7d)", week({7: 1.0, 14: 2.0, 21: 3.0}, 22), 2.0),
        ("tui_usual(m[21d], 604800)", week({7: 1.0, 14: 2.0, 21: 3.0}, 22), 2.0),
        ("tui_usual((m + 1)[7d:5m])", week({}), 11.0),
    ],
)
def test_usual_is_the_median_of_the_same_time_on_earlier_days(expr: str, samples: list[tuple[int, float]], expected: float) -> None:
    """Neither other hours nor single strange days count."""
    ((_, value),) = answer(expr, memory_of(samples))
    assert value == pytest.approx(expected, rel=0.02, abs=0.02)


@pytest.mark.parametrize(
    ("expr", "samples"),
    [
        ("tui_usual(m[2d])", week({})),
        ("tui_usual(m[7d])", week({}, 2)),
        ("tui_usual(m[7d], 7d)", week({})),
        ("tui_usual(m[7d], 0)", week({})),
        ("tui_usual(m[7d], -5)", week({})),
        ("tui_usual(m[7d], Inf)", week({})),
        ("tui_usual_ratio(m[7d])", [(at, value) for at, value in week({}) if at < NOW - HOUR]),
        ("tui_usual_score(m[7d])", [(at, value) for at, value in week({}) if at < NOW - HOUR]),
    ],
)
def test_without_enough_history_there_is_no_answer(expr: str, samples: list[tuple[int, float]]) -> None:
    """Fewer than three periods, no period at all, or a series that has ended give no element."""
    assert answer(expr, memory_of(samples)) == []


@pytest.mark.parametrize("name", OWN)
def test_ours_are_marked_as_ours_and_can_be_completed(name: str) -> None:
    """Every function of our own has the prefix that keeps it apart, and is among the names to type."""
    assert name.startswith("tui_")
    assert name in FUNCTION_NAMES
    assert compile_expr(f"{name}(m[7d])").kind == "vector"


@pytest.mark.parametrize(
    "expr",
    ["tui_usual(m)", "tui_usual()", "tui_usual(m[1d], 1, 2)", "tui_time_to_zero(m[1h], 5)", "tui_usual(m[1d], n)", "tui_nothing(m[1d])"],
)
def test_wrong_arguments_are_refused_with_their_place(expr: str) -> None:
    """The complaint points at the function."""
    with pytest.raises(PromqlError) as refused:
        compile_expr(expr)
    assert refused.value.position is not None


def test_they_work_in_rules_which_read_the_history() -> None:
    """A rule over days is evaluated each minute with the history, and its alert's subject keeps its labels."""
    (rule,) = rules_of({"alert": "Odd", "expr": "tui_usual_ratio(m[7d]) > 2"})
    assert rule.wide
    assert rule.presence == "tui_usual_ratio(m[7d]) > bool  2"


def test_they_work_over_the_stored_history(tmp_path: Path) -> None:
    """Over minutes of the store the answer is that of the samples."""
    history = History(tmp_path / "history.db")
    for at, value in line(10_000, -1, 7200, 10):
        history.append(at, [(labels_of("m", mount="/"), value)])
        history.commit(at)
    history.close()
    reader = HistoryReader(tmp_path / "history.db")
    found = compile_expr("tui_time_to_zero(m[1h])").instant(reader, NOW)
    reader.close()
    assert isinstance(found, list)
    assert found[0][1] == pytest.approx(2800, rel=0.01)


def test_a_trend_of_many_samples_is_cut_into_parts() -> None:
    """At most sixty points carry the trend, each the median of its part of the time."""
    times = array("q", range(0, 3_600_000, 1000))
    xs, ys = parts_of(times, [float(at) for at in times])
    assert len(xs) == len(ys) == 60
    assert ys == pytest.approx(xs)
    found = trend(times, [2.0 * at for at in times], 3_600_000)
    assert found is not None
    assert (found.slope, found.level) == (pytest.approx(2000), pytest.approx(7_200_000))


def test_a_gap_in_time_leaves_parts_empty() -> None:
    """Samples in two bursts far apart make a trend of what is there."""
    times = [*range(0, 100_000, 1000), *range(10_000_000, 10_100_000, 1000)]
    found = trend(times, [float(at) for at in times], times[-1])
    assert found is not None
    assert found.slope == pytest.approx(1000, rel=0.01)


@pytest.mark.parametrize(("values", "middle"), [([3.0], 3.0), ([1.0, 2.0], 1.5), ([9.0, 1.0, 5.0], 5.0)])
def test_the_median_is_the_middle(values: list[float], middle: float) -> None:
    """Of an even count it is half-way between the two in the middle."""
    assert median(values) == middle


def test_every_example_of_the_documentation_compiles() -> None:
    """docs/promql.md shows no expression that is refused."""
    text = (ROOT / "docs" / "promql.md").read_text()
    examples = [line for block in re.findall(r"```\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    expressions = [line for line in examples if not line.startswith("tui-monitor ")]
    assert len(expressions) >= 6
    assert {compile_expr(line).kind for line in expressions} == {"vector"}
    assert all(f"`{name}(" in text for name in OWN)
