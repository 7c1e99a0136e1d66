"""rules check and explain: which rules there are, and why one is or is not firing, in plain words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.support.cli_tools import FIRING, Cli, leader, make_state, now_ms
from tui_monitor.alerts.alert import Acknowledgement, Rung
from tui_monitor.core.values import labels_of

CONFIG = """
rule_files = ["*.yml"]
[[rules]]
alert = "Hot"
expr = "heat / 2 > 10"
for = "5m"
severity = "critical"
[[rules]]
alert = "Hot"
expr = "heat / 2 > 5"
severity = "warning"
"""
GROUPS = """
groups:
- name: g
  rules:
  - alert: Filed
    expr: heat > 100
  - record: heat:sum
    expr: sum(heat)
"""
BROKEN = """
  - alert: Odd
    expr: holt_winters(heat[5m], 1, 1)
  - alert: Half
    expr: heat >
"""


def _config(path: Path, config: str = CONFIG, groups: str = GROUPS) -> Path:
    path.mkdir(exist_ok=True)
    (path / "c.toml").write_text(config)
    (path / "a.yml").write_text(groups)
    return path / "c.toml"


def test_check_says_how_many_rules_it_read(cli: Cli, tmp_path: Path) -> None:
    """Built in, of the configuration, of files; alerting and recording; exit 0 where all can run."""
    config = _config(tmp_path / "c")
    said = cli("rules", "check", "--config", config)
    assert said.code == 0 and "2 of the configuration, 2 of 1 rule file" in said.out
    found = json.loads(cli("rules", "check", "--json", "--config", config).out)
    assert (found["configuration"], found["files"], found["recording"], found["problems"]) == (2, 2, 1, [])
    assert found["read"] == found["run"] == found["built_in"] + 4 and found["rule_files"] == [str(tmp_path / "c" / "a.yml")]


def test_check_warns_of_metrics_that_nothing_makes(cli: Cli, tmp_path: Path) -> None:
    """With the nearest name that is there; recording rules and queries make names; exit 0, and 1 with --strict."""
    rules = """
[[checks]]
name = "db"
type = "postgres"
dsn = "postgresql://u@127.0.0.1/db"
[[checks.queries]]
metric = "orders"
sql = "select 1 as value"
[[rules]]
alert = "A"
expr = "orders > 1 and postgres_connections > 1 and heat:sum > 1 and probe_success == 0 and {__name__=~'any.*'}"
[[rules]]
alert = "B"
expr = "cpu_usage_rate > 0.9 and ALERTS > 0"
"""
    config = _config(tmp_path / "c", 'rule_files = ["*.yml"]\n' + rules, GROUPS.replace("heat >", "orders >").replace("(heat)", "(orders)"))
    said = cli("rules", "check", "--config", config)
    unmade = "B: no configured source makes cpu_usage_rate; did you mean cpu_usage_ratio?"
    assert said.code == 0 and said.err.splitlines()[0] == f"tui-monitor: warning: {unmade}"
    raw = cli("rules", "check", "--json", "--strict", "--config", config)
    assert raw.code == 1 and [text for text in json.loads(raw.out)["warnings"] if "no configured source" in text] == [unmade]
    config = _config(tmp_path / "d")
    assert "a.yml:5: Filed: no configured source makes heat; " in cli("rules", "check", "--config", config).err


ELSEWHERE = """
[[rules]]
alert = "Gone"
expr = "up{job='api'} == 0"
[[screens]]
name = "ops"
[[screens.panels]]
kind = "chart"
title = "Load"
query = "node_load1"
[[screens.panels]]
kind = "stat"
query = "cpu_usage_ratio"
[[reports]]
name = "morning"
kind = "daily"
to = ["mail"]
[[reports.figures]]
title = "Orders"
query = "increase(orders_totl[$__range])"
[[notifiers]]
name = "mail"
type = "webhook"
url = "http://127.0.0.1:9/"
[[checks]]
name = "shop"
type = "tcp"
host = "127.0.0.1"
port = 9
"""


def test_config_check_names_metrics_that_nothing_makes(cli: Cli, tmp_path: Path) -> None:
    """In rules, panels of screens and figures of reports, with what was meant; an engine elsewhere may have any."""
    said = cli("config", "check", "--config", _config(tmp_path / "c", ELSEWHERE))
    assert said.code == 0 and [line for line in said.err.splitlines() if "no configured source" in line] == [
        "tui-monitor: warning: Gone: no configured source makes up; did you mean probe_success?",
        "tui-monitor: warning: screen ops: Load: no configured source makes node_load1; did you mean load1?",
        "tui-monitor: warning: report morning: Orders: no configured source makes orders_totl; "
        "a query's `metric` or a recording rule would make it",
    ]
    engine = ELSEWHERE + '[engine]\nurl = "http://127.0.0.1:9"\n'
    said = cli("config", "check", "--config", _config(tmp_path / "d", engine))
    assert [line for line in said.err.splitlines() if "no configured source" in line] == [
        "tui-monitor: warning: Gone: no configured source makes up; did you mean probe_success?"
    ]


def test_explain_names_the_metric_that_nobody_has(cli: Cli, tmp_path: Path) -> None:
    """A rule that never fires because of a name says which is meant."""
    config = _config(tmp_path / "c", ELSEWHERE)
    state = make_state(tmp_path / "s", samples={labels_of("probe_success", check="shop"): [(now_ms() - 1000, 1.0)]})
    (found,) = _explain(cli, "Gone", "--config", config, "--state", state)
    assert found["state"] == "no data" and found["why"].endswith('There is no metric "up". Did you mean probe_success?')
    added = cli("rules", "add", "Slip", "--when", "probe_succes == 0", "--config", config, "--state", state)
    assert added.code == 0 and "Slip: no configured source makes probe_succes; did you mean probe_success?" in added.err


HINTS = """
[[checks]]
name = "app"
type = "prometheus"
url = "http://127.0.0.1:9/metrics"
[[notifiers]]
name = "mail"
type = "webhook"
url = "http://127.0.0.1:9/"
severities = ["critical"]
[[routes]]
match = ['severity="critical"']
notifiers = ["mail"]
[[routes]]
match = ['check="app"']
notifiers = ["mail"]
[[rules]]
alert = "Burst"
expr = "rate(errors_total[1m]) > 1"
severity = "critical"
runbook_url = "https://wiki.example.com/burst"
[[rules]]
alert = "Memory"
expr = "memory_usage > 90"
for = "1m"
"""


def test_check_hints_at_rules_that_will_not_help(cli: Cli, tmp_path: Path) -> None:
    """No advice in the message, critical at once on a rate, a severity that no route tells, a series without its ending."""
    said = cli("rules", "check", "--config", _config(tmp_path / "c", HINTS))
    assert said.code == 0 and [line.removeprefix("tui-monitor: warning: ") for line in said.err.splitlines()] == [
        "Memory: no configured source makes memory_usage; did you mean memory_usage_ratio (0 to 1)?",
        'Burst: is critical at once on a rate, which one burst raises; let it hold: for = "2m"',
        "Memory: has neither description nor runbook_url; say what to do when it fires",
        "Memory: no route tells anybody of severity warning",
    ]
    told = HINTS.replace('severities = ["critical"]', "").replace('severity = "critical"\nrun', 'severity = "critical"\nfor = "2m"\nrun')
    said = cli("rules", "check", "--strict", "--config", _config(tmp_path / "d", told))
    assert said.code == 1 and "no route" not in said.err and "at once" not in said.err and "neither" in said.err


def test_check_names_what_cannot_run_and_why(cli: Cli, tmp_path: Path) -> None:
    """Each rule with file, line and reason; they count as read; exit 78."""
    config = _config(tmp_path / "c", CONFIG + '[[rules]]\nalert = "Wrong"\nexpr = "heat >> 1"\n', GROUPS + BROKEN)
    said = cli("rules", "check", "--config", config)
    assert said.code == 78 and "3 of the configuration, 4 of 1 rule file" in said.out
    lines = said.err.splitlines()
    assert len(lines) == 3
    assert "a.yml:10: Odd: expr: 1:1: unknown function" in lines[0] and "a.yml:12: Half: expr: 1:7" in lines[1]
    assert "rule Wrong: expr" in lines[2]
    raw = cli("rules", "check", "--json", "--config", config)
    found = json.loads(raw.out)
    assert raw.code == 78 and len(found["problems"]) == 3 and found["read"] - found["run"] == 3
    config.write_text('rule_files = ["none/*.yml"]\n')
    assert cli("rules", "check", "--config", config).code == 78
    config.write_text("[[rules]]\nalert = 1")
    raw = cli("rules", "check", "--json", "--config", config)
    assert raw.code == 78 and json.loads(raw.out)["problems"]


def _explain(cli: Cli, alert: str, *where: object) -> list[dict[str, Any]]:
    said = cli("explain", alert, "--json", *where)
    assert said.code == 0, said
    rules: list[dict[str, Any]] = json.loads(said.out)["rules"]
    return rules


def test_explain_shows_each_part_with_its_value(cli: Cli, tmp_path: Path) -> None:
    """Every rung with its parts and values; a rung that is false says so."""
    config = _config(tmp_path / "c")
    heat = {labels_of("heat", room="a"): [(now_ms() - 1000, 16.0)], labels_of("heat", room="b"): [(now_ms() - 1000, 2.0)]}
    state = make_state(tmp_path / "s", samples=heat)
    where = ["--config", config, "--state", state]
    with leader(state):
        critical, warning = _explain(cli, "Hot", *where)
        text = cli("rules", "explain", "Hot", *where)
    assert (critical["severity"], critical["state"], warning["severity"]) == ("critical", "inactive", "warning")
    assert critical["why"] == "its condition is false for every series that it reads"
    assert [(part["text"], part["depth"]) for part in critical["parts"]] == [("heat / 2 > 10", 0), ("heat / 2", 1), ("heat", 2)]
    assert [row["value"][1] for row in critical["parts"][1]["data"]["result"]] == ["8", "1"]
    assert "its condition is true now" in warning["why"]
    assert text.code == 0 and text.err == "" and 'heat{room="a"}' in text.out and "no series" in text.out and "for 5m" in text.out


def test_explain_says_why_it_fires_or_waits(cli: Cli, tmp_path: Path) -> None:
    """How long it has held of how long, who has acknowledged, what mutes, what keeps it."""
    config, now = _config(tmp_path / "c"), now_ms()
    base = replace(FIRING, rule="Hot", labels={"alertname": "Hot", "room": "a"}, rungs={})
    pending = replace(base, id="aa000000", fingerprint="1" * 16, state="pending", rungs={"Hot/critical": Rung(now - 60_000)})
    cooling = replace(base, id="dd000000", fingerprint="4" * 16, state="pending", rungs={"Hot/warning": Rung(now - 2000, True)})
    taken = Acknowledgement("kim", now - 5000, "mine")
    firing = replace(
        base, id="bb000000", fingerprint="2" * 16, acknowledged=taken, suppressed_by=("silence:abcd",),
        rungs={"Hot/critical": Rung(now - 600_000, True), "Hot/warning": Rung(now - 700_000, True, now + 60_000)},
    )  # fmt: skip
    held = replace(base, id="cc000000", fingerprint="3" * 16, state="resolved", held=True, resolved_by="lee", ends_at=now,
                   rungs={"Hot/warning": Rung(now - 1000)})  # fmt: skip
    state = make_state(tmp_path / "s", alerts=[pending, firing, held, cooling], samples={labels_of("heat", room="a"): [(now - 1000, 30.0)]})
    with leader(state):
        critical, warning = _explain(cli, "Hot", "--config", config, "--state", state)
        text = cli("explain", "Hot", "--config", config, "--state", state).out
    said = {entry["alert"]["id"]: (entry["state"], entry["why"]) for entry in critical["subjects"]}
    assert critical["state"] == "firing" and said["aa000000"][0] == "pending"
    assert "(1m) of 5m: fires in " in said["aa000000"][1] or "(1m 1s) of 5m" in said["aa000000"][1]
    assert "longer than 5m; acknowledged by kim" in said["bb000000"][1] and "not told because of silence:abcd" in said["bb000000"][1]
    said = {entry["alert"]["id"]: (entry["state"], entry["why"]) for entry in warning["subjects"]}
    assert "keeps firing until" in said["bb000000"][1]
    assert said["cc000000"][0] == "held" and "resolved by lee, and stays so until the condition has been false once" in said["cc000000"][1]
    assert said["dd000000"][0] == "pending" and "the cooldown since it last ended holds it back" in said["dd000000"][1]
    assert "room=a" in text and "bb000000" in text


def test_explain_tells_missing_data_from_a_false_condition(cli: Cli, tmp_path: Path) -> None:
    """Nothing current to read is no data, and what the rule does then; without a leader that is said too."""
    config = _config(tmp_path / "c")
    state = make_state(tmp_path / "s", samples={labels_of("heat"): [(now_ms() - 900_000, 30.0)]})
    where = ["--config", config, "--state", state]
    (filed,) = _explain(cli, "Filed", *where)
    assert filed["state"] == "no data" and "a firing alert holds then" in filed["why"]
    said = cli("explain", "Filed", *where)
    assert said.code == 0 and "no monitor runs" in said.err and "no data" in said.out
    contradiction = _config(tmp_path / "d", '[[rules]]\nalert = "Bad"\nexpr = "heat + on() heat"\n')
    two = {labels_of("heat", room=room): [(now_ms() - 1000, 1.0)] for room in "ab"}
    (bad,) = _explain(cli, "Bad", "--config", contradiction, "--state", make_state(tmp_path / "t", samples=two))
    assert bad["state"] == "error" and "many-to-many" in bad["why"]


def test_explain_says_that_absence_waits_after_a_start(cli: Cli, tmp_path: Path) -> None:
    """A rule with absent() that is true and yet does not fire: in the first minute of a leader, not later."""
    config = _config(tmp_path / "c", '[[rules]]\nalert = "Gone"\nexpr = "absent(nothing)"\n')
    state = make_state(tmp_path / "s", samples={labels_of("heat"): [(now_ms() - 1000, 1.0)]})
    for age_ms, why in ((0, "but a rule with absent() waits for 1m after a start"), (120_000, "the next evaluation takes it up")):
        with leader(state, age_ms=age_ms):
            (gone,) = _explain(cli, "Gone", "--config", config, "--state", state)
        assert gone["state"] == "inactive" and gone["why"].endswith(why)


def test_explain_of_an_unknown_name(cli: Cli, tmp_path: Path) -> None:
    """The nearest name, exit 64; without a state exit 1 and nothing is made."""
    config = _config(tmp_path / "c")
    said = cli("explain", "Hto", "--config", config, "--state", tmp_path / "none")
    assert said.code == 64 and "did you mean Hot?" in said.err
    said = cli("explain", "Hot", "--config", config, "--state", tmp_path / "none")
    assert said.code == 1 and "no monitor has run here" in said.err and not (tmp_path / "none").exists()
