from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.support.stored_history import Curve, write_history
from tui_monitor.analysis.advice import MOST_REMARKS, Charts, remarks
from tui_monitor.core.values import Labels, label, labels_of
from tui_monitor.promql.queryable import Matcher
from tui_monitor.storage.history.trend import Point

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NOW = 1_700_000_000_000 // DAY * DAY + 14 * HOUR + 40 * MINUTE
GB = 1e9
CPU = labels_of("cpu_usage_ratio")


def advice(storage: Charts, now: int) -> tuple[str, ...]:
    return remarks(storage, now).advice


def forecasts(storage: Charts, now: int) -> Mapping[str, str]:
    return remarks(storage, now).forecasts


class Drawn:
    """Charts of curves, as the history would draw them from samples ``step_s`` apart since ``days`` ago."""

    def __init__(self, curves: Mapping[Labels, Curve], days: float = 15.0, step_s: float = 60.0) -> None:
        self.curves = curves
        self.begin = NOW - round(days * DAY)
        self.step_ms = round(step_s * 1000)

    def downsampled_all(self, matchers: Sequence[Matcher], after_ms: int, until_ms: int, points: int) -> dict[Labels, list[Point]]:
        """As HistoryReader has it; each step from at most ten samples."""
        found = {labels: self._chart(curve, after_ms, until_ms, points) for labels, curve in self.curves.items()}
        return {labels: chart for labels, chart in found.items() if chart and all(m.matches(label(labels, m.name)) for m in matchers)}

    def _chart(self, curve: Curve, after: int, until: int, points: int) -> list[Point]:
        chart = []
        step = (until - after) // points
        for begin in range(after, until, step):
            ats = range((begin // self.step_ms + 1) * self.step_ms, min(begin + step, NOW) + 1, max(self.step_ms, step // 10))
            values = [value for at in ats if at >= self.begin and (value := curve(at)) is not None]
            if values:
                chart.append(Point(begin + step, min(values), sum(values) / len(values), max(values), values[-1]))
        return chart


def test_over_the_real_history_it_says_the_same(tmp_path: Path) -> None:
    """Forecasts and comparisons come out of stored minutes and hours."""
    curves = {free(): falling(1 * GB, 76 * GB), CPU: by_hour(0.3, 0.62)}
    reader = write_history(tmp_path / "history.db", curves, NOW - 6 * DAY, NOW, 240)
    assert advice(reader, NOW) == ("disk / full in 3d 4h", "CPU twice the usual for this hour") == advice(Drawn(curves), NOW)
    assert forecasts(reader, NOW) == {"/": "full in 3d 4h"}
    reader.close()


def free(mount: str = "/") -> Labels:
    return labels_of("disk_free_bytes", mount=mount)


def falling(per_hour: float, at_now: float) -> Curve:
    return lambda at: at_now + (NOW - at) / HOUR * per_hour


def noisy(curve: Callable[[int], float], share: float) -> Curve:
    draw = random.Random(5)
    return lambda at: curve(at) * (1 + draw.uniform(-share, share))


def test_a_disk_that_fills_over_days_is_told_in_days_and_hours() -> None:
    """The forecast of the last days is in the advice and by mount."""
    reader = Drawn({free(): falling(1 * GB, 76 * GB), free("/home"): lambda at: 5 * GB})
    assert remarks(reader, NOW).forecasts == {"/": "full in 3d 4h"}
    assert advice(reader, NOW) == ("disk / full in 3d 4h",)


@pytest.mark.parametrize(
    ("per_hour", "left", "text"),
    [
        (10 * GB, 12 * GB, "full in 1h 12m"),
        (10 * GB, 40 * GB, "full in 4h"),
        (60 * GB, 20 * GB, "full in 20m"),
        (60 * GB, 0.2 * GB, "full in a minute"),
    ],
)
def test_a_disk_that_fills_within_hours_is_seen_within_an_hour(per_hour: float, left: float, text: str) -> None:
    """One hour of history is enough for a forecast of hours."""
    reader = Drawn({free(): falling(per_hour, left)}, 1 / 24, 30.0)
    assert forecasts(reader, NOW) == {"/": text}


def steady(at: int) -> float:
    return 50 * GB


CURVES: dict[str, Curve] = {
    "constant": steady,
    "noise": noisy(steady, 0.2),
    "rises": lambda at: 50 * GB - (NOW - at) / HOUR * 0.1 * GB,
    "one large file": lambda at: 50 * GB if at < NOW - 3.5 * DAY else 20 * GB,
    "a saw of logs and rotation": lambda at: 50 * GB - (at % (6 * HOUR)) / HOUR * 5 * GB,
    "freed an hour ago": lambda at: 90 * GB if at > NOW - HOUR else 20 * GB + (NOW - at) / HOUR * GB,
    "so slowly that it takes months": falling(0.01 * GB, 60 * GB),
    "the file system is gone": lambda at: None if at > NOW - DAY else falling(1 * GB, 10 * GB)(at),
}


@pytest.mark.parametrize("name", CURVES)
def test_what_does_not_steadily_fill_is_not_forecast(name: str) -> None:
    """Advice is no noise."""
    assert forecasts(Drawn({free(): CURVES[name]}), NOW) == {}


def test_wild_values_do_not_move_a_forecast() -> None:
    """A few absurd samples change nothing."""
    reader = Drawn({free(): lambda at: 1e15 if at // (240 * 1000) % 17 == 0 else falling(1 * GB, 76 * GB)(at)})
    text = forecasts(reader, NOW)["/"]
    assert text.startswith(("full in 3d", "full in 2d 23h"))


def by_hour(usual: float, today: float, night: float = 0.02, days: Mapping[int, float] | None = None) -> Curve:
    """``usual`` at this hour of every day, ``today`` now, ``night`` at other hours; ``days`` ago → another value of that day."""

    def value(at: int) -> float:
        hour = at % DAY // HOUR
        back = (NOW // DAY) - at // DAY
        if hour != 14:
            return night
        return today if back == 0 else (days or {}).get(back, usual)

    return value


@pytest.mark.parametrize(
    ("curve", "said"),
    [
        (by_hour(0.30, 0.62), "CPU twice the usual for this hour"),
        (by_hour(0.20, 0.62), "CPU three times the usual for this hour"),
        (by_hour(0.10, 0.62), "CPU 6 times the usual for this hour"),
        (by_hour(0.01, 0.62), "CPU many times the usual for this hour"),
        (by_hour(0.0, 0.62, night=0.0), "CPU many times the usual for this hour"),
        (by_hour(0.30, 0.62, days={3: 0.99}), "CPU twice the usual for this hour"),
        (by_hour(0.30, 0.62, days={2: 0.9, 5: 0.9}), None),
        (by_hour(0.60, 0.62), None),
        (by_hour(0.62, 0.62, night=0.1), None),
        (by_hour(0.05, 0.2), None),
        (by_hour(0.30, 0.02), None),
    ],
)
def test_what_is_far_above_its_usual_for_the_hour_is_told(curve: Curve, said: str | None) -> None:
    """Other hours do not count, one strange day neither, and small values are not worth a word."""
    assert advice(Drawn({CPU: curve}), NOW) == (() if said is None else (said,))


def test_without_enough_days_nothing_is_usual() -> None:
    """Four earlier days are too few."""
    assert advice(Drawn({CPU: by_hour(0.3, 0.7)}, days=4.0), NOW) == ()


def test_subjects_are_named_and_remarks_are_few_and_ordered() -> None:
    """Disks come first, the soonest before the others, then what is furthest above its usual; three at most; hostile names are harmless."""
    reader = Drawn(
        {
            free("/srv"): falling(1 * GB, 50 * GB),
            free("/\x1b[31mvar"): falling(1 * GB, 30 * GB),
            CPU: by_hour(0.2, 0.62),
            labels_of("network_receive_bytes_per_second", interface="eth0"): by_hour(1e6, 9e6),
            labels_of("probe_duration_seconds", check="api", type="http"): by_hour(0.1, 0.21),
        }
    )
    found = advice(reader, NOW)
    assert len(found) == MOST_REMARKS
    assert found == ("disk /var full in 1d 6h", "disk /srv full in 2d 2h", "eth0 receives 9 times the usual for this hour")


def test_an_empty_history_says_nothing() -> None:
    """No remarks, no errors."""
    reader = Drawn({labels_of("other"): lambda at: 1.0}, days=0.01)
    assert advice(reader, NOW) == ()
    assert forecasts(reader, NOW) == {}
