"""The made-up shop of the demo."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from tests.support.cli_tools import Cli
from tui_monitor.checks.health import check_labels
from tui_monitor.cli.demo.past import write_past
from tui_monitor.cli.demo.shop import BY_NAME, CYCLE_S, SERVICES, STORM_S, configuration, found
from tui_monitor.config.load import load
from tui_monitor.core.trace import TraceQuery
from tui_monitor.core.values import HealthStatus, labels_of
from tui_monitor.platform.state_directory import open_directory
from tui_monitor.runtime.strips import read_strips
from tui_monitor.runtime.wiring import problems_of
from tui_monitor.storage.history.reader import HistoryReader
from tui_monitor.storage.state.reader import StateReader
from tui_monitor.storage.telemetry.reader import TelemetryReader

NOW = 1_790_000_000_000


def failing(second: int) -> set[str]:
    """The services that are not healthy at a second."""
    return {one.name for one in SERVICES if found(one.name, second).status is not HealthStatus.HEALTHY}


def test_every_two_minutes_something_fails_and_ends() -> None:
    """In turn the payment provider and the database with all that depends on it; between them all is well."""
    assert failing(30) == {"payments", "search", "sessions"}
    assert failing(CYCLE_S + 30) == {"db", "billing", "cart", "checkout", "inventory", "sessions"}
    for calm in (STORM_S, CYCLE_S - 1, CYCLE_S + STORM_S, 2 * CYCLE_S - 1):
        assert failing(calm) == set()
    assert failing(CYCLE_S) == {"db"}, "the cause fails before what depends on it"
    assert found("api", 7) == found("api", 7), "a second is always the same"


def test_its_configuration_is_an_ordinary_one(tmp_path: Path) -> None:
    """It loads, its rules and routes can run, and it opens nothing."""
    (path := tmp_path / "config.toml").write_text(configuration("/tmp/app.log", "/tmp/access.log"))
    loaded = load(path, {})
    assert problems_of(loaded) == [] and loaded.settings.http is None and loaded.settings.push is None


async def test_the_last_day_is_there_at_once(tmp_path: Path) -> None:
    """The strips of the last hour are filled, with an incident of each kind, whose alerts tell who did what."""
    (path := tmp_path / "config.toml").write_text(configuration("/tmp/app.log", "/tmp/access.log"))
    checks = load(path, {}).settings.checks
    directory = open_directory(tmp_path / "state")
    await write_past(directory, checks, NOW)
    with closing(StateReader(directory.state_db)) as stored:
        ended = stored.read(lambda state: state.alerts.history(10))
        told = stored.read(lambda state: [[one.kind for one in state.outbox.of_alert(alert.id)] for alert in ended])
        panels = stored.read(lambda state: state.panels.all())
    assert all(sorted(kinds) == ["firing", "resolved"] for kinds in told) and len(panels) == 3
    assert [(one.labels["check"], one.state, one.acknowledged.by if one.acknowledged else "") for one in ended][:2] == [
        ("payments", "resolved", "anna"), ("db", "resolved", "anna"),
    ]  # fmt: skip
    with closing(TelemetryReader(directory.telemetry_db)) as telemetry:
        traces = telemetry.traces(TraceQuery(limit=1000))
    assert 0 < sum(one.errors > 0 for one in traces) < len(traces), "those of an outage failed"
    reader = HistoryReader(directory.history_db)
    bounds = [NOW - (60 - minute) * 60_000 for minute in range(60)]
    tried = labels_of("probe_success", **check_labels(next(check for check in checks if check.name == "api")))
    assert 2 * reader.figures((tried,), (0.5,), NOW - 3_600_000, NOW)[tried].samples > 0.9 * 3600, "the last hour is seen whole"
    strips = read_strips(reader, list(BY_NAME), bounds, level=False)
    reader.close()
    assert all(cell.status is not None for cell in strips["api"])
    assert any(cell.status is HealthStatus.UNHEALTHY for cell in strips["db"])
    assert any(cell.status is HealthStatus.UNHEALTHY for cell in strips["payments"])


def test_the_demo_needs_a_terminal(cli: Cli) -> None:
    """In a pipe it says so; it takes no configuration of the user's."""
    said = cli("demo")
    assert said.code == 64 and "needs a terminal" in said.err
