"""The commands traces and trace, over a file that a monitor has written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.cli_tools import Cli, make_state, now_ms
from tui_monitor.cli.commands.traces import bar_of
from tui_monitor.core.trace import Span, SpanStatus
from tui_monitor.storage.telemetry.writer import TelemetryWriter

NOW_US = now_ms() * 1000
A, B = "5b8efff798038103d269b633813fc60c", "6c" * 16


def span(trace: str, number: int, parent: int, operation: str, start: int, duration: int, status: SpanStatus = "ok") -> Span:
    """A span of the service shop."""
    above = f"{parent:016x}" if parent else ""
    return Span(trace, f"{number:016x}", above, "shop", operation, NOW_US + start, duration, status=status, message="dead\x1b[31mlock")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Two traces, one failed, and a line that names it."""
    made = make_state(tmp_path / "s")
    first: Sequence[Span] = [span(A, 1, 0, "POST /orders", 0, 900_000), span(A, 2, 1, "INSERT", 450_000, 400_000, "error")]
    line = json.dumps({"level": "error", "message": "insert failed", "trace_id": A}).encode()
    with closing(TelemetryWriter(made / "telemetry.db")) as writer:
        writer.append_pushed({"shop": [line, b'{"message":"another"}']}, now_ms(), 10**6, [*first, span(B, 1, 0, "GET /", 5, 2000)], 10**6)
    return made


def test_traces_are_listed_and_selected(cli: Cli, state: Path) -> None:
    """Newest first; by service, operation, duration, failure."""
    found = json.loads(cli("traces", "--state", state, "--json").out)
    assert [(each["trace_id"], each["operation"], each["duration_ms"], each["spans"], each["errors"]) for each in found] == [
        (B, "GET /", 2.0, 1, 0), (A, "POST /orders", 900.0, 2, 1),
    ]  # fmt: skip
    for words in (
        ["--errors"],
        ["--slower-than", "500ms"],
        ["--operation", "INSERT"],
        ["--service", "shop", "--slower-than", "1s", "--errors"],
    ):
        listed = json.loads(cli("traces", "--state", state, "--json", *words).out)
        assert [each["trace_id"] for each in listed] == ([] if "1s" in words else [A])
    assert A[:12] in cli("traces", "--state", state, "--since", "1h").out
    assert "no trace matches" in cli("traces", "--state", state, "--service", "none").err
    assert cli("traces", "--state", state, "--slower-than", "soon").code in (2, 64)


def test_a_trace_is_a_tree_with_its_log_lines(cli: Cli, state: Path) -> None:
    """Found by the beginning of its id; control characters do not reach the terminal."""
    said = cli("trace", A[:6], "--state", state)
    lines = said.out.splitlines()
    assert said.code == 0 and lines[0].startswith(A) and "\x1b" not in said.out
    assert lines[2].startswith("POST /orders") and lines[3].startswith("  INSERT") and "error deadlock" in lines[3]
    assert "insert failed" in lines[-1] and "another" not in said.out
    whole = json.loads(cli("trace", A, "--state", state, "--json").out)
    assert [each["operation"] for each in whole["spans"]] == ["POST /orders", "INSERT"] and whole["duration_ms"] == 900
    assert [each["message"] for each in whole["logs"]] == ["insert failed"]


def test_what_is_not_there_is_said(cli: Cli, state: Path, tmp_path: Path) -> None:
    """An unknown trace, and a monitor that has kept none, with what to configure."""
    unknown = cli("trace", "ffff", "--state", state)
    assert unknown.code == 1 and "no trace ffff is kept" in unknown.err
    empty = make_state(tmp_path / "empty")
    none = cli("traces", "--state", empty)
    assert none.code == 0 and "[push]" in none.err
    assert cli("traces", "--state", empty, "--json").out.strip() == "[]"
    assert cli("trace", "abcd", "--state", empty).code == 1


def test_the_bar_of_a_span() -> None:
    """Its place and share, at least one cell, never beyond the end."""
    assert bar_of(0, 100, 100, 10) == "=" * 10
    assert bar_of(50, 25, 100, 8) == "....==.."
    assert bar_of(100, 0, 100, 4) == "...=" and bar_of(0, 0, 0, 4) == "=..."
