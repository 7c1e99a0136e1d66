"""The history store keeps every sample exactly, folds it, and answers from what is left."""

from __future__ import annotations

import math
import random
import struct
from pathlib import Path

import pytest

from tui_monitor.core.values import STALE_NAN, Labels, Sample, labels_of
from tui_monitor.promql.queryable import Matcher
from tui_monitor.storage.history.reader import HistoryReader
from tui_monitor.storage.history.writer import History

T0 = 1_700_000_000_000 // 3_600_000 * 3_600_000
CPU = labels_of("cpu_usage_ratio", core="0")
TOTAL = labels_of("requests_total")
PROBE = labels_of("probe_duration_seconds", check="api")
SUCCESS = labels_of("probe_success", check="api")
UP = (Matcher("__name__", "=~", ".+"),)


def bits(values: object) -> list[bytes]:
    """Doubles as their bytes, so that NaN compare."""
    return [struct.pack("<d", value) for value in values]  # type: ignore[attr-defined]


class Recorder:
    """Feeds a History second by second and remembers what went in."""

    def __init__(self, history: History, start: int = T0) -> None:
        self.history = history
        self.now = start
        self.fed: dict[Labels, list[tuple[int, float]]] = {}

    def tick(self, *samples: tuple[Labels, float], at: int | None = None, step: int = 1000) -> None:
        """One observation and one commit."""
        stamp = self.now if at is None else at
        self.history.append(stamp, samples)
        for labels, value in samples:
            self.fed.setdefault(labels, []).append((stamp, value))
        self.history.commit(self.now)
        self.now += step

    def run(self, seconds: int, seed: int = 1) -> None:
        """Realistic seconds of four series."""
        random.seed(seed)
        total = 0
        for second in range(seconds):
            total += random.randint(0, 9)
            ok = random.random() > 0.1
            self.tick(
                (CPU, random.randint(0, 100) / random.choice((99, 100, 101))),
                (TOTAL, float(total)),
                (PROBE, random.lognormvariate(-3, 0.5)),
                (SUCCESS, float(ok)),
                at=self.now + random.randint(0, 5) + (second % 2),
            )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def selected(path: Path, after: int = 0, until: int = 1 << 60) -> dict[Labels, list[tuple[int, float]]]:
    """All samples the store answers with."""
    reader = HistoryReader(path)
    try:
        return {one.labels: list(zip(*one.window(after, until), strict=True)) for one in reader.select(UP, after, until)}
    finally:
        reader.close()


def same(found: dict[Labels, list[tuple[int, float]]], fed: dict[Labels, list[tuple[int, float]]]) -> None:
    """Both hold the same samples, bit by bit."""
    assert found.keys() == fed.keys()
    for labels, samples in fed.items():
        assert [at for at, _ in found[labels]] == [at for at, _ in samples]
        assert bits(value for _, value in found[labels]) == bits(value for _, value in samples)


@pytest.mark.parametrize("seconds", [1, 30, 61, 130, 3600 + 200, 2 * 3600 + 100])
def test_every_sample_comes_back_from_ticks_minutes_and_hours(path: Path, seconds: int) -> None:
    """What was appended is what select answers, at its own millisecond, whatever has been folded."""
    history = History(path)
    recorder = Recorder(history)
    recorder.run(seconds)
    same(selected(path), recorder.fed)
    history.close()
    same(selected(path), recorder.fed)


def test_a_restart_goes_on_where_the_file_ends(path: Path) -> None:
    """Ticks that were not folded when the process ended are folded by the next one; ids stay."""
    fed: dict[Labels, list[tuple[int, float]]] = {}
    now = T0
    for seed, seconds in enumerate((70, 25, 200, 3700, 10)):
        recorder = Recorder(History(path), now)
        recorder.fed = fed
        recorder.run(seconds, seed)
        recorder.history.close()
        now = recorder.now + 1500
        same(selected(path), fed)


def test_stale_markers_nan_and_infinities_survive_bit_exactly(path: Path) -> None:
    """A stale marker is still one, and no ordinary NaN, after every fold."""
    recorder = Recorder(History(path))
    values = [1.5, STALE_NAN, math.nan, math.inf, -math.inf, -0.0, 5e-324, 1e308, 0.1]
    for second in range(3800):
        recorder.tick((CPU, values[second % len(values)]))
        if second in (5, 100):
            same(selected(path), recorder.fed)
    same(selected(path), recorder.fed)
    recorder.history.close()


def test_late_samples_and_a_clock_that_goes_back_lose_nothing(path: Path) -> None:
    """Samples of minutes and hours that are folded already are merged in; order is by time."""
    recorder = Recorder(History(path))
    recorder.run(3800)
    recorder.now -= 3_000_000
    for _ in range(200):
        recorder.tick((TOTAL, 7.25), at=recorder.now + 500)
    recorder.now += 3_000_000
    recorder.run(120, seed=5)
    fed = {labels: sorted(samples) for labels, samples in recorder.fed.items()}
    same(selected(path), fed)
    recorder.now += 3_600_000
    recorder.run(300, seed=6)
    same(selected(path), {labels: sorted(samples) for labels, samples in recorder.fed.items()})
    recorder.history.close()


def test_a_clock_that_was_far_ahead_holds_up_nothing(path: Path) -> None:
    """Samples stamped years ahead are kept, and folding of the present goes on."""
    recorder = Recorder(History(path))
    recorder.run(65)
    recorder.tick((TOTAL, 1.0), at=T0 + 10**11)
    recorder.run(200)
    fed = {labels: sorted(samples) for labels, samples in recorder.fed.items()}
    same(selected(path), fed)
    recorder.history.close()
    again = Recorder(History(path), recorder.now)
    again.run(65)
    again.history.close()
    assert len(selected(path)[CPU]) == 65 + 200 + 65


def test_select_obeys_its_window_and_matchers(path: Path) -> None:
    """after < time <= until, to the millisecond, across folded and unfolded parts; only matching series."""
    recorder = Recorder(History(path))
    recorder.run(3700)
    reader = HistoryReader(path)
    for after, until in ((T0, T0 + 1000), (T0 + 59_000, T0 + 61_000), (T0 + 3_590_000, T0 + 3_660_000), (T0 + 3_690_000, T0 + 3_700_000)):
        (one,) = reader.select((Matcher("__name__", "=", "requests_total"),), after, until)
        wanted = [sample for sample in recorder.fed[TOTAL] if after < sample[0] <= until]
        assert list(zip(one.times, one.values, strict=True)) == wanted
        assert one.latest(until) == wanted[-1]
    exact = [one for one in recorder.fed[TOTAL] if one[0] <= recorder.fed[TOTAL][100][0]]
    (one,) = reader.select((Matcher("__name__", "=", "requests_total"),), 0, exact[-1][0])
    assert len(one.times) == 101
    assert {dict(one.labels)["check"] for one in reader.select((Matcher("check", "!=", ""),), 0, 1 << 60)} == {"api"}
    reader.close()
    recorder.history.close()


def test_lookback_is_stored_with_the_series_and_may_change(path: Path) -> None:
    """A reader that is open sees the newest look-back."""
    history = History(path)
    history.append(T0, [(CPU, 1.0)], 300_000)
    history.commit(T0)
    reader = HistoryReader(path)
    assert reader.select(UP, 0, T0)[0].lookback_ms == 300_000
    history.append(T0 + 1000, [(CPU, 1.0)], 7_200_000)
    history.commit(T0 + 1000)
    assert reader.select(UP, 0, T0)[0].lookback_ms == 7_200_000
    history.close()
    history = History(path)
    history.append(T0 + 2000, [(TOTAL, 1.0)])
    history.commit(T0 + 2000)
    assert {one.labels for one in reader.select(UP, 0, 1 << 60)} == {CPU, TOTAL}
    reader.close()
    history.close()


def test_recent_ticks_are_what_was_observed_and_go_on_from_a_seq(path: Path) -> None:
    """A viewer follows without gaps or doubles; several observations of one tick keep their own stamps."""
    history = History(path)
    history.append(T0, [(CPU, 0.5), (TOTAL, 1.0)])
    history.append(T0 + 7, [(PROBE, 0.25)], 1_000_000)
    history.commit(T0 + 10)
    reader = HistoryReader(path)
    ticks = list(reader.recent_ticks(0))
    assert [(tick.at, tick.samples, tick.lookback_ms) for tick in ticks] == [
        (T0, ((CPU, 0.5), (TOTAL, 1.0)), 300_000),
        (T0 + 7, ((PROBE, 0.25),), 1_000_000),
    ]
    version = reader.data_version()
    history.append(T0 + 1000, [(CPU, STALE_NAN)])
    history.commit(T0 + 1010)
    assert reader.data_version() != version
    (tick,) = reader.recent_ticks(0, ticks[-1].seq)
    assert tick.at == T0 + 1000 and bits([tick.samples[0].value]) == bits([STALE_NAN])
    reader.close()
    history.close()


def test_prefill_gives_back_the_last_ten_minutes_in_order(path: Path) -> None:
    """A restarted leader's memory holds what it held before, folded or not; the ring does not grow beyond its time."""
    recorder = Recorder(History(path))
    recorder.run(1300)
    recorder.history.close()
    reader = HistoryReader(path)
    got: list[tuple[int, int]] = []
    seq = reader.prefill(lambda at, samples, lookback: got.append((at, len(samples))), recorder.now, 600)
    wanted = [at for at, _ in recorder.fed[CPU] if at > recorder.now - 600_000]
    assert got == [(at, 4) for at in wanted]
    assert list(reader.recent_ticks(0, seq)) == []
    assert len(list(reader.recent_ticks(0))) <= 15 * 60 + 65
    reader.close()


def test_prefill_begins_with_what_slow_checks_said_last(path: Path) -> None:
    """A series that is measured each hour has its value again at once after a restart; one that is over its look-back has none."""
    history, slow, gone = History(path), labels_of("domain_days"), labels_of("quarter_hour")
    for at, lookback, labels in ((T0, 7_205_000, slow), (T0, 1_000_000, gone), (T0 + 1_900_000, 305_000, labels_of("up"))):
        history.append(at, [Sample(labels, 1.0)], lookback)
    history.commit(T0 + 2_000_000)
    history.close()
    reader = HistoryReader(path)
    got: list[tuple[int, list[Labels]]] = []
    reader.prefill(lambda at, samples, lookback: got.append((at, [labels for labels, _ in samples])), T0 + 2_000_000, 600)
    assert got == [(T0, [slow]), (T0 + 1_900_000, [labels_of("up")])]
    reader.close()


def test_the_newest_board_and_all_annotations_are_kept(path: Path) -> None:
    """The board row is replaced; marks are listed by time."""
    history = History(path)
    reader_before = HistoryReader(path)
    assert reader_before.stored_board() is None
    history.set_board(1, b"one")
    history.set_board(2, b"two")
    history.commit(T0)
    history.annotate(T0 + 5, "deploy v2.3", "kim")
    history.annotate(T0 + 1, "before", "lee")
    assert reader_before.stored_board() == (2, b"two")
    assert [(one.at, one.text, one.author) for one in reader_before.annotations(T0, T0 + 5)] == [
        (T0 + 1, "before", "lee"),
        (T0 + 5, "deploy v2.3", "kim"),
    ]
    assert reader_before.annotations(T0 + 5, T0 + 9) == []
    reader_before.close()
    history.close()
