from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.alert_world import rules_of
from tests.support.stored_history import Curve, write_history
from tests.support.vectors import vector_of
from tui_monitor.alerts.evaluator import Evaluator
from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.analysis.backtest import EVERYONE, backtest, default_step
from tui_monitor.analysis.backtest_changes import ChangeFault, apply_changes, parse_change
from tui_monitor.analysis.backtest_result import MessageCounts, to_json
from tui_monitor.analysis.backtest_samples import Blocks, needs_of, overlap
from tui_monitor.board.backend import CommandRefused
from tui_monitor.cli import main as cli
from tui_monitor.core.values import STALE_NAN, Labels, labels_of
from tui_monitor.dispatch.inhibition import InhibitRule
from tui_monitor.dispatch.routing import NotifierPolicy, Route, Routing
from tui_monitor.platform.state_directory import open_directory
from tui_monitor.promql.engine import compile_expr
from tui_monitor.promql.queryable import Matcher
from tui_monitor.runtime import analysis_process as trying
from tui_monitor.storage.history.reader import HistoryReader
from tui_monitor.storage.memory import SeriesMemory

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = 1_700_000_000_000 // DAY * DAY
LOAD = labels_of("load")
CHAT = Routing(by_severity={"info": ("chat",)}, notifiers={"chat": NotifierPolicy()})


def memory_of(curves: Mapping[Labels, Curve], start: int = START, end: int = START + 8 * HOUR, step: int = 15_000) -> SeriesMemory:
    memory = SeriesMemory(60 * 86_400)
    for labels, curve in curves.items():
        pairs = [(at, value) for at in range(start, end + 1, step) if (value := curve(at)) is not None]
        memory.load(labels, [at for at, _ in pairs], [value for _, value in pairs])
    return memory


def bursts(*spans: tuple[int, int], low: float = 0.1, high: float = 0.9) -> Curve:
    """High within the spans (minutes after START), else low."""
    return lambda at: high if any(first <= (at - START) / MINUTE < last for first, last in spans) else low


def hot(**more: Any) -> list[Rule]:
    return rules_of({"alert": "Hot", "expr": "load > 0.8", "severity": "warning", **more})


def run(rules: list[Rule], memory: Any, hours: float = 8, step: int | None = None, **more: Any) -> Any:
    more.setdefault("routing", CHAT)
    return backtest(rules, memory, START, START + round(hours * HOUR), step, host="web-1", **more)


THREE = bursts((10, 13), (100, 130), (300, 302))


def test_it_counts_what_would_have_fired_and_for_how_long() -> None:
    """Firings, total and longest time, first and last, and the messages that the planner would have made."""
    found = run(hot(), memory_of({LOAD: THREE}))
    (rule,) = found.present.rules
    assert (rule.alert, rule.fired, rule.subjects, rule.nearly, rule.still) == ("Hot", 3, 1, 0, 0)
    assert (rule.firing_s, rule.longest_s) == (35 * 60, 30 * 60)
    assert (rule.first, rule.last) == (START + 10 * MINUTE, START + 300 * MINUTE)
    assert rule.messages == found.present.messages == MessageCounts(3, 3, 0)
    assert found.present.by_notifier == {"chat": 6}
    assert rule.by_severity == {"warning": 3}
    assert [(one.start, one.end) for one in rule.firings][1] == (START + 100 * MINUTE, START + 130 * MINUTE)
    assert (found.step_ms, found.steps, found.observed_s) == (15_000, 8 * 240 + 1, 8 * 3600)
    assert found.changed is None
    assert found.notes == ()


def test_a_change_is_tried_beside_the_present_rule() -> None:
    """The same moments are judged by both; what ends before `for` is counted as nearly."""
    rules = hot()
    changed = apply_changes(rules, "Hot", [parse_change("for=10m")])
    found = run(rules, memory_of({LOAD: THREE}), alert="Hot", changed=changed, changes=["for=10m"])
    (before,), (after,) = found.present.rules, found.changed.rules
    assert before.fired == 3
    assert (after.fired, after.nearly, after.firing_s) == (1, 2, 20 * 60)
    assert after.rungs[0].for_s == 600
    assert rules[0].for_s == 0
    assert to_json(found)["changed"]["rules"][0]["fired"] == 1


@pytest.mark.parametrize(
    ("change", "fired", "total_min"),
    [
        ("expr=load > 0.95", 0, 0),
        ("expr=avg_over_time(load[10m]) > 0.8", 1, 22),
        ("keep_firing_for=5m", 3, 50),
        ("keep_firing_for=3h", 1, 470),
        ("severity=critical", 3, 35),
        ("warning.for=2m", 2, 29),
        ("resolve_when=load < 0.05", 1, 470),
        ("cooldown=2h", 2, 5),
        ("rate_limit=1/1h", 3, 35),
        ("flap_limit=5", 3, 35),
    ],
)
def test_every_change_does_what_it_says(change: str, fired: int, total_min: float) -> None:
    """Each key that can be tried is applied to the copy as the configuration would."""
    rules = hot()
    found = run(rules, memory_of({LOAD: THREE}), changed=apply_changes(rules, "Hot", [parse_change(change)]))
    (rule,) = found.changed.rules
    assert rule.fired == fired
    assert rule.firing_s / 60 == pytest.approx(total_min, abs=1.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("for", "write for example for=10m"),
        ("fro=1m", "did you mean for"),
        ("colour=red", "try one of for, keep_firing_for, expr"),
        ("for=soon", "is not a duration"),
        ("expr=load >", "operand is missing"),
        ("expr=load[5m]", "range vector"),
        ("severity=loud", "is not a severity"),
        ("loud.for=1m", "is not a severity"),
        ("critical.for=1m", "has no rule of severity critical"),
        ("flap_limit=1", "from 2 on"),
        ("rate_limit=often", "is not a rate"),
    ],
)
def test_a_change_that_cannot_be_tried_says_why(text: str, said: str) -> None:
    """One sentence that names what to write."""
    with pytest.raises(ChangeFault, match=said):
        apply_changes(hot(), "Hot", [parse_change(text)])


def ladder() -> list[Rule]:
    return rules_of(
        {"alert": "Hot", "expr": "load > 0.5", "severity": "warning"}, {"alert": "Hot", "expr": "load > 0.8", "severity": "critical"}
    )


def test_a_ladder_is_one_alert_and_its_rise_one_more_message() -> None:
    """Its gravest severity counts, and only the named rung changes."""
    curve: Curve = lambda at: 0.9 if at - START >= 2 * HOUR else 0.6 if at - START >= HOUR else 0.1  # noqa: E731
    rules = ladder()
    changed = apply_changes(rules, "Hot", [parse_change("critical.expr=load > 0.95")])
    found = run(rules, memory_of({LOAD: curve}), 4, changed=changed)
    (rule,) = found.present.rules
    assert (rule.fired, rule.still, dict(rule.by_severity), rule.messages) == (1, 1, {"critical": 1}, MessageCounts(2, 0, 0))
    assert rule.firings[0].end is None
    assert found.changed.rules[0].by_severity == {"warning": 1}
    with pytest.raises(ChangeFault, match=r"warning.expr=... or critical.expr=..."):
        apply_changes(rules, "Hot", [parse_change("expr=load > 1")])


def test_reminders_are_counted_apart() -> None:
    """An alert that stays is told again each four hours."""
    (rule,) = run(hot(), memory_of({LOAD: bursts((0, 10_000))}, end=START + 13 * HOUR), 13).present.rules
    assert rule.messages == MessageCounts(1, 0, 3)
    assert (rule.messages.without_reminders, rule.messages.total) == (1, 4)


def test_messages_are_those_of_the_grouping() -> None:
    """What one group tells together is one message, counted once in all and once for each rule that it is about."""
    rules = rules_of({"alert": "Hot", "expr": "load > 0.8"}, {"alert": "Warm", "expr": "load > 0.5"})
    routing = Routing(
        routes=(Route("{}", notifiers=("chat", "mail"), group_by=()),), notifiers=dict.fromkeys(("chat", "mail"), NotifierPolicy())
    )
    found = run(rules, memory_of({LOAD: THREE}), routing=routing)
    assert [rule.messages.total for rule in found.present.rules] == [12, 12]
    assert found.present.messages.total == 12
    assert found.present.by_notifier == {"chat": 6, "mail": 6}
    alone = run(rules, memory_of({LOAD: THREE}), routing=routing, alert="Warm")
    assert [(rule.alert, rule.messages.total) for rule in alone.present.rules] == [("Warm", 12)]


def test_waits_between_steps_are_kept() -> None:
    """A group that waits 20 s speaks between two steps of a minute: what has ended at the next step was told."""
    routing = Routing(
        routes=(Route("{}", notifiers=("chat",), group_wait=20_000, group_interval=90_000),), notifiers={"chat": NotifierPolicy()}
    )
    (rule,) = run(hot(), memory_of({LOAD: bursts((10, 11), (20, 21))}), 1, MINUTE, routing=routing).present.rules
    assert rule.messages == MessageCounts(2, 2, 0)


def test_what_another_alert_mutes_is_not_counted() -> None:
    """Inhibition works in the backtest of one alert, too: the other rules run along."""
    rules = rules_of({"alert": "Root", "expr": "load > 0.8"}, {"alert": "Leaf", "expr": "load > 0.8"})
    inhibit = InhibitRule((Matcher("alertname", "=", "Root"),), (Matcher("alertname", "=", "Leaf"),), ())
    routing = Routing(by_severity=CHAT.by_severity, notifiers=CHAT.notifiers, inhibit=(inhibit,))
    found = run(rules, memory_of({LOAD: THREE}), routing=routing, alert="Leaf")
    (leaf,) = found.present.rules
    assert (leaf.alert, leaf.fired, leaf.messages.total) == ("Leaf", 3, 0)


def test_without_any_route_one_notifier_stands_in() -> None:
    """It is said that nothing would be sent, and what it would be is counted all the same."""
    found = run(hot(), memory_of({LOAD: THREE}), routing=Routing())
    assert found.present.by_notifier == {EVERYONE: 6}
    assert "sends no alert anywhere" in found.notes[0]


def test_time_without_monitor_is_no_firing() -> None:
    """A gap neither fires absent(), nor counts as firing, and is told."""
    gap = bursts((60, 180))
    hidden: Curve = lambda at: None if HOUR * 1.5 <= at - START < HOUR * 4.5 else gap(at)  # noqa: E731
    rules = [*hot(), *rules_of({"alert": "Gone", "expr": "absent(load)"})]
    found = run(rules, memory_of({LOAD: hidden}))
    hot_rule, gone = found.present.rules
    assert gone.fired == 0
    assert hot_rule.fired == 1
    assert hot_rule.longest_s == pytest.approx(35 * 60, abs=30)
    assert found.observed_s == pytest.approx(8 * 3600 - 175 * 60, abs=30)
    assert "no monitor ran for 2h55m" in found.notes[0]


def test_a_monitor_that_ran_makes_absence_real() -> None:
    """Where the monitor's own series goes on, a series that is missing is absent."""
    curves = {LOAD: lambda at: None if at - START >= HOUR else 0.1, labels_of("tui_monitor_clock_skew_seconds"): lambda at: 0.0}
    (gone,) = run(rules_of({"alert": "Gone", "expr": "absent(load)"}), memory_of(curves)).present.rules
    assert (gone.fired, gone.still) == (1, 1)
    assert gone.first == START + HOUR - 15_000 + 5 * MINUTE


def test_an_error_of_an_expression_is_kept() -> None:
    """A rule that cannot be evaluated says why in its row."""
    curves: dict[Labels, Curve] = {labels_of("load", n="a"): lambda at: 1.0, labels_of("load", n="b"): lambda at: 1.0}
    (rule,) = run(rules_of({"alert": "Odd", "expr": "load * ignoring(n) load > 0"}), memory_of(curves), 0.1).present.rules
    assert rule.fired == 0
    assert "many" in rule.error


@pytest.mark.parametrize(("span", "step"), [(HOUR, 15_000), (DAY, 15_000), (DAY + 1, 60_000), (30 * DAY, 60_000)])
def test_the_default_step_is_fine_over_a_day_and_a_minute_over_more(span: int, step: int) -> None:
    """As the history's resolutions are."""
    assert default_step(span) == step


@pytest.mark.parametrize("step", [0, 999, -5])
def test_an_impossible_step_is_refused(step: int) -> None:
    """Below a second nothing is judged."""
    with pytest.raises(ValueError, match="too short"):
        run(hot(), memory_of({}), step=step)


def test_it_may_be_ended_from_outside() -> None:
    """What the progress raises ends the work; it is told shares from 0 on."""
    shares: list[float] = []

    def stop(share: float) -> None:
        shares.append(share)
        if len(shares) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        run(hot(), memory_of({LOAD: THREE}), progress=stop)
    assert shares[0] == 0
    assert 0 < shares[1] < 1


def test_the_rules_of_a_running_monitor_are_not_touched() -> None:
    """Queries remember what they selected, so the backtest compiles its own."""
    rules = hot()
    memory = memory_of({LOAD: THREE})
    query = rules[0].query
    before = query.instant(memory, START + HOUR)
    run(rules, memory_of({LOAD: bursts((0, 1000))}))
    assert query.instant(memory, START + HOUR) == before


# --- the samples --------------------------------------------------------------------------------------------------------


def test_blocks_answer_as_the_source_does() -> None:
    """Every kind of expression gives the same at every step over blocks as over the source, thinned or not."""
    draw = random.Random(3)
    curves: dict[Labels, Curve] = {
        labels_of("free", mount="/"): lambda at: 1e9 - (at - START) / 100 + draw.random(),
        labels_of("free", mount="/b"): lambda at: None if at % HOUR < 20 * MINUTE else STALE_NAN if at % HOUR > 50 * MINUTE else 5.0,
        labels_of("count"): lambda at: float((at - START) // 700 % 5000),
    }
    memory = memory_of(curves, step=5000)
    texts = (
        "free", "free offset 30m", "deriv(free[1h]) < 0", "predict_linear(free[30m], 3600)", "tui_time_to_zero(free[1h])",
        "rate(count[5m])", "max_over_time(rate(count[1m])[10m:1m])",
        "free @ 1699999200", "sum(free) / count(count)", "absent(free)", "changes(free[20m])",
    )  # fmt: skip
    queries = [compile_expr(text) for text in texts]
    blocks = Blocks(memory, needs_of(queries, MINUTE), START, START + 8 * HOUR)
    for at in range(START, START + 8 * HOUR + 1, MINUTE):
        blocks.advance(at)
        for text in texts:
            mine, theirs = (vector_of(compile_expr(text).instant(samples, at)) for samples in (blocks, memory))
            trends = any(word in text for word in ("deriv", "predict", "tui_"))
            assert [labels for labels, _ in mine] == [labels for labels, _ in theirs], text
            for (_, left), (_, right) in zip(mine, theirs, strict=True):
                assert left == pytest.approx(right, rel=0.02 if trends else 0, abs=1e-9, nan_ok=True), text
    assert blocks.gaps == []


def test_only_trends_and_single_values_are_thinned() -> None:
    """Whatever counts or averages samples gets all of them."""

    def thin(*texts: str, step: int = MINUTE) -> bool:
        return needs_of([compile_expr(text) for text in texts], step)[(Matcher("__name__", "=", "m"),)].thin

    assert thin("m") and thin("deriv(m[1h])") and thin("m > m offset 30m") and thin("m", "predict_linear(m[1h], 5)")
    assert not thin("m", step=7000)
    assert not thin("deriv(m[5m])")
    assert not thin("m offset 7s")
    assert not thin("m", "count_over_time(m[1h])")
    assert not thin("avg_over_time(deriv(m[1h])[10m:1m])")


def test_gaps_are_those_of_all_series_together() -> None:
    """A gap of one series that another covers is none."""
    curves: dict[Labels, Curve] = {
        labels_of("m", n="a"): lambda at: None if 60 <= (at - START) / MINUTE < 120 else 1.0,
        labels_of("m", n="b"): lambda at: None if 90 <= (at - START) / MINUTE < 150 else 1.0,
    }
    blocks = Blocks(memory_of(curves), needs_of([compile_expr("m")], MINUTE), START, START + 8 * HOUR)
    blocks.advance(START + 8 * HOUR)
    assert overlap(blocks.gaps, START, START + 8 * HOUR) == pytest.approx(25 * MINUTE, abs=30_000)
    assert not blocks.running(START + 110 * MINUTE)
    assert blocks.running(START + 130 * MINUTE)


def test_it_finds_what_a_live_evaluator_would() -> None:
    """Driven second by second over the same samples, an evaluator fires as often as the backtest at that step says."""
    draw = random.Random(11)
    values = [draw.random() for _ in range(4000)]
    memory = memory_of({LOAD: lambda at: values[(at - START) // 5000]}, end=START + 5 * HOUR, step=5000)
    rules = hot(**{"for": "10s", "keep_firing_for": "15s"})
    live = Evaluator(hot(**{"for": "10s", "keep_firing_for": "15s"}), "web-1", grace_ms=0)
    fired = sum(step.change == "firing" for at in range(START, START + 5 * HOUR + 1, 5000) for step in live.evaluate(at, memory))
    assert fired > 20
    assert run(rules, memory, 5, 5000).present.rules[0].fired == fired


# --- the stored history and the command ---------------------------------------------------------------------------------


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[HistoryReader]:
    reader = write_history(tmp_path / "history.db", {LOAD: THREE}, START, START + 8 * HOUR, 15)
    yield reader
    reader.close()


def test_over_the_stored_history_it_finds_the_same(stored: HistoryReader) -> None:
    """Reading from history.db changes nothing."""
    found = run(hot(), stored)
    (rule,) = found.present.rules
    assert (rule.fired, rule.firing_s, rule.messages) == (3, 35 * 60, MessageCounts(3, 3, 0))
    assert [part.resolution_s for part in found.stretches] == [15]


CONFIG = """
default_rules = false
[[rules]]
alert = "Hot"
expr = "load > 0.8"
"""


def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *words: str, config: str = CONFIG) -> int:
    path = tmp_path / "config.toml"
    path.write_text(config)
    monkeypatch.setattr("time.time_ns", lambda: (START + 8 * HOUR) * 1_000_000)
    return cli.main(["--config", str(path), "--state", str(tmp_path), "rules", *words])


def test_the_command_prints_a_table(
    tmp_path: Path, stored: HistoryReader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both rules side by side, the last firings, and what to know about the figures."""
    assert command(tmp_path, monkeypatch, "backtest", "Hot", "--since", "8h", "--set", "for=10m") == 0
    shown = capsys.readouterr().out
    rows = [line.split() for line in shown.splitlines() if line.startswith("Hot")]
    assert [row[:3] for row in rows] == [["Hot", "present", "3"], ["Hot", "for=10m", "1"]]
    assert "judged every 15s" in shown
    assert "changed: the last 1 of 1" in shown
    assert "sends no alert anywhere" in shown


def test_the_command_prints_json(
    tmp_path: Path, stored: HistoryReader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For scripts; times are RFC 3339."""
    assert command(tmp_path, monkeypatch, "backtest", "--since", "7d", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    (rule,) = answer["present"]["rules"]
    assert answer["start"] == "2023-11-14T00:00:00.000Z"
    assert (rule["alert"], rule["fired"], rule["messages"]["total"], answer["changed"]) == ("Hot", 3, 6, None)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("backtest", "Hit"), 64, "did you mean Hot?"),
        (("backtest", "Hit", "--set", "for=1m"), 64, "did you mean Hot?"),
        (("backtest", "--set", "for=1m"), 64, "--set needs the alert"),
        (("backtest", "Hot", "--set", "fro=1m"), 64, "did you mean for?"),
        (("backtest", "--since", "soon"), 64, "--since"),
        (("backtest", "--since", "0s"), 64, "--since"),
        (("backtest", "--step", "10ms"), 64, "too short"),
        (("noise", "--since", "x"), 64, "--since"),
    ],
)
def test_wrong_words_end_with_a_sentence(
    words: tuple[str, ...],
    code: int,
    said: str,
    tmp_path: Path,
    stored: HistoryReader,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit 64 and the nearest valid name."""
    assert command(tmp_path, monkeypatch, *words) == code
    assert said in capsys.readouterr().err


def test_without_history_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1 where no monitor has run, or not for long enough."""
    assert command(tmp_path, monkeypatch, "backtest") == 1
    assert "no monitor has run here" in capsys.readouterr().err
    write_history(tmp_path / "history.db", {LOAD: THREE}, START - 3 * DAY, START - 3 * DAY + HOUR).close()
    assert command(tmp_path, monkeypatch, "backtest", "--since", "1d") == 1
    assert "there is no history of the last 1d" in capsys.readouterr().err


def test_the_dashboard_is_told_why_a_change_cannot_be_tried(tmp_path: Path, stored: HistoryReader) -> None:
    """The refusal alone, also where another rule cannot run."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG + '[[rules]]\nalert = "Broken"\nexpr = "rate(load)"\n')
    with pytest.raises(CommandRefused) as refused:
        asyncio.run(trying.backtest(open_directory(tmp_path), path, "Hot", "8h", ("fro=1m",)))
    assert str(refused.value) == '--set: "fro" cannot be tried; did you mean for?'
