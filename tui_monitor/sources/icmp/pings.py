"""The requests of one probe and what became of each."""

from __future__ import annotations

import asyncio
import secrets
from time import perf_counter, time_ns

from tui_monitor.sources.icmp.packet import NONCE

_FILLER = bytes(range(256))


class Echo:
    """One sent request. ``took``: seconds until its reply; ``error``: text of an ICMP error; neither: pending.

    ``sent`` and ``sent_ns`` are the moment before sending, of `perf_counter` and of CLOCK_REALTIME.
    """

    __slots__ = ("error", "pings", "sent", "sent_ns", "took")

    def __init__(self, pings: Pings) -> None:
        self.pings = pings
        self.took: float | None = None
        self.error = ""
        self.sent_ns, self.sent = time_ns(), perf_counter()

    @property
    def pending(self) -> bool:
        """Whether neither reply nor error has come."""
        return self.took is None and not self.error

    def replied(self, at_ns: int) -> None:
        """Set the time taken by the kernel's time of arrival (0: none), which a busy event loop does not delay.

        It counts only within the time measured here, as the wall clock may have been set meanwhile.
        """
        here, stamped = perf_counter() - self.sent, (at_ns - self.sent_ns) / 1e9
        self.took = stamped if 0 <= stamped <= here else here


class Pings:
    """The ``count`` requests of one probe, ``gap`` seconds apart. ``done`` ends with the last answer or by `end`.

    ``failed``: why a request could not be sent. ``doubled``, ``mangled`` and ``late`` count replies of that kind.
    """

    __slots__ = (
        "address", "count", "done", "dont_fragment", "doubled", "echoes", "failed", "gap", "late", "mangled", "open", "payload", "started",
    )  # fmt: skip

    def __init__(self, address: tuple[object, ...], *, count: int, gap: float, size: int, dont_fragment: bool) -> None:
        loop = asyncio.get_running_loop()
        self.address, self.count, self.gap, self.dont_fragment = address, count, gap, dont_fragment
        self.payload = (secrets.token_bytes(NONCE) + _FILLER * ((size - NONCE) // 256 + 1))[:size]
        self.echoes: dict[int, Echo] = {}
        self.open = count
        self.failed: OSError | None = None
        self.doubled = self.mangled = self.late = 0
        self.started = loop.time()
        self.done: asyncio.Future[None] = loop.create_future()

    @property
    def due(self) -> float:
        """When the next request is due, in seconds of the loop's clock."""
        return self.started + len(self.echoes) * self.gap

    def answered(self) -> None:
        """Count one answer."""
        self.open -= 1
        if not self.open:
            self.end()

    def end(self, failed: OSError | None = None) -> None:
        """End the waiting, now."""
        if not self.done.done():
            self.failed = failed
            self.done.set_result(None)
