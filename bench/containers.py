"""One probe of 1,000 containers over a Unix socket: CPU and wall ms of the first and of later ones, the longest slice; prints JSON.

    python bench/containers.py [--containers 1000] [--times 10]

A scripted engine in a process of its own answers as Docker 20.10 does: the list, and an inspection for each container (4 KiB). The first
probe inspects every container, later ones none; CPU and memory of containers are not asked for. ``held_ms`` is the longest time for which
the event loop was held.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tui_monitor.core.values import HealthStatus
from tui_monitor.sources.docker.probe import DockerProbe
from tui_monitor.sources.docker.settings import DockerCheck

LABELS = {f"com.docker.compose.label-{number}": "x" * 40 for number in range(8)}


def entry(number: int) -> dict[str, Any]:
    """One entry of the list, as long as those of Docker Compose."""
    return {
        "Id": f"{number:064x}", "Names": [f"/shop-web-{number}"], "Image": "shop/web:latest", "ImageID": f"sha256:{number:064x}",
        "Command": "python -m web", "Created": 1796015554, "Ports": [{"PrivatePort": 80, "Type": "tcp"}], "Labels": LABELS,
        "State": "running", "Status": "Up 5 hours (healthy)", "HostConfig": {"NetworkMode": "shop"},
        "NetworkSettings": {"Networks": {"shop": {"IPAddress": "172.18.0.9", "MacAddress": "02:42:ac:12:00:09"}}}, "Mounts": [],
    }  # fmt: skip


def inspection() -> bytes:
    """One answer for all."""
    state = {"Status": "running", "Running": True, "OOMKilled": False, "ExitCode": 0, "StartedAt": "2026-11-30T05:12:34.82Z"}
    return json.dumps({"State": {**state, "Health": {"Status": "healthy"}}, "RestartCount": 0, "Config": "x" * 3500}).encode()


async def serve(path: str, count: int) -> None:
    """The engine, until it is ended."""
    bodies = {b"list": json.dumps([entry(number) for number in range(count)]).encode(), b"one": inspection()}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                body = bodies[b"list" if b"all=1" in head else b"one"]
                writer.write(b"HTTP/1.1 200 OK\r\nServer: Docker/20.10.24 (linux)\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        writer.close()

    async with await asyncio.start_unix_server(answer, path):
        print("ready", flush=True)
        await asyncio.Event().wait()


def watch_loop(slices: list[float]) -> None:
    """Note the CPU ms of every callback of the loop."""
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        run(handle)
        slices.append((time.thread_time() - began) * 1000)

    asyncio.Handle._run = timed  # type: ignore[assignment,method-assign]


async def measure(path: str, times: int) -> dict[str, Any]:
    """The figures of a first probe and of later ones."""
    probe, slices = DockerProbe(DockerCheck(name="shop", type="docker", socket=path, stats=False, timeout=20.0)), list[float]()
    watch_loop(slices)
    cpu, wall = [], []
    for _ in range(times + 1):
        began, before = time.perf_counter(), time.process_time()
        result = await probe.probe()
        cpu.append((time.process_time() - before) * 1000)
        wall.append((time.perf_counter() - began) * 1000)
        if result.status is not HealthStatus.HEALTHY:
            raise SystemExit(result.reason)
    await probe.close()
    return {"first_cpu_ms": cpu[0], "cpu_ms": statistics.median(cpu[1:]), "wall_ms": statistics.median(wall[1:]), "held_ms": max(slices)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--containers", type=int, default=1000)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--serve", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve(given.serve, given.containers))
        return
    with tempfile.TemporaryDirectory() as directory:
        path = str(Path(directory, "s"))
        argv = [sys.executable, __file__, "--serve", path, "--containers", str(given.containers)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as engine:
            assert engine.stdout is not None
            engine.stdout.readline()
            try:
                found = asyncio.run(measure(path, given.times))
            finally:
                engine.terminate()
    print(json.dumps({"containers": given.containers, **{name: round(value, 2) for name, value in found.items()}}))


if __name__ == "__main__":
    main()
