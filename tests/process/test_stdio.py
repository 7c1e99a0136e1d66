"""`tui-monitor stdio`: the far end of a connection, with a real daemon beside it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import Installation, environment, installation
from tui_monitor.storage.state import far_end
from tui_monitor.storage.state.tables import MIGRATIONS

CONFIG = 'host = "web-1"\ndefault_rules = ["HighCPU"]\n'


class FarEndProcess:
    """The program with its two pipes."""

    def __init__(self, state: Path, *options: str, environ: dict[str, str] | None = None) -> None:
        argv = [sys.executable, "-m", "tui_monitor", "stdio", "--state", str(state), *options]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(environ))

    def tell(self, **message: Any) -> None:
        """Send a message."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def hear(self, key: str) -> Any:
        """The next message with this key: its value."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message = json.loads(line)
            if key in message:
                return message[key]
        raise AssertionError(f"it ended without {key}")

    def ask(self, **message: Any) -> dict[str, Any]:
        """Send a request; its answer."""
        assert self.process.stdout is not None
        self.tell(id=7, **message)
        for line in self.process.stdout:
            found: dict[str, Any] = json.loads(line)
            if found.get("id") == 7:
                return found
        raise AssertionError("it ended without an answer")


@contextmanager
def far(state: Path, *options: str, environ: dict[str, str] | None = None) -> Iterator[FarEndProcess]:
    """The far end; it ends by itself once its input is closed."""
    made = FarEndProcess(state, *options, environ=environ)
    try:
        yield made
        assert made.process.stdin is not None
        made.process.stdin.close()
        assert made.process.wait(20) == 0
    finally:
        made.process.kill()
        made.process.wait()
        for stream in (made.process.stdin, made.process.stdout):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()


@pytest.fixture
def where(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path / "place") as made:
        made.configure(CONFIG)
        yield made


def test_the_schema_is_the_stores() -> None:
    """The far end writes commands only into the schema that this version has."""
    assert len(MIGRATIONS) == far_end.SCHEMA


def test_without_a_monitor_it_says_so_and_waits(tmp_path: Path) -> None:
    """A host where none has run is reachable, and told apart from one that is not."""
    with far(tmp_path / "none") as end:
        assert end.hear("hello")["protocol"] == 1
        assert "no monitor has run here" in end.hear("trouble")
    assert not (tmp_path / "none").exists()


async def test_board_commands_and_questions(where: Installation) -> None:
    """The board first, then commands with the leader's answers and the ssh client in the audit, and charts evaluated there."""
    await where.start()
    with far(where.state, environ={"SSH_CONNECTION": "203.0.113.7 5 192.0.2.1 22"}) as end:
        assert end.hear("hello")["from"] == "203.0.113.7"
        board = end.hear("board")
        assert board["host"] == "web-1"
        assert board["leader"]["alive"]
        assert not board["resources"]["processes"]
        assert end.ask(do="annotate", text="deploy") == {"id": 7, "ok": 'marked "deploy"'}
        assert "no live alert" in end.ask(do="ack", ids=["nope"])["refused"]
        assert end.ask(do="ack", ids=5)["refused"] == 'ack: the argument "ids" must be a list of texts'
        assert "does not know" in end.ask(do="untoken", name="x")["refused"]
        at = time.time_ns() // 1_000_000
        assert end.ask(do="chart", expr="cpu_usage_ratio", start=at - 60_000, end=at, points=10)["answer"]["unit"] == "ratio"
        assert end.ask(do="query", expr="sum(", at=at)["fault"] == "promql"
        acts = end.ask(do="acts", limit=5)["answer"]
        assert acts[0]["by"].endswith("(ssh 203.0.113.7)")
        end.tell(do="watch", whole=True)
        assert end.hear("changes")
        assert "does not know" in end.ask(do="dance")["refused"]


async def test_a_read_only_connection_refuses_commands(where: Installation) -> None:
    """A key with `--read-only` looks and asks, and changes nothing."""
    await where.start()
    with far(where.state, "--read-only") as end:
        assert end.hear("hello")["may"] == ["read"]
        assert "read-only" in end.hear("board")["read_only"]
        assert "read-only" in end.ask(do="ack", all=True)["refused"]
        assert end.ask(do="silences")["answer"] == []


async def test_it_works_with_a_dead_monitor(where: Installation) -> None:
    """The last board is shown as old, questions are answered, a command is kept for the next leader."""
    daemon = await where.start()
    with far(where.state) as end:
        assert end.hear("board")["leader"]["alive"]
        await daemon.kill()
        change = end.hear("changes")
        while "leader" not in change.get("in", {}):
            change = end.hear("changes")
        assert change["in"]["leader"]["set"]["alive"] is False
        assert end.ask(do="ack", all=True) == {"id": 7, "ok": "stored for the next monitor: none runs now", "pending": True}
        assert end.ask(do="silences")["answer"] == []


async def test_garbage_and_cut_lines_are_ignored(where: Installation) -> None:
    """Another program at the near end does not end it, nor does a line without an end."""
    await where.start()
    with far(where.state) as end:
        assert end.process.stdin is not None
        end.process.stdin.write(b"\x00\xff garbage\n[1,2]\n" + b"x" * 1_000_000 + b'\n{"do":5,"id":1}\n{"do":"ack"}\n')
        assert end.ask(do="silences")["answer"] == []
        end.process.stdin.write(b'{"do":"ack","id"')


async def test_it_is_small_until_it_is_asked(where: Installation) -> None:
    """At most 20 MiB to the first board, and 35 MiB after a query: a host pays little for being looked at."""
    await where.start()
    with far(where.state) as end:
        end.hear("board")
        assert resident_kib(end) < 20 * 1024
        loaded = mapped(end)
        assert "_asyncio" not in loaded
        at = time.time_ns() // 1_000_000
        assert end.ask(do="chart", expr="cpu_usage_ratio", start=at - 60_000, end=at, points=10)["answer"]["unit"] == "ratio"
        assert resident_kib(end) < 35 * 1024
        loaded = mapped(end)
        assert "_ssl" not in loaded
        assert "libcrypto" not in loaded


def mapped(end: FarEndProcess) -> str:
    """The files that the far end has in memory."""
    return Path(f"/proc/{end.process.pid}/maps").read_text()


def resident_kib(end: FarEndProcess) -> int:
    """The resident memory of the far end."""
    lines = Path(f"/proc/{end.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
