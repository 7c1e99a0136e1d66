"""The process table on made-up /proc trees, on the real one, and through psutil."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tui_monitor.sources.system.process_commands import Commands
from tui_monitor.sources.system.process_users import Users
from tui_monitor.sources.system.processes import ProcReader, TopProcesses
from tui_monitor.sources.system.psutil_processes import PsutilReader

HERTZ = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Processes:
    """A /proc with processes under a temporary directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "self").mkdir()
        (root / "stat").write_text("cpu 1 2 3 4\n")

    def put(self, pid: int, name: bytes, seconds: float = 0.0, pages: int = 1, started: int = 100, command: bytes = b"") -> None:
        """Add or change a process that has used so much CPU."""
        directory = self.root / str(pid)
        directory.mkdir(exist_ok=True)
        ticks = int(seconds * HERTZ)
        fields = f" S 1 1 1 0 -1 4194304 9 0 0 0 {ticks} 0 0 0 20 0 1 0 {started} 3133440 {pages} 18446744073709551615 1 1 1\n"
        (directory / "stat").write_bytes(str(pid).encode() + b" (" + name + b")" + fields.encode())
        (directory / "cmdline").write_bytes(command)

    def reader(self, top: int = 10) -> ProcReader:
        """The table of these processes."""
        return ProcReader(top, self.root)


@pytest.fixture
def processes(tmp_path: Path) -> Processes:
    """No process yet."""
    return Processes(tmp_path)


def test_cpu_is_the_share_of_one_core_since_the_last_reading(processes: Processes) -> None:
    """The first reading knows memory only; the second also CPU, and who uses most stands first."""
    reader = processes.reader()
    processes.put(10, b"idle", 100.0, pages=50)
    processes.put(11, b"busy", 5.0, pages=2, command=b"/usr/bin/busy\0--fast\0")
    first = reader.read(0.0)
    assert [(row.pid, row.cpu) for row in first] == [(10, None), (11, None)]
    processes.put(11, b"busy", 6.5, pages=2, command=b"/usr/bin/busy\0--fast\0")
    busy, idle = reader.read(2.0)
    assert (busy.pid, busy.name, busy.command, busy.memory, busy.state) == (11, "busy", "/usr/bin/busy --fast", 2 * PAGE, "S")
    assert busy.cpu == pytest.approx(0.75) and idle.cpu == 0.0
    assert idle.command == "[idle]"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"a b", "a b"),
        (b"x) S 1 (y", "x) S 1 (y"),
        (b")", ")"),
        (b"", ""),
        (b"new\nline", "new\nline"),
        (b"\x1b[31mred", "\x1b[31mred"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        ("컨테이너".encode(), "컨테이너"),
    ],
)
def test_hostile_names_are_passed_on_as_text(processes: Processes, raw: bytes, name: str) -> None:
    """No name breaks the line apart, and what is not UTF-8 becomes U+FFFD."""
    processes.put(7, raw, pages=3, command=raw + b"\0" + b"\xc3")
    row = processes.reader().read(0.0)[0]
    assert (row.name, row.memory, row.state) == (name, 3 * PAGE, "S")
    assert row.command.encode().decode() == row.command and row.command.endswith("\ufffd")


def test_top_by_cpu_and_top_by_memory_are_both_there(processes: Processes) -> None:
    """With many processes the list holds the largest by either measure, and says how many there are."""
    reader = processes.reader(top=3)
    for pid in range(1, 101):
        processes.put(pid, b"p", 0.0, pages=pid)
    reader.read(0.0)
    for pid in range(1, 4):
        processes.put(pid, b"p", float(pid), pages=pid)
    assert [row.pid for row in reader.read(10.0)] == [3, 2, 1, 100, 99, 98]
    assert reader.count == 100


def test_a_process_that_ended_or_is_broken_is_left_out(processes: Processes) -> None:
    """Processes vanish while the table is read; a line that cannot be understood costs nothing else."""
    processes.put(5, b"gone", pages=9)
    processes.put(6, b"there", pages=8)
    (processes.root / "5" / "cmdline").unlink()
    (processes.root / "8").mkdir()
    (processes.root / "9").mkdir()
    (processes.root / "9" / "stat").write_text("9 (broken) S 1")
    assert [row.pid for row in processes.reader().read(0.0)] == [6]


def test_a_pid_that_was_given_to_another_process_starts_anew(processes: Processes) -> None:
    """The CPU time of the process that had the number before is not counted against it."""
    reader = processes.reader()
    processes.put(5, b"old", 100.0)
    reader.read(0.0)
    processes.put(5, b"new", 0.5, started=999)
    assert reader.read(1.0)[0].cpu == pytest.approx(0.5)


def test_after_a_long_pause_cpu_is_not_known(processes: Processes) -> None:
    """An average over minutes is not what a process does now."""
    reader = processes.reader()
    processes.put(5, b"p", 1.0)
    reader.read(0.0)
    processes.put(5, b"p", 9.0)
    assert reader.read(600.0)[0].cpu is None
    processes.put(5, b"p", 10.0)
    assert reader.read(602.0)[0].cpu == pytest.approx(0.5)


def test_a_process_whose_command_hangs_is_asked_once(processes: Processes) -> None:
    """A stuck process costs a quarter of a second once, keeps its row, and others keep their commands."""
    let_go, asked = threading.Event(), []

    def read(path: str) -> bytes:
        asked.append(path)
        if path.endswith("/5/cmdline"):
            let_go.wait(30)
        return b"cmd"

    processes.put(5, b"stuck", pages=1)
    processes.put(6, b"well", pages=2)
    reader = ProcReader(10, processes.root, commands=Commands(str(processes.root), read, timeout=0.5))
    for second in range(5):
        rows = {row.pid: row.command for row in reader.read(float(second))}
        assert rows == {6: "cmd", 5: "[stuck]"}
    assert sum(path.endswith("/5/cmdline") for path in asked) == 1
    let_go.set()
    for thread in threading.enumerate():
        if thread.name == "commands":
            thread.join(60)
    assert {row.command for row in reader.read(9.0)} == {"cmd"}


def test_user_names_come_from_the_passwd_file_and_else_from_the_system(tmp_path: Path) -> None:
    """A number in /etc/passwd is a name at once; another is the number until the system has answered."""
    passwd = tmp_path / "passwd"
    passwd.write_text("root:x:0:0::/:/bin/sh\nbroken\nweb:x:33:33::/:/bin/sh\n")
    answer, answered = threading.Event(), threading.Event()

    def ask(uid: int) -> str:
        answer.wait(30)
        answered.set()
        return f"ldap{uid}"

    users = Users(passwd, ask)
    assert (users.name(0), users.name(33), users.name(5000), users.name(5000)) == ("root", "web", "5000", "5000")
    answer.set()
    assert answered.wait(10)
    for thread in threading.enumerate():
        if thread.name == "user-name":
            thread.join(60)
    assert users.name(5000) == "ldap5000"


@pytest.mark.skipif(sys.platform != "linux", reason="reads the real /proc")
def test_this_machine_has_this_process() -> None:
    """On the real /proc a working child shows its CPU, its user and its command."""
    code = "import sys\nprint('on', flush=True)\nwhile not sys.stdin.closed: [0] * 1000000"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None and child.stdout.readline() == b"on\n"
        table = TopProcesses(top=1000)
        table.read(0.0)
        before = _ticks(child.pid)
        while _ticks(child.pid) - before < 5:
            pass
        rows = {row.pid: row for row in table.read(1.0)}
        child.kill()
    assert table.count >= 2
    row, own = rows[child.pid], rows[os.getpid()]
    assert row.cpu is not None and row.cpu > 0.0 and "while not sys.stdin.closed" in row.command
    assert own.memory > 5_000_000 and own.user and own.name


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_other_systems_get_a_table_through_psutil() -> None:
    """Without Linux' /proc psutil tells the same values."""
    reader = PsutilReader(top=1000)
    assert all(row.cpu is None for row in reader.read(0.0))
    rows = {row.pid: row for row in reader.read(1.0)}
    own = rows[os.getpid()]
    assert own.cpu is not None and own.memory > 5_000_000 and own.user and own.command
    assert reader.count >= len(rows) > 0
