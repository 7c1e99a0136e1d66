"""Thresholds between probes' verdicts and a check's status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from tui_monitor.checks.health import CheckState, LabelSets, judge, judge_slowness, next_pause, samples_of
from tui_monitor.core.values import HealthStatus, ProbeResult, is_stale, label, labels_of

H, D, U, X = HealthStatus


@dataclass(frozen=True)
class Check:
    name: str = "api"
    type: str = "http"
    category: str = ""
    failures: int = 2
    successes: int = 1
    interval: float = 10.0
    retry_interval: float = 2.0
    degraded_above: float | None = None
    unhealthy_above: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


def statuses(verdicts: str, check: Check = Check()) -> str:
    letters = {"H": H, "D": D, "U": U, "X": X}
    names = {status: letter for letter, status in letters.items()}
    standing, seen = CheckState(), ""
    for number, letter in enumerate(verdicts):
        standing, result = judge(standing, ProbeResult(letters[letter], "" if letter == "H" else "why"), check, number)
        seen += names[result.status]
    return seen


@pytest.mark.parametrize(
    ("verdicts", "expected", "check"),
    [
        ("HHUH", "HHHH", Check()),
        ("HUUH", "HHUH", Check()),
        ("UU", "XU", Check()),
        ("U", "U", Check(failures=1)),
        ("HUUHH", "HHUUH", Check(successes=2)),
        ("HDDH", "HHDH", Check()),
        ("HDUU", "HHDU", Check()),
        ("HUDUD", "HHDDD", Check()),
        ("HUUDH", "HHUDH", Check()),
        ("HXUU", "HXHU", Check()),
        ("HUUXH", "HHUXH", Check()),
        ("HUUXU", "HHUXU", Check()),
        ("HUXU", "HHXU", Check()),
    ],
)
def test_status_follows_only_after_the_thresholds(verdicts: str, expected: str, check: Check) -> None:
    """Below `failures` and `successes` the status stays what it was; unknown shows at once and breaks no count."""
    assert statuses(verdicts, check) == expected


def test_retry_interval_lies_between_first_failure_and_threshold() -> None:
    """The short pause applies after the first failure only; once judged the ordinary interval is back."""
    check, standing, pauses = Check(failures=3), CheckState(), []
    for status in (H, U, U, U, U, H):
        standing, _ = judge(standing, ProbeResult(status, "x"), check, 0)
        pauses.append(next_pause(standing, check))
    assert pauses == [10, 2, 2, 10, 10, 10]


@pytest.mark.parametrize(("duration", "status"), [(0.1, H), (0.6, D), (1.2, U)])
def test_slowness_is_judged_like_any_failure(duration: float, status: HealthStatus) -> None:
    """degraded_above and unhealthy_above change the plain verdict and say the measured time and the limit."""
    result = judge_slowness(ProbeResult(H, duration=duration), Check(degraded_above=0.5, unhealthy_above=1.0))
    assert result.status is status
    assert (result.reason == "") == (status is H)


@pytest.mark.parametrize(
    ("duration", "limit", "reason"),
    [
        (0.00016, 0.0001, "slow: 0.16ms (limit 0.1ms)"),
        (0.402, 0.2, "slow: 402ms (limit 200ms)"),
        (1.02, 1.0, "slow: 1.02s (limit 1s)"),
        (125.4, 120.0, "slow: 2m 5s (limit 2m)"),
    ],
)
def test_how_slow_is_told_apart_from_the_limit(duration: float, limit: float, reason: str) -> None:
    """Digits enough to see that it is above, from fractions of a millisecond to minutes."""
    assert judge_slowness(ProbeResult(H, duration=duration), Check(degraded_above=limit)).reason == reason


def test_unknown_gives_no_uptime_sample_and_ends_health_with_a_stale_marker() -> None:
    """Own trouble counts in no uptime: no probe_success; check_health gets its end marker exactly once."""
    check = Check()
    standing, _ = judge(CheckState(), ProbeResult(H, duration=0.1), check, 1)
    _, result = judge(standing, ProbeResult(X, "no descriptors"), check, 2)
    samples = samples_of(result, LabelSets({"check": "api", "type": "http"}), H)
    assert [label(s.labels, "__name__") for s in samples] == ["check_health"]
    assert is_stale(samples[0].value)
    assert samples_of(result, LabelSets({"check": "api", "type": "http"}), X) == ()


def test_every_check_has_the_common_series() -> None:
    """probe_success, probe_duration_seconds and check_health carry check and type, and category only when it is set."""
    _, result = judge(CheckState(), ProbeResult(U, "x", 0.2), Check(failures=1), 1)
    samples = dict(samples_of(result, LabelSets({"check": "api", "type": "http"}), X))
    assert samples == {
        labels_of("probe_success", check="api", type="http"): 0.0,
        labels_of("probe_duration_seconds", check="api", type="http"): 0.2,
        labels_of("check_health", check="api", type="http"): 2.0,
    }
