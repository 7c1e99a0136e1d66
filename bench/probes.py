"""CPU per HTTP probe on new connections at 10, 100 and 1,000 distinct origins on loopback; prints JSON.

    python bench/probes.py [--tls] [--names] [--rate 100] [--seconds 10] [--sizes 10,100,1000]

The server runs in a process of its own on the other core. Two figures per size: ``probe_ms`` is the CPU (user + system) of
this process per probe when probes are paced over the interval as the poller does; ``burst_ms`` when they follow each other closely.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

from tui_monitor.core.values import HealthStatus
from tui_monitor.sources.http.probe import HttpProbe
from tui_monitor.sources.http.settings import HttpCheck

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\nConnection: close\r\n\r\n{"status":"ok"}'


class _Answering(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(ANSWER)  # type: ignore[attr-defined]
        self.transport.close()


async def serve(certificate: str) -> None:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    server = await asyncio.get_running_loop().create_server(_Answering, "0.0.0.0", 0, ssl=context, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


def pin(core: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})


def cpu_ms() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1000


def origins(count: int, port: int, tls: bool, names: bool) -> list[str]:
    scheme = "https" if tls else "http"
    hosts = ["localhost" if names else f"127.1.{index // 250}.{index % 250 + 1}" for index in range(count)]
    return [f"{scheme}://{host}:{port}/health?n={index}" for index, host in enumerate(hosts)]


async def _one(probe: HttpProbe) -> None:
    async with asyncio.timeout(5):
        result = await probe.probe()
    if result.status is not HealthStatus.HEALTHY:
        raise SystemExit(f"{result.reason}: {dict(result.facts)}")


async def paced(probes: list[HttpProbe], rate: float, seconds: float) -> float:
    """CPU ms per probe when a probe starts each 1/rate seconds, round robin."""
    loop = asyncio.get_running_loop()
    total = int(rate * seconds)
    start, before = loop.time(), cpu_ms()
    async with asyncio.TaskGroup() as group:
        for index in range(total):
            await asyncio.sleep(start + index / rate - loop.time())
            group.create_task(_one(probes[index % len(probes)]))
    return (cpu_ms() - before) / total


async def burst(probes: list[HttpProbe], total: int) -> float:
    """CPU ms per probe with eight at a time."""
    todo = iter([probes[index % len(probes)] for index in range(total)])

    async def work() -> None:
        for probe in todo:
            await _one(probe)

    before = cpu_ms()
    async with asyncio.TaskGroup() as group:
        for _ in range(min(8, len(probes))):
            group.create_task(work())
    return (cpu_ms() - before) / total


async def measure(options: argparse.Namespace, port: int, ca_file: str | None) -> list[dict[str, float]]:
    rows = []
    for size in options.sizes:
        urls = origins(size, port, options.tls, options.names)
        settings = [HttpCheck(name=url, url=url, ca_file=ca_file, expect_json={"status": "ok"}) for url in urls]
        probes = [HttpProbe(setting) for setting in settings]
        await burst(probes, max(size, 200))
        row = {"endpoints": size, "burst_ms": await burst(probes, max(size, 1000))}
        row["probe_ms"] = await paced(probes, options.rate, options.seconds)
        rows.append({name: round(value, 3) for name, value in row.items()})
    return rows


def certificate(directory: str) -> tuple[str, str]:
    import trustme

    authority = trustme.CA()
    server, ca = Path(directory, "server.pem"), Path(directory, "ca.pem")
    issued = authority.issue_cert("localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(str(server))
    authority.cert_pem.write_to_path(str(ca))
    return str(server), str(ca)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tls", action="store_true", help="https, verified (ECDSA P-256), all to localhost by name")
    parser.add_argument("--names", action="store_true", help="localhost by name, so that each probe resolves")
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--sizes", type=lambda text: [int(part) for part in text.split(",")], default=[10, 100, 1000])
    parser.add_argument("--serve", metavar="PEM", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        pin(-1)
        asyncio.run(serve(options.serve))
        return
    pin(0)
    options.names = options.names or options.tls
    with tempfile.TemporaryDirectory() as directory:
        server_pem, ca_file = certificate(directory) if options.tls else ("", None)
        server = subprocess.Popen([sys.executable, __file__, "--serve", server_pem], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            rows = asyncio.run(measure(options, int(server.stdout.readline()), ca_file))
        finally:
            server.kill()
            server.wait()
    print(json.dumps({"tls": options.tls, "names": options.names, "rate": options.rate, "sizes": rows}))


if __name__ == "__main__":
    main()
