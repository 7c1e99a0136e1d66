"""The connection to another host: ssh as a child, kept up for ever, its messages as state (protocol 1)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tui_monitor.core.clock import Clock
from tui_monitor.core.frozen import frozen
from tui_monitor.platform.child_dialog import ProgramDialog
from tui_monitor.platform.child_process import CannotStart
from tui_monitor.sources.host import protocol
from tui_monitor.sources.host.changes import apply
from tui_monitor.sources.host.command_line import ssh_argv, ssh_environment
from tui_monitor.sources.host.reasons import LinkFault, fault_of

FIRST_PAUSE, LAST_PAUSE = 1.0, 60.0
HELLO_WITHIN = 30.0
"""Seconds from the start of ssh to the hello; jump hosts and hardware keys take some."""
STEADY_S = 30.0
"""A connection that held this long begins again with the shortest pause."""
START_EVERY = 0.2
"""Seconds between two starts of ssh: a server drops connections beyond its MaxStartups."""
EXIT_WITHIN = 3.0
ASK_WITHIN = 35.0
MOST_NOISE = 100
"""Lines before the hello, such as a login script's."""
REMOTE = ("env", '"PATH=$PATH:$HOME/.local/bin:/usr/local/bin:/opt/tui-monitor/bin"', "tui-monitor", "stdio")
"""For the login's shell; a login without a terminal often has a PATH without the places where programs are installed by hand."""


class LinkDown(Exception):
    """The host cannot be asked now; the text is for people."""


class StartPace:
    """Spaces the starts of ssh of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next = float("-inf")
        self.slots = asyncio.Semaphore(4)

    async def turn(self) -> None:
        """Wait for the next start."""
        now = self._clock.monotonic()
        at = max(now, self._next)
        self._next = at + START_EVERY
        if at > now:
            await self._clock.sleep(at - now)


@frozen
class LinkView:
    """The state of a link. ``fault``: why there is no connection, None while there is one or the first is tried.

    ``board``: the last board as JSON, None before the first; ``board_at`` and ``heard_at``: when it and the last line came (UTC ms here).
    ``ahead_ms``: how far the host's clock is ahead. ``latency``: seconds of a round trip. ``remark``: why there is no board.
    """

    connected: bool = False
    fault: LinkFault | None = None
    since: int = 0
    hello: Mapping[str, Any] | None = None
    board: Mapping[str, Any] | None = None
    board_at: int = 0
    heard_at: int = 0
    ahead_ms: int = 0
    latency: float | None = None
    remark: str = ""
    failures: int = 0
    """Connections that have ended or failed since the last hello."""


class HostLink:
    """One host's connection. ``on_news`` is called after each change of the view."""

    def __init__(self, name: str, destination: str, clock: Clock, pace: StartPace, on_news: Callable[[HostLink], None]) -> None:
        self.name = name
        self.view = LinkView()
        self._destination, self._clock, self._pace, self._on_news = destination, clock, pace, on_news
        self._program: ProgramDialog | None = None
        self._asked: dict[int, asyncio.Future[protocol.Message]] = {}
        self._next_id = 0
        self._whole = False
        self._first_line = ""

    async def run(self) -> None:
        """Connect, and connect again for ever, until cancelled."""
        pause = FIRST_PAUSE
        while True:
            await self._pace.turn()
            begun = self._clock.monotonic()
            fault = await self._connection()
            self._end(fault)
            if self._clock.monotonic() - begun > STEADY_S:
                pause = FIRST_PAUSE
            await self._clock.sleep(pause * random.uniform(0.75, 1.25))
            pause = min(2 * pause, LAST_PAUSE)

    def watch(self, whole: bool) -> None:
        """Whether the host sends whole boards each second, for its dashboard."""
        self._whole = whole
        self._tell({"do": "watch", "whole": whole})

    async def ask(self, verb: str, arguments: Mapping[str, Any], within: float = ASK_WITHIN) -> protocol.Message:
        """The answer to a request. Raises LinkDown."""
        self._next_id += 1
        ident = self._next_id
        answer: asyncio.Future[protocol.Message] = asyncio.get_running_loop().create_future()
        self._asked[ident] = answer
        try:
            if not self.view.connected or not self._tell({**arguments, "id": ident, "do": verb}):
                raise LinkDown(f"{self.name} is not connected: {self.view.fault.text if self.view.fault else 'connecting'}")
            async with asyncio.timeout(within):
                return await answer
        except TimeoutError:
            raise LinkDown(f"{self.name} has not answered for {within:g}s") from None
        finally:
            self._asked.pop(ident, None)

    # --- one connection -----------------------------------------------------------------------------------------------

    async def _connection(self) -> LinkFault:
        """Connect and follow until the end; the reason of the end."""
        self._first_line = ""
        try:
            argv = await ssh_argv(self._destination, REMOTE, self._pace.slots)
            async with ProgramDialog(argv, ssh_environment(), max_line=protocol.MAX_LINE) as program:
                self._program = program
                silent = await self._follow(program)
        except CannotStart as error:
            return LinkFault(f"ssh cannot be run: {error}; install the OpenSSH client", ours=True)
        finally:
            self._program = None
        if silent is not None:
            return silent
        return fault_of(self._destination, program.code, program.errors.decode("utf-8", "replace"), self._first_line)

    async def _follow(self, program: ProgramDialog) -> LinkFault | None:
        """Read lines until the end (None), or until it is silent for too long."""
        within, noise = HELLO_WITHIN, 0
        while True:
            try:
                async with asyncio.timeout(within):
                    line = await anext(program)
            except StopAsyncIteration:
                await program.ended(EXIT_WITHIN)
                return None
            except TimeoutError:
                return LinkFault(f"no answer for {within:g}s")
            try:
                message = protocol.decode(line)
            except protocol.ProtocolFault:
                noise += 1
                self._first_line = self._first_line or protocol.cleaned(line[:200].decode("utf-8", "replace"))
                if noise > MOST_NOISE:
                    return fault_of(self._destination, 0, "", self._first_line)
                continue
            if self.view.connected or "hello" in message:
                within = protocol.SILENT_S
                self._receive(message)

    def _receive(self, message: protocol.Message) -> None:
        now = self._clock.wall_ms()
        if "hello" in message and not self.view.connected and isinstance(message["hello"], dict):
            self._set(connected=True, fault=None, since=now, hello=message["hello"], heard_at=now, failures=0)
            if self._whole:
                self.watch(True)
            self._measure()
        elif isinstance(message.get("board"), dict):
            self._set(board=message["board"], board_at=now, heard_at=now, remark="")
        elif isinstance(message.get("changes"), dict):
            self._change(message["changes"], now)
        elif "trouble" in message:
            self._set(heard_at=now, remark=str(message["trouble"]))
        elif isinstance(beat := message.get("beat"), int):
            self._set(heard_at=now, ahead_ms=beat - now)
            self._measure()
        elif isinstance(message.get("id"), int):
            answer = self._asked.get(message["id"])
            if answer is not None and not answer.done():
                answer.set_result(message)

    def _change(self, change: Mapping[str, Any], now: int) -> None:
        if self.view.board is None:
            return
        try:
            self._set(board=apply(self.view.board, change), board_at=now, heard_at=now)
        except ValueError:
            self._tell({"do": "board"})

    def _measure(self) -> None:
        """Ask for an answer, to know how long the way takes."""
        self._next_id += 1
        asked = self._clock.monotonic()
        answer: asyncio.Future[protocol.Message] = asyncio.get_running_loop().create_future()
        ident = self._next_id
        self._asked[ident] = answer

        def answered(_: asyncio.Future[protocol.Message]) -> None:
            self._asked.pop(ident, None)
            if answer.exception() is None:
                self._set(latency=self._clock.monotonic() - asked)

        answer.add_done_callback(answered)
        self._tell({"id": ident, "do": "ping"})

    def _tell(self, message: Mapping[str, Any]) -> bool:
        return self._program is not None and self._program.send(protocol.encode(message))

    def _end(self, fault: LinkFault) -> None:
        """The connection has ended: every request with it."""
        was = self.view
        for answer in tuple(self._asked.values()):
            if not answer.done():
                answer.set_exception(LinkDown(f"the connection to {self.name} has ended: {fault.text}"))
        self._asked.clear()
        since = self._clock.wall_ms() if was.connected or not was.since else was.since
        self._set(connected=False, fault=fault, since=since, latency=None, failures=was.failures + 1)

    def _set(self, **changes: Any) -> None:
        self.view = replace(self.view, **changes)
        self._on_news(self)
