from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.alert_world import rules_of
from tests.support.outbox_tools import MemoryState, StateDb, StateTools
from tui_monitor.alerts.alert import Alert, Transition
from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.analysis.noise_report import Noise, RuleNoise, noise_of, to_json
from tui_monitor.cli import main as cli
from tui_monitor.dispatch.message import AlertSnapshot, Kind, Message, State
from tui_monitor.storage.records import SendResult

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
NOW = 1_750_000_000_000
WEEK_AGO = NOW - 7 * DAY


class Past:
    """A state that is filled by hand."""

    def __init__(self, state: StateTools) -> None:
        self.state = state
        self._count = 0

    def fired(
        self, name: str, start: int, seconds: float | None, *, severity: str = "warning", acked: bool = False, flaps: int = 0, **labels: str
    ) -> str:
        """An alert that fired; ``seconds`` None: it still does. Its id."""
        self._count += 1
        every = {"alertname": name, "severity": severity, "host": "web-1", **labels}
        subject = f"{name}{sorted(labels.items())}"
        alert = Alert(f"{self._count:08x}", subject, name, "firing", severity, every, {}, 1.0, start, start)
        steps = [Transition(start, "firing", alert)]
        steps += [Transition(start + 1, "acknowledged", alert, by="kim")] * acked
        steps += [Transition(start + 2, "flapping", alert)] * flaps
        if seconds is not None:
            end = start + round(seconds * 1000)
            steps.append(Transition(end, "resolved", replace(alert, state="resolved", ends_at=end)))
        self.state.now(lambda state: state.alerts.save(steps))
        return alert.id

    def told(self, at: int, *ids: str, kind: Kind = "firing", state: State = "sent") -> None:
        """A message about alerts."""
        self._count += 1
        about = tuple(AlertSnapshot(ident, ident, "firing", "warning", {}, {}, 1.0, at) for ident in ids)
        told = Message(f"key-{self._count}", "chat", kind, at, "t", "x", alerts=about)
        self.state.now(lambda tables: tables.outbox.record(tables.outbox.enqueue(told, at), SendResult(state), at))

    def report(self, rules: Sequence[Rule] = ()) -> Noise:
        """Of the last week."""
        return noise_of(self.state.now(lambda state: state.firing_history(WEEK_AGO)), WEEK_AGO, NOW, rules)

    def rule(self, name: str = "Hot", **rule: str) -> RuleNoise:
        """The only rule of the report."""
        rules = rules_of({"alert": name, "expr": "m > 1", **rule})
        (found,) = self.report(rules).rules
        return found


@pytest.fixture(params=["sqlite", "memory"])
def past(request: pytest.FixtureRequest) -> Past:
    return Past(StateDb(":memory:") if request.param == "sqlite" else MemoryState())


def test_nothing_after_the_end_counts(past: Past) -> None:
    """A report of a past time has neither alerts nor messages and acknowledgements that came after it, also of what still fires."""
    before = past.fired("Hot", NOW - 2 * HOUR, 60)
    past.told(NOW - 2 * HOUR, before)
    past.told(NOW - 60_000, past.fired("Hot", NOW - 60_000, None, acked=True))
    history = past.state.now(lambda state: state.firing_history(WEEK_AGO, NOW - HOUR))
    (found,) = noise_of(history, WEEK_AGO, NOW - HOUR).rules
    assert (found.fired, found.messages, found.acknowledged, found.still) == (1, 1, 0, 0)


def test_it_counts_what_disturbed(past: Past) -> None:
    """Firings, subjects, lengths, acknowledgements and messages; each message once; only of the time asked for."""
    past.fired("Hot", WEEK_AGO - HOUR, 60, room="a")
    ids = [past.fired("Hot", NOW - at * HOUR, at * 60, room="a" if at < 4 else "b", acked=at == 1) for at in (1, 2, 3, 4, 5)]
    other = past.fired("Cold", NOW - HOUR, None, severity="critical")
    past.told(NOW - HOUR, ids[0], other)
    past.told(NOW - HOUR, ids[0], kind="reminder")
    past.told(NOW - HOUR, ids[1], kind="resolved", state="unknown")
    past.told(NOW - HOUR, ids[2], state="failed")
    past.told(WEEK_AGO - HOUR, ids[3])
    found = past.report()
    assert (found.fired, found.messages) == (6, 3)
    hot, cold = found.rules
    assert (hot.alert, hot.fired, hot.subjects, hot.worst) == ("Hot", 5, 2, "room=a")
    assert (hot.median_s, hot.shortest_s, hot.longest_s) == (180, 60, 300)
    assert (hot.acknowledged, hot.messages, hot.reminders, hot.still) == (1, 3, 1, 0)
    assert (cold.alert, cold.severity, cold.still, cold.median_s, cold.messages) == ("Cold", "critical", 1, 3600, 1)


def test_short_firings_want_a_longer_for(past: Past) -> None:
    """The advice is long enough for three quarters of them, counts the present `for`, and says how to try it."""
    for at in range(14):
        past.fired("Hot", NOW - at * 6 * HOUR - HOUR, 40 + at * 2)
    found = past.rule(**{"for": "2m"})
    assert found.advice == "Hot fired 14 times, median 53s: try for=5m; backtest: tui-monitor rules backtest Hot --set for=5m"
    assert found.command == "tui-monitor rules backtest Hot --set for=5m"


def test_what_comes_back_wants_to_be_kept(past: Past) -> None:
    """Again within ten minutes, or flapping: keep_firing_for, as long as it is usually away."""
    for at in range(6):
        past.fired("Hot", NOW - DAY + at * 5 * MINUTE, 60)
    found = past.rule()
    assert found.came_back == 5
    assert "fired 6 times, 5 times again within ten minutes: try keep_firing_for=5m; backtest: " in found.advice
    assert found.command.endswith("--set keep_firing_for=5m")


def test_flapping_counts_as_coming_back(past: Past) -> None:
    """An alert that collapsed is noise as well."""
    for at in range(4):
        past.fired("Hot", NOW - (at + 1) * DAY, 3600, flaps=2)
    assert past.rule().came_back == 8
    assert "keep_firing_for=10m" in past.rule().advice


def test_what_nobody_takes_wants_less_severity(past: Past) -> None:
    """Never acknowledged over and over."""
    for at in range(6):
        past.fired("Nobody", NOW - at * DAY - HOUR, 1800, check="api")
    found = past.rule("Nobody")
    assert found.advice.startswith("Nobody fired 6 times, never acknowledged: raise its threshold or lower its severity")
    assert found.command == "tui-monitor rules backtest Nobody --set severity=info"


def test_reminders_and_lasting_alerts_are_told(past: Past) -> None:
    """One that fires for days untouched; and one whose messages are mostly reminders."""
    past.fired("Hot", NOW - 3 * DAY, None)
    assert past.rule().advice == "Hot fired once, the longest for 3d and still: acknowledge it, silence it or change its threshold"
    ident = past.fired("Cold", NOW - DAY, 7200, acked=True)
    for at in range(7):
        past.told(NOW - DAY + at * HOUR, ident, kind="reminder" if at else "firing")
    cold = next(rule for rule in past.report().rules if rule.alert == "Cold")
    assert "6 of its 7 messages were reminders" in cold.advice


def test_a_useful_alert_gets_no_advice(past: Past) -> None:
    """Acknowledged, long, rare."""
    past.fired("Hot", NOW - DAY, 1800, acked=True)
    assert (past.rule().advice, past.rule().command) == ("", "")


def test_the_noisiest_subject_is_named(past: Past) -> None:
    """Where one of several makes most of it."""
    for at in range(8):
        past.fired("Hot", NOW - at * 6 * HOUR - HOUR, 30, check="api" if at else "db", type="http")
    assert past.rule().advice.startswith("Hot fired 8 times, mostly check=api, median 30s: try for=1m")


def test_nothing_fired_is_no_noise(past: Past) -> None:
    """An empty report, and JSON of it."""
    found = past.report()
    assert (found.fired, found.messages, found.rules) == (0, 0, ())
    assert json.loads(json.dumps(to_json(found)))["rules"] == []


def test_the_command_prints_table_and_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0; the built-in rule's own `for` is part of its advice; a hostile name is harmless."""
    store = StateDb(tmp_path / "state.db")
    past = Past(store)
    for at in range(14):
        past.fired("HighCPU", NOW - at * 6 * HOUR - HOUR, 40)
    past.fired("\x1b[31mRed", NOW - HOUR, 5)
    store.db.close()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.setattr("time.time_ns", lambda: NOW * 1_000_000)
    assert cli.main(["--state", str(tmp_path), "rules", "noise"]) == 0
    shown = capsys.readouterr().out
    assert "15 alerts fired and 0 messages went out in the last 7d" in shown
    assert "try for=3m; backtest: tui-monitor rules backtest HighCPU --set for=3m" in shown
    assert "\x1b" not in shown
    assert cli.main(["--state", str(tmp_path), "rules", "noise", "--since", "1h", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fired"] == 2


def test_the_command_without_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1 and a sentence where no monitor has run."""
    assert cli.main(["--state", str(tmp_path), "rules", "noise"]) == 1
    assert "no monitor has run here" in capsys.readouterr().err
