"""ack, unack, resolve, silence, extend, unsilence, annotate: rows for the leader, or kept for the next one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli_tools import ENDED, FIRING, PENDING, TAKEN, Cli, leader, make_state, now_ms, silence, waiting_commands
from tui_monitor.core.commands import (
    Acknowledge,
    AddSilence,
    Annotate,
    Command,
    CommandResult,
    EndSilence,
    ExtendSilence,
    Resolve,
    SendMessage,
    Unacknowledge,
)
from tui_monitor.runtime.command_client import UNANSWERED
from tui_monitor.storage.history.reader import HistoryReader


def test_an_acknowledgement_reaches_the_leader(cli: Cli, tmp_path: Path) -> None:
    """A unique beginning of the id will do; the note and the time go along; the leader's words are printed."""
    state = make_state(tmp_path / "s", alerts=[FIRING, TAKEN])

    def answer(command: Command) -> CommandResult:
        assert isinstance(command, Acknowledge)
        return CommandResult(True, f"acknowledged: {command.ids[0]} CheckUnhealthy")

    with leader(state, answer) as asked:
        said = cli("ack", FIRING.id[:3].upper(), "--note", "on it", "--for", "2h", "--state", state)
    assert (said.code, said.out, said.err) == (0, f"acknowledged: {FIRING.id} CheckUnhealthy\n", "")
    assert asked == [Acknowledge((FIRING.id,), note="on it", seconds=7200.0)]


def test_the_leaders_refusal_is_exit_1(cli: Cli, tmp_path: Path) -> None:
    """Its reason goes to standard error."""
    state = make_state(tmp_path / "s", alerts=[FIRING])
    with leader(state, lambda _: CommandResult(False, "not today")):
        said = cli("unack", FIRING.id, "--state", state)
    assert (said.code, said.out, said.err) == (1, "", "tui-monitor: not today\n")


def test_every_verb_says_what_the_leader_expects(cli: Cli, tmp_path: Path) -> None:
    """The rows are those that the alerts' commands read."""
    known = silence("check=api")
    state = make_state(tmp_path / "s", alerts=[FIRING, TAKEN], silences=[known])
    with leader(state) as asked:
        for words in (
            ["ack", "--all"],
            ["unack", TAKEN.id],
            ["resolve", FIRING.id, "--note", "n"],
            ["silence", "check=api", 'host!="a b"', "--for", "90m", "--comment", "c"],
            ["unsilence", known.id[:4]],
            ["extend", f"silence:{known.id}", "--for", "1d"],
            ["extend", known.id, "--until", "4102444800"],
            ["annotate", "deploy\x1b[0m v2"],
            ["notify", "send", "--title", "T", "--message", "M", "--severity", "high", "--to", "a", "--to", "b"],
        ):
            assert cli(*words, "--state", state).code == 0, words
    marked = asked.pop(7)
    assert isinstance(marked, Annotate) and marked.at == pytest.approx(now_ms(), abs=10_000) and marked.text == "deploy v2"
    assert asked == [
        Acknowledge(all_firing=True),
        Unacknowledge((TAKEN.id,)),
        Resolve((FIRING.id,), note="n"),
        AddSilence(("check=api", 'host!="a b"'), 5400.0, "c"),
        EndSilence(known.id),
        ExtendSilence(known.id, 86400.0),
        ExtendSilence(known.id, until=4_102_444_800_000),
        SendMessage("T", "M", "error", ("a", "b")),
    ]


def test_without_a_leader_commands_are_kept(cli: Cli, tmp_path: Path) -> None:
    """Durably, said so, exit 0; `--all` means those that fire now, not those that will."""
    state = make_state(tmp_path / "s", alerts=[FIRING, TAKEN, PENDING])
    said = cli("ack", "--all", "--note", "n", "--state", state)
    assert said.code == 0 and said.out == "stored for the next monitor: none runs now\n"
    assert cli("silence", "X", "--for", "1h", "--state", state).code == 0
    assert waiting_commands(state) == [Acknowledge((FIRING.id,), note="n"), AddSilence(("X",), 3600.0)]
    assert "nothing to do" in cli("ack", "--all", "--state", make_state(tmp_path / "t", alerts=[TAKEN])).out


def test_a_leader_that_does_not_answer_is_not_waited_for_long(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command is kept, and that is said."""

    class Hasty:
        async def sleep(self, _seconds: float) -> None:
            pass

    monkeypatch.setattr("tui_monitor.cli.commands.actions.SystemClock", Hasty)
    state = make_state(tmp_path / "s", alerts=[FIRING])
    monkeypatch.setattr("tui_monitor.cli.state_access.leader_runs", lambda *_: True)
    said = cli("ack", FIRING.id, "--state", state)
    assert (said.code, said.out) == (0, UNANSWERED.text + "\n") and len(waiting_commands(state)) == 1


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["ack"], 64, "name the alerts"),
        (["ack", "1a2b3c4d", "--all"], 64, "either ids or --all"),
        (["ack", "1a2b3c4d", "--for", "soon"], 64, "--for"),
        (["ack", "1a2b3c4d", "--for", "0s"], 64, "is nothing"),
        (["ack", "1a2b3c4d", "--for", "11y"], 64, "more than ten years"),
        (["extend", "1a2b", "--until", "2001-01-01T00:00:00Z"], 64, "already passed"),
        (["extend", "1a2b", "--until", "12:00", "--for", "1h"], 64, "not allowed with"),
        (["extend", "1a2b"], 64, "one of the arguments"),
        (["ack", "deadbeef"], 1, 'no live alert has the id "deadbeef"'),
        (["ack", "1a2b3c4e"], 1, "did you mean 1a2b3c4d?"),
        (["ack", "1a"], 1, "the beginning of several ids: 1a2b3c4d, 1a999999"),
        (["ack", "2b"], 1, "is pending, not firing"),
        (["resolve", "3c000000"], 1, "no live alert"),
        (["unack", ""], 1, "no live alert"),
        (["silence", "check=~(", "--for", "1h"], 64, "regular expression"),
        (["silence", "a b", "--for", "1h"], 64, "is not a matcher"),
        (["silence", "check=~.*", "--for", "1h"], 64, "fit everything"),
        (["silence", "check=api"], 64, "--for"),
        (["silence", "check=api", "--for", "1h", "--end", "22:00"], 64, "not allowed with"),
        (["silence", "check=api", "--for", "1h", "--start", "soon"], 64, "is not a time"),
        (["silence", "check=api", "--end", "2020-01-01T00:00:00Z"], 64, "end after it begins"),
        (["silence", "check=api", "--start", "2020-01-01T00:00:00Z", "--for", "1h"], 64, "in the past"),
        (["silence", "check=api", "--end", "9000-01-01T00:00:00Z"], 64, "within ten years"),
        (["silence", "check=api", "--for", "x"], 64, "is not a duration"),
        (["unsilence", "abc"], 1, "there is no silence"),
        (["annotate", " \x1b[0m "], 64, "empty"),
        (["annotate", "x", "--at", "25:00"], 64, "time of day"),
        (["notify", "send", "--title", "t", "--message", "m", "--severity", "loud"], 64, "is not a severity"),
    ],
)
def test_what_can_be_seen_to_be_wrong_is_refused_at_once(cli: Cli, tmp_path: Path, words: list[str], code: int, reason: str) -> None:
    """2 for usage, 1 for what is not there; nothing is left for the leader."""
    state = make_state(tmp_path / "s", alerts=[FIRING, TAKEN, PENDING, ENDED])
    said = cli(*words, "--state", state)
    assert said.code == code and reason in said.err and said.out == ""
    assert waiting_commands(state) == []


def test_a_wrong_id_leaves_the_others_done(cli: Cli, tmp_path: Path) -> None:
    """Its fault is told and the exit code is 1."""
    state = make_state(tmp_path / "s", alerts=[FIRING])
    said = cli("ack", "ffff", FIRING.id, "--state", state)
    assert said.code == 1 and "ffff" in said.err and waiting_commands(state) == [Acknowledge((FIRING.id,))]


def test_nothing_is_made_where_no_monitor_has_run(cli: Cli, tmp_path: Path) -> None:
    """Exit 1 with a sentence, and no state directory."""
    for words in (
        ["ack", "--all"],
        ["silence", "X", "--for", "1h"],
        ["annotate", "x"],
        ["notify", "send", "--title", "a", "--message", "b"],
    ):
        said = cli(*words, "--state", tmp_path / "none")
        assert said.code == 1 and "no monitor has run here" in said.err
    assert not (tmp_path / "none").exists()


def test_who_may_only_read_may_not_act(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only state says so."""
    import os

    state, real = make_state(tmp_path / "s", alerts=[FIRING]), os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and real(path, mode))
    for words in (["ack", FIRING.id], ["annotate", "x"], ["store", "compact"]):
        said = cli(*words, "--state", state)
        assert said.code == 1 and "read-only" in said.err
    assert waiting_commands(state) == []


def test_a_mark_needs_no_leader(cli: Cli, tmp_path: Path) -> None:
    """Without one the moment is written into the history directly, at the time that was typed."""
    state = make_state(tmp_path / "s")
    assert cli("annotate", "deploy v2.3", "--at", "2026-05-01T03:10:00Z", "--state", state).code == 0
    reader = HistoryReader(state / "history.db")
    (note,) = reader.annotations(0, 1 << 60)
    reader.close()
    assert (note.at, note.text) == (1_777_605_000_000, "deploy v2.3") and note.author


def test_who_acts_is_the_person_behind_sudo_and_ssh(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row says the user and the client's address."""
    from tui_monitor.storage.state.reader import StateReader

    state = make_state(tmp_path / "s", alerts=[FIRING])
    monkeypatch.setenv("SUDO_USER", "kim")
    monkeypatch.setenv("SSH_CONNECTION", "203.0.113.7 50000 10.0.0.1 22")
    assert cli("ack", FIRING.id, "--state", state).code == 0
    reader = StateReader(state / "state.db")
    assert [command.by for command in reader.read(lambda state: state.commands.pending())] == ["kim (ssh 203.0.113.7)"]
    reader.close()


class SilencesOnly:
    """As much of a planner as a silence by hand needs."""

    silences: tuple[Any, ...] = ()

    def add_silence(self, entry: Any, _now: int) -> None:
        """Keep it."""
        self.silences = (entry,)


def test_a_kept_silence_counts_from_when_it_was_asked_for() -> None:
    """A leader that starts late does not silence for longer than was meant."""
    from tui_monitor.dispatch.manual import apply_silence

    planner: Any = SilencesOnly()
    command = AddSilence(("check=api",), 3600)
    assert apply_silence(planner, command, "kim", 4_000_000, 1_000_000).text.startswith("silenced")
    assert (planner.silences[0].starts_at, planner.silences[0].ends_at) == (4_000_000, 4_600_000)
    assert "would end in the past" in apply_silence(planner, command, "kim", 4_600_000, 1_000_000).text
    assert replace(planner.silences[0], by="").matches({"check": "api"})


def test_a_silence_may_begin_later_and_end_at_a_time(cli: Cli, tmp_path: Path) -> None:
    """`--start` and `--end` take a moment, HH:MM the next one; the silence is to come until then, and its end is the one that was named."""
    from tui_monitor.dispatch.manual import apply_silence

    state = make_state(tmp_path / "s")
    begin = (now_ms() // 60_000 + 90) * 60_000
    clock = datetime.fromtimestamp(begin / 1000)
    with leader(state) as asked:
        assert cli("silence", "X", "--start", f"{clock:%H:%M}", "--end", f"{begin // 1000 + 7200}", "--state", state).code == 0
    (command,) = asked
    assert isinstance(command, AddSilence) and (command.start, command.seconds) == (begin, 7200.0)
    planner: Any = SilencesOnly()
    said = apply_silence(planner, command, "kim", now_ms()).text
    assert f"for 2h from {datetime.fromtimestamp(begin / 1000, UTC):%Y-%m-%d %H:%M} UTC" in said
    assert (planner.silences[0].starts_at, planner.silences[0].ends_at) == (begin, begin + 7_200_000)


def test_extend_adds_to_the_end_that_a_silence_has() -> None:
    """An hour more of two hours is three; `--until` sets the end; one that is over holds again; never the past, never for ever."""
    from tests.support.planner_world import World
    from tui_monitor.dispatch.manual import apply_silence
    from tui_monitor.dispatch.silences import make_silence

    hour, world = 3_600_000, World()
    one = make_silence(["check=api"], 0, 2 * hour, "kim")
    world.planner.add_silence(one, 0)

    def end(command: ExtendSilence, now: int) -> tuple[bool, int]:
        result = apply_silence(world.planner, command, "kim", now, now)
        return result.ok, world.planner.silences[0].ends_at

    assert end(ExtendSilence(one.id, 3600.0), 60_000) == (True, 3 * hour)
    assert end(ExtendSilence(one.id, until=hour), 60_000) == (True, hour)
    assert end(ExtendSilence(one.id, 3600.0), 5 * hour) == (True, 6 * hour)
    assert end(ExtendSilence(one.id, until=2 * hour), 5 * hour) == (False, 6 * hour)
    assert end(ExtendSilence(one.id, until=10**13), 5 * hour) == (False, 6 * hour)


def test_alerts_stand_with_the_cause_before_what_it_mutes(cli: Cli, tmp_path: Path) -> None:
    """Also where the muted ones are newer and graver."""
    muted = replace(FIRING, id="22222222", severity="critical", starts_at=FIRING.starts_at + 60_000, suppressed_by=("depends_on: db",))
    cause = replace(FIRING, id="11111111", severity="warning")
    rows = cli("alerts", "--state", make_state(tmp_path / "s", alerts=[muted, cause, PENDING])).out.splitlines()[1:]
    assert [row.split()[0] for row in rows] == [cause.id, muted.id, PENDING.id]
