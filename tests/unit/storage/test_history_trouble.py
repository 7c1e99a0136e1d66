"""What the history store does when the disk, a reader, a crash or a broken file stands in its way."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tui_monitor.core.values import labels_of
from tui_monitor.promql.queryable import Matcher
from tui_monitor.storage.faults import HistoryFault, StoreTooNew
from tui_monitor.storage.history.reader import HistoryReader
from tui_monitor.storage.history.schema import MIGRATIONS
from tui_monitor.storage.history.tools import verify
from tui_monitor.storage.history.writer import History, Limits, annotate
from tui_monitor.storage.sqlite import connect, move_aside

T0 = 1_700_000_000_000 // 3_600_000 * 3_600_000
SERIES = [labels_of("noise", number=str(number)) for number in range(100)]
ALL = (Matcher("__name__", "=", "noise"),)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def feed(history: History, begin: int, seconds: int) -> int:
    """A hundred noisy series for some seconds; returns the next second (ms)."""
    for second in range(seconds):
        at = begin + second * 1000
        history.append(at, [(labels, random.random()) for labels in SERIES])
        history.commit(at)
    return begin + seconds * 1000


def counts(path: Path) -> list[int]:
    """How many samples each series has."""
    reader = HistoryReader(path)
    try:
        return [len(one.window(0, 1 << 60)[0]) for one in reader.select(ALL, 0, 1 << 60)]
    finally:
        reader.close()


def test_a_reader_that_holds_a_transaction_never_lets_the_log_grow_without_bound(path: Path) -> None:
    """Writing pauses at the limit, folding goes on in memory, and nothing is lost once the reader lets go."""
    limit = 1 << 20
    history = History(path, limits=Limits(wal_bytes=limit))
    log = path.with_name("history.db-wal")
    now = feed(history, T0, 10)
    holder = connect(path, read_only=True)
    holder.execute("BEGIN")
    holder.execute("SELECT count(*) FROM ticks").fetchone()
    longest = paused = 0
    for _ in range(80):
        now = feed(history, now, 10)
        longest = max(longest, log.stat().st_size)
        paused += history.paused
        if paused > 8:
            break
    assert paused > 8 and longest < limit + 500_000
    assert history.pending_bytes > 0
    written = counts(path)
    assert history.retain(now) == 0
    holder.execute("ROLLBACK")
    now = feed(history, now, 1)
    assert not history.paused and history.dropped == 0
    assert log.stat().st_size < limit
    assert counts(path) == [(now - T0) // 1000] * len(SERIES) and written[0] < (now - T0) // 1000
    holder.close()
    history.close()
    assert verify(path) == []


def test_memory_is_bounded_while_nothing_can_be_written(path: Path) -> None:
    """Beyond the limit the oldest rows are given up and counted; the newest are kept and written at last."""
    history = History(path, limits=Limits(wal_bytes=0, pending_bytes=100_000))
    history.commit(T0)
    holder = connect(path, read_only=True)
    holder.execute("BEGIN")
    holder.execute("SELECT count(*) FROM ticks").fetchone()
    history.annotate(T0, "one page in the log", "test")
    now = feed(history, T0, 300)
    assert history.paused
    assert history.pending_bytes <= 100_000
    holder.close()
    now = feed(history, now, 70)
    assert not history.paused
    assert history.dropped > 0
    total = sum(counts(path))
    assert total + history.dropped == 370 * len(SERIES)
    history.close()


def test_a_full_disk_raises_loses_nothing_soon_and_writing_resumes(path: Path) -> None:
    """commit raises OperationalError, the file stays sound and readable, and what waited is written when there is room."""
    history = History(path)
    now = feed(history, T0, 70)
    pages = history._db.execute("PRAGMA page_count").fetchone()[0]
    history._db.execute(f"PRAGMA max_page_count = {pages + 4}")
    faults = 0
    for _ in range(130):
        try:
            now = feed(history, now, 1)
        except sqlite3.OperationalError:
            faults += 1
            now += 1000
    assert faults > 100
    assert 70 <= min(counts(path)) < 100
    assert verify(path) == []
    history._db.execute("PRAGMA max_page_count = 1000000")
    now = feed(history, now, 5)
    assert counts(path) == [205] * len(SERIES)
    assert history.dropped == 0
    history.close()


def test_a_read_only_file_raises_and_holds_bounded_samples(path: Path) -> None:
    """Samples beyond the bound are dropped and counted, so memory is flat however long it lasts."""
    history = History(path, limits=Limits(held_samples=5_000, pending_bytes=50_000))
    feed(history, T0, 1)
    history._db.execute("PRAGMA query_only = ON")
    for second in range(1, 400):
        with pytest.raises(sqlite3.OperationalError):
            feed(history, T0 + second * 1000, 1)
        assert history.pending_bytes <= 50_000
    assert history.dropped > 0
    history._db.execute("PRAGMA query_only = OFF")
    feed(history, T0 + 400_000, 70)
    assert min(counts(path)) > 71
    history.close()
    assert verify(path) == []


def test_too_many_series_are_refused_and_counted(path: Path) -> None:
    """A label that never repeats cannot fill memory: known series go on, new ones are dropped."""
    history = History(path, limits=Limits(series=3))
    history.append(T0, [(labels, 1.0) for labels in SERIES])
    history.append(T0 + 1, [(SERIES[0], 2.0)])
    history.commit(T0)
    assert counts(path) == [2, 1, 1]
    assert history.dropped == 97
    history.close()


WRITER = """
import random, sys
from pathlib import Path
from tui_monitor.core.values import labels_of
from tui_monitor.storage.history.writer import History
path, now = Path(sys.argv[1]), int(sys.argv[2])
series = [labels_of("noise", number=str(number)) for number in range(50)]
history = History(path)
while True:
    history.append(now, [(labels, random.random()) for labels in series])
    history.commit(now)
    print(now, flush=True)
    now += 1000
"""


def test_kill_9_at_any_point_leaves_a_readable_store_with_all_that_was_committed(path: Path) -> None:
    """Each killed process' commits are all there, in order, without doubles; the next process goes on."""
    now = T0 + 3_000_000
    committed: list[int] = []
    for lines in (1, 47, 130, 700, 3):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(now)], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            committed += [int(process.stdout.readline()) for _ in range(lines)]
            process.kill()
            committed += [int(line) for line in process.stdout.read().split("\n")[:-1]]
        reader = HistoryReader(path)
        for one in reader.select(ALL, 0, 1 << 60):
            times = list(one.window(0, 1 << 60)[0])
            assert set(committed) <= set(times) and times == sorted(set(times)) and len(times) <= len(committed) + 5
        reader.close()
        now = committed[-1] + 5_000
    assert verify(path) == []


def test_a_corrupt_file_is_moved_aside_on_opening(path: Path) -> None:
    """A file that is no database, or whose first pages are broken, gets another name and history begins anew."""
    path.write_bytes(b"this is no database" * 1000)
    history = History(path)
    assert history.moved_aside is not None and history.moved_aside.read_bytes().startswith(b"this is no")
    feed(history, T0, 5)
    history.close()
    data = bytearray(path.read_bytes())
    data[100:4096] = b"\xff" * (4096 - 100)
    path.write_bytes(data)
    again = History(path)
    assert again.moved_aside is not None and again.moved_aside.exists()
    again.close()


def test_damage_inside_the_file_is_found_by_verify_and_reported_by_reads(path: Path) -> None:
    """Opening a large file does not read all of it; verify does, and reads raise HistoryFault, nothing else."""
    history = History(path)
    feed(history, T0, 400)
    history.close()
    db = sqlite3.connect(path)
    db.execute("UPDATE recent SET data = x'00112233' WHERE key = (SELECT min(key) FROM recent)")
    db.execute("UPDATE ticks SET data = x'ffff' WHERE seq = (SELECT max(seq) FROM ticks)")
    db.commit()
    db.close()
    faults = verify(path)
    assert any(fault.startswith("recent row") for fault in faults) and any(fault.startswith("ticks row") for fault in faults)
    reader = HistoryReader(path)
    with pytest.raises(HistoryFault):
        reader.select(ALL, 0, 1 << 60)
    with pytest.raises(HistoryFault):
        list(reader.recent_ticks(0))
    reader.close()
    history = History(path)
    feed(history, T0 + 7_200_000, 70)
    history.close()
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 20 * 4096] = b"\xa5" * (20 * 4096)
    path.write_bytes(data)
    assert verify(path) != []
    reader = HistoryReader(path)
    with pytest.raises(HistoryFault):
        for after in range(T0, T0 + 500_000, 60_000):
            reader.select(ALL, after, after + 60_000)
    reader.close()


def test_damaged_rows_never_stop_the_writer(path: Path) -> None:
    """commit goes on over rows it cannot read: ticks on opening, minutes and folded hours when it merges; the rest is kept."""
    history = History(path)
    history.append(T0, [(labels, 1.0) for labels in SERIES])
    for _ in range(2):
        feed(history, T0, 130)
    feed(history, T0 + 3_700_000, 40)
    history.close()
    assert counts(path)[0] == 170
    db = sqlite3.connect(path)
    for table in ("ticks", "recent", "raw", "minutes", "axes"):
        db.execute(f"UPDATE {table} SET data = x'04040404' WHERE rowid % 2 = 0")
    db.execute("UPDATE recent SET aggregate = x'05' WHERE key % 3 = 0")
    db.commit()
    db.close()
    assert len(verify(path)) > 50
    history = History(path)
    feed(history, T0 + 60_000, 80)
    feed(history, T0 + 3_700_000, 150)
    now = feed(history, T0 + 7_400_000, 100)
    reader = HistoryReader(path)
    assert {len(one.times) for one in reader.select(ALL, T0 + 7_300_000, now)} == {100}
    reader.close()
    history.close()


def test_a_reader_notices_that_the_file_was_replaced(path: Path) -> None:
    """After the writer moved a corrupt file aside, readers that were open read the new one."""
    history = History(path)
    feed(history, T0, 3)
    reader = HistoryReader(path)
    assert len(reader.select(ALL, 0, 1 << 60)) == len(SERIES)
    history.close()
    aside = move_aside(path)
    with pytest.raises(HistoryFault):
        reader.select(ALL, 0, 1 << 60)
    path.touch()
    for _ in range(2):
        with pytest.raises(HistoryFault):
            reader.select(ALL, 0, 1 << 60)
    history = History(path)
    history.append(T0, [(SERIES[0], 1.0)])
    history.commit(T0)
    assert [one.labels for one in reader.select(ALL, 0, 1 << 60)] == [SERIES[0]]
    assert aside.exists()
    reader.close()
    history.close()


def test_missing_new_and_unbegun_files_are_told_apart(path: Path) -> None:
    """No file and an empty one are a fault, a newer schema asks for an upgrade; none is written to."""
    with pytest.raises(HistoryFault):
        HistoryReader(path)
    path.touch()
    with pytest.raises(HistoryFault):
        HistoryReader(path)
    path.unlink()
    History(path).close()
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNew):
        History(path)
    with pytest.raises(StoreTooNew):
        HistoryReader(path)
    assert path.read_bytes() == before


ONLOOKER = """
import os, sys, urllib.parse
from pathlib import Path
from tui_monitor.storage.history.reader import HistoryReader
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
print(len(HistoryReader(Path(sys.argv[1])).select((), 0, 1 << 60)))
"""


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can become another user")
def test_a_user_who_may_only_read_reads_with_and_without_a_writer() -> None:
    """Neither the directory nor the file may be written to; a log index that cannot be made is done without."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "history.db"
        path.parent.chmod(0o755)
        history = History(path)
        feed(history, T0, 5)
        for _ in range(2):
            done = subprocess.run([sys.executable, "-c", ONLOOKER, str(path)], capture_output=True, text=True, check=False)
            assert done.stdout.strip() == str(len(SERIES)), done.stderr
            history.close()
        assert not path.with_name("history.db-wal").exists()


def test_an_annotation_from_another_process_reaches_readers_at_once(path: Path) -> None:
    """annotate() writes beside a running writer, and without one."""
    history = History(path)
    feed(history, T0, 2)
    annotate(path, T0, "deploy", "kim")
    feed(history, T0 + 2000, 2)
    reader = HistoryReader(path)
    assert [one.text for one in reader.annotations(0, T0)] == ["deploy"]
    history.close()
    annotate(path, T0 + 1, "after", "kim")
    assert [one.text for one in reader.annotations(0, T0 + 1)] == ["deploy", "after"]
    reader.close()
