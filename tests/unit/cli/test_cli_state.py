"""status, alerts, silences, audit, notifications: read from the state directory alone."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli_tools import ENDED, FIRING, PENDING, TAKEN, Cli, board, check, leader, make_state, now_ms, silence
from tui_monitor.board.values import AlertView
from tui_monitor.cli import output as printing
from tui_monitor.core.humanize import cells
from tui_monitor.core.units import rfc3339
from tui_monitor.core.values import HealthStatus
from tui_monitor.dispatch.message import AlertSnapshot, Message
from tui_monitor.storage.sqlite import connect

UNWELL = check("api", HealthStatus.UNHEALTHY, "HTTP 500")


def test_status_speaks_the_contracts_shape_and_exit_codes(cli: Cli, tmp_path: Path) -> None:
    """A running monitor: host, status, leader, checks, alerts, resources, version, uptime; the exit code is the status."""
    state = make_state(tmp_path / "s", alerts=[FIRING, TAKEN, PENDING, ENDED], stored=board(UNWELL, status=HealthStatus.UNHEALTHY))
    with leader(state):
        said = cli("--state", state, "status", "--json")
        text = cli("status", "--state", state)
    assert said.code == text.code == 2 and said.err == text.err == ""
    report = json.loads(said.out)
    assert {"host", "status", "leader", "checks", "alerts", "resources", "version", "uptime_s"} <= set(report)
    assert (report["host"], report["status"], report["version"]) == ("web-1", "unhealthy", "9.9")
    assert report["leader"]["pid"] == 1 and report["leader"]["kind"] == "headless" and report["leader"]["since"].endswith("Z")
    assert 7190 < report["uptime_s"] < 7230
    assert report["alerts"] == {
        "firing": 1, "muted": 0, "acknowledged": 1, "pending": 1, "by_severity": {"critical": 1, "error": 0, "warning": 1, "info": 0},
        "by_name": {"CheckUnhealthy": 2}, "by_category": {}, "total_history": 3, "last_at": rfc3339(FIRING.starts_at),
    }  # fmt: skip
    assert report["summary"] == {"total": 1, "healthy": 0, "degraded": 0, "unhealthy": 1, "unknown": 0, "healthy_ratio": 0.0}
    (row,) = report["checks"]
    assert (row["name"], row["type"], row["status"], row["reason"], row["duration_ms"]) == ("api", "http", "unhealthy", "HTTP 500", 132.0)
    assert row["since"] < row["at"] and row["at"].endswith("Z")
    assert (
        report["resources"]["cpu"] == 0.25 and report["resources"]["mounts"][0]["usage"] == 0.71 and "processes" not in report["resources"]
    )
    for piece in ("web-1", "unhealthy", "up 2h 00m", "cpu 25%", "/ 71%", "1 firing", "1 acknowledged", "api", "132ms", "HTTP 500"):
        assert piece in text.out
    assert "\x1b" not in text.out


def test_status_is_the_worst_of_board_and_state(cli: Cli, tmp_path: Path) -> None:
    """With history.db locked the board is older than what fires, with state.db locked the state knows less: both are said."""
    stale = board(check("api", HealthStatus.HEALTHY), at=now_ms() - 10_000)
    firing = replace(FIRING, starts_at=now_ms() - 5000)
    with leader(state := make_state(tmp_path / "history", alerts=[firing], stored=stale)):
        said = cli("status", "--state", state)
    assert said.code == 2 and "the board is older than the firing alerts (1a2b3c4d)" in said.out and "1 firing" in said.out
    view = AlertView("0badcafe", "HighCPU", "warning", "firing", "", 0.9, "90%", 1, 1, None, {}, {})
    with leader(state := make_state(tmp_path / "state", stored=replace(stale, alerts=(view,)))):
        said = cli("status", "--state", state)
        raw = json.loads(cli("status", "--json", "--state", state).out)
    assert said.code == 1 and "firing alerts are not recorded (0badcafe HighCPU)" in said.out
    assert (raw["status"], raw["alerts"]["firing"], raw["alerts"]["by_severity"]["warning"]) == ("degraded", 1, 1)


def test_an_acknowledged_alert_fires_still(cli: Cli, tmp_path: Path) -> None:
    """Where all that fires is taken nobody is told that no alert fires; where nothing fires that is said."""
    for alerts, line in (([TAKEN, PENDING], "1 acknowledged  1 pending  (warning 1)"), ([PENDING], "no alert fires  1 pending")):
        state = make_state(tmp_path / str(len(alerts)), alerts=alerts, stored=board(UNWELL))
        with leader(state):
            assert f"\n{line}\n" in cli("status", "--state", state).out


@pytest.mark.parametrize(("status", "code"), [("healthy", 0), ("degraded", 1), ("unhealthy", 2), ("unknown", 3)])
def test_the_exit_code_is_the_health(cli: Cli, tmp_path: Path, status: str, code: int) -> None:
    """0 healthy, 1 degraded, 2 unhealthy, 3 unknown."""
    state = make_state(tmp_path / "s", stored=board(check("api", HealthStatus(status))))
    with leader(state):
        assert cli("status", "--state", state).code == code


@pytest.mark.parametrize(
    ("name", "severity", "state", "status"),
    [
        ("DiskSpace", "critical", "firing", "unhealthy"),
        ("Errors", "error", "firing", "unhealthy"),
        ("HighCPU", "warning", "firing", "degraded"),
        ("Deploy", "info", "firing", "healthy"),
        ("DiskSpace", "critical", "pending", "healthy"),
        ("MonitorTrouble", "warning", "firing", "healthy"),
        ("CheckUnhealthy", "critical", "firing", "healthy"),
    ],
)
def test_what_fires_counts_for_the_overall_status(cli: Cli, tmp_path: Path, name: str, severity: str, state: Any, status: str) -> None:
    """Healthy checks beside a full disk are no healthy server; what only repeats a check or is our own trouble does not count."""
    alert = replace(TAKEN, severity=severity, state=state, labels={**TAKEN.labels, "alertname": name, "severity": severity})
    path = make_state(tmp_path / "s", alerts=[alert], stored=board(check("api", HealthStatus.HEALTHY)))
    with leader(path):
        said = cli("status", "--json", "--state", path)
    assert (json.loads(said.out)["status"], said.code) == (status, HealthStatus(status).exit_code)


def test_status_without_a_monitor_is_unknown(cli: Cli, tmp_path: Path) -> None:
    """No state, no leader, an old board: 3, with the reason; last verdicts are never shown as present ones, and nothing is made."""
    nothing = tmp_path / "nothing"
    said = cli("status", "--json", "--state", nothing)
    assert said.code == 3 and not nothing.exists()
    report = json.loads(said.out)
    assert report["leader"] is None and report["status"] == "unknown" and "no monitor has run here" in report["reason"]
    assert report["checks"] == [] and report["uptime_s"] is None
    state = make_state(tmp_path / "s", stored=board(UNWELL, status=HealthStatus.UNHEALTHY))
    report = json.loads(cli("status", "--json", "--state", state).out)
    assert (report["status"], report["leader"], report["reason"]) == ("unknown", None, "no monitor runs")
    assert (report["checks"][0]["status"], report["checks"][0]["reason"]) == ("unknown", "no monitor runs; was unhealthy: HTTP 500")
    assert "no monitor runs; the last board is of" in cli("status", "--state", state).out
    shutil.rmtree(state)
    old = board(UNWELL, status=HealthStatus.HEALTHY, at=now_ms() - 120_000)
    with leader(make_state(state, stored=old)):
        report = json.loads((said := cli("status", "--json", "--state", state)).out)
    assert said.code == 3 and report["leader"]["pid"] == 1 and "is not responding since" in report["reason"]


def test_a_dead_leaders_number_may_belong_to_another_process(cli: Cli, tmp_path: Path) -> None:
    """The row of a leader that was killed says nothing once its lock is free, even if its pid lives."""
    state = make_state(tmp_path / "s", stored=board())
    with leader(state):
        pass  # the row of pid 1 stays
    said = cli("status", "--json", "--state", state)
    assert said.code == 3 and json.loads(said.out)["leader"] is None


def test_the_state_alone_is_needed(cli: Cli, tmp_path: Path) -> None:
    """A broken configuration keeps nobody from looking."""
    wrong = tmp_path / "c.toml"
    wrong.write_text("[[checks]\nno = toml")
    state = make_state(tmp_path / "s", alerts=[FIRING], stored=board())
    with leader(state):
        for verb in ("status", "alerts", "silences", "audit", "notifications"):
            said = cli("--config", wrong, "--state", state, verb)
            assert (said.code, said.err) == (0, ""), verb


def test_a_state_that_may_not_be_read_is_said_so(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 1 with a sentence; `status` does not know, so 3."""
    state = make_state(tmp_path / "s")
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != state and real(path, mode))
    for verb in ("alerts", "silences", "audit", "notifications"):
        said = cli(verb, "--state", state)
        assert said.code == 1 and "may not be read by this user" in said.err and said.out == ""
    said = cli("status", "--state", state)
    assert said.code == 3 and "may not be read by this user" in said.out
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "state.db" and real(path, mode))
    assert "state.db may not be read by this user" in cli("alerts", "--state", state).err


def test_a_newer_state_asks_for_an_upgrade(cli: Cli, tmp_path: Path) -> None:
    """The schema of a later version: please upgrade, nothing is written."""
    state = make_state(tmp_path / "s")
    db = connect(state / "state.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    for words in (["alerts"], ["ack", "--all"], ["silence", "check=api", "--for", "1h"]):
        said = cli(*words, "--state", state)
        assert said.code == 1 and "please upgrade" in said.err
    assert cli("status", "--state", state).code == 3


def test_alerts_are_listed_in_the_contracts_shape(cli: Cli, tmp_path: Path) -> None:
    """Firing before pending, gravest first; ended ones only with --all; JSON is the contract's list."""
    state = make_state(tmp_path / "s", alerts=[PENDING, ENDED, TAKEN, FIRING])
    with leader(state):
        some, every = cli("alerts", "--json", "--state", state), cli("alerts", "--all", "--json", "--state", state)
        text = cli("alerts", "--all", "--state", state)
    found = json.loads(some.out)
    assert [alert["id"] for alert in found] == [FIRING.id, TAKEN.id, PENDING.id]
    assert [alert["state"] for alert in found] == ["firing", "firing", "pending"]
    assert set(found[0]) == {
        "id", "fingerprint", "labels", "annotations", "severity", "state", "value", "starts_at", "ends_at", "acknowledged", "suppressed_by",
        "title", "message", "category", "service", "metric", "current_value", "threshold", "unit", "resolved", "deliveries",
    }  # fmt: skip
    assert found[1]["acknowledged"]["by"] == "kim" and found[1]["acknowledged"]["note"] == "mine" and found[0]["acknowledged"] is None
    assert [alert["id"] for alert in json.loads(every.out)] == [FIRING.id, TAKEN.id, PENDING.id, ENDED.id]
    lines = text.out.splitlines()
    assert lines[0].split()[:3] == ["ID", "SEVERITY", "STATE"] and len(lines) == 5
    assert lines[1].index("firing") == lines[2].index("acknowledged") and "acknowledged by kim: mine" in lines[2]
    assert some.code == text.code == 0 and text.err == ""


def test_an_alert_that_is_acknowledged_and_silenced_says_both(cli: Cli, tmp_path: Path) -> None:
    """The column of states and the remark for people, both fields for scripts."""
    state = make_state(tmp_path / "s", alerts=[replace(TAKEN, suppressed_by=("silence:7f3a",))])
    with leader(state):
        raw, text = cli("alerts", "--json", "--state", state), cli("alerts", "--state", state)
    (found,) = json.loads(raw.out)
    assert found["acknowledged"]["by"] == "kim" and found["suppressed_by"] == ["silence:7f3a"]
    assert "acknowledged, silenced" in text.out and "acknowledged by kim: mine; muted by silence:7f3a" in text.out


def test_alerts_can_be_chosen(cli: Cli, tmp_path: Path) -> None:
    """By severity (medium is warning), by category, and at most so many; another word is refused."""
    business = replace(PENDING, id="4d000000", fingerprint="b" * 16, labels={**PENDING.labels, "category": "business"})
    state = make_state(tmp_path / "s", alerts=[business, ENDED, TAKEN, FIRING])

    def chosen(*words: object) -> list[str]:
        return [alert["id"] for alert in json.loads(cli("alerts", "--json", *words, "--state", state).out)]

    assert chosen("--severity", "medium") == [TAKEN.id] and chosen("--category", "business") == [business.id]
    assert chosen("--limit", 2) == [FIRING.id, TAKEN.id] and chosen("--all", "--limit", 9)[-1] == ENDED.id
    assert chosen("--category", "none") == []
    said = cli("alerts", "--severity", "loud", "--state", state)
    assert said.code == 64 and "one of info, warning, error, critical" in said.err


def test_the_list_says_what_was_sent_and_for_which_service(cli: Cli, tmp_path: Path) -> None:
    """Each alert has its messages and, without a label of its own, the service of the running monitor's configuration."""
    alert = AlertSnapshot(FIRING.id, "f", "firing", "critical", FIRING.labels, {}, 2.0, FIRING.starts_at)
    told = Message("k1", "ops", "firing", FIRING.starts_at, "CRITICAL api", "x", alerts=(alert,))
    state = make_state(tmp_path / "s", alerts=[FIRING, ENDED], messages=[told], stored=replace(board(UNWELL), service="wallet"))
    with leader(state):
        first, last = json.loads(cli("alerts", "--all", "--json", "--state", state).out)
    assert (first["service"], first["title"], first["resolved"]) == ("wallet", "api is unhealthy: HTTP 500", None)
    assert first["deliveries"] == [{"notifier": "ops", "kind": "firing", "state": "queued", "at": rfc3339(FIRING.starts_at)}]
    assert last["deliveries"] == [] and last["resolved"] == {"by": "", "at": rfc3339(ENDED.ends_at or 0), "note": ""}


def test_without_alerts_or_leader_the_list_says_so(cli: Cli, tmp_path: Path) -> None:
    """An empty list is said in words, and old news are marked as such on standard error."""
    state = make_state(tmp_path / "s")
    said = cli("alerts", "--state", state)
    assert (said.code, said.out) == (0, "no alerts\n") and "no monitor runs" in said.err
    assert cli("alerts", "--json", "--state", state).out == "[]\n"
    said = cli("alerts", "--json", "--state", tmp_path / "none")
    assert said.code == 1 and said.out == "" and not (tmp_path / "none").exists()


def test_hostile_texts_are_harmless(cli: Cli, tmp_path: Path) -> None:
    """Escape sequences, C1 controls and bidi marks reach the terminal neither as text nor in JSON."""
    evil = replace(FIRING, annotations={"summary": "a\x1b[31mb\x9b2Jc\u202ed\nnext"}, labels={**FIRING.labels, "alertname": "X\x07Y"})
    state = make_state(tmp_path / "s", alerts=[evil])
    with leader(state):
        text, raw = cli("alerts", "--state", state), cli("alerts", "--json", "--state", state)
    assert not any(sign in text.out + raw.out for sign in "\x1b\x9b\x07\u202e") and len(text.out.splitlines()) == 2
    assert json.loads(raw.out)[0]["annotations"]["summary"] == "a\x1b[31mb\x9b2Jc\u202ed\nnext"


def test_colour_only_on_a_terminal(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal gets colour, with the columns still aligned; NO_COLOR and TERM=dumb take it away."""
    state = make_state(tmp_path / "s", alerts=[FIRING])
    monkeypatch.setattr(sys.stdout.__class__, "isatty", lambda _: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[1;31mcritical\x1b[0m" in cli("alerts", "--state", state).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in cli("alerts", "--state", state).out
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in cli("alerts", "--state", state).out


def test_wide_texts_stay_in_columns(cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    """Korean characters take two cells each; empty columns vanish; nothing is printed for no rows."""
    printing.table([["서버", "", "x"], ["web-1", "", "y"]], ("HOST", "NONE", "WHAT"))
    assert capsys.readouterr().out == "HOST   WHAT\n서버   x\nweb-1  y\n"
    printing.table([], ("HOST",))
    assert capsys.readouterr().out == ""


def test_a_small_terminal_gets_rows_that_fit(
    cli: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal no row is wider than it: spare columns go, the widest are cut; a pipe gets everything."""
    rows = [
        ["unhealthy", "partner-inventory-feed-eu-west-1", "http", "timed out after 2s (waiting for the answer)"],
        ["ok", "결제", "tcp", ""],
    ]
    heads = ("STATUS", "CHECK", "TYPE", "REASON")
    printing.table(rows, heads, spare=("TYPE",))
    assert "TYPE" in (whole := capsys.readouterr().out) and rows[0][3] in whole
    monkeypatch.setattr(sys.stdout.__class__, "isatty", lambda _: True, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    for columns in (100, 80, 60, 50):
        monkeypatch.setenv("COLUMNS", str(columns))
        printing.table(rows, heads, spare=("TYPE",))
        out = capsys.readouterr().out
        assert max(map(cells, out.splitlines())) <= columns and "unhealthy  partner" in out and "timed out" in out
        assert ("TYPE" in out) == (columns >= 80)
    monkeypatch.setenv("COLUMNS", "60")
    found = cli("alerts", "--state", make_state(tmp_path / "s", alerts=[FIRING])).out
    assert "ALERT" in found and "SINCE" not in found and max(map(cells, found.splitlines())) <= 60


def test_silences_are_listed(cli: Cli, tmp_path: Path) -> None:
    """Active and coming ones, expired ones with --all; matchers as they are written."""
    active, coming = silence('check=~"a.*"', "severity!=info"), silence("check=b", begin=600)
    gone = silence("check=c", begin=-7200)
    state = make_state(tmp_path / "s", silences=[active, coming, gone])
    with leader(state):
        found = json.loads(cli("silences", "--json", "--state", state).out)
        assert {entry["id"]: entry["state"] for entry in found} == {active.id: "active", coming.id: "pending"}
        assert len(json.loads(cli("silences", "--all", "--json", "--state", state).out)) == 3
        text = cli("silences", "--state", state).out
    entry = next(entry for entry in found if entry["id"] == active.id)
    assert entry["matchers"] == ['check=~"a.*"', 'severity!="info"'] and entry["by"] == "kim" and entry["ends_at"].endswith("Z")
    assert active.id in text and "58m" in text and "planned" in text
    row = next(line for line in text.splitlines() if line.startswith(coming.id))
    assert row.split()[1] == "pending" and time.strftime("%H:%M", time.localtime(coming.starts_at / 1000)) in row, "when it begins"


def test_the_audit_log_says_who_did_what(cli: Cli, tmp_path: Path) -> None:
    """Newest first, bounded by --limit; a limit that is no number is a usage error."""
    state = make_state(tmp_path / "s", acts=["ack", "silenced", "resolve"])
    with leader(state):
        found = json.loads(cli("audit", "--json", "--limit", 2, "--state", state).out)
        text = cli("audit", "--state", state).out
    assert [line["verb"] for line in found] == ["resolve", "silenced"]
    assert found[0]["by"] == "kim (ssh 203.0.113.7)" and found[0]["subject"] == "1a2b3c4d Hot" and found[0]["note"] == "a note"
    assert "kim (ssh 203.0.113.7)" in text
    for wrong in ("0", "-1", "many"):
        assert cli("audit", "--limit", wrong, "--state", state).code == 64


def test_the_outbox_is_visible(cli: Cli, tmp_path: Path) -> None:
    """`notifications --json` is the contract's shape; the text says what waits and why."""
    state = make_state(
        tmp_path / "s", messages=[Message("k1", "ops", "message", now_ms(), "t", "x"), Message("k2", "hook", "test", now_ms(), "t", "x")]
    )
    with leader(state):
        found = json.loads(cli("notifications", "--json", "--state", state).out)
        text = cli("notifications", "--state", state).out
    assert [entry["notifier"] for entry in found] == ["hook", "ops"]
    assert set(found[0]) == {
        "id", "notifier", "alerts", "kind", "state", "attempts", "next_try", "created_at", "sent_at", "provider_id", "error",
        "title", "severity",
    }  # fmt: skip
    assert (found[0]["title"], found[0]["severity"]) == ("t", "info")
    assert found[0]["state"] == "queued" and "queued" in text and "hook" in text
