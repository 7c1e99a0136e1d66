"""Completion in explore: metrics with type and help, functions, labels and their values; what was meant where nothing is found."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.screens.test_app_keys import press, running, seen, settle
from tests.support.board_backend import FakeBackend
from tui_monitor.board.backend import MetricMetadata
from tui_monitor.board.values import Chart
from tui_monitor.promql.suggestions import candidates, unknown_metrics
from tui_monitor.tui.screens.explore import ExploreScreen
from tui_monitor.widgets.completion import Vocabulary, accepted, offers

KNOWN = Vocabulary(
    (
        MetricMetadata("cpu_usage_ratio", "gauge", help="CPU in use"),
        MetricMetadata("probe_duration_seconds"), MetricMetadata("probe_success"),
    ),
    ("rate", "avg_over_time", "sum"), ("check", "type"), {"check": ("api", "db")},
)  # fmt: skip


def texts(typed: str, **more: bool) -> list[str]:
    return [offer.text for offer in offers(typed, KNOWN, **more)]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("pro", ["probe_duration_seconds", "probe_success"]),
        ("duration", ["probe_duration_seconds"]),
        ("rate(cpu", ["cpu_usage_ratio"]),
        ("rat", ["rate", "cpu_usage_ratio", "probe_duration_seconds"]),
        ("probe_success{", ["check", "type"]),
        ("probe_success{ch", ["check"]),
        ('probe_success{check="', ["api", "db"]),
        ('probe_success{type="x", check=~"a', ["api"]),
        ('probe_success{check="db"} > pro', ["probe_duration_seconds", "probe_success"]),
        ("probe_success", []),
        ("rate(", []),
        ("", []),
        ('"pro', []),
    ],
)
def test_what_fits_is_offered(typed: str, found: list[str]) -> None:
    """The beginning of a word counts before its middle; inside braces labels and values, inside other quotes nothing."""
    assert texts(typed) == found


def test_all_metrics_are_offered_when_asked_for() -> None:
    """Down in an empty line lists what there is, with type and help."""
    assert texts("", all_of_them=True)[0] == "avg_over_time" and len(texts("", all_of_them=True)) == 6
    assert [(one.kind, one.about) for one in offers("cpu", KNOWN)] == [("gauge", "CPU in use")]


def test_an_accepted_word_opens_what_follows() -> None:
    """A function its bracket, a label its value, a value its end."""
    for typed, full in (("sum(rat", "sum(rate("), ("x{ch", 'x{check="'), ('x{check="d', 'x{check="db"'), ("probe_s", "probe_success")):
        assert accepted(typed, offers(typed, KNOWN)[0]) == full


async def test_the_list_is_walked_and_taken_by_keys() -> None:
    """Typing opens it, down chooses, Enter takes, Tab takes the first, Esc closes it and leaves the screen then; values are asked for."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "e", *"pro")
        assert isinstance(app.screen, ExploreScreen) and app.screen.completion.is_open and "1m load" not in seen(app)
        await press(app, pilot, "down", "enter", *"{ch", "tab")
        await settle(app, pilot)
        assert app.screen.input.value == 'probe_duration_seconds{check="' and "search" in seen(app)
        await press(app, pilot, "down", "down", "enter", *"}", "enter")
        await settle(app, pilot)
        assert app.screen.question.expr == 'probe_duration_seconds{check="search"}'
        await press(app, pilot, *" + pro", "escape")
        assert isinstance(app.screen, ExploreScreen)
        await press(app, pilot, "escape")
        assert app.screen is app.main


async def test_down_below_the_newest_expression_lists_all_metrics() -> None:
    """What there is can be looked through without a letter."""
    async with running() as (app, _, pilot):
        await press(app, pilot, "e", "delete", "down")
        assert "1m load average." in seen(app) and "avg_over_time" in seen(app)


async def test_an_empty_answer_says_what_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    """A metric that nobody has is named with those that were probably meant."""

    async def nothing(backend: FakeBackend, expr: str, *given: object) -> Chart:
        return Chart()

    monkeypatch.setattr(FakeBackend, "chart", nothing)
    async with running() as (app, _, pilot):
        await press(app, pilot, "e", *"cpu_usage", "escape", "enter")
        await settle(app, pilot)
        assert 'There is no metric "cpu_usage". Did you mean cpu_usage_ratio' in seen(app)


@pytest.mark.parametrize(
    ("expr", "known", "said"),
    [
        ("up", ["probe_success", "cpu_usage_ratio"], ['There is no metric "up". Did you mean probe_success?']),
        ("rate(http_reqs_total[5m])", ["http_requests_total"], ['There is no metric "http_reqs_total". Did you mean http_requests_total?']),
        ("probe_success == 0", ["probe_success"], []),
        ("zzz", ["probe_success"], ['There is no metric "zzz".']),
        ("broken(", ["probe_success"], []),
    ],
)  # fmt: skip
def test_unknown_metrics_are_named(expr: str, known: Sequence[str], said: list[str]) -> None:
    """Also those of Prometheus' exporters that have another name here; of an expression that cannot be read nothing is said."""
    assert unknown_metrics(expr, known) == said


def test_candidates_are_few() -> None:
    """At most three, the likeliest first."""
    assert candidates("disk_usage", ["disk_usage_ratio", "disk_free_bytes", "disk_a", "disk_b"])[0] == "disk_usage_ratio"
    assert len(candidates("disk_usage", [f"disk_{n}" for n in range(9)])) == 3
