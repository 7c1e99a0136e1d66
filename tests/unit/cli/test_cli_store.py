"""store info, verify, compact, export over a real history."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.cli_tools import Cli, leader, make_state, now_ms
from tui_monitor.core.values import STALE_NAN, labels_of


@pytest.fixture
def state(tmp_path: Path) -> Path:
    now = now_ms()
    series = {
        labels_of("heat", room="a"): [(now - 30_000 + 1000 * step, 0.1 * step) for step in range(30)],
        labels_of("check_health", check='a"b'): [(now - 2000, 2.0), (now - 1000, STALE_NAN)],
    }
    return make_state(tmp_path / "s", samples=series)


def test_info_says_what_is_kept(cli: Cli, state: Path) -> None:
    """Sizes, series and spans; times in JSON are RFC 3339."""
    found = json.loads(cli("store", "info", "--json", "--state", state).out)
    assert found["series"] == 2 and found["file_bytes"] > 0 and found["state_bytes"] > 0
    assert found["tables"]["ticks"]["rows"] >= 1 and found["tables"]["ticks"]["from"].endswith("Z")
    text = cli("store", "info", "--state", state)
    assert text.code == 0 and "2 series" in text.out and "newest ticks" in text.out


def test_verify_reads_everything(cli: Cli, state: Path) -> None:
    """A healthy store is fine; damage is named, exit 1."""
    assert cli("store", "verify", "--state", state).out == f"{state}: fine\n"
    history = bytearray((state / "history.db").read_bytes())
    history[8192:12288] = b"\xff" * 4096
    (state / "history.db").write_bytes(history)
    said = cli("store", "verify", "--state", state)
    assert said.code == 1 and "history.db: " in said.err


def test_compact_waits_for_no_monitor(cli: Cli, state: Path) -> None:
    """Refused while a monitor writes, unless forced; afterwards every sample is still there."""
    with leader(state):
        said = cli("store", "compact", "--state", state)
        assert said.code == 1 and "a monitor runs" in said.err
        assert cli("store", "compact", "--force", "--state", state).code == 0
    assert cli("store", "compact", "--state", state).code == 0
    assert cli("query", "count_over_time(heat[1m])", "--json", "--state", state).out.count('"30"') == 1


def test_export_comes_back_as_it_was(cli: Cli, state: Path, tmp_path: Path) -> None:
    """What export writes, `query --from` reads: the same samples, the end of a series too; a selector and a span choose."""
    file = tmp_path / "out.om"
    said = cli("store", "export", "--out", file, "--state", state)
    assert said.code == 0 and "32 samples" in said.err and said.out == ""
    assert '"30"' in cli("query", "count_over_time(heat[1m])", "--from", file, "--json").out
    assert json.loads(cli("query", "check_health", "--from", file, "--json").out)["data"]["result"] == []
    some = cli("store", "export", 'heat{room="a"}', "--since", "10s", "--state", state).out
    assert some.startswith("# TYPE heat unknown\nheat{") and some.endswith("# EOF\n") and 5 <= len(some.splitlines()) <= 12
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".out")] == []


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["export", "sum(heat)"], 64, "not a plain selector"),
        (["export", "heat{"], 64, "SELECTOR"),
        (["export", "--since", "x"], 64, "--since"),
        (["export", "--out", "/nowhere/x.om"], 1, "cannot be written"),
    ],
)
def test_wrong_wishes(cli: Cli, state: Path, words: list[str], code: int, reason: str) -> None:
    """Exit 64 for usage, 1 where it fails."""
    said = cli("store", *words, "--state", state)
    assert said.code == code and reason in said.err


def test_without_a_store(cli: Cli, state: Path, tmp_path: Path) -> None:
    """Exit 1 with a sentence, and nothing is made."""
    for action in ("info", "verify", "compact", "export"):
        said = cli("store", action, "--state", tmp_path / "none")
        assert said.code == 1 and "no monitor has run here" in said.err and not (tmp_path / "none").exists()
    (state / "history.db").unlink()
    for action in ("info", "compact", "export"):
        assert "no history yet" in cli("store", action, "--state", state).err


def test_who_may_only_read_is_not_told_of_damage(cli: Cli, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file at rest in a directory that may not be written cannot be checked: that is said, and nothing else."""
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and real(path, mode))
    for action in ("info", "verify"):
        said = cli("store", action, "--state", state)
        assert said.code == 1 and "as its owner" in said.err
    assert cli("store", "export", "heat", "--state", state).code == 0
