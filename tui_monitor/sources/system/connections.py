"""TCP connections by state, counted in the kernel's own format: 100,000 sockets cost tenths of a second, so seldom the more there are."""

from __future__ import annotations

import errno
import os
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping

from tui_monitor.sources.system.procfs import read_file

EVERY = 10.0
"""Seconds between looks at least."""
SHARE = 100
"""A look that took a second is repeated after so many: at most a hundredth of the time is spent on it."""
TIME_LIMIT = 2.0
GRACE = 0.02
MOST_TEXT = 16 * 1024 * 1024
"""Bytes of /proc/net/tcp that are read, which is 100,000 lines."""
_STATES = (
    "", "established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2", "time_wait", "close", "close_wait", "last_ack", "listen",
    "closing", "syn_recv",
)  # fmt: skip
"""By number (source: include/net/tcp_states.h); 12 is a half-open connection since Linux 4.4."""
STATES = tuple(dict.fromkeys(filter(None, _STATES)))
_SOCK_DIAG, _TCP_DIAG, _DUMP, _REQUEST = 4, 18, 0x300, 1
"""TCPDIAG_GETSOCK (source: linux/inet_diag.h) goes through the table of sockets once for both families."""
_ALL, _WAITING = 0xFFFFFFFF, 1 << 6
"""Sockets in TIME_WAIT have shorter messages: asked for by themselves, those of each dump are alike."""
_ERROR, _DONE = 2, 3
_HEAD = struct.Struct("=IHHII")
_STATE_AT = _HEAD.size + 1
_HEAD_ALIKE = 6
"""Bytes of length and kind at the beginning of a message."""
_LINE = re.compile(rb"^ *\d+: \S+ \S+ ([0-9A-F]{2}) ", re.M)
_BUFFER = 1 << 18


class Connections:
    """Counts the sockets of this network namespace in a thread of its own: nobody waits for it longer than a moment.

    ``netlink``: ask the kernel (sock_diag(7)), which takes a quarter of the time of /proc/net/tcp; where it refuses (a container's
    filter), the files are read.
    """

    def __init__(self, proc: str, *, netlink: bool = True) -> None:
        self._proc = proc
        self._netlink = netlink
        self._look: _Count | None = None
        self._known: Mapping[str, int] = {}
        self._next = float("-inf")

    def counts(self, monotonic: float) -> Mapping[str, int]:
        """Connections by state at the last look, {} before the first has ended; raises OSError where it failed."""
        self._take(monotonic)
        if monotonic >= self._next and self._look is None:
            self._look = _Count(self._count)
            self._look.done.wait(GRACE)
            self._next = monotonic + EVERY
            self._take(monotonic)
        return self._known

    def _take(self, monotonic: float) -> None:
        look = self._look
        if look is None or not look.done.is_set():
            return
        self._look = None
        self._next = max(self._next, monotonic + SHARE * look.seconds)
        self._known = {} if isinstance(look.outcome, OSError) else look.outcome
        if isinstance(look.outcome, OSError):
            raise look.outcome

    def _count(self) -> Mapping[str, int]:
        deadline = time.monotonic() + TIME_LIMIT
        if self._netlink:
            try:
                return named(_asked(_WAITING, deadline) + _asked(_ALL ^ _WAITING, deadline))
            except TimeoutError:
                raise
            except OSError:
                self._netlink = False
        found: Counter[int] = Counter()
        there = [path for name in ("tcp", "tcp6") if os.path.exists(path := f"{self._proc}/net/{name}")]
        for path in there:
            content = read_file(path, MOST_TEXT)
            if len(content) >= MOST_TEXT:
                raise OSError(errno.EFBIG, f"{path} has more lines than can be counted in time")
            found += states_of_text(content)
        return named(found) if there else {}


class _Count:
    """One count in a thread of its own; ``outcome`` is there once ``done`` is set."""

    def __init__(self, count: Callable[[], Mapping[str, int]]) -> None:
        self.done = threading.Event()
        self.outcome: Mapping[str, int] | OSError = {}
        self.seconds = 0.0
        threading.Thread(target=self._run, args=(count,), name="connections", daemon=True).start()

    def _run(self, count: Callable[[], Mapping[str, int]]) -> None:
        began = time.monotonic()
        try:
            self.outcome = count()
        except OSError as error:
            self.outcome = error
        finally:
            self.seconds = time.monotonic() - began
            self.done.set()


def _asked(states: int, deadline: float) -> Counter[int]:
    """The states in a dump of the TCP sockets of both families that are in one of these. Raises OSError."""
    found: Counter[int] = Counter()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _SOCK_DIAG) as asked:
        asked.settimeout(TIME_LIMIT)
        query = struct.pack("=52xII", states, 0)
        asked.send(_HEAD.pack(_HEAD.size + len(query), _TCP_DIAG, _REQUEST | _DUMP, 1, 0) + query)
        while not add_states(asked.recv(_BUFFER), found):
            if time.monotonic() > deadline:
                raise TimeoutError(errno.ETIMEDOUT, f"the kernel did not tell its sockets within {TIME_LIMIT:g}s")
    return found


def add_states(buffer: bytes, found: Counter[int]) -> bool:
    """Count the sockets of one packet of a dump; whether it was the last. Raises OSError for the kernel's refusal.

    Sockets of one kind have messages of one length: a packet of such is counted in one go, without a step for each.
    """
    at, end = 0, len(buffer)
    while at + _HEAD.size <= end:
        length, kind, _, _, _ = _HEAD.unpack_from(buffer, at)
        step = (length + 3) & ~3
        if kind == _DONE:
            return True
        if kind == _ERROR or step < _STATE_AT + 1:
            raise OSError(-struct.unpack_from("=i", buffer, at + _HEAD.size)[0] if end - at >= _HEAD.size + 4 else 0, "sock_diag")
        run = _alike(buffer, at, step, (end - at) // step)
        found.update(buffer[at + _STATE_AT : at + run * step : step])
        at += run * step
    return False


def _alike(buffer: bytes, at: int, step: int, most: int) -> int:
    """How many messages from here on surely have the length and kind of the first: all, or fewer by halving."""
    while most > 1 and any(buffer[at + place : at + most * step : step].count(buffer[at + place]) != most for place in range(_HEAD_ALIKE)):
        most //= 2
    return max(1, most)


def states_of_text(content: bytes) -> Counter[int]:
    """The states in /proc/net/tcp or tcp6 (format: proc_net_tcp, in the kernel's documentation)."""
    return Counter(int(found, 16) for found in _LINE.findall(content))


def named(found: Mapping[int, int]) -> Mapping[str, int]:
    """Counts by name; every state has one."""
    named = dict.fromkeys(STATES, 0)
    for number, count in found.items():
        if 0 < number < len(_STATES):
            named[_STATES[number]] += count
    return named
