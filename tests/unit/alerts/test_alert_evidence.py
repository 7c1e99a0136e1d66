"""What was going on when an alert fired: bounded, clean, JSON."""

from __future__ import annotations

import json
from typing import Any

from tui_monitor.alerts.evidence import BusyProcess, gather, short_lines


def test_evidence_is_bounded_clean_and_json() -> None:
    """Hostile and endless input becomes a few short harmless texts."""
    found = gather(
        reason="status 500\x1b[31m" + "x" * 10_000,
        phases={"connect": 0.0123456789},
        processes=[BusyProcess(pid, f"p{pid}\n", pid / 10, pid) for pid in range(50)],
        log_lines=["line\x07"] * 100,
        values=[(number, float(number)) for number in range(1000)],
    )
    assert len(json.dumps(found)) < 12_000 and "\\u001b" not in json.dumps(found)
    again: dict[str, Any] = json.loads(json.dumps(found))
    assert [process["name"] for process in again["processes"]] == ["p49", "p48", "p47", "p46", "p45"]
    assert len(again["log"]) == 20 and again["values"][-1] == [999, 999.0]
    assert gather() == {}


def test_the_short_form_says_the_most_telling_lines() -> None:
    """Reason, phases, processes, last log line, at most as many as wanted."""
    found = gather(
        reason="timeout", phases={"connect": 0.012, "tls": 5}, processes=[BusyProcess(1, "java", 1.5, 2**30)], log_lines=["a", "b"]
    )
    assert short_lines(found, 9) == ("timeout", "connect 12ms · tls 5.00s", "java 150% 1.0G", "b")
    assert short_lines(found, told="it fails: timeout") == short_lines(found)[1:], "what the summary says is not said again"
    assert short_lines(gather(phases={"resolve": 0.000004, "connect": 0.0004, "tls": 0.0})) == ("resolve 0ms · connect 0.4ms",)
    assert short_lines(gather(processes=[BusyProcess(1, "java", None, 2**30)])) == ("java 1.0G",), "a first look knows no CPU"
    assert short_lines({}) == ()
