"""Ten real hosts: a daemon and a state each behind a real sshd; what goes wrong with some of them, while the others stay well."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.process.test_fleet import fleet_of, row, running
from tests.support.peers.fixtures import present
from tests.support.peers.ssh_logins import SshLogins, in_path, ssh_logins
from tests.support.processes import Daemon, Installation, installation, until
from tui_monitor.board.fleet import HostView
from tui_monitor.core.commands import Acknowledge
from tui_monitor.core.values import HealthStatus
from tui_monitor.fleet.remote_backend import RemoteBackend
from tui_monitor.sources.host import link as links

pytestmark = pytest.mark.slow
NAMES = tuple(f"host-{number}" for number in range(10))
CONFIG = 'host = "{name}"\ndefault_rules = []\n[[rules]]\nalert = "Always"\nexpr = "vector(1)"\nsummary = "it is so"\n'
KILLED, STOPPED_DAEMON, STOPPED_LINK, WRONG_KEY, READ_ONLY, CUT, OLDER, NEWER, *WELL = NAMES


class CuttingRelay:
    """A TCP relay in front of sshd; `cut` ends the connections within the next packet that the host sends."""

    def __init__(self, port: int) -> None:
        self._to, self._cutting = port, False
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        there = asyncio.create_task(self._copy(reader, far_writer, cuts=False))
        try:
            await self._copy(far_reader, writer, cuts=True)
        finally:
            there.cancel()
            for each in (writer, far_writer):
                each.transport.abort()
            self._tasks.discard(task)

    async def close(self) -> None:
        """End every connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, cuts: bool) -> None:
        while data := await reader.read(65536):
            if cuts and self._cutting:
                self._cutting = False
                writer.write(data[: len(data) // 2])
                await writer.drain()
                return
            writer.write(data)
            await writer.drain()

    def cut(self) -> None:
        """End within the next packet."""
        self._cutting = True


@pytest.fixture
def logins() -> Iterator[SshLogins]:
    with present(ssh_logins) as made, in_path(made):
        yield made


@pytest.fixture
def places(tmp_path: Path, logins: SshLogins) -> Iterator[dict[str, Installation]]:
    """Ten hosts that can be logged in to, some in their own way."""
    with ExitStack() as stack:
        made = {name: stack.enter_context(installation(tmp_path / name)) for name in NAMES}
        for name, place in made.items():
            place.configure(CONFIG.format(name=name))
            if name in (OLDER, NEWER):
                stdio = shlex.join([sys.executable, "-m", "tui_monitor", "stdio", "--state", str(place.state)])
                version = shlex.join([sys.executable, "-m", "tests.support.other_version", "older" if name == OLDER else "newer"])
                logins.add(name, f"cd {Path.cwd()} && {stdio} | {version}")
            else:
                logins.add_monitor(name, place.state, *(["--read-only"] if name == READ_ONLY else []))
        yield made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses; a beat comes each 5 s, so that 8 s without one is silence."""
    for name, value in {"FIRST_PAUSE": 0.2, "LAST_PAUSE": 1.0}.items():
        monkeypatch.setattr(links, name, value)
    monkeypatch.setattr("tui_monitor.sources.host.protocol.SILENT_S", 8.0)


def far_end(place: Installation) -> psutil.Process:
    """The process of `tui-monitor stdio` on this state."""
    found = [one for one in psutil.process_iter(["cmdline"]) if {"stdio", str(place.state)} <= set(one.info["cmdline"] or ())]
    return min(found, key=lambda one: one.pid)


@asynccontextmanager
async def relayed(logins: SshLogins, name: str) -> Any:
    """The host is reached through a relay."""
    relay = CuttingRelay(logins.port)
    async with await asyncio.start_server(relay.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        text = logins.config.read_text()
        before, _, after = text.partition(f"Host {name}\n")
        after = after.replace(f"Port {logins.port}", f"Port {port}\n  HostKeyAlias [127.0.0.1]:{logins.port}", 1)
        logins.config.write_text(f"{before}Host {name}\n{after}")
        yield relay
        await relay.close()


def is_well(host: HostView) -> bool:
    """Whether the row is as it shall be."""
    return host.connected and not host.unreached and host.firing + host.acknowledged == 1 and host.cpu is not None


async def all_well(fleet: RemoteBackend, *but: str) -> None:
    """Every host but these."""
    for name in NAMES:
        if name not in but:
            found = await row(fleet, name, is_well)
            assert found.age is not None and found.age < 30


async def test_ten_hosts_of_which_some_fail(logins: SshLogins, places: dict[str, Installation], quick: None) -> None:
    """Each failure is told in its row and ends by itself; none delays another host; commands reach their owners."""
    daemons: dict[str, Daemon] = {name: await place.start() for name, place in places.items()}
    fleet = fleet_of(*NAMES)
    async with relayed(logins, CUT) as relay, running(fleet):
        await all_well(fleet)
        assert sorted(alert.id.partition("/")[0] for alert in fleet.board.alerts) == sorted(NAMES)
        assert fleet.board.status is not HealthStatus.HEALTHY

        await daemons[KILLED].kill()
        daemons[STOPPED_DAEMON].process.send_signal(signal.SIGSTOP)
        hanging = far_end(places[STOPPED_LINK])
        os.kill(hanging.pid, signal.SIGSTOP)
        keys = logins.keys.read_text()
        logins.keys.write_text("".join(line for line in keys.splitlines(keepends=True) if str(places[WRONG_KEY].state) not in line))
        far_end(places[WRONG_KEY]).kill()
        connections = [one.link.view.since for name, one in fleet._hosts.items() if name == CUT]
        relay.cut()

        assert "its monitor does not run" in (await row(fleet, KILLED, lambda host: host.unreached)).reason
        assert "none of your keys is accepted there" in (await row(fleet, WRONG_KEY, lambda host: host.unreached)).reason
        stopped = fleet._hosts[STOPPED_LINK]
        await until(lambda: stopped.link.view.fault is not None and "no answer for 8s" in stopped.link.view.fault.text)
        await until(lambda: any("is not responding since" in text for text in fleet._hosts[STOPPED_DAEMON].board.trouble))
        await until(lambda: fleet._hosts[CUT].link.view.since != connections[0])
        await all_well(fleet, KILLED, STOPPED_DAEMON, STOPPED_LINK, WRONG_KEY)

        await places[KILLED].start()
        hanging.kill()  # its sshd has gone, and one that is stopped does not notice
        daemons[STOPPED_DAEMON].process.send_signal(signal.SIGCONT)
        logins.keys.write_text(keys)
        await all_well(fleet)

        for name in (OLDER, NEWER, CUT, *WELL):
            (alert,) = (each for each in fleet.board.alerts if each.id.startswith(f"{name}/"))
            result = await fleet.command(Acknowledge((alert.id,), note="on it"))
            assert result.ok, (name, result)
            await row(fleet, name, lambda host: host.acknowledged == 1)
        assert {host.version for host in fleet.hosts} >= {"0.0.1", "9.9.9"}
        (refused,) = (each for each in fleet.board.alerts if each.id.startswith(f"{READ_ONLY}/"))
        assert "read-only" in (await fleet.command(Acknowledge((refused.id,)))).text
        fleet.open(READ_ONLY)
        assert "may only look" in fleet.board.read_only
        for name in (OLDER, NEWER):
            fleet.open(name)
            await until(lambda: fleet.board.resources.processes)
            assert (await fleet.chart("vector(1)", 0, 60_000, 5)).lines
