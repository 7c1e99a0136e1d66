"""Rules by command: which can be used beside a configuration, and that a running leader uses and drops them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.clocks import ManualClock
from tui_monitor.config.load import load
from tui_monitor.core.added_rule import AddedRule
from tui_monitor.core.commands import AddRule, RemoveRule
from tui_monitor.platform.state_directory import open_directory
from tui_monitor.runtime.added_rules import RuleRefused, extended, made_rule, rule_text
from tui_monitor.runtime.leader_assembly import open_leader

CONFIG = """
default_rules = false
[[rules]]
alert = "Own"
expr = "vector(1) > 2"
[[notifiers]]
name = "ops-hook"
type = "webhook"
url = "http://127.0.0.1:9/"
"""
HOT = AddRule("Hot", "vector(1) > 0", severity="high", to=("ops-hook",), cooldown=600.0)


def _file(path: Path, text: str = CONFIG) -> Path:
    path.write_text(text)
    return path


def test_a_rule_in_one_line_shows_the_promql_made_of_it() -> None:
    """Aliases of severities are known; durations, receivers and the cooldown stand in it."""
    rule = made_rule(AddRule("Hot", "cpu_usage > 90", 300.0, "high", ("ops-mail",), 600.0), "kim", 5)
    assert rule_text(rule) == "Hot: cpu_usage_ratio > 0.9 for 5m, error, to ops-mail, cooldown 10m"
    assert (rule.condition, rule.by, rule.at) == ("cpu_usage > 90", "kim", 5)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (AddRule("so hot", "up == 0"), "is no name of a rule"),
        (AddRule("Hot", "up == 0", severity="worst"), '"worst" is not a severity; one of info'),
        (AddRule("Hot", "up == 0", -1.0), "a duration cannot be negative"),
        (AddRule("Hot", "cpu_usage > 0.5"), "in percent"),
    ],
)
def test_what_is_no_rule_is_refused(command: AddRule, reason: str) -> None:
    """Each refusal says what to change."""
    with pytest.raises(RuleRefused, match=reason.replace("(", r"\(")):
        made_rule(command, "kim", 5)


def test_the_configuration_has_precedence_and_a_rule_that_cannot_run_stops_nothing(tmp_path: Path) -> None:
    """A rule of a taken name, of PromQL that is wrong or of a notifier that is gone is left out with its reason; the others are used."""
    loaded = load(_file(tmp_path / "c.toml"), {})
    rules = [
        AddedRule("Own", "", "up == 0"),
        AddedRule("Wrong", "", "up >"),
        AddedRule("Gone", "", "up == 0", to=("ops-mail",)),
        AddedRule("Good", "", "up == 0", 60.0, to=("ops-hook",)),
    ]
    found = extended(loaded, rules)
    assert [rule.alert for rule in found.loaded.settings.rules] == ["Own", "Good"]
    assert "has a rule of this name" in found.unusable["Own"] and "an operand is missing" in found.unusable["Wrong"]
    assert 'there is no notifier "ops-mail"' in found.unusable["Gone"] and "the added rule Gone is not used" in found.trouble
    assert extended(loaded, []).loaded is loaded


async def test_a_leader_uses_a_rule_at_once_keeps_it_and_drops_it(tmp_path: Path) -> None:
    """It fires without a restart, goes to its own receivers, is there after a restart and a reload, and its alert resolves when removed."""
    directory, clock, file = open_directory(tmp_path / "state"), ManualClock(), _file(tmp_path / "c.toml")
    leader = await open_leader(load(file, {}), directory, clock, "headless", os.getpid(), lambda board: None)
    result = await leader.engine.apply(HOT, "kim")
    assert result.ok and result.text == "added the rule Hot: vector(1) > 0, error, to ops-hook, cooldown 10m"
    assert "there is an added rule Hot already" in (await leader.engine.apply(HOT, "kim")).text
    assert "has a rule of this name" in (await leader.engine.apply(AddRule("Own", "up == 0"), "kim")).text
    assert 'there is no notifier "ops-mail"' in (await leader.engine.apply(AddRule("B", "up == 0", to=("ops-mail",)), "kim")).text
    await leader.tick()
    assert [(alert.name, alert.severity, alert.state) for alert in leader.engine.alerts] == [("Hot", "error", "firing")]
    await leader.close()

    leader = await open_leader(load(file, {}), directory, clock, "headless", os.getpid(), lambda board: None)
    await leader.tick()
    assert [alert.name for alert in leader.engine.alerts] == ["Hot"]
    assert (await leader.reload(load(file, {}))).ok
    await clock.advance(1)
    await leader.tick()
    assert [alert.name for alert in leader.engine.alerts] == ["Hot"]
    assert (await leader.engine.apply(RemoveRule("Hot"), "kim")).text == "removed the rule Hot"
    assert "there is no added rule" in (await leader.engine.apply(RemoveRule("Hot"), "kim")).text
    await clock.advance(1)
    await leader.tick()
    assert not leader.engine.alerts
    await leader.close()


async def test_a_reload_that_takes_a_receiver_away_tells_which_rule_it_stops(tmp_path: Path) -> None:
    """The reload is applied, the rule is a trouble on the board, and it is used again when the receiver is back."""
    directory, clock, file = open_directory(tmp_path / "state"), ManualClock(), _file(tmp_path / "c.toml")
    leader = await open_leader(load(file, {}), directory, clock, "headless", os.getpid(), lambda board: None)
    await leader.engine.apply(HOT, "kim")
    without = _file(tmp_path / "d.toml", "default_rules = false\n")
    assert (await leader.reload(load(without, {}))).ok
    await leader.tick()
    assert leader.board is None or any("the added rule Hot is not used" in text for text in leader.board.trouble)
    assert (await leader.reload(load(file, {}))).ok
    await clock.advance(1)
    await leader.tick()
    assert [alert.name for alert in leader.engine.alerts] == ["Hot"]
    await leader.close()
