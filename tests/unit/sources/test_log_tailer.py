"""Following log files: rotations, truncations, restarts and hostile content, on real files."""

from __future__ import annotations

import asyncio
import codecs
import gzip
import json
import os
import threading
from pathlib import Path

import pytest

from tui_monitor.sources.log.generation import ReadOptions
from tui_monitor.sources.log.multiline import multiline_of
from tui_monitor.sources.log.position import Positions, positions_from
from tui_monitor.sources.log.tailer import LineBatch, Tailer
from tui_monitor.sources.log.worker import Stuck, Worker


class Reading:
    """A tailer and a clock turned by hand; ``more`` gives the lines that came since, and reads on for ``seconds``."""

    def __init__(self, *patterns: object, saved: Positions | None = None, options: ReadOptions | None = None, **more: int) -> None:
        self.now = 1000.0
        self.tailer = Tailer([str(each) for each in patterns], options, saved, **more)
        self.batch = LineBatch()
        self.notes: list[str] = []
        self.more()

    def more(self, seconds: float = 0.0) -> list[str]:
        self.now += seconds
        found = []
        while True:
            self.batch = self.tailer.poll(self.now)
            self.notes += self.batch.notes
            found += [event.decode("utf-8", "replace") for block in self.batch.blocks for event in block.events]
            if not self.batch.more:
                return found

    def saved(self) -> Positions:
        """The positions after a way through JSON, as a restart sees them."""
        return positions_from(json.loads(json.dumps(self.batch.positions.to_json())))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "app.log"
    path.write_text("old line that nobody wants\n")
    return path


def write(path: Path, *lines: str, end: str = "\n") -> None:
    with path.open("a", newline="") as file:
        file.write("".join(line + end for line in lines))


def copytruncate(path: Path, copy: str) -> None:
    path.with_name(path.name + copy).write_bytes(path.read_bytes())
    os.truncate(path, 0)


def test_begins_at_the_end_and_gives_what_is_written(log: Path) -> None:
    """A file that is there at the first start begins at its end."""
    reading = Reading(log)
    write(log, "a", "b")
    assert reading.more() == ["a", "b"]
    assert reading.more() == []


def test_begins_at_the_begin_of_a_line_that_is_being_written(log: Path) -> None:
    """The line that is incomplete at the first start is given whole."""
    write(log, "half", end="")
    reading = Reading(log)
    write(log, " whole")
    assert reading.more() == ["half whole"]


def test_l1_rename_and_create(log: Path) -> None:
    """L1: after a rename the old file is read on while its writer is late, then the new one from its begin."""
    reading = Reading(log)
    old = log.open("a")
    log.rename(log.with_name("app.log.1"))
    write(log, "new 1")
    old.write("late 1\n")
    old.flush()
    assert reading.more() == ["late 1", "new 1"]
    old.write("late 2\n")
    old.close()
    assert reading.more(1.5) == ["late 2"]
    reading.more(2.5)
    assert len(reading.batch.positions.files[0].chain) == 1


def test_l1_an_old_file_is_kept_while_its_successor_is_empty(log: Path) -> None:
    """L1: a writer that has not changed over yet loses nothing, however quiet it is."""
    reading = Reading(log)
    old = log.open("a")
    log.rename(log.with_name("app.log.1"))
    log.touch()
    assert reading.more() == [] and reading.more(30) == []
    old.write("late\n")
    old.close()
    assert reading.more(1) == ["late"]


def test_l1_two_rotations_between_two_looks(log: Path) -> None:
    """L1: a generation that came and went unseen is found among the rotated files and read whole, in order."""
    reading = Reading(log)
    write(log, "a")
    log.rename(log.with_name("app.log.2"))
    write(log, "b")
    log.rename(log.with_name("app.log.1"))
    write(log, "c")
    assert reading.more() == ["a", "b", "c"]
    assert reading.more(5) == []


def test_l2_copytruncate(log: Path) -> None:
    """L2: the rest is read from the copy, and the file again from its begin; nothing twice."""
    reading = Reading(log)
    write(log, "a")
    assert reading.more() == ["a"]
    write(log, "b")
    copytruncate(log, ".1")
    write(log, "c")
    assert reading.more() == ["b", "c"]
    assert reading.more(5) == []


def test_l2_truncated_and_grown_past_the_old_offset(log: Path) -> None:
    """L2: a file that is longer again than before is still seen to be another."""
    reading = Reading(log)
    copytruncate(log, ".1")
    write(log, *(f"line {number}" for number in range(100)))
    assert reading.more() == [f"line {number}" for number in range(100)]


def test_l2_two_copytruncates_between_two_looks(log: Path) -> None:
    """L2: the second copy is a generation that was never seen at the name."""
    reading = Reading(log)
    write(log, "a")
    copytruncate(log, ".2")
    write(log, "b")
    copytruncate(log, ".1")
    write(log, "c")
    assert reading.more() == ["a", "b", "c"]


def test_l2_without_a_copy_it_is_said(log: Path) -> None:
    """L2: what a truncation without copy makes unknowable is said."""
    reading = Reading(log)
    write(log, "a")
    os.truncate(log, 0)
    write(log, "b")
    assert reading.more() == ["b"]
    assert "may be lost" in reading.notes[0]


def test_l2_a_writer_without_append_leaves_a_hole(log: Path) -> None:
    """L2: after a truncation the writer goes on at its own offset; the hole is no line."""
    reading = Reading(log)
    with log.open("r+") as writer:
        writer.seek(0, 2)
        writer.write("x" * 200_000 + "\n")
        writer.flush()
        assert len(reading.more()[0]) == 200_000
        copytruncate(log, ".1")
        writer.write("after\n")
        writer.flush()
        assert reading.more() == ["after"]
        copytruncate(log, ".2")
        writer.write("again\n")
        writer.flush()
        assert reading.more() == ["again"]


def test_l3_a_reused_inode_is_another_file(log: Path) -> None:
    """L3: device and inode alone do not make a file the same over a restart."""
    reading = Reading(log)
    write(log, "a" * 300)
    reading.more()
    saved = reading.saved()
    reading.tailer.close()
    os.truncate(log, 0)
    write(log, "b" * 400, "c")
    assert Reading(log, saved=saved).batch.blocks[0].events == [b"b" * 400, b"c"]


@pytest.mark.parametrize(
    "name", ["app.log.1", "app.log.2.gz", "app.log-20240101", "app-20240101.log", "app.log-20240101-1700000000.gz", "app.log.old"]
)
def test_l4_a_glob_takes_no_rotated_file(log: Path, name: str) -> None:
    """L4: names of old generations are never new files."""
    reading = Reading(log.with_name("*"))
    write(log.with_name(name), "an old one")
    assert reading.more(5) == []


def test_l4_a_file_dated_by_its_writer_is_new(log: Path) -> None:
    """L4: a date in the name alone makes no rotated file: a writer that changes names is followed."""
    reading = Reading(log.with_name("*.log"))
    write(log.with_name("catalina.2024-01-01.log"), "a")
    assert reading.more(5) == ["a"]
    write(log.with_name("catalina.2024-01-02.log"), "b")
    assert reading.more(5) == ["b"]


def test_l4_a_rename_within_the_glob_counts_once(log: Path) -> None:
    """L4: a followed file that gets another name of the pattern is not read again."""
    reading = Reading(log.with_name("*.log"))
    write(log, "a")
    log.rename(log.with_name("before.log"))
    write(log, "b")
    assert reading.more(5) == ["a", "b"]
    assert reading.more(5) == []


def compress(path: Path) -> None:
    """As logrotate's `compress`: the stamp is kept."""
    stat = path.stat()
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    os.utime(packed, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    path.unlink()


def test_l4_compressed_generations_are_read_if_asked(log: Path) -> None:
    """L4: over a restart the rest of the old file and a whole unseen one come out of .gz files, where that is asked for."""
    options = ReadOptions(compressed=True)
    reading = Reading(log, options=options)
    write(log, "a")
    assert reading.more() == ["a"]
    saved = reading.saved()
    reading.tailer.close()
    for number, text in ((2, "b"), (1, "c")):
        write(log, text)
        log.rename(log.with_name(f"app.log.{number}"))
        compress(log.with_name(f"app.log.{number}"))
    write(log, "d")
    again = Reading(log, saved=saved, options=options)
    assert [event for block in again.batch.blocks for event in block.events] == [b"b", b"c", b"d"]
    assert Reading(log, saved=again.saved(), options=options).batch.blocks == ()


def test_l4_compressed_generations_are_said_if_not_asked(log: Path) -> None:
    """L4: what was compressed too early is said with the remedy; one that was read is no loss."""
    reading = Reading(log)
    write(log, "a")
    log.rename(log.with_name("app.log.1"))
    write(log, "b")
    assert reading.more() == ["a", "b"] and reading.more(3) == []
    compress(log.with_name("app.log.1"))
    log.rename(log.with_name("app.log.2"))
    write(log, "unseen")
    log.rename(log.with_name("app.log.1"))
    compress(log.with_name("app.log.1"))
    write(log, "c")
    assert reading.more() == ["c"]
    assert len(reading.notes) == 1 and "delaycompress" in reading.notes[0]


def test_l5_missing_deleted_and_back(log: Path) -> None:
    """L5: a name that leads nowhere is said and waited for; a new file is read from its begin."""
    reading = Reading(log)
    assert reading.batch.missing == ()
    log.unlink()
    reading.more(1)
    assert reading.batch.missing == (str(log),)
    write(log, "back")
    assert reading.more(1) == ["back"]
    assert reading.batch.missing == ()


def test_l5_the_directory_goes_and_comes(tmp_path: Path) -> None:
    """L5: a directory that is missing is a missing file."""
    log = tmp_path / "var" / "app.log"
    reading = Reading(log)
    assert reading.batch.missing == (str(log),) and not reading.batch.troubles
    log.parent.mkdir()
    write(log, "a")
    assert reading.more(1) == ["a"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_l5_unreadable_is_our_trouble(tmp_path: Path) -> None:
    """L5: a file without the right to read is said with what to do, and read from its end once it may be."""
    log = Path("/tmp") / f"tui-monitor-test-{os.getpid()}.log"
    write(log, "old")
    log.chmod(0)
    try:
        with _as_nobody():
            reading = Reading(log)
        assert "may not be read" in reading.batch.troubles[0] and "setfacl" in reading.batch.troubles[0]
        log.chmod(0o644)
        with _as_nobody():
            reading.more(1)
        write(log, "new")
        assert reading.more(1) == ["new"]
    finally:
        log.unlink()


def test_l5_a_directory_is_no_log(tmp_path: Path) -> None:
    """L5: a path that is no regular file is said; a pipe does not block."""
    os.mkfifo(tmp_path / "pipe")
    reading = Reading(tmp_path, tmp_path / "pipe")
    assert len(reading.batch.troubles) == 2 and "not a regular file" in reading.batch.troubles[0]


def test_l5_a_link_that_is_switched(tmp_path: Path) -> None:
    """L5: the name is followed, not the link."""
    link = tmp_path / "current"
    write(tmp_path / "a.log", "old")
    link.symlink_to("a.log")
    reading = Reading(link)
    write(tmp_path / "a.log", "a")
    write(tmp_path / "b.log", "b")
    link.unlink()
    link.symlink_to("b.log")
    assert reading.more() == ["a", "b"]


def test_l5_a_link_beside_its_file_counts_once(log: Path) -> None:
    """L5: two names of one file are read once."""
    log.with_name("zlink.log").symlink_to("app.log")
    reading = Reading(log.with_name("*.log"))
    write(log, "a")
    assert reading.more() == ["a"]


def test_l6_partial_last_line(log: Path) -> None:
    """L6: a line without its end waits 2 s, then is given; a rotation gives it at its end."""
    reading = Reading(log)
    write(log, "par", end="")
    assert reading.more() == [] and reading.more(1.9) == []
    write(log, "tial")
    assert reading.more() == ["partial"]
    write(log, "stays", end="")
    assert reading.more() == []
    assert reading.more(2.1) == ["stays"]
    write(log, "last", end="")
    reading.more()
    log.rename(log.with_name("app.log.1"))
    write(log, "new")
    assert reading.more() == ["new"]
    assert reading.more(2.1) == ["last"]


def test_l7_an_endless_line_is_cut_once(log: Path) -> None:
    """L7: a line beyond the limit is given up to there, its rest is skipped, and it is said once."""
    reading = Reading(log, options=ReadOptions(max_line=100_000))
    for _ in range(2):
        write(log, "x" * 3_000_000, "next")
        first, second = reading.more()
        assert first == "x" * 100_000 and second == "next"
    assert len(reading.notes) == 1 and "are cut" in reading.notes[0]


def test_l7_a_restart_inside_an_endless_line(log: Path) -> None:
    """L7: the rest of a cut line is no new line after a restart."""
    reading = Reading(log, options=ReadOptions(max_line=1000))
    write(log, "x" * 5000, end="")
    assert reading.more() == ["x" * 1000]
    write(log, "rest", "next")
    again = Reading(log, saved=reading.saved())
    assert again.batch.blocks[0].events == [b"next"]


def test_l7_nuls_and_holes_are_no_lines(log: Path) -> None:
    """L7: NULs are dropped, and a hole of a terabyte is jumped over."""
    reading = Reading(log)
    with log.open("ab") as file:
        file.write(b"\0\0\0a\0b\n\0\0\0\n")
        file.truncate(1 << 40)
        file.seek(0, 2)
        file.write(b"end\n")
    assert reading.more() == ["ab", "end"]


TRACE = ["ERROR it broke", "Traceback (most recent call last):", '  File "x.py", line 1', "    f()", "ValueError: no", "INFO on"]


def test_l8_a_trace_is_one_event(log: Path) -> None:
    """L8: indented lines, causes and Python's last line belong to the line before, over two writes too; a pause ends an event."""
    reading = Reading(log, options=ReadOptions(multiline=multiline_of("auto")))
    write(log, *TRACE[:3])
    assert reading.more() == []
    write(log, *TRACE[3:])
    assert reading.more() == ["\n".join(TRACE[:5])]
    assert reading.more(0.6) == ["INFO on"]


def test_l8_no_event_spans_two_files(log: Path) -> None:
    """L8: what a new file begins with continues nothing of the old one."""
    reading = Reading(log, options=ReadOptions(multiline=multiline_of("auto")))
    write(log, "a")
    log.rename(log.with_name("app.log.1"))
    write(log, "  b")
    assert reading.more() + reading.more(3) == ["a", "  b"]


def test_l8_an_event_has_an_end(log: Path) -> None:
    """L8: 500 lines are one event; a line with its own stamp continues nothing."""
    reading = Reading(log, options=ReadOptions(multiline=multiline_of("auto")))
    write(log, "a", *(f" {number}" for number in range(1200)), "b")
    events = reading.more() + reading.more(1)
    assert [event.count("\n") + 1 for event in events] == [500, 500, 201, 1]
    reading = Reading(log, options=ReadOptions(multiline=multiline_of(r"^BEGIN")))
    write(log, "BEGIN a", "more", "2024-01-01 10:00:00 other", "BEGIN b", "more")
    assert reading.more() + reading.more(1) == ["BEGIN a\nmore", "2024-01-01 10:00:00 other", "BEGIN b\nmore"]


def test_l8_an_open_event_is_not_saved_as_read(log: Path) -> None:
    """L8, L15: what is held back lies behind the saved position."""
    options = ReadOptions(multiline=multiline_of("auto"))
    reading = Reading(log, options=options)
    write(log, "a", "b", "  of b")
    assert reading.more() == ["a"]
    again = Reading(log, saved=reading.saved(), options=options)
    assert again.more(1) == ["b\n  of b"]


def test_l9_encodings_and_line_ends(log: Path) -> None:
    """L9: byte order marks, UTF-16, CRLF and colour sequences leave plain UTF-8."""
    reading = Reading(log.with_name("*"))
    (log.with_name("w.log")).write_bytes(codecs.BOM_UTF16_LE + "한글 Ċ\r\nzwei\r\n".encode("utf-16-le"))
    (log.with_name("v.log")).write_bytes(codecs.BOM_UTF8 + b"one\r\n\x1b[31mERROR\x1b[0m two\n\xff bad\n")
    assert sorted(reading.more(5)) == sorted(["한글 Ċ", "zwei", "one", "ERROR two", "\ufffd bad"])
    write(log, "\x1b]0;title\x07latin")
    assert reading.more() == ["latin"]


def test_l9_latin1_as_configured(log: Path) -> None:
    """L9: a configured encoding is decoded."""
    reading = Reading(log, options=ReadOptions(encoding="latin-1"))
    with log.open("ab") as file:
        file.write("für\n".encode("latin-1"))
    assert reading.more() == ["für"]


def test_l10_a_burst_is_given_in_bounded_pieces(log: Path) -> None:
    """L10: one look gives about a MiB, and says how much is left."""
    reading = Reading(log)
    write(log, *("x" * 99 for _ in range(50_000)))
    batch = reading.tailer.poll(1000.0)
    given = sum(len(event) + 1 for block in batch.blocks for event in block.events)
    assert batch.more and 900_000 < given < 1_200_000
    assert 0 <= 5_000_000 - given - batch.lag < 100
    assert len(reading.more()) + sum(len(block.events) for block in batch.blocks) == 50_000 and reading.batch.lag == 0


def test_l10_too_far_behind_skips_and_says_so(log: Path) -> None:
    """L10: beyond ``max_lag`` reading goes on at the end, with the number of bytes."""
    reading = Reading(log, options=ReadOptions(max_lag=10_000))
    write(log, *("x" * 99 for _ in range(1000)))
    assert reading.more() == []
    assert reading.notes == [f"{log}: 100000 bytes were skipped, reading was too far behind"]
    write(log, "on")
    assert reading.more() == ["on"]


def test_l15_restart_after_renames(log: Path) -> None:
    """L15: what was written and rotated while nobody read is read once: the old file's rest, those between, the new one."""
    reading = Reading(log)
    write(log, "a")
    assert reading.more() == ["a"]
    saved = reading.saved()
    reading.tailer.close()
    write(log, "b")
    log.rename(log.with_name("app.log.3"))
    write(log, "c")
    log.rename(log.with_name("app.log.2"))
    write(log, "d")
    again = Reading(log, saved=saved)
    assert [event for block in again.batch.blocks for event in block.events] == [b"b", b"c", b"d"]


def test_l15_restart_after_copytruncate(log: Path) -> None:
    """L15: after a restart the rest is read from the copy."""
    reading = Reading(log)
    saved = reading.saved()
    reading.tailer.close()
    write(log, "a")
    copytruncate(log, ".1")
    write(log, "b")
    again = Reading(log, saved=saved)
    assert [event for block in again.batch.blocks for event in block.events] == [b"a", b"b"]


def test_l15_restart_where_the_old_file_is_gone(log: Path) -> None:
    """L15: what cannot be found any more is said; the new file is read from its begin."""
    reading = Reading(log)
    saved = reading.saved()
    reading.tailer.close()
    log.unlink()
    write(log, "completely other")
    again = Reading(log, saved=saved)
    assert [event for block in again.batch.blocks for event in block.events] == [b"completely other"]
    assert "are lost" in again.notes[0]


def test_l15_restart_before_the_mount(tmp_path: Path) -> None:
    """L15: a name that leads nowhere at the start keeps its saved position until it is back."""
    log = tmp_path / "mount" / "app.log"
    log.parent.mkdir()
    write(log, "old")
    reading = Reading(log)
    log.parent.rename(tmp_path / "away")
    again = Reading(log, saved=reading.saved())
    third = Reading(log, saved=again.saved())
    (tmp_path / "away").rename(log.parent)
    write(log, "new")
    assert third.more(1) == ["new"]


def test_l15_a_file_that_came_while_down_is_new(log: Path) -> None:
    """L15: a new file of a pattern that was followed before is read from its begin, one of a new pattern from its end."""
    reading = Reading(log.with_name("a*.log"))
    saved = reading.saved()
    write(log.with_name("another.log"), "a")
    write(log.with_name("big.log"), "b")
    again = Reading(log.with_name("a*.log"), log.with_name("b*.log"), saved=saved)
    assert [event for block in again.batch.blocks for event in block.events] == [b"a"]


@pytest.mark.parametrize(
    "value", [None, [], 3, {"files": [{"path": 1}]}, {"files": [{"path": "x", "chain": [{"head": "zz"}], "done": []}]}]
)
def test_l15_saved_nonsense_is_nothing(value: object) -> None:
    """L15: saved positions that cannot be understood are left out."""
    assert positions_from(value).files == ()


def test_l16_more_files_than_descriptors(tmp_path: Path) -> None:
    """L16: quiet files are closed and opened again when they grow; nothing is lost or doubled, also by a rotation meanwhile."""
    files = [tmp_path / f"f{number:02}.log" for number in range(40)]
    for file in files:
        write(file, "old")
    reading = Reading(tmp_path / "*.log", most_open=8)
    before = len(os.listdir("/proc/self/fd"))
    for turn in range(3):
        for file in files:
            write(file, f"{file.name} {turn}")
        files[5].rename(files[5].with_name(f"f05.log.{9 - turn}"))
        write(files[5], f"new {turn}")
        assert sorted(reading.more(1) + reading.more(3)) == sorted([f"{file.name} {turn}" for file in files] + [f"new {turn}"])
        assert len(os.listdir("/proc/self/fd")) <= before + 3


def test_l16_too_many_files_are_said(tmp_path: Path) -> None:
    """L16: more files than the limit are our trouble, with the remedy."""
    for number in range(5):
        write(tmp_path / f"{number}.log", "x")
    reading = Reading(tmp_path / "*.log", most_files=3)
    assert "narrower" in reading.batch.troubles[0] and reading.batch.files == 3


async def test_l17_stuck_work_holds_one_thread_only() -> None:
    """L17: work that does not come back is given up for now, neither repeated nor lost; the loop runs on."""
    gate, worker, runs = threading.Event(), Worker[int]("test"), []

    def work() -> int:
        runs.append(1)
        gate.wait()
        return len(runs)

    for _ in range(3):
        with pytest.raises(Stuck):
            await worker.run(work, 0.01)
    assert runs == [1]
    gate.set()
    assert await asyncio.wait_for(worker.run(work, 30), 30) == 1
    worker.close()


class _as_nobody:
    def __enter__(self) -> None:
        os.seteuid(65534)

    def __exit__(self, *_: object) -> None:
        os.seteuid(0)
