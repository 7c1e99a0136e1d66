"""Name resolution in at most eight threads, one per name, so that a hanging resolver blocks no more than these."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from tui_monitor.sources.api import OwnTrouble

SocketAddress = tuple[Any, ...]
Address = tuple[socket.AddressFamily, SocketAddress]
"""A family and what ``connect`` wants, with port 0; IPv6 carries flow and scope."""

MAX_THREADS = 8
IDLE_SECONDS = 30.0
"""How long a thread waits for the next name; making a new one costs ten times the lookup of a local name."""

Lookup = Callable[[str], Sequence[Address]]


def system_lookup(host: str) -> list[Address]:
    """Resolve with the system's resolver, in its order without duplicates. Blocks. Raises socket.gaierror or OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def numeric(host: str) -> Address | None:
    """The address if the host is a numeric one, else None."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.inet_pton(family, host)
    except (OSError, ValueError):
        return None
    return (family, (host, 0, 0, 0)) if family == socket.AF_INET6 else (family, (host, 0))


class _Lookup:
    """A running lookup with its waiters; ``answer`` is a list or the error."""

    __slots__ = ("answer", "host", "waiters")

    def __init__(self, host: str) -> None:
        self.host = host
        self.answer: Sequence[Address] | Exception | None = None
        self.waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []


class Resolver:
    """Resolver with daemon threads that are started on demand and end when idle.

    Requests for the same name share one call, so a stuck name blocks one thread; cancelling a request does not cancel the call.
    Threads are daemons: a stuck one does not delay the exit of the program (an executor of the standard library would).
    """

    def __init__(self, lookup: Lookup = system_lookup, *, threads: int = MAX_THREADS) -> None:
        self._lookup = lookup
        self._limit = threads
        self._changed = threading.Condition(threading.Lock())
        self._calls: dict[str, _Lookup] = {}
        self._queue: deque[_Lookup] = deque()
        self._running = 0
        self._idle = 0

    @property
    def running(self) -> int:
        """Number of busy threads."""
        return self._running - self._idle

    async def resolve(self, host: str) -> Sequence[Address]:
        """The host's addresses, at least one. Raises socket.gaierror or OSError as the system gives them."""
        address = numeric(host)
        if address is not None:
            return (address,)
        waiter = (asyncio.get_running_loop(), asyncio.Event())
        call = self._join(host, waiter)
        await waiter[1].wait()
        if isinstance(call.answer, Exception):
            raise call.answer
        if not call.answer:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        return call.answer

    def _join(self, host: str, waiter: tuple[asyncio.AbstractEventLoop, asyncio.Event]) -> _Lookup:
        with self._changed:
            call = self._calls.get(host)
            if call is None:
                call = self._calls[host] = _Lookup(host)
                self._queue.append(call)
                self._wake_thread()
            call.waiters.append(waiter)
            return call

    def _wake_thread(self) -> None:
        if self._idle >= len(self._queue):
            self._changed.notify()
            return
        if self._running >= self._limit:
            return
        thread = threading.Thread(target=self._work, name="resolver", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no thread could be started
            if self._running:
                return
            call = self._queue.pop()
            del self._calls[call.host]
            raise MemoryError(str(error)) from error
        self._running += 1

    def _work(self) -> None:
        while (call := self._next()) is not None:
            answer: Sequence[Address] | Exception
            try:
                answer = self._lookup(call.host)
            except (OSError, MemoryError) as error:
                answer = error
            except UnicodeError as error:  # the IDNA codec rejects the name
                answer = socket.gaierror(socket.EAI_NONAME, str(error))
            self._finish(call, answer)

    def _next(self) -> _Lookup | None:
        with self._changed:
            self._idle += 1
            while not self._queue:
                if not self._changed.wait(IDLE_SECONDS) and not self._queue:
                    self._idle -= 1
                    self._running -= 1
                    return None
            self._idle -= 1
            return self._queue.popleft()

    def _finish(self, call: _Lookup, answer: Sequence[Address] | Exception) -> None:
        with self._changed:
            del self._calls[call.host]
            call.answer = answer
            waiters = call.waiters
        for loop, event in waiters:
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:  # the waiter's loop was closed meanwhile
                continue


RESOLVER = Resolver()
"""The one that probes share, so that the bound on threads holds for the whole program."""
_SHARE = 0.9
"""Of a probe's timeout, so that a resolver that hangs is told as such."""


async def resolve_in_time(host: str, limit: float, resolver: Resolver) -> Sequence[Address]:
    """The addresses of a name, for a probe with a timeout of ``limit`` seconds.

    Raises OwnTrouble where the resolver does not answer, else the resolver's errors.
    """
    try:
        async with asyncio.timeout(limit * _SHARE):
            return await resolver.resolve(host)
    except TimeoutError as error:
        raise OwnTrouble(f"no resolver answers ({host})") from error
