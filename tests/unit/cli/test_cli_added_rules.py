"""rules add, list and remove: with a leader and without one."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.support.cli_tools import Cli, leader, make_state, now_ms, waiting_commands
from tui_monitor.core.added_rule import AddedRule
from tui_monitor.core.commands import AddRule, CommandResult, RemoveRule
from tui_monitor.core.values import labels_of
from tui_monitor.storage.state.database import SqliteRepository

ADD = (
    "rules",
    "add",
    "Hot",
    "--when",
    "cpu_usage > 90",
    "--for",
    "5m",
    "--severity",
    "critical",
    "--to",
    "ops",
    "mail",
    "--cooldown",
    "10m",
)
HOT = AddRule("Hot", "cpu_usage > 90", 300.0, "critical", ("ops", "mail"), 600.0)


def test_a_leader_gets_the_rule_and_its_answer_is_printed(cli: Cli, tmp_path: Path) -> None:
    """What the options say arrives; a refusal is exit 1."""
    state = make_state(tmp_path / "s")
    with leader(state, lambda command: CommandResult(isinstance(command, AddRule), "said so")) as asked:
        said = cli(*ADD, "--state", state)
        assert (said.code, said.out) == (0, "said so\n")
        assert cli("rules", "remove", "Hot", "--state", state).code == 1
    assert asked == [HOT, RemoveRule("Hot")]


def test_without_a_leader_the_rule_waits_and_its_promql_is_shown(cli: Cli, tmp_path: Path) -> None:
    """It is stored for the next leader, and the list says so."""
    state = make_state(tmp_path / "s")
    assert "no rules were added" in cli("rules", "list", "--state", state).out
    said = cli(*ADD, "--state", state)
    assert said.code == 0 and said.out.splitlines() == [
        "Hot: cpu_usage_ratio > 0.9 for 5m, critical, to ops, mail, cooldown 10m",
        "stored for the next monitor: none runs now",
    ]
    assert waiting_commands(state) == [HOT]
    listed = cli("rules", "list", "--state", state).out
    assert "Hot" in listed and "cpu_usage_ratio > 0.9" in listed and "waits for the monitor" in listed
    (found,) = json.loads(cli("rules", "list", "--json", "--state", state).out)
    assert (found["when"], found["expr"], found["for_s"], found["to"], found["state"]) == (
        "cpu_usage > 90", "cpu_usage_ratio > 0.9", 300.0, ["ops", "mail"], "waiting",
    )  # fmt: skip


def test_wrong_conditions_are_refused_before_anything_is_stored(cli: Cli, tmp_path: Path) -> None:
    """Wrong PromQL, a severity that does not exist, a duration without unit: exit 64."""
    state = make_state(tmp_path / "s")
    for words, reason in (
        (("--when", "cpu_usage >"), "cpu_usage is understood only"),
        (("--when", "up >"), "an operand is missing"),
        (("--when", "up == 0", "--severity", "worst"), "is not a severity"),
        (("--when", "up == 0", "--for", "5"), "--for"),
    ):
        said = cli("rules", "add", "Hot", *words, "--state", state)
        assert said.code == 64 and reason in said.err
    assert waiting_commands(state) == []


def test_added_rules_are_checked_and_explained_beside_the_configured_ones(cli: Cli, tmp_path: Path) -> None:
    """They count as added, one that cannot be used is named with its reason, and explain knows them."""

    async def add() -> None:
        store = await SqliteRepository.open(state / "state.db")
        for name, to in (("Hot", ()), ("Lost", ("nobody",))):
            rule = AddedRule(name, "heat > 5", "heat > 5", to=to, by="kim", at=now_ms())
            await store.transaction(lambda tables, rule=rule: tables.added_rules.add(rule))  # type: ignore[misc]
        await store.close()

    state = make_state(tmp_path / "s", samples={labels_of("heat"): [(now_ms() - 1000, 7.0)]})
    asyncio.run(add())
    (tmp_path / "c.toml").write_text('[[rules]]\nalert = "Own"\nexpr = "heat > 9"\nrunbook_url = "https://wiki.example.com/own"\n')
    where = ("--config", tmp_path / "c.toml", "--state", state)
    said = cli("rules", "check", *where)
    assert said.code == 0 and "1 of the configuration, 2 added" in said.out
    assert 'the added rule Lost is not used: there is no notifier "nobody"' in said.err and "Hot: has neither" not in said.err
    assert cli("explain", "Hot", *where).code == 0 and cli("explain", "Lost", *where).code == 64
