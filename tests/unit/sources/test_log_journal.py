"""The journal as a log: entries as journalctl prints them, and how its program is started again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from tests.support.clocks import ManualClock, settle
from tui_monitor.platform.child_process import CannotStart
from tui_monitor.sources.log.formats import FieldNames, Plain
from tui_monitor.sources.log.journal_command import JournalBatch, JournalPosition, follow_argv, journal_position_from
from tui_monitor.sources.log.journal_entry import SUPPRESSED, JournalFormat, parse_entry
from tui_monitor.sources.log.journal_merge import EntryJoiner
from tui_monitor.sources.log.journald import JournalFollower


def line(number: int, message: object = "text", **more: object) -> bytes:
    """One entry as journalctl prints it."""
    fields = {"__CURSOR": f"c{number}", "__REALTIME_TIMESTAMP": str(number), "MESSAGE": message, "_SYSTEMD_UNIT": "app.service", **more}
    return json.dumps(fields).encode()


def test_j4_messages_of_all_shapes() -> None:
    """J4: text, numbers of bytes, null for a long one, a field that was given twice."""
    shapes = (
        {"text": "text", "ü": "ü"},
        ([255, 120], "\ufffdx"),
        (None, "(a message that journalctl left out for its length)"),
        (["a", [98, 99]], "a bc"),
    )
    for message, expected in (("text", "text"), *shapes[1:]):
        entry = parse_entry(line(1, message))
        assert entry is not None and entry.message.decode("utf-8", "replace") == expected
    entry = parse_entry(line(1, PRIORITY="3", UNIT="other.service"))
    assert entry is not None and entry.priority == 3 and entry.unit == "other.service"


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"-- No entries --", b'{"MESSAGE":"x"}', b'{"__CURSOR":"c","__REALTIME_TIMESTAMP":"x"}']
)
def test_what_is_no_entry_is_none(text: bytes) -> None:
    """Lines that are no entries end nothing."""
    assert parse_entry(text) is None


def test_j4_a_long_line_is_joined() -> None:
    """J4: the pieces of one line become one entry again, others go between; the saved cursor stays before the first piece."""
    joiner, given = EntryJoiner(), []
    for raw in (
        line(1, "a"), line(2, "b1", _LINE_BREAK="line-max", _STREAM_ID="s"), line(3, "other"),
        line(4, "b2", _LINE_BREAK="line-max", _STREAM_ID="s"), line(5, "b3", _STREAM_ID="s", _LINE_BREAK="pid-change"),
    ):  # fmt: skip
        entry = parse_entry(raw)
        assert entry is not None
        whole = joiner.add(entry)
        given.append((whole.message if whole else None, joiner.safe))
    assert given == [(b"a", ("c1", 1)), (None, ("c1", 1)), (b"other", ("c1", 1)), (None, ("c1", 1)), (b"b1b2b3", ("c5", 5))]


def test_level_and_time_come_from_the_journal_where_the_message_has_none() -> None:
    """PRIORITY is the level of a message without one of its own."""
    reader = JournalFormat(Plain(FieldNames()))
    for message, level in (("INFO x", "info"), ("plain", "warning")):
        entry = parse_entry(line(1_700_000_000_000_000, message, PRIORITY="4"))
        assert entry is not None and reader.level(entry.event) == level
        record = reader.parse(entry.event.decode(), 5)
        assert record is not None and (record.level, record.message, record.at) == (level, message, 1_700_000_000_000)


def test_j2_the_command_line() -> None:
    """J2: from now on without a position, at the cursor with one, by time where that is not accepted; journald's own unit beside."""
    assert "--lines=0" in follow_argv(["app"], None) and follow_argv(["app"], None)[-4:] == [
        "--unit",
        "app",
        "--unit",
        "systemd-journald.service",
    ]
    position = JournalPosition("c", 1_700_000_000_000_005)
    assert "--cursor=c" in follow_argv([], position) and "--unit" not in follow_argv([], position)
    assert "--since=@1700000000.000005" in follow_argv([], position, by_time=True)
    assert journal_position_from(json.loads(json.dumps(position.to_json()))) == position and journal_position_from([]) is None


class Script:
    """A program that plays lives: its lines, then its end with code and errors; None: it stays."""

    def __init__(self, *lives: tuple[Sequence[bytes], str | None]) -> None:
        self.lives = list(lives)
        self.started: list[Sequence[str]] = []
        self.code: int | None = 1
        self.errors = b""

    @asynccontextmanager
    async def start(self, argv: Sequence[str]) -> AsyncIterator[Script]:
        self.started.append(argv)
        if not self.lives:
            raise CannotStart("cannot run journalctl: No such file or directory", permanent=True)
        self._lines, self._end = self.lives.pop(0)
        yield self
        self.errors = (self._end or "").encode()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        end = self._end
        for each in self._lines:
            yield each
        if end is None:
            await asyncio.Event().wait()


async def followed(
    script: Script, *, seconds: float = 0.0, units: Sequence[str] = ("app",), saved: JournalPosition | None = None
) -> tuple[JournalFollower, list[JournalBatch]]:
    """A follower after a while, and what it gave."""
    clock = ManualClock()
    follower = JournalFollower(units, script.start, clock, saved)
    batches: list[JournalBatch] = []

    async def take(batch: JournalBatch) -> None:
        batches.append(batch)

    task = asyncio.create_task(follower.run(take))
    await settle()
    await clock.advance(seconds)
    await settle()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return follower, batches


def messages(batches: Sequence[JournalBatch]) -> list[str]:
    return [entry.message.decode() for batch in batches for entry in batch.entries]


async def test_j1_goes_on_at_the_cursor_without_repeating() -> None:
    """J1, J2: the entry at the cursor is dropped, the position follows the entries, nonsense between is counted."""
    script = Script(([line(1), line(2, "two"), b"nonsense", line(3, "three")], None))
    follower, batches = await followed(script, saved=JournalPosition("c1", 1))
    assert messages(batches) == ["two", "three"] and sum(batch.unreadable for batch in batches) == 1
    assert follower.position == JournalPosition("c3", 3) and "--cursor=c1" in script.started[0]


async def test_j1_a_bad_cursor_goes_on_by_time() -> None:
    """J1: "Failed to seek to cursor" is answered by reading from the last time on, once, and said."""
    script = Script(([], "Failed to seek to cursor: Invalid argument"), ([line(4, "before"), line(5, "same time"), line(6, "on")], None))
    follower, batches = await followed(script, saved=JournalPosition("gone", 5))
    assert any("--since=" in word for word in script.started[1]) and messages(batches) == ["same time", "on"]
    assert "cursor" in follower.notes[0]


async def test_j3_the_program_is_started_again() -> None:
    """J3: "Bad message" after a vacuum ends the program: it is started again at the last entry."""
    script = Script(([line(1, "one")], "Failed to iterate through journal: Bad message"), ([line(1, "one"), line(2, "two")], None))
    follower, batches = await followed(script, seconds=1)
    assert messages(batches) == ["one", "two"] and "Bad message" in follower.notes[0] and not follower.trouble


async def test_j3_silence_is_compared_with_the_newest_entry() -> None:
    """J3: entries that are there but not given (a cursor from the future) are found out after a minute."""
    script = Script(([], None), ([line(50, "newest")], ""), ([line(50, "newest")], None))
    follower, batches = await followed(script, seconds=70, saved=JournalPosition("c99", 99))
    assert messages(batches) == ["newest"] and "restarted" in follower.notes[0] and "--lines=1" in script.started[1]


async def test_j3_a_quiet_journal_is_left_alone() -> None:
    """J3: where the newest entry is the last one that was given, silence is nothing."""
    script = Script(([line(1)], None), ([line(1)], ""))
    await followed(script, seconds=125)
    assert len(script.started) == 2


async def test_j5_suppressed_messages_are_counted() -> None:
    """J5: what journald dropped by its rate limit is counted, and its own entries are no lines of the unit."""
    lost = line(2, "Suppressed 44752 messages from app.service", MESSAGE_ID=SUPPRESSED, _SYSTEMD_UNIT="systemd-journald.service")
    _, batches = await followed(Script(([line(1, "one"), lost], None)))
    assert messages(batches) == ["one"] and sum(batch.suppressed for batch in batches) == 44752


@pytest.mark.parametrize(
    ("errors", "trouble"),
    [
        ("No journal files were opened due to insufficient permissions.", "group systemd-journal"),
        ("No journal files were found.", "no journal on this machine"),
    ],
)
async def test_j6_a_missing_right_is_our_trouble(errors: str, trouble: str) -> None:
    """J6: what we may not read is said with the remedy, and tried again."""
    script = Script(([], errors), ([], errors), ([], errors))
    follower, _ = await followed(script, seconds=1.5)
    assert trouble in follower.trouble and len(script.started) == 2


async def test_no_journalctl_is_our_trouble() -> None:
    """Without the program the reason says what to do."""
    follower, _ = await followed(Script())
    assert "set path instead of unit" in follower.trouble
