"""Shared parts of the benches: loopback servers, configurations, the monitor as a process, figures with targets."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = [sys.executable, "-m", "tui_monitor"]
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\nConnection: close\r\n\r\n{"status":"ok"}'
MIB = 1024 * 1024


def figure(value: float | None, unit: str, target: float | None = None, **more: Any) -> dict[str, Any]:
    """One figure; ``ok`` says whether it is at most its target, None where it has none."""
    ok = None if target is None or value is None else value <= target
    return {"value": None if value is None else round(value, 3), "unit": unit, "target": target, "ok": ok, **more}


def finish(figures: dict[str, Any]) -> None:
    """Print the figures of one part as JSON, for run.py and for people."""
    print(json.dumps(figures, indent=1))


def environment() -> dict[str, str]:
    """The environment without variables that change the program: it may write byte code and finds no other configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TUI_MONITOR", "PYTHON"))}
    return {**kept, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": "/nonexistent"}


def compile_program() -> None:
    """Compile the byte code first, as an installed program has it."""
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(ROOT / "tui_monitor")], env=environment(), check=False)


class _Answering(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(ANSWER)  # type: ignore[attr-defined]
        self.transport.close()


def origins(count: int) -> list[str]:
    """Distinct loopback addresses."""
    return [f"127.1.{index // 250}.{index % 250 + 1}" for index in range(count)]


async def _serve(count: int) -> None:
    loop = asyncio.get_running_loop()
    first, *rest = origins(count)
    server = await loop.create_server(_Answering, first, 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    if rest:
        await loop.create_server(_Answering, rest, port, backlog=256)
    print(port, flush=True)
    await asyncio.Event().wait()


@contextlib.contextmanager
def servers(count: int) -> Iterator[list[str]]:
    """HTTP servers on ``count`` loopback addresses, in a process of their own; gives their host:port."""
    with subprocess.Popen([sys.executable, __file__, "--serve", str(count)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            yield [f"{host}:{port}" for host in origins(count)]
        finally:
            process.kill()


def checks(places: Sequence[str], interval: str, tcp_every: int = 0) -> str:
    """A configuration's checks, one for each place: http, and each ``tcp_every``-th one tcp."""
    text = []
    for number, place in enumerate(places, 1):
        if tcp_every and number % tcp_every == 0:
            host, port = place.split(":")
            what = f'type = "tcp"\nhost = "{host}"\nport = {port}'
        else:
            what = f'type = "http"\nurl = "http://{place}/health"\nexpect_json = {{ "status" = "ok" }}'
        text.append(f'[[checks]]\nname = "service-{number:04d}"\n{what}\ninterval = "{interval}"\n')
    return "\n".join(text)


@contextlib.contextmanager
def place(configuration: str) -> Iterator[tuple[Path, list[str]]]:
    """A directory with a configuration and room for the state; gives it and the command line that uses both."""
    with tempfile.TemporaryDirectory(prefix="tui-monitor-bench-") as name:
        path = Path(name)
        (path / "config.toml").write_text(configuration)
        yield path, [*PROGRAM, "--config", str(path / "config.toml"), "--state", str(path / "state")]


@contextlib.contextmanager
def headless(configuration: str) -> Iterator[psutil.Process]:
    """The real daemon on a configuration, ended at the end."""
    with place(configuration) as (path, command), headless_at(path, command) as process:
        yield process


@contextlib.contextmanager
def headless_at(path: Path, command: Sequence[str]) -> Iterator[psutil.Process]:
    """The real daemon of a `place`, ended at the end."""
    with (path / "log").open("wb") as log:
        process = subprocess.Popen([*command, "--headless", "--log-level", "warning"], stderr=log, env=environment(), cwd=path)
        try:
            yield psutil.Process(process.pid)
            if process.poll() is not None:
                raise SystemExit(f"the daemon has ended: {(path / 'log').read_text()[-2000:]}")
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(10)


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time so far, children included."""
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def others_busy(process: psutil.Process, seconds: float) -> tuple[float, float]:
    """CPU seconds that a process uses in a while, and the % of one core that everything else used meanwhile."""
    before, busy, begin = cpu_seconds(process), _machine(), time.monotonic()
    time.sleep(seconds)
    used = cpu_seconds(process) - before
    return used, 100 * (_machine() - busy - used) / (time.monotonic() - begin)


def others_busy_alone(process: psutil.Process, seconds: float) -> tuple[float, float]:
    """As `others_busy`, without the process' children: they count as others."""
    before, busy, begin = process.cpu_times(), _machine(), time.monotonic()
    time.sleep(seconds)
    after = process.cpu_times()
    used = float(after.user + after.system - before.user - before.system)
    return used, 100 * (_machine() - busy - used) / (time.monotonic() - begin)


def _machine() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)


def rss_mib(process: psutil.Process) -> float:
    """Resident memory."""
    return float(process.memory_info().rss) / MIB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", type=int, default=1, metavar="COUNT", help="serve on so many loopback addresses until killed")
    asyncio.run(_serve(parser.parse_args().serve))


if __name__ == "__main__":
    main()
