"""Days and months of history: retention, coarser resolutions, charts, percentiles, uptime, and the tools for the file."""

from __future__ import annotations

import math
import random
import sqlite3
from array import array
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.vectors import vector_of
from tui_monitor.core.values import STALE_NAN, Labels, label, labels_of
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.queryable import Matcher
from tui_monitor.storage.history import hours as history_hours
from tui_monitor.storage.history.aggregate import aggregate
from tui_monitor.storage.history.export import export
from tui_monitor.storage.history.reader import HistoryReader
from tui_monitor.storage.history.schema import HOUR_MS, MINUTE_MS, Retention
from tui_monitor.storage.history.series import StoredSeries, Stretches
from tui_monitor.storage.history.tools import compact, info, verify
from tui_monitor.storage.history.writer import History

T0 = 1_700_000_000_000 // HOUR_MS * HOUR_MS
STEP = 10_000
SECONDS = labels_of("probe_duration_seconds", check="api")
SUCCESS = labels_of("probe_success", check="api")
TOTAL = labels_of("requests_total")
FOUR_HOURS = Retention(raw=2 * 3600.0, minutes=5 * 3600.0, hours=200 * 3600.0)

Fed = dict[Labels, list[tuple[int, float]]]


def fill(path: Path, hours: float, retention: Retention) -> tuple[Fed, int]:
    """A sample each ten seconds; retention runs each minute. Returns what went in and the end (ms)."""
    rng = random.Random(3)
    history = History(path, retention=retention)
    fed: Fed = {SECONDS: [], SUCCESS: [], TOTAL: []}
    total = 0.0
    at = T0
    for number in range(round(hours * 360)):
        at = T0 + number * STEP
        total += rng.randint(0, 5)
        for labels, value in ((SECONDS, rng.lognormvariate(-3, 0.8)), (SUCCESS, float(rng.random() < 0.97)), (TOTAL, total)):
            fed[labels].append((at, value))
        history.append(at, [(labels, samples[-1][1]) for labels, samples in fed.items()])
        history.commit(at)
        if number % 6 == 0:
            history.retain(at)
    history.close()
    return fed, at


@pytest.fixture(scope="module")
def ten_hours(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Fed, int]:
    """Ten hours and a half, raw kept for two, minutes for five."""
    path = tmp_path_factory.mktemp("long") / "history.db"
    return path, *fill(path, 10.52, FOUR_HOURS)


@pytest.fixture
def reader(ten_hours: tuple[Path, Fed, int]) -> Iterator[HistoryReader]:
    reader = HistoryReader(ten_hours[0])
    yield reader
    reader.close()


def within(samples: list[tuple[int, float]], after: int, until: int) -> list[float]:
    return [value for at, value in samples if after < at <= until]


def lasts(samples: list[tuple[int, float]], unit: int) -> list[tuple[int, float]]:
    """The last sample of each minute or hour."""
    return list({at // unit: (at, value) for at, value in samples}.values())


def test_each_resolution_is_kept_for_its_time(ten_hours: tuple[Path, Fed, int], reader: HistoryReader) -> None:
    """select answers raw samples, before them the last of each minute, before them the last of each hour, at their own stamps."""
    path, fed, end = ten_hours
    (series,) = reader.select((Matcher("__name__", "=", "requests_total"),), 0, end)
    raw_from, minutes_from = ((end - round(hours * HOUR_MS)) // HOUR_MS * HOUR_MS for hours in (2, 5))
    wanted = [sample for sample in lasts(fed[TOTAL], HOUR_MS) if sample[0] < minutes_from]
    wanted += [sample for sample in lasts(fed[TOTAL], MINUTE_MS) if minutes_from <= sample[0] < raw_from]
    wanted += [sample for sample in fed[TOTAL] if sample[0] >= raw_from]
    assert list(zip(series.times, series.values, strict=True)) == wanted
    assert series.lookback_ms == 2 * HOUR_MS
    (recent,) = reader.select((Matcher("__name__", "=", "requests_total"),), end - HOUR_MS, end)
    assert recent.lookback_ms == 300_000
    assert verify(path) == []


def test_the_increase_of_a_counter_is_right_over_coarse_samples(ten_hours: tuple[Path, Fed, int], reader: HistoryReader) -> None:
    """The last sample of a stretch carries the whole rise of a counter, so nothing between two of them is lost."""
    _, fed, end = ten_hours
    (series,) = reader.select((Matcher("__name__", "=", "requests_total"),), 0, end)
    known = dict(fed[TOTAL])
    first, last = series.times[0], series.times[-1]
    rises = sum(after - before for before, after in zip(series.values, series.values[1:], strict=False))
    assert rises == known[last] - known[first]


def test_more_samples_than_fit_are_answered_from_minutes(ten_hours: tuple[Path, Fed, int]) -> None:
    """A select beyond the bound falls back to the last of each minute for what is folded."""
    path, fed, end = ten_hours
    reader = HistoryReader(path, most_samples=500)
    (series,) = reader.select((Matcher("__name__", "=", "requests_total"),), end - 2 * HOUR_MS, end)
    running = end // HOUR_MS * HOUR_MS
    wanted = [one for one in lasts(fed[TOTAL], MINUTE_MS) if one[0] < running] + [one for one in fed[TOTAL] if one[0] >= running]
    assert list(zip(series.times, series.values, strict=True)) == [one for one in wanted if one[0] > end - 2 * HOUR_MS]
    reader.close()


@pytest.mark.parametrize("hours", [0.4, 1, 1.9, 4.4])
def test_percentiles_and_uptime_are_those_of_all_samples_in_the_window(
    ten_hours: tuple[Path, Fed, int], reader: HistoryReader, hours: float
) -> None:
    """Windows that begin and end anywhere; percentiles within 1 %, uptime exact where samples or minutes are kept."""
    _, fed, end = ten_hours
    for until in (end, end - 7 * STEP, end - 40 * MINUTE_MS):
        after = until - round(hours * HOUR_MS)
        if after < end // HOUR_MS * HOUR_MS - 2 * HOUR_MS:
            after = after // MINUTE_MS * MINUTE_MS - 1
        durations = sorted(within(fed[SECONDS], after, until))
        answers = reader.percentiles(SECONDS, (0.0, 0.5, 0.95, 0.99, 1.0), after, until)
        for quantile, answer in zip((0.0, 0.5, 0.95, 0.99, 1.0), answers, strict=True):
            assert answer == pytest.approx(durations[math.floor(quantile * (len(durations) - 1))], rel=0.01)
        successes = within(fed[SUCCESS], after, until)
        assert reader.uptime(SUCCESS, after, until) == pytest.approx(sum(successes) / len(successes), rel=1e-12)


def test_infinities_among_folded_minutes_have_a_sum_too() -> None:
    """Sums over opposite infinities are NaN and sums that overflow are infinite, as over samples; NaN does not count."""
    for values, wanted in (
        ((math.inf, 1.0), math.inf),
        ((math.inf, -math.inf), math.nan),
        ((1e308, 1e308), math.inf),
        ((2.0, math.nan), 2.0),
    ):
        known = Stretches()
        known.append(aggregate((1,), values[:1]))
        series = StoredSeries((), 0, array("q", (1, 2)), array("d", values), known)
        answers = [series.over(name, math.nan, 0, 2) for name in ("sum_over_time", "max_over_time")]
        assert answers == pytest.approx([wanted, values[0]], nan_ok=True)


def test_very_many_samples_are_added_up_by_blocks_as_exactly() -> None:
    """Long windows answer the same to the last digit but one, wherever they begin and end; with NaN, or shorter, the samples are asked."""
    draw = random.Random(3)
    values = array("d", (draw.choice((1e16, -1e16, 1.0, draw.gauss(0, 1e-3))) for _ in range(9000)))
    times = array("q", range(0, 9_000_000, 1000))
    series = StoredSeries((), 0, times, values)
    for after, until in ((-1, 9_000_000), (255_500, 8_703_999), (256_000, 4_352_000), (3_000_123, 8_999_000)):
        window = list(series.window(after, until)[1])
        wanted = {
            "sum": math.fsum(window), "avg": math.fsum(window) / len(window), "count": float(len(window)),
            "min": min(window), "max": max(window), "quantile": None,
        }  # fmt: skip
        for name, answer in wanted.items():
            assert series.over(f"{name}_over_time", 0.5, after, until) == (answer and pytest.approx(answer, rel=1e-15))
    assert series.over("avg_over_time", math.nan, 0, 600_000) is None
    for odd in (math.nan, math.inf, 1.7e308):
        pierced = StoredSeries((), 0, times, array("d", (*values[:5000], odd, odd, *values[5002:])))
        assert pierced.over("avg_over_time", math.nan, 0, 9_000_000) is None
        assert pierced.over("avg_over_time", math.nan, 0, 5_000_000 - 1) is not None


@pytest.mark.parametrize(("begin", "length"), [(0.0, 10.4), (5.0, 5.4), (1.0, 3.0), (7.0, 2.0), (9.5, 0.5)])
def test_functions_over_long_windows_count_every_sample(
    ten_hours: tuple[Path, Fed, int], reader: HistoryReader, begin: float, length: float
) -> None:
    """avg, sum, count, min, max and quantile_over_time are those of all samples there ever were, whatever resolution is left of them."""
    _, fed, _ = ten_hours
    after = T0 + round(begin * HOUR_MS) - 1
    until = after + round(length * HOUR_MS)

    def ask(function: str, labels: Labels, first: str = "") -> float:
        selector = f'{label(labels, "__name__")}{{check="api"}}[{until - after}ms]'
        ((_, value),) = vector_of(compile_expr(f"{function}({first}{selector})").instant(reader, until))
        return float(value)

    for labels in (SECONDS, SUCCESS):
        truth = within(fed[labels], after, until)
        edges = 1.0 / (length * 60) + (0.06 if begin < 5.5 else 0.0)  # where only hours are left, the window's edges are theirs
        assert ask("count_over_time", labels) == pytest.approx(len(truth), rel=edges)
        assert ask("avg_over_time", labels) == pytest.approx(sum(truth) / len(truth), rel=0.02)
        assert ask("sum_over_time", labels) == pytest.approx(sum(truth), rel=edges + 0.02)
        assert ask("max_over_time", labels) >= sorted(truth)[-2]
        assert ask("min_over_time", labels) <= sorted(truth)[1]
    ordered = sorted(within(fed[SECONDS], after, until))
    assert ask("quantile_over_time", SECONDS, "0.95, ") == pytest.approx(ordered[round(0.95 * len(ordered))], rel=0.05)


def test_percentiles_and_uptime_beyond_all_minutes_come_from_hours(ten_hours: tuple[Path, Fed, int], reader: HistoryReader) -> None:
    """Whole hours are added up; nothing is asked of a window without samples."""
    _, fed, end = ten_hours
    durations = sorted(value for _, value in fed[SECONDS])
    assert reader.percentiles(SECONDS, (0.95,), T0 - 1, end)[0] == pytest.approx(
        durations[math.floor(0.95 * (len(durations) - 1))], rel=0.01
    )
    assert reader.uptime(SUCCESS, T0 - 1, end) == pytest.approx(sum(value for _, value in fed[SUCCESS]) / len(fed[SUCCESS]), rel=1e-12)
    assert reader.uptime(SUCCESS, T0 - HOUR_MS, T0 - 1) is None
    assert math.isnan(reader.percentiles(SECONDS, (0.5,), T0 - HOUR_MS, T0 - 1)[0])
    assert reader.uptime(labels_of("nothing"), 0, end) is None


@pytest.mark.parametrize(("hours", "points", "unit"), [(0.5, 300, 1), (1.5, 60, MINUTE_MS), (4.0, 200, MINUTE_MS), (9.0, 4, HOUR_MS)])
def test_a_chart_has_least_mean_greatest_and_last_of_each_step(
    ten_hours: tuple[Path, Fed, int], reader: HistoryReader, hours: float, points: int, unit: int
) -> None:
    """Each point covers the stretches whose last sample lies in its step; all points together hold every extreme."""
    _, fed, end = ten_hours
    after = end - round(hours * HOUR_MS)
    steps = reader.downsampled_all((Matcher("check", "=", "api"),), after, end, points)[SECONDS]
    assert 0 < len(steps) <= points
    assert [step.at for step in steps] == sorted({step.at for step in steps}) and steps[-1].at == end
    values = within(fed[SECONDS], after, end)
    if after % unit == 0:
        assert min(step.low for step in steps) == min(values)
        assert max(step.high for step in steps) == max(values)
    assert all(step.low <= step.average <= step.high and step.low <= step.last <= step.high for step in steps)
    assert steps[-1].last == values[-1]


def test_gaps_and_stale_markers_leave_holes_in_a_chart(tmp_path: Path) -> None:
    """A step without samples is no point; a stale marker is no value."""
    path = tmp_path / "history.db"
    history = History(path)
    for second in range(600):
        at = T0 + second * 1000
        if second < 100 or second >= 400:
            history.append(at, [(TOTAL, 2.0)])
        elif second == 100:
            history.append(at, [(TOTAL, STALE_NAN)])
        history.commit(at)
    history.close()
    reader = HistoryReader(path)
    steps = reader.downsampled_all((), T0 - 1, T0 + 599_999, 10)[TOTAL]
    assert [round((step.at - T0) / 60_000) for step in steps] == [1, 2, 7, 8, 9, 10]
    assert {step.average for step in steps} == {2.0}
    reader.close()


def test_the_file_keeps_to_its_size(tmp_path: Path) -> None:
    """With max_bytes the oldest hours of the finest resolution go first, and free pages are given back or used again."""
    path = tmp_path / "history.db"
    rng = random.Random(1)
    history = History(path, retention=Retention(max_bytes=700_000))
    noise = [labels_of("noise", number=str(number)) for number in range(40)]
    sizes = []
    for number in range(12 * 120):
        at = T0 + number * 30_000
        history.append(at, [(labels, rng.random()) for labels in noise])
        history.commit(at)
        if number % 2 == 0:
            history.retain(at)
        sizes.append(path.stat().st_size)
    history.close()
    about = info(path)
    assert about["used_bytes"] <= 700_000
    assert about["tables"]["raw"]["from"] > T0 and about["tables"]["hours"]["from"] == T0
    assert max(sizes[-200:]) <= 700_000
    assert verify(path) == []


def test_old_series_are_forgotten_and_may_come_back(tmp_path: Path) -> None:
    """Labels nobody has seen for the longest retention go; the same label set later is a new series."""
    path = tmp_path / "history.db"
    history = History(path, retention=Retention(raw=3600.0, minutes=3600.0, hours=7200.0))
    gone = labels_of("gone")
    history.append(T0, [(gone, 1.0)])
    for minute in range(60 * 8):
        at = T0 + minute * MINUTE_MS
        history.append(at, [(TOTAL, float(minute))])
        history.commit(at)
        for _ in range(3):
            history.commit(at + 10_000)
        history.retain(at)
    reader = HistoryReader(path)
    assert reader.series() == [TOTAL]
    history.append(T0 + 8 * HOUR_MS, [(gone, 2.0)])
    history.commit(T0 + 8 * HOUR_MS)
    (series,) = reader.select((Matcher("__name__", "=", "gone"),), 0, 1 << 60)
    assert list(series.values) == [2.0]
    reader.close()
    history.close()
    assert verify(path) == []


def test_export_writes_every_sample_as_openmetrics(tmp_path: Path) -> None:
    """Sorted by metric, a series' lines together, escapes, exact values, stale markers, milliseconds, # EOF at the end."""
    path = tmp_path / "history.db"
    history = History(path)
    odd = labels_of("b_metric", text='a "quoted"\nback\\slash')
    history.append(T0, [(odd, 0.1), (TOTAL, 3.0)])
    history.append(T0 + 1, [(odd, math.inf), (TOTAL, STALE_NAN)])
    history.append(T0 + 2000, [(odd, math.nan)])
    history.commit(T0 + 2000)
    history.close()
    lines: list[str] = []
    assert export(path, (), 0, 1 << 60, lines.append) == 5
    second = T0 // 1000
    assert "".join(lines).splitlines() == [
        "# TYPE b_metric unknown",
        f'b_metric{{text="a \\"quoted\\"\\nback\\\\slash"}} 0.1 {second}.000',
        f'b_metric{{text="a \\"quoted\\"\\nback\\\\slash"}} +Inf {second}.001',
        f'b_metric{{text="a \\"quoted\\"\\nback\\\\slash"}} NaN {second + 2}.000',
        "# TYPE requests_total unknown",
        f"requests_total 3.0 {second}.000",
        f"requests_total StaleNaN {second}.001",
        "# EOF",
    ]
    lines.clear()
    assert export(path, (Matcher("__name__", "=", "requests_total"),), T0, T0, lines.append) == 1
    lines.clear()
    assert export(path, (Matcher("__name__", "=", "none"),), 0, T0, lines.append) == 0 and lines == ["# EOF\n"]


def test_export_covers_all_resolutions(ten_hours: tuple[Path, Fed, int], reader: HistoryReader) -> None:
    """What select answers is what export writes."""
    path, _, end = ten_hours
    lines: list[str] = []
    count = export(path, (Matcher("__name__", "=", "requests_total"),), 0, end, lines.append)
    (series,) = reader.select((Matcher("__name__", "=", "requests_total"),), 0, end)
    assert count == len(series.times)
    assert [line.split() for line in lines[1:-1]] == [
        ["requests_total", repr(value), f"{at / 1000:.3f}"] for at, value in zip(series.times, series.values, strict=True)
    ]


def test_info_tells_sizes_and_compact_gives_space_back(tmp_path: Path) -> None:
    """Rows, spans, series, bytes a sample; compacting a file with much free space makes it small and changes no sample."""
    path = tmp_path / "history.db"
    fill(path, 3.1, Retention())
    about = info(path)
    assert about["series"] == 3 and about["raw_samples"] == 3 * 360 * 3
    assert about["tables"]["raw"] | {"data_bytes": 0} == {"rows": 9, "data_bytes": 0, "from": T0, "until": T0 + 3 * HOUR_MS}
    assert 0 < about["bytes_per_raw_sample"] < 8
    history = History(path, retention=Retention(raw=0.0, minutes=3600.0))
    history.retain(T0 + 100 * HOUR_MS)
    history.close()
    before, after = compact(path)
    assert after < before and after == path.stat().st_size
    assert info(path)["free_bytes"] == 0
    assert verify(path) == []


def test_hours_of_many_series_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many series there are, an hour is folded within so many commits, more of them at each."""
    monkeypatch.setattr(history_hours, "COMMITS", 10)
    history = History(tmp_path / "history.db")
    every = [labels_of("x", number=str(number)) for number in range(100)]
    for at in (T0, T0 + 30 * MINUTE_MS, T0 + HOUR_MS):
        history.append(at, [(labels, 1.0) for labels in every])
        history.commit(at)
    for _ in range(12):
        history.commit(T0 + HOUR_MS + 3 * MINUTE_MS)
    with closing(sqlite3.connect(tmp_path / "history.db")) as db:
        assert db.execute("SELECT count(*) FROM hours").fetchone() == (100,)
    history.close()


def test_figures_of_many_series_are_those_of_each(ten_hours: tuple[Path, Fed, int], reader: HistoryReader) -> None:
    """Asked for together, percentiles and means are those of single questions; what is not stored is left out."""
    _, _, end = ten_hours
    found = reader.figures((SECONDS, SUCCESS, labels_of("nothing")), (0.5, 0.95), end - 3 * HOUR_MS, end)
    assert set(found) == {SECONDS, SUCCESS}
    for labels, figures in found.items():
        assert figures.percentiles == pytest.approx(reader.percentiles(labels, (0.5, 0.95), end - 3 * HOUR_MS, end), nan_ok=True)
        assert figures.mean == reader.uptime(labels, end - 3 * HOUR_MS, end)
