"""The process check over real processes of this machine, and over made-up trees of /proc where a case is rare."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.clocks import ManualClock
from tests.support.peers.base import wait_until
from tests.support.peers.require import require_or_skip
from tests.support.settings import made
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.values import HealthStatus, ProbeResult, label
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.process.probe import ProcessProbe
from tui_monitor.sources.process.settings import ProcessCheck
from tui_monitor.sources.process.table import HERTZ, PAGE, ProcessScan

NOBODY = 65534
OTHERS = -1
"""As the monitor's pid: a process that tests start is a child of theirs, and would be left out."""


def probe_of(table: ProcessScan | None = None, own: int | None = OTHERS, **keys: Any) -> ProcessProbe:
    return ProcessProbe(made(ProcessCheck, {"name": "x", **keys}), table or ProcessScan(), own)


def look(table: ProcessScan | None = None, own: int | None = OTHERS, **keys: Any) -> ProbeResult:
    return asyncio.run(probe_of(table, own, **keys).probe())


def values(result: ProbeResult) -> dict[str, float]:
    return {label(sample.labels, "__name__") or "": sample.value for sample in result.samples}


@contextlib.contextmanager
def sleeping(tag: str, *, count: int = 1) -> Iterator[list[int]]:
    """Processes of Python that sleep, with a word of their own in the command line; their pids."""
    code = "import sys, time; print(flush=True); time.sleep(300)"
    running = [subprocess.Popen([sys.executable, "-c", code, tag], stdout=subprocess.PIPE) for _ in range(count)]
    try:
        for process in running:
            assert process.stdout is not None and process.stdout.readline()
        yield [process.pid for process in running]
    finally:
        for process in running:
            process.kill()
            process.communicate()


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """This process with the rights of the user nobody."""
    if os.geteuid() != 0:
        require_or_skip("another user's view needs root: run the tests as root")
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


class Tree:
    """A made-up /proc whose machine has run for 1,000 s."""

    def __init__(self, root: Path) -> None:
        self.root, self.clock = root, ManualClock()
        (root / "uptime").write_text("1000.00 1.00\n")
        self.put(1, "init")

    def put(self, pid: int, name: str, **more: Any) -> None:
        """A process. ``parent``, ``session``, ``started``, ``used`` (seconds), ``state``, ``pages``, ``command``, ``group``, ``exe``."""
        directory = self.root / str(pid)
        directory.mkdir(exist_ok=True)
        fields = ["0"] * 30
        fields[0], fields[1], fields[3] = more.get("state", "S"), str(more.get("parent", 1)), str(more.get("session", pid))
        fields[11], fields[19], fields[21] = (str(int(more.get(key, 0) * HERTZ)) for key in ("used", "started", "-"))
        fields[21] = str(more.get("pages", 10))
        (directory / "stat").write_text(f"{pid} ({name}) {' '.join(fields)}\n")
        (directory / "cmdline").write_text(more.get("command", name).replace(" ", "\0") + "\0")
        (directory / "cgroup").write_text(f"0::{more.get('group', '/')}\n")
        (directory / "status").write_text(f"Name:\t{name}\nUid:\t{more.get('uid', 0)}\t{more.get('uid', 0)}\t0\t0\n")
        (directory / "exe").unlink(missing_ok=True)
        (directory / "exe").symlink_to(more.get("exe", f"/usr/bin/{name}"))

    @property
    def table(self) -> ProcessScan:
        """The table of it."""
        return ProcessScan(self.root, self.clock)

    def look(self, own: int = OTHERS, **keys: Any) -> ProbeResult:
        """One look at it."""
        return look(self.table, own, **keys)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


@pytest.mark.parametrize(
    ("keys", "part"),
    [
        ({}, "say which processes are meant, by one of exe, process, pattern"),
        ({"process": "x", "min": 3, "max": 2}, "is below min, which is 3"),
        ({"pattern": "("}, "pattern"),
        ({"process": "x", "min": -1}, "min"),
    ],
)
def test_settings_that_mean_nothing_are_refused(keys: dict[str, Any], part: str) -> None:
    """Each fault says what to write."""
    with pytest.raises(ConfigurationError, match=part):
        made(ProcessCheck, {"name": "x", **keys})


def test_real_processes_are_counted_and_measured() -> None:
    """By pattern, file and user together: number, memory, open files, start; CPU from the second look on."""
    with sleeping("tuimon-mail", count=3) as pids:
        probe = probe_of(pattern="tuimon-mail$", exe=os.path.realpath(sys.executable), user=str(os.geteuid()), min=3)
        result = asyncio.run(probe.probe())
        found = values(result)
        assert (result.status, result.reason, found["process_count"]) == (HealthStatus.HEALTHY, "", 3)
        assert found["process_memory_bytes"] > 3 << 20 and found["process_open_files"] >= 9 and "process_cpu_ratio" not in found
        assert abs(found["process_start_time_seconds"] - SystemClock().wall_ms() / 1000) < 60
        assert set(result.facts["pids"].split(", ")) == {str(pid) for pid in pids}
    gone = look(pattern="tuimon-mail$", min=0)
    assert gone.status is HealthStatus.HEALTHY and values(gone)["process_count"] == values(gone)["process_memory_bytes"] == 0


def test_the_monitor_its_children_and_its_shell_never_match() -> None:
    """What this process started is left out, and so is the shell whose command line holds the pattern."""
    with sleeping("tuimon-child"):
        assert values(look(own=None, pattern="tuimon-child", min=0))["process_count"] == 0
        assert values(look(own=None, process="python3", pattern=str(os.getpid()), min=0))["process_count"] == 0
    code = (
        "import asyncio; from tui_monitor.sources.process.probe import ProcessProbe\n"
        "from tui_monitor.sources.process.settings import ProcessCheck\n"
        "print(asyncio.run(ProcessProbe(ProcessCheck(name='x', pattern='tuimon-s[h]ell', min=0)).probe()).facts['processes'])"
    )
    shell = subprocess.run(
        ["sh", "-c", '"$0" -c "$1"; true # tuimon-shell', sys.executable, code], capture_output=True, text=True, check=True
    )  # fmt: skip
    assert shell.stdout.strip() == "0", shell.stderr


def test_none_too_few_and_too_many(tree: Tree) -> None:
    """The reason has the number, what was looked for and the limit; 0 is a sample."""
    result = tree.look(process="nginx", user="0")
    assert (result.status, result.reason) == (HealthStatus.UNHEALTHY, "no process is nginx of 0, at least 1 should run")
    assert values(result)["process_count"] == 0
    tree.put(10, "nginx", started=900)
    tree.put(11, "nginx", started=950)
    assert tree.look(process="nginx", min=3).reason == "2 processes are nginx, at least 3 should run"
    assert tree.look(process="nginx", max=1).reason == "2 processes are nginx, at most 1 should run"
    assert tree.look(process="nginx", max=2).status is HealthStatus.HEALTHY
    assert tree.look(process="nginx", min=0, max=0).status is HealthStatus.UNHEALTHY


def test_zombies_do_not_run(tree: Tree) -> None:
    """Only their exit code is left; the reason says so."""
    tree.put(10, "worker", state="Z")
    result = tree.look(process="worker")
    assert result.reason == "no process is worker, at least 1 should run; 1 ended and nobody has fetched the exit code (zombie)"


def test_each_selector_narrows(tree: Tree) -> None:
    """Names longer than the kernel keeps, files by path or name, replaced files, units, users by number."""
    tree.put(10, "a-very-long-nam", exe="/opt/a-very-long-name-of-a-server", command="/opt/a-very-long-name-of-a-server -x")
    tree.put(11, "a-very-long-nam", exe="/opt/a-very-long-name-of-a-client", command="/opt/a-very-long-name-of-a-client")
    tree.put(12, "nginx", exe="/usr/sbin/nginx (deleted)", group="/system.slice/nginx.service", uid=33)
    tree.put(13, "nginx", exe="/usr/sbin/nginx", group="/system.slice/other.service")
    tree.put(14, "odd) S (name", command="java -jar shop.jar")

    def pids(**keys: Any) -> str:
        return tree.look(**keys).facts.get("pids", "")

    assert pids(process="a-very-long-name-of-a-server") == "10"
    assert pids(exe="/usr/sbin/nginx") == pids(exe="nginx") == "12, 13" and pids(exe="/usr/local/sbin/nginx") == ""
    assert pids(process="nginx", unit="nginx.service") == pids(process="nginx", user="33") == "12"
    assert pids(pattern=r"^java .*shop\.jar") == pids(process="odd) S (name") == "14"
    assert tree.look(exe="nginx").facts["replaced"].startswith("1 run a program file that is not there any more")


def test_kernel_threads_are_left_out_where_a_file_or_a_line_is_asked_for(tree: Tree) -> None:
    """They have neither; in a container, process 2 is any process and its children count."""
    tree.put(2, "kthreadd")
    tree.put(10, "kworker", parent=2)
    assert tree.look(pattern="kworker", min=0).facts["processes"] == "0" and tree.look(process="kworker").facts["pids"] == "10"
    tree.put(2, "sh")
    assert tree.look(pattern="kworker").facts["pids"] == "10"


def test_cpu_is_the_groups_share_since_the_look_before(tree: Tree) -> None:
    """A process that came counts whole, a pid that another process has got does not go backwards."""
    tree.put(10, "worker", used=100, started=5)
    tree.put(11, "worker", used=500, started=5)
    probe = probe_of(tree.table, process="worker")
    assert "process_cpu_ratio" not in values(asyncio.run(probe.probe()))
    asyncio.run(tree.clock.advance(10))
    tree.put(10, "worker", used=104, started=5)
    tree.put(11, "worker", used=1, started=999)
    tree.put(12, "worker", used=5, started=998, pages=90)
    found = values(asyncio.run(probe.probe()))
    assert found["process_cpu_ratio"] == pytest.approx(1.0) and found["process_memory_bytes"] == 110 * PAGE


def test_a_restart_is_seen_by_the_start(tree: Tree) -> None:
    """The start is that of the process that has run longest."""
    tree.put(10, "worker", started=400)
    tree.put(11, "worker", started=900)
    assert values(tree.look(process="worker"))["process_start_time_seconds"] == pytest.approx(1_700_000_000 - 600)


def test_a_pid_file_of_a_dead_or_another_process_is_down(tree: Tree, tmp_path: Path) -> None:
    """The process must be there and not younger than the file; every other content is told apart."""
    path = tmp_path / "x.pid"

    def reason(content: str | None = None, age: float = 0.0) -> str:
        if content is not None:
            path.write_text(content)
            os.utime(path, (1_700_000_000 - age,) * 2)
        return tree.look(pid_file=str(path)).reason

    assert reason() == f"there is no {path}: its process does not run, or writes its id elsewhere"
    assert reason("") == reason("nginx\n") == reason("-5") == reason("9" * 60) == f"{path} holds no process id"
    assert reason("77\n") == f"process 77 of {path} does not run any more"
    tree.put(77, "nginx", started=500)
    assert reason("77\n", age=499) == ""
    assert "is of a process that has ended: 77 is now nginx, which started at" in reason("77\n", age=600)
    tree.put(77, "nginx", started=500, state="Z")
    assert reason("77\n", age=10) == f"process 77 of {path} does not run any more"
    path.unlink()
    os.mkfifo(path)
    assert reason() == f"{path} holds no process id"


def test_a_real_pid_file(tmp_path: Path) -> None:
    """A process that runs and wrote its file before, by the real clocks; killed, it is down."""
    path = tmp_path / "x.pid"
    with sleeping("tuimon-pid") as [pid]:
        path.write_text(f"{pid}\n")
        assert look(pid_file=str(path)).status is HealthStatus.HEALTHY
        os.utime(path, (1_600_000_000, 1_600_000_000))
        assert "which started at" in look(pid_file=str(path)).reason
    wait_until(lambda: not Path(f"/proc/{pid}").exists())
    assert look(pid_file=str(path)).reason == f"process {pid} of {path} does not run any more"


def test_a_pid_file_without_the_right_is_unknown(tmp_path: Path) -> None:
    """EACCES is ours."""
    path = tmp_path / "x.pid"
    path.write_text("1\n")
    path.chmod(0)
    with as_nobody(), pytest.raises(OwnTrouble, match=r"cannot be read .*: let user 65534 read it"):
        look(pid_file=str(path))


def test_program_files_that_this_user_may_not_see_are_unknown() -> None:
    """Of others' processes the file is not shown: no outage where it may be the one. Names and command lines are shown.

    So is the number of open files, since Linux 6.2.
    """
    with sleeping("tuimon-root"):
        with as_nobody():
            with pytest.raises(OwnTrouble, match="are not shown to this user: run the monitor as root, or name them by process or pattern"):
                look(exe="/nowhere/at/all")
            result = look(pattern="tuimon-root$")
        assert values(result)["process_count"] == 1 and values(result).get("process_open_files", 3) == 3


def test_hidepid_is_unknown(tmp_path: Path) -> None:
    """A /proc that hides others' processes is no proof that they do not run; root sees them."""
    if os.geteuid() != 0:
        require_or_skip("mounting a /proc needs root: run the tests as root")
    mount = subprocess.run(["mount", "-t", "proc", "-o", "hidepid=2", "proc", str(tmp_path)], check=False, capture_output=True, text=True)
    if mount.returncode:
        require_or_skip(f"this machine refuses to mount a /proc: {mount.stderr.strip()}")
    try:
        table = ProcessScan(tmp_path)
        with sleeping("tuimon-hidden"):
            assert values(look(table, pattern="tuimon-hidden$"))["process_count"] == 1
            with as_nobody(), pytest.raises(OwnTrouble, match="hidepid"):
                look(table, pattern="tuimon-hidden$")
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_no_proc_is_unknown(tmp_path: Path) -> None:
    """Another system, or a chroot without it."""
    with pytest.raises(OwnTrouble, match="this check needs Linux"):
        look(ProcessScan(tmp_path), process="x")


def test_hostile_files_cost_that_process_only(tree: Tree) -> None:
    """Lines without a parenthesis, with numbers without end, cut short, and of any bytes."""
    tree.put(10, "nginx")
    for pid, line in ((20, b""), (21, b"21 (x"), (22, b"22 (x) S " + b"9" * 5000), (23, b"23 (\xff\x1b) S 1"), (24, b")" * 3000)):
        tree.put(pid, "x")
        (tree.root / str(pid) / "stat").write_bytes(line)
    (tree.root / "10" / "cmdline").write_bytes(b"\xff\x1b[2J" * 2000)
    assert tree.look(process="nginx", pattern=".").facts["pids"] == "10"


def test_one_pass_serves_all_checks_of_a_moment(tree: Tree) -> None:
    """Two looks within half a second read /proc once."""
    table = tree.table
    first = table.read()
    assert table.read() is first
    asyncio.run(tree.clock.advance(1))
    assert table.read() is not first
