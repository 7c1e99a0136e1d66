"""Several hosts: the dashboard of 50 simulated ones, and one real host over a real sshd on loopback; prints JSON.

    python bench/fleet.py [--hosts 50] [--seconds 20]

The simulated hosts (farhost.py in place of ssh) give a board that was recorded from a real far end, and its changes each 5 s; CPU and
memory are the dashboard's, ssh apart. The real host is a daemon with ten checks behind `ssh -C`: bytes at rest are those of the TCP
connection in both directions, the round trip of a command is that of an `ack` which the leader refuses and of a mark that it takes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import json
import os
import pty
import shlex
import statistics
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
from harness import (
    PROGRAM,
    ROOT,
    checks,
    compile_program,
    environment,
    figure,
    finish,
    headless_at,
    others_busy_alone,
    place,
    rss_mib,
    servers,
)

sys.path.insert(0, str(ROOT))

from tests.support.peers.ssh_logins import SshLogins, in_path, ssh_logins
from tui_monitor.core.clock import SystemClock
from tui_monitor.sources.host.changes import apply
from tui_monitor.sources.host.link import HostLink, StartPace

SETTLE = 20.0
RECORD = 16.0
SIZE = (40, 120)


class FarEnd:
    """A real `tui-monitor stdio` on two pipes."""

    def __init__(self, state: Path) -> None:
        argv = [*PROGRAM, "stdio", "--state", str(state)]
        self.process = psutil.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())

    def hear(self) -> dict[str, Any]:
        """The next message."""
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found

    def until(self, key: str) -> dict[str, Any]:
        """The next message with this key."""
        while key not in (message := self.hear()):
            pass
        return message

    def ask(self, **message: Any) -> dict[str, Any]:
        """A request's answer."""
        self.process.stdin.write(json.dumps({"id": 1, **message}).encode() + b"\n")
        self.process.stdin.flush()
        return self.until("id")

    def close(self) -> None:
        """End it."""
        self.process.stdin.close()
        self.process.wait(10)


def far_end(state: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The figures of a far end, and a record of its board and changes."""
    end = FarEnd(state)
    board = end.until("board")["board"]
    times = end.process.cpu_times()
    figures = {
        "stdio_memory": figure(rss_mib(end.process), "MiB", 20.0),
        "stdio_cpu_to_board": figure(1000 * (times.user + times.system), "ms", 150.0),
    }
    changes, until = [], time.monotonic() + RECORD
    while time.monotonic() < until:
        message = end.hear()
        if "changes" in message:
            changes.append(message["changes"])
            board = apply(board, message["changes"])
    now = round(time.time() * 1000)
    end.ask(do="chart", expr="rate(network_receive_bytes_total[1m])", start=now - 600_000, end=now, points=100)
    figures["stdio_memory_after_query"] = figure(rss_mib(end.process), "MiB", 35.0)
    end.close()
    return figures, {"board": board, "changes": changes}


# --- simulated hosts ----------------------------------------------------------------------------------------------------


def hosts_configuration(count: int) -> str:
    """So many hosts in three teams."""
    return "".join(
        f'[[hosts]]\nname = "host-{number:02d}"\nlabels = {{ team = "{("shop", "pay", "ops")[number % 3]}" }}\n' for number in range(count)
    )


def fake_ssh(directory: Path, record: Mapping[str, Any]) -> None:
    """An `ssh` that is farhost.py."""
    (directory / "record.json").write_text(json.dumps(record))
    argv = [sys.executable, "-S", str(Path(__file__).with_name("farhost.py")), str(directory / "record.json")]
    script = directory / "ssh"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(argv)} "$@"\n')
    script.chmod(0o755)


@contextlib.contextmanager
def on_a_terminal(command: list[str], path: str) -> Iterator[psutil.Process]:
    """A program under a pseudo-terminal whose output is read and forgotten."""
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
    environ = {**environment(), "TERM": "xterm-256color", "PATH": path}
    process = psutil.Popen(command, stdin=far, stdout=far, stderr=far, env=environ, start_new_session=True)
    os.close(far)
    reader = threading.Thread(target=drained, args=(near,), daemon=True)
    reader.start()
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)
        reader.join(5)
        os.close(near)


def drained(fd: int) -> None:
    """Read until the end."""
    with contextlib.suppress(OSError):
        while os.read(fd, 65536):
            pass


def dashboard(record: Mapping[str, Any], count: int, seconds: float) -> dict[str, Any]:
    """CPU and memory of the dashboard of simulated hosts."""
    with place(hosts_configuration(count)) as (directory, command):
        fake_ssh(directory, record)
        with on_a_terminal([*command, "--hosts"], f"{directory}:{os.environ['PATH']}") as process:
            time.sleep(SETTLE + count * 0.2)
            used, others = others_busy_alone(process, seconds)
            connected = len(process.children())
            return {
                "dashboard_cpu": figure(
                    100 * used / seconds, "% of a core", 3.0, hosts=count, connected=connected, others_pct=round(others, 1)
                ),
                "dashboard_memory": figure(rss_mib(process), "MiB", 90.0),
            }


# --- one real host ------------------------------------------------------------------------------------------------------


class Relay:
    """A TCP relay to the sshd that counts the bytes of both directions."""

    def __init__(self, port: int) -> None:
        self.count = 0
        self._to = port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer), return_exceptions=True)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            self.count += len(data)
            writer.write(data)
        writer.close()


async def real_host(logins: SshLogins, state: Path, seconds: float) -> dict[str, Any]:
    """Bytes at rest and the round trip of commands over `ssh -C`."""
    relay = Relay(logins.port)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    logins.add_monitor("bench", state)
    key = logins.directory / "bench"
    port = server.sockets[0].getsockname()[1]
    logins.write_host("relayed", key, Port=str(port), Compression="yes", HostKeyAlias=f"[127.0.0.1]:{logins.port}")
    clock = SystemClock()
    link = HostLink("relayed", "relayed", clock, StartPace(clock), lambda _: None)
    task = asyncio.create_task(link.run())
    async with asyncio.timeout(30):
        while link.view.board is None or link.view.latency is None:  # noqa: ASYNC110  the link tells nobody
            await asyncio.sleep(0.1)
    await asyncio.sleep(2)
    before = relay.count
    await asyncio.sleep(seconds)
    rate = (relay.count - before) / seconds / 1000
    trips: dict[str, list[float]] = {"refused": [], "taken": []}
    for _ in range(20):
        for name, verb, arguments in (("refused", "ack", {"ids": ["nope"]}), ("taken", "annotate", {"text": "bench"})):
            begin = time.perf_counter()
            await link.ask(verb, arguments)
            trips[name].append(1000 * (time.perf_counter() - begin))
            await asyncio.sleep(0.13)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    server.close()
    figures = {"bytes_at_rest": figure(rate, "KB/s a host", 0.5)}
    for name, times in trips.items():
        figures[f"command_{name}"] = figure(statistics.median(times), "ms", 100.0, worst_ms=round(max(times), 1))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    compile_program()
    with servers(10) as places, place(checks(places, "10s")) as (directory, command), headless_at(directory, command):
        time.sleep(8)
        figures, record = far_end(directory / "state")
        with ssh_logins() as logins, in_path(logins):
            figures |= asyncio.run(real_host(logins, directory / "state", options.seconds))
    figures |= dashboard(record, options.hosts, options.seconds)
    finish(figures)


if __name__ == "__main__":
    main()
