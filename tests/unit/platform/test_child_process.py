"""Running a program once, with real programs: what it says, how it ends, and what may stay behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tui_monitor.platform import child as child_module
from tui_monitor.platform import child_pipes
from tui_monitor.platform.child_process import CannotStart, ProgramOutcome, minimal_environment, run

ROOT = Path(__file__).parents[3]


async def shell(script: str, **changes: Any) -> ProgramOutcome:
    """Run a script by sh."""
    return await program("sh", "-c", script, **changes)


async def program(*argv: str, **changes: Any) -> ProgramOutcome:
    """Run a program with a time limit that only a fault reaches."""
    return await run(argv, **{"time_limit": 60.0, "slots": asyncio.Semaphore(4), **changes})


def zombies() -> list[int]:
    """Our children that have ended and that nobody has reaped."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] == "Z" and int(fields[1]) == os.getpid():
            found.append(int(stat.parent.name))
    return found


def descriptors() -> int:
    """How many descriptors this process holds."""
    return len(os.listdir("/proc/self/fd"))


async def until(happens: Callable[[], object]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(30):
        while not happens():  # noqa: ASYNC110  other processes tell no event
            await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether the process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(params=["pidfd", "looking"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit is learned from a pidfd, or by looking where the system has none."""
    if request.param == "looking":
        monkeypatch.setattr(child_module, "_pidfd_open", lambda _: -1)


async def test_what_a_program_says_and_how_it_ends(both_ways: None) -> None:
    """Standard output, standard error and the exit code are told apart."""
    outcome = await shell("echo out; echo err >&2; exit 3")
    assert (outcome.output, outcome.errors, outcome.code) == (b"out\n", b"err\n", 3)
    assert outcome.ending == "exit 3" and not outcome.cut and not outcome.timed_out


@pytest.mark.parametrize(
    ("script", "ending"),
    [
        ("kill -SEGV $$", "ended by signal 11 (SIGSEGV)"),
        ("exit 126", "exit 126 (found, but not executable)"),
        ("exit 127", "exit 127 (program not found)"),
        ("exit 200", "exit 200"),
    ],
)
async def test_an_end_is_told_in_words(script: str, ending: str) -> None:
    """Signals have their name, the two exit codes of the shell their meaning."""
    assert (await shell(script)).ending == ending


async def test_a_background_process_that_holds_the_pipe_is_not_waited_for(both_ways: None) -> None:
    """`sleep & echo ok` is done when the shell is: neither the held pipe nor the other process counts."""
    outcome = await shell("sleep 300 & echo $!")
    pid = int(outcome.output)
    try:
        assert outcome.code == 0 and not outcome.timed_out
        assert alive(pid), "what a program leaves behind is not ours to kill"
    finally:
        os.kill(pid, signal.SIGKILL)


async def test_a_detached_child_does_its_work_after_the_end(tmp_path: Path) -> None:
    """A child in the background that has let go of the pipe lives on and writes."""
    gate, out = tmp_path / "gate", tmp_path / "out"
    outcome = await shell(f"(until [ -e {gate} ]; do sleep 0.05; done; echo x >> {out}) >/dev/null 2>&1 & exit 0")
    assert outcome.code == 0
    gate.touch()
    await until(out.exists)


async def test_a_time_limit_ends_the_group_but_not_what_left_it() -> None:
    """A process in a session of its own holds the pipe and does not hold us; the group itself is gone."""
    outcome = await shell("setsid sleep 300 & echo $!; sleep 300 & echo $!; wait", time_limit=0.5)
    detached, inside = (int(line) for line in outcome.output.split())
    try:
        assert outcome.timed_out and outcome.code == -signal.SIGTERM
        await until(lambda: not alive(inside))
        assert alive(detached)
        assert outcome.seconds < 30
    finally:
        os.kill(detached, signal.SIGKILL)


async def test_a_program_that_ignores_sigterm_is_killed_after_the_grace(both_ways: None) -> None:
    """SIGTERM first, SIGKILL then."""
    outcome = await shell("trap '' TERM; echo ready; sleep 300 & wait; wait; sleep 300", time_limit=0.5, grace=1.0)
    assert outcome.timed_out and outcome.code == -signal.SIGKILL and outcome.output == b"ready\n"


async def test_a_program_may_tidy_up_at_its_time_limit() -> None:
    """SIGTERM comes first, and what the program still says counts as output; whatever its code, it timed out."""
    outcome = await shell("trap 'echo tidy; exit 0' TERM; echo ready; while :; do sleep 0.05; done", time_limit=0.5, grace=30.0)
    assert outcome.timed_out and outcome.code == 0 and outcome.output == b"ready\ntidy\n"


async def test_output_without_end_is_bounded_and_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """`yes` gives 64 KiB and the time limit; what it says beyond is read seldom, as reading all would use a whole processor."""
    reads: list[int] = []
    read = os.read

    def counted(descriptor: int, size: int) -> bytes:
        reads.append(size)
        return read(descriptor, size)

    monkeypatch.setattr(child_pipes, "os", SimpleNamespace(**{**vars(os), "read": counted}))
    outcome = await program("yes", time_limit=1.0)
    assert outcome.timed_out and outcome.cut and len(outcome.output) == 65536
    assert len(reads) < 200, "at most 100 in each second"


async def test_much_output_is_cut_and_the_program_ends_by_itself() -> None:
    """A program that says more than is kept is neither killed by SIGPIPE nor blocked."""
    outcome = await program(sys.executable, "-c", "import sys; sys.stdout.write('x' * 400_000); sys.exit(2)")
    assert outcome.code == 2 and outcome.cut and outcome.output == b"x" * 65536


async def test_exactly_what_fits_is_not_cut() -> None:
    """The flag says that something is missing."""
    outcome = await shell("head -c 65536 /dev/zero")
    assert len(outcome.output) == 65536 and not outcome.cut


async def test_standard_input_is_empty_or_the_given_bytes() -> None:
    """A program that reads without being fed sees the end at once; a large text goes through a small pipe."""
    assert (await program("cat")).output == b""
    assert (await program("wc", "-c", stdin=b"x" * 3_000_000)).output.strip() == b"3000000"
    assert (await shell("exec 0<&-; exit 0", stdin=b"x" * 3_000_000)).code == 0


async def test_the_environment_is_minimal(monkeypatch: pytest.MonkeyPatch) -> None:
    """No secret of the monitor's own reaches a program, and programs speak English."""
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter2")
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    output = (await program("env")).output.decode()
    assert "hunter2" not in output and "LC_ALL=C\n" in output and "PATH=" in output
    assert minimal_environment({"LC_ALL": "C.UTF-8"})["LC_ALL"] == "C.UTF-8"


async def test_a_program_has_no_descriptor_of_ours_and_its_own_session(tmp_path: Path) -> None:
    """Only standard input, output and error; no terminal to ask for passwords on."""
    secret = os.open(tmp_path / "file", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(secret, True)
    outcome = await program(sys.executable, "-c", "import os; print(sorted(os.listdir('/proc/self/fd'))[:5], os.getsid(0) == os.getpid())")
    os.close(secret)
    assert outcome.output == b"['0', '1', '2', '3'] True\n", "3 is the directory that is being listed"


@pytest.mark.parametrize(
    ("argv", "directory", "reason"),
    [
        (["/no/such/program"], None, "cannot run /no/such/program: No such file or directory"),
        (["/etc/passwd"], None, "cannot run /etc/passwd: Permission denied"),
        (["true"], "/no/such", "cannot enter /no/such: No such file or directory"),
        (["true", "a\0b"], None, "cannot run true: embedded null byte"),
    ],
)
async def test_a_program_that_cannot_start_says_why(argv: list[str], directory: str | None, reason: str) -> None:
    """The reason names what is missing; another try cannot help, and nothing stays open."""
    before = descriptors()
    with pytest.raises(CannotStart) as caught:
        await program(*argv, directory=directory)
    assert str(caught.value) == reason and caught.value.permanent
    assert descriptors() == before


async def test_a_script_without_its_interpreter_says_so(tmp_path: Path) -> None:
    """The kernel calls that "No such file", of a file that is there."""
    script = tmp_path / "check"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    with pytest.raises(CannotStart, match="the interpreter that its first line names is not there"):
        await program(str(script))


async def test_only_so_many_run_at_once(tmp_path: Path) -> None:
    """A program beyond the bound waits for its turn; the wait counts to its time."""
    slots = asyncio.Semaphore(1)
    gate = tmp_path / "gate"
    first = asyncio.create_task(shell(f"until [ -e {gate} ]; do sleep 0.05; done", slots=slots))
    await until(slots.locked)
    with pytest.raises(CannotStart, match="too many other programs") as caught:
        await program("true", slots=slots, time_limit=0.1)
    assert not caught.value.permanent
    gate.touch()
    assert (await first).code == 0
    assert (await program("true", slots=slots)).code == 0


async def test_a_cancelled_run_leaves_no_process() -> None:
    """The group is killed at once and reaped by itself."""
    before = descriptors()
    slots = asyncio.Semaphore(1)
    task = asyncio.create_task(shell("sleep 300; sleep 300", slots=slots))
    await until(lambda: any("sleep\x00300" in line for line in commands_of_children()))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not commands_of_children() and not zombies() and descriptors() == before)
    assert not slots.locked()


def commands_of_children() -> list[str]:
    """The command lines of our children and of theirs."""
    found = []
    for pid in Path("/proc").glob("[0-9]*"):
        try:
            session = int((pid / "stat").read_text().rpartition(")")[2].split()[3])
            parent = int(Path(f"/proc/{session}/stat").read_text().rpartition(")")[2].split()[1])
            line = (pid / "cmdline").read_text()
        except (OSError, ValueError):
            continue
        if parent == os.getpid() and session != os.getsid(0) and line:
            found.append(line)
    return found


async def test_many_time_limits_leave_nothing_behind(both_ways: None) -> None:
    """200 programs that overstay: no zombie, no descriptor, no process."""
    await program("true")
    before = descriptors()
    slots = asyncio.Semaphore(16)
    outcomes = await asyncio.gather(*(one_timeout(slots) for _ in range(200)))
    assert all(outcome.timed_out for outcome in outcomes)
    await until(lambda: not zombies() and descriptors() == before and not commands_of_children())


async def one_timeout(slots: asyncio.Semaphore) -> ProgramOutcome:
    """A program that overstays; its turn is waited for outside its time."""
    async with slots:
        return await shell("sleep 300 & sleep 300", time_limit=0.05, grace=0.5)


async def test_a_thousand_runs_leave_no_zombie() -> None:
    """A thousand programs that end by themselves: none is left unreaped and no descriptor is lost."""
    await program("true")
    before = descriptors()
    slots = asyncio.Semaphore(4)
    for _ in range(10):
        assert all(outcome.code == 0 for outcome in await asyncio.gather(*(program("true", slots=slots) for _ in range(100))))
    assert not zombies() and descriptors() == before


async def test_a_program_of_another_user_that_cannot_be_killed_is_told() -> None:
    """As with `sudo`: the signal is refused, we go on, and the reason says so."""
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0 or setpriv is None:
        pytest.skip("needs root and setpriv(1) to make a program that becomes another user")
    code = """
        import asyncio, os, sys
        from tui_monitor.platform.child_process import run
        async def main():
            os.setgroups([]), os.setresgid(65534, 65534, 65534), os.setresuid(65534, 65534, 65534)
            argv = [sys.argv[1], "--reuid", "0", "sleep", "300"]
            outcome = await run(argv, time_limit=1.0, slots=asyncio.Semaphore(1), grace=0.1, directory="/")
            print(outcome.timed_out, outcome.code, outcome.survivor.running, outcome.survivor.pid, outcome.problem, sep="|")
        asyncio.run(main())
    """
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        become_root = shutil.copy(setpriv, folder)
        os.chmod(become_root, 0o4755)
        done = await program(sys.executable, "-c", textwrap.dedent(code), become_root, directory=str(ROOT))
    timed_out, ended, running, pid, problem = done.output.decode().split("|")
    os.kill(int(pid), signal.SIGKILL)
    assert (timed_out, ended, running) == ("True", "None", "True")
    assert "Operation not permitted" in problem


async def test_an_ignored_sigchld_is_no_success() -> None:
    """Where the monitor was started with SIGCHLD ignored, the kernel keeps no exit code: none is invented."""
    code = """
        import asyncio, signal
        from tui_monitor.platform.child_process import run
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        outcome = asyncio.run(run(["false"], time_limit=30.0, slots=asyncio.Semaphore(1)))
        print(outcome.code, outcome.ending)
    """
    done = await program(sys.executable, "-c", textwrap.dedent(code), directory=str(ROOT))
    assert done.output.startswith(b"None exit code unknown"), done.errors
