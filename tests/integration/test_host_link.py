"""The connection to another host, over a real sshd on loopback."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.peers.fixtures import present
from tests.support.peers.ssh_logins import SshLogins, in_path, ssh_logins
from tests.support.processes import Installation, installation, until
from tui_monitor.core.clock import SystemClock
from tui_monitor.sources.host import link as links
from tui_monitor.sources.host.link import HostLink, LinkDown, LinkView, StartPace

HELLO = '{"hello":{"protocol":1,"version":"0.0.9","may":["read"],"later":{}}}'
BOARD = '{"board":{"at":5,"host":"x","status":"healthy","leader":{"alive":true},"checks":[]}}'


@pytest.fixture
def logins() -> Iterator[SshLogins]:
    with present(ssh_logins) as made, in_path(made):
        yield made


@pytest.fixture
def where(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path / "place") as made:
        made.configure('host = "web-1"\ndefault_rules = ["HighCPU"]\n')
        yield made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses and little patience."""
    for name, value in {"FIRST_PAUSE": 0.05, "LAST_PAUSE": 0.2, "HELLO_WITHIN": 8.0}.items():
        monkeypatch.setattr(links, name, value)


@asynccontextmanager
async def linked(name: str) -> AsyncIterator[HostLink]:
    """A link that runs."""
    clock = SystemClock()
    made = HostLink(name, name, clock, StartPace(clock), lambda _: None)
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def fault(link: HostLink) -> str:
    """The reason, once there is one."""
    found = await until(lambda: link.view.fault)
    return found.text


async def sees(link: HostLink, condition: Callable[[LinkView], object]) -> LinkView:
    """The view, as soon as the condition holds."""
    await until(lambda: bool(condition(link.view)), what=repr(link.view))
    return link.view


async def test_board_commands_and_questions_over_ssh(logins: SshLogins, where: Installation) -> None:
    """The whole way: login, board, an acknowledgement that the host's own leader answers, a query evaluated there."""
    await where.start()
    logins.add_monitor("web-1", where.state)
    async with linked("web-1") as link:
        view = await sees(link, lambda view: view.board and view.latency)
        assert view.board is not None and view.board["host"] == "web-1"
        assert view.hello is not None and view.hello["from"] == "127.0.0.1"
        assert "no live alert" in (await link.ask("ack", {"ids": ["nope"]}))["refused"]
        assert (await link.ask("query", {"expr": "1 + 1", "at": 0}))["answer"] == {"value": 2.0}
        before = view.board_at
        await sees(link, lambda view: view.board_at > before)
    assert link.view.latency is not None and link.view.latency < 1.0


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("exec no-such-program", "not installed there"),
        ("echo Welcome; exit 3", "something else answers than tui-monitor stdio"),
        ("echo 'tui-monitor: argument COMMAND: invalid choice: stdio' >&2; exit 64", "too old"),
        ("echo oh no >&2; exit 1", "oh no"),
    ],
)
async def test_the_reason_is_told_in_words(logins: SshLogins, quick: None, command: str, words: str) -> None:
    """A host that answers otherwise says what to do there."""
    logins.add("web-1", command)
    async with linked("web-1") as link:
        assert words in await fault(link)
        with pytest.raises(LinkDown):
            await link.ask("ack", {})


async def test_what_is_missing_here_is_ours(logins: SshLogins, quick: None) -> None:
    """A key that is not accepted and a host that is not known say nothing about the host; nothing is accepted or asked."""
    logins.add("known", f"echo '{HELLO}'; cat")
    logins.write_host("stranger", logins.directory / "host_key")
    known = logins.known_hosts.read_text()
    async with linked("stranger") as link:
        assert "none of your keys is accepted there; try: ssh stranger" in await fault(link)
        assert link.view.fault and link.view.fault.ours
    logins.known_hosts.write_text("")
    async with linked("known") as link:
        assert await fault(link) == "host key is not known; run: ssh known"
        assert link.view.fault and link.view.fault.ours
        assert logins.known_hosts.read_text() == ""
        logins.known_hosts.write_text(known)
        await sees(link, lambda view: view.connected)


async def test_a_host_that_refuses_connections_is_down(logins: SshLogins, quick: None) -> None:
    """That is the host's own fault, and is tried again until it answers."""
    logins.add("web-1", f"echo '{HELLO}'; echo '{BOARD}'; cat")
    logins.stop()
    async with linked("web-1") as link:
        assert await fault(link) == "connection refused"
        assert link.view.fault and not link.view.fault.ours
        logins.start()
        await sees(link, lambda view: view.connected and view.board)
        assert link.view.failures == 0


async def test_a_silent_host_is_given_up_and_connected_again(logins: SshLogins, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A far end that is stopped (SIGSTOP) is noticed by its missing beats; its answers are not waited for."""
    monkeypatch.setattr("tui_monitor.sources.host.protocol.SILENT_S", 1.0)
    pids = logins.directory / "pids"
    logins.add("web-1", f"echo $$ >> {pids}; echo '{HELLO}'; echo '{BOARD}'; while true; do echo '{{\\\"beat\\\":1}}'; sleep 0.2; done")
    async with linked("web-1") as link:
        await sees(link, lambda view: view.board)
        os.kill(int(pids.read_text().split()[0]), signal.SIGSTOP)
        try:
            view = await sees(link, lambda view: view.failures)
            assert view.fault is not None and view.fault.text == "no answer for 1s"
            await sees(link, lambda view: view.connected and len(pids.read_text().split()) > 1)
        finally:
            for pid in pids.read_text().split():
                os.kill(int(pid), signal.SIGKILL)


async def test_a_line_that_is_cut_and_a_change_that_does_not_fit(logins: SshLogins, quick: None) -> None:
    """Half a line at the end is no board, a change of an unknown board asks for the whole one, unknown messages are ignored."""
    asked = logins.directory / "asked"
    wrong = '{"changes":{"drop":["nothing"]}}'
    logins.add(
        "web-1",
        f"echo hi; echo '{HELLO}'; echo '{{\\\"new\\\":1}}'; echo '{BOARD}'; echo '{wrong}'; head -n 2 > {asked}; printf '{BOARD[:30]}'",
    )
    async with linked("web-1") as link:
        view = await sees(link, lambda view: view.failures)
        assert view.board is not None and view.board["host"] == "x"
    assert '{"do":"board"}' in asked.read_text()


async def test_a_request_ends_with_its_connection(logins: SshLogins, quick: None) -> None:
    """Nothing waits for the answer of a host that has gone."""
    logins.add("web-1", f"echo '{HELLO}'; head -n 2 > /dev/null")
    async with linked("web-1") as link:
        await sees(link, lambda view: view.connected)
        with pytest.raises(LinkDown, match="has ended"):
            await link.ask("chart", {})


async def test_a_program_beside_the_path_is_found(logins: SshLogins, where: Installation, tmp_path: Path, quick: None) -> None:
    """What is asked for is run by the login's shell; ~/.local/bin is looked at, although a login without a terminal does not have it."""
    await where.start()
    program = tmp_path / ".local" / "bin" / "tui-monitor"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tui_monitor "$@" --state {where.state}\n')
    program.chmod(0o755)
    logins.add("web-1", f'cd {ROOT} && exec env -i HOME={tmp_path} PATH=/usr/bin:/bin sh -c "$SSH_ORIGINAL_COMMAND"')
    async with linked("web-1") as link:
        view = await sees(link, lambda view: view.board)
        assert view.board is not None and view.board["host"] == "web-1"
    program.unlink()
    async with linked("web-1") as link:
        assert "tui-monitor is not installed there" in await fault(link)
