"""Percentiles and uptime of checks: the short window from memory, the long ones from history, few at a time."""

from __future__ import annotations

from tui_monitor.board.check_statistics import LOT, LOT_EVERY_MS, NEW_A_TURN, RENEW_MS, Statistics
from tui_monitor.board.values import Window
from tui_monitor.core.values import Sample, labels_of
from tui_monitor.storage.memory import SeriesMemory

LABELS = {"check": "api", "type": "http"}


def test_memory_stands_for_the_long_windows_until_they_are_read() -> None:
    """A new check shows its percentiles at once; what history answers replaces them; an empty answer does not."""
    memory = SeriesMemory()
    statistics = Statistics(memory)
    for second in range(100):
        duration, success = second / 100, 0.0 if second < 10 else 1.0
        memory.append(second * 1000 + 1, [
            Sample(labels_of("probe_duration_seconds", **LABELS), duration), Sample(labels_of("probe_success", **LABELS), success)
        ])  # fmt: skip
    windows = statistics.windows("api", LABELS, 100_000)
    assert windows["5m"] == windows["1h"] == windows["24h"] == Window(0.5, 0.95, 0.99, 0.9)
    statistics.take({"api": {"1h": Window(), "24h": Window()}}, 100_000)
    assert statistics.windows("api", LABELS, 100_000)["1h"].uptime == 0.9
    statistics.take({"api": {"1h": Window(1, 2, 3, 0.5), "24h": Window(1, 2, 3, 0.25)}}, 100_000)
    assert statistics.windows("api", LABELS, 100_000)["24h"].uptime == 0.25


def test_few_checks_are_read_each_second() -> None:
    """New checks come first, a few a turn; afterwards a lot each five seconds, and none again before a minute has passed."""
    statistics = Statistics(SeriesMemory())
    checks = {f"c{number}": LABELS for number in range(16)}
    known = {"1h": Window(uptime=1.0)}
    now, seen = 1_000_000, []
    for _ in range(4):
        chosen = statistics.turn(checks, now)
        statistics.take(dict.fromkeys(chosen, known), now)
        seen.append(len(chosen))
        now += 1000
    assert seen == [NEW_A_TURN, 16 - NEW_A_TURN, 0, 0]
    now += RENEW_MS
    assert [len(statistics.turn(checks, now + later)) for later in (0, 1000, LOT_EVERY_MS)] == [LOT, 0, LOT]


def _probed(memory: SeriesMemory, second: int, success: float) -> None:
    memory.append(second * 1000 + 1, [Sample(labels_of("probe_success", **LABELS), success)])


def test_a_window_says_how_much_of_it_was_measured() -> None:
    """100 probes a second apart are 100 seconds, in each window; without the interval nothing is claimed."""
    memory = SeriesMemory()
    statistics = Statistics(memory)
    for second in range(100):
        _probed(memory, second, 1.0)
    windows = statistics.windows("api", LABELS, 100_000, 1.0)
    assert [windows[span].seen for span in ("5m", "1h", "24h")] == [100.0] * 3
    assert statistics.windows("api", LABELS, 100_000)["24h"].seen is None


def test_long_windows_are_read_again_when_the_short_one_changes() -> None:
    """In an outage "5m 75 %" does not stand beside "1h 100 %" for a minute: the check is read next, before the minute is over."""
    memory = SeriesMemory()
    statistics = Statistics(memory)
    checks = {f"c{number}": LABELS for number in range(3)}
    for second in range(60):
        _probed(memory, second, 1.0)
    statistics.take({name: {"1h": Window(uptime=1.0)} for name in checks}, 60_000)
    statistics.windows("c2", LABELS, 60_000)
    _probed(memory, 60, 0.0)
    statistics.windows("c2", LABELS, 71_000)
    assert list(statistics.turn(checks, 71_000)) == ["c2"]
    statistics.take({"c2": {"1h": Window(uptime=0.9)}}, 71_000)
    assert list(statistics.turn(checks, 72_000)) == []
