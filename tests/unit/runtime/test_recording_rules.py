"""Recording rules: what is written at which interval, over which samples, and when a recorded series ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.stored_history import write_history
from tui_monitor.core.values import ENDED_NAN, STALE_NAN, Labels, Sample, is_ended, is_stale, labels_of
from tui_monitor.promql.rulefiles import FileRule
from tui_monitor.runtime.recording_rules import RecordingRules
from tui_monitor.storage.history.background import HistoryConnection
from tui_monitor.storage.memory import SeriesMemory

T0 = 1_780_000_000_000
A, B = labels_of("up", job="a"), labels_of("up", job="b")


def rule(name: str, expr: str, interval_s: float | None = None, labels: Mapping[str, str] | None = None) -> FileRule:
    return FileRule("g", name, "record", expr, 0.0, 0.0, labels or {}, {}, interval_s, "a.yml", 1)


class Recorded:
    """Memory, a history file and what was recorded."""

    def __init__(self, path: Path) -> None:
        self.memory = SeriesMemory()
        self.reading = HistoryConnection(path)
        self.seen: list[tuple[int, Labels, float, int]] = []

    def take(self, at: int, samples: Sequence[Sample], lookback_ms: int) -> None:
        self.memory.append(at, samples, lookback_ms)
        self.seen += [((at - T0) // 1000, labels, value, lookback_ms) for labels, value in samples]

    async def run(self, rules: RecordingRules, second: float) -> None:
        await rules.run(T0 + round(second * 1000), self.memory, self.reading, self.take)


async def test_the_interval_and_the_labels_of_the_group(tmp_path: Path) -> None:
    """Each rule writes at its group's interval, with the rule's name and labels; the series stays current for two intervals."""
    recorded, rules = Recorded(tmp_path / "none"), RecordingRules([rule("r", "sum(up)", 240.0, {"team": "ops"})])
    for second in (0, 1, 2, 239, 240, 241):
        recorded.memory.append(T0 + second * 1000, [Sample(A, 1.0), Sample(B, 2.0)])
        await recorded.run(rules, second)
    assert recorded.seen == [(second, labels_of("r", team="ops"), 3.0, 485_000) for second in (0, 240)]


async def test_a_later_rule_sees_what_an_earlier_one_recorded(tmp_path: Path) -> None:
    """Rules of a file build upon each other within one round."""
    recorded, rules = Recorded(tmp_path / "none"), RecordingRules([rule("one", "up + 1"), rule("two", "one * 10")])
    recorded.memory.append(T0, [Sample(A, 1.0)])
    await recorded.run(rules, 0)
    assert [(labels, value) for _, labels, value, _ in recorded.seen] == [
        (labels_of("one", job="a"), 2.0),
        (labels_of("two", job="a"), 20.0),
    ]


async def test_a_series_that_is_gone_ends(tmp_path: Path) -> None:
    """What a rule no longer gives is marked as ended at once, and so is what belongs to a rule that was taken out."""
    recorded, rules = Recorded(tmp_path / "none"), RecordingRules([rule("high", "up > 1"), rule("all", "sum(up)")])
    recorded.memory.append(T0, [Sample(A, 2.0), Sample(B, 2.0)])
    await recorded.run(rules, 0)
    recorded.memory.append(T0 + 1000, [Sample(A, 2.0), Sample(B, 0.0)])
    await recorded.run(rules, 1)
    ended = [(second, labels) for second, labels, value, _ in recorded.seen if is_stale(value)]
    assert ended == [(1, labels_of("high", job="b"))]
    rules.configure([rule("high", "up > 1")])
    await recorded.run(rules, 2)
    assert [labels for second, labels, value, _ in recorded.seen if second == 2 and is_stale(value)] == [labels_of("all")]


async def test_two_series_of_the_same_labels_are_an_error(tmp_path: Path) -> None:
    """A rule whose labels make two series one records nothing and says why."""
    recorded, rules = Recorded(tmp_path / "none"), RecordingRules([rule("r", "up", None, {"job": "x"})])
    recorded.memory.append(T0, [Sample(A, 1.0), Sample(B, 2.0)])
    await recorded.run(rules, 0)
    assert recorded.seen == [] and "the same labels" in rules.errors["r"]


async def test_a_rule_over_hours_reads_the_history(tmp_path: Path) -> None:
    """What memory does not hold comes from the history, at most each minute; without a history there is no half answer."""
    write_history(tmp_path / "history.db", {A: lambda at: float(at < T0 - 3_600_000)}, T0 - 7_200_000, T0).close()
    recorded, rules = Recorded(tmp_path / "history.db"), RecordingRules([rule("wide", "sum_over_time(up[2h])", 5.0)])
    for second in (0, 5, 30, 60):
        await recorded.run(rules, second)
    assert [(second, value) for second, _, value, _ in recorded.seen] == [(0, 59.0), (60, 58.0)]
    await recorded.reading.close()
    lost = Recorded(tmp_path / "none")
    lost.memory.append(T0, [Sample(A, 1.0)])
    await lost.run(rules, 130)
    assert lost.seen == []


async def test_what_is_recorded_of_a_silent_series_is_unknown_and_of_an_ended_one_ended(tmp_path: Path) -> None:
    """A recorded series ends for rules where its source says so or its condition is false; of silence nobody knows, so alerts hold."""
    recorded, rules = Recorded(tmp_path / "none"), RecordingRules([rule("r", "up > 0")])
    c = labels_of("up", job="c")
    recorded.memory.append(T0, [Sample(A, 1.0), Sample(B, 1.0), Sample(c, 1.0)])
    await recorded.run(rules, 0)
    recorded.memory.append(T0 + 1000, [Sample(A, ENDED_NAN), Sample(B, STALE_NAN), Sample(c, 0.0)])
    await recorded.run(rules, 1)
    ends = {dict(labels)["job"]: is_ended(value) for second, labels, value, _ in recorded.seen if second == 1}
    assert ends == {"a": True, "b": False, "c": True}
