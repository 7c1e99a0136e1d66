"""Exit codes and output of the real program: nothing but a verdict is 0 to 3 in `check` and `status`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.servers import free_port
from tui_monitor.core.exit_codes import CONFIGURATION, FAILED, OUTPUT, SOFTWARE, USAGE

UNHEALTHY = 2


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """One check with a Korean name whose target refuses connections: `check` is unhealthy, 2."""
    path = tmp_path / "config.toml"
    check = f'[[checks]]\nname = "한글 점검"\ntype = "tcp"\nhost = "127.0.0.1"\nport = {free_port()}\nretry_interval = "0.1s"\n'
    path.write_text(check, encoding="utf-8")
    return path


def run(config: Path, *words: str, redirect: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """`tui-monitor WORDS`, through a shell where its output is redirected."""
    argv = [sys.executable, "-m", "tui_monitor", *words, "--config", str(config), "--state", str(config.parent / "state")]
    if redirect:
        argv = ["sh", "-c", f'"$@" {redirect}', "sh", *argv]
    variables = {**os.environ, "PYTHONPATH": str(Path.cwd()), **environment}
    return subprocess.run(argv, env=variables, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_what_the_character_set_lacks_is_replaced(config: Path, encoding: str) -> None:
    """A name that cannot be printed is no traceback, and no verdict of its own."""
    done = run(config, "check", PYTHONIOENCODING=encoding)
    assert done.returncode == UNHEALTHY and b"Traceback" not in done.stderr
    assert ("한글 점검".encode() if encoding == "utf-8" else b"?? ??") in done.stdout


@pytest.mark.parametrize("words", [("check",), ("check", "--json"), ("status",), ("config", "show"), ("--help",), ("--version",)])
def test_a_full_disk_is_no_verdict(config: Path, words: tuple[str, ...]) -> None:
    """/dev/full takes nothing: 74 and the reason, for every command that prints."""
    done = run(config, *words, redirect="> /dev/full")
    assert done.returncode == OUTPUT and b"the output cannot be written: No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr and b"Exception ignored" not in done.stderr


@pytest.mark.parametrize(("words", "code"), [(("check",), UNHEALTHY), (("status",), 3), (("config", "show"), 0)])
def test_a_reader_that_has_gone_is_silent_and_changes_nothing(config: Path, words: tuple[str, ...], code: int) -> None:
    """A closed pipe, and an output that was never open: the verdict stays."""
    reading, writing = os.pipe()
    os.close(reading)
    argv = [sys.executable, "-m", "tui_monitor", *words, "--config", str(config), "--state", str(config.parent / "state")]
    done = subprocess.run(argv, stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (code, b"")
    closed = run(config, *words, redirect=">&-")
    assert (closed.returncode, closed.stderr) == (code, b"")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("check", "nobody"), USAGE),
        (("status", "--nope"), USAGE),
        ((), USAGE),
        (("silence", "check=api", "--for", "soon"), USAGE),
        (("alerts",), FAILED),
        (("status",), 3),
    ],
)
def test_usage_and_failure(config: Path, words: tuple[str, ...], code: int) -> None:
    """Usage is 64, also where there is no terminal; another failure is 1; `status` without a monitor is unknown, 3."""
    assert run(config, *words).returncode == code


@pytest.mark.parametrize("words", [("check",), ("config", "check"), ("rules", "check"), ("--headless",), ("notify", "test")])
def test_configuration_is_78(config: Path, words: tuple[str, ...]) -> None:
    """A wrong file, a rule that cannot run, a file that is not there: systemd does not start it again."""
    wrong = config.with_name("wrong.toml")
    wrong.write_text("[[rules]]\nalert = 'A'\nexpr = 'sum('\n[sistem]\n", encoding="utf-8")
    assert run(wrong, *words).returncode == run(config.with_name("none.toml"), *words).returncode == CONFIGURATION


def test_a_fault_of_ours_is_no_verdict(config: Path) -> None:
    """What nobody thought of ends `check` with 70 and a traceback, not with 1, which would read as degraded."""
    broken = config.with_name("sitecustomize.py")
    broken.write_text(
        "import sys\n"
        "class Break:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'tui_monitor.checks.check_loop':\n"
        "            raise RuntimeError('nobody thought of this')\n"
        "sys.meta_path.insert(0, Break())\n"
    )
    done = run(config, "check", PYTHONPATH=f"{config.parent}:{Path.cwd()}")
    assert done.returncode == SOFTWARE and b"nobody thought of this" in done.stderr


def test_the_unit_does_not_restart_what_cannot_work() -> None:
    """The service's unit names the codes after which another start would fail the same way."""
    unit = Path("deploy/tui-monitor.service").read_text(encoding="utf-8")
    assert f"RestartPreventExitStatus={USAGE} {CONFIGURATION}\n" in unit
