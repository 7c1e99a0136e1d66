"""ALERTS and ALERTS_FOR_STATE: which samples are written when, and that they end with their alerts."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.alerts.alert import Alert, AlertState
from tui_monitor.core.values import Labels, Sample, is_ended, labels_of
from tui_monitor.promql.engine import compile_expr
from tui_monitor.runtime.alert_series import AGAIN_MS, AlertSeries
from tui_monitor.storage.memory import SeriesMemory

T0 = 1_780_000_000_000
LABELS = {"alertname": "Down", "check": "api", "severity": "warning", "host": "web-1"}


def alert(state: AlertState = "firing", severity: str = "warning", since: int = T0 - 90_500) -> Alert:
    return Alert("a1", "f", "Down", state, severity, {**LABELS, "severity": severity}, {}, 1.0, since)


def written(series: AlertSeries, at: int, *alerts: Alert) -> list[tuple[Labels, float | None]]:
    """What is written at a time, ends as None."""
    return [(labels, None if is_ended(value) else value) for labels, value in series.samples(at, alerts)]


FIRING, PENDING = labels_of("ALERTS", **LABELS, alertstate="firing"), labels_of("ALERTS", **LABELS, alertstate="pending")
SINCE = labels_of("ALERTS_FOR_STATE", **LABELS)


def test_an_alert_is_written_when_it_changes_and_each_minute() -> None:
    """Pending, firing, a minute later, resolved: as Prometheus' series, with fewer samples."""
    series = AlertSeries(SeriesMemory())
    assert written(series, T0) == []
    assert written(series, T0, alert("pending")) == [(PENDING, 1.0), (SINCE, (T0 - 91_000) / 1000 + 0.0)]
    assert written(series, T0 + 1000, alert("pending")) == []
    assert written(series, T0 + 2000, alert()) == [(PENDING, None), (FIRING, 1.0)]
    assert written(series, T0 + AGAIN_MS, alert()) == [(SINCE, (T0 - 91_000) / 1000)], "each series a minute after its own last sample"
    assert written(series, T0 + 2000 + AGAIN_MS, alert()) == [(FIRING, 1.0)]
    assert written(series, T0 + 3000 + AGAIN_MS, alert("resolved")) == [(FIRING, None), (SINCE, None)]


def test_a_rise_of_severity_is_another_series() -> None:
    """The label severity is the alert's."""
    series = AlertSeries(SeriesMemory())
    written(series, T0, alert())
    grave = {**LABELS, "severity": "critical"}
    assert written(series, T0 + 1000, alert(severity="critical")) == [
        (FIRING, None), (SINCE, None),
        (labels_of("ALERTS", **grave, alertstate="firing"), 1.0), (labels_of("ALERTS_FOR_STATE", **grave), (T0 - 91_000) / 1000),
    ]  # fmt: skip


def test_what_ended_while_no_process_ran_ends_with_the_first_round() -> None:
    """A series that was loaded after a restart and has no alert any more gets its end marker, and PromQL does not see it."""
    memory = SeriesMemory()
    memory.append(T0, [Sample(FIRING, 1.0), Sample(SINCE, 1.0)])
    series = AlertSeries(memory)
    samples = series.samples(T0 + 5000, [])
    assert [labels for labels, _ in samples] == [FIRING, SINCE]
    memory.append(T0 + 5000, samples)
    assert compile_expr('ALERTS{alertstate="firing"}').instant(memory, T0 + 5000) == []


def names(samples: Sequence[Sample]) -> set[str]:
    return {dict(labels)["__name__"] for labels, _ in samples}


def test_after_the_clock_was_set_back_it_is_written_again() -> None:
    """A last time that lies ahead does not stop the series for an hour."""
    series = AlertSeries(SeriesMemory())
    series.samples(T0 + 3_600_000, [alert()])
    assert names(series.samples(T0, [alert()])) == {"ALERTS", "ALERTS_FOR_STATE"}
