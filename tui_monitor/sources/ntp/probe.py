"""The NTP probe: the server's synchronisation and this machine's clock offset."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from time import perf_counter

from tui_monitor.core.humanize import latency
from tui_monitor.core.units import format_duration
from tui_monitor.core.values import ProbeResult, Sample, labels_of
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.net.connect import Failure, addresses_of, connect_failure, stream_failure
from tui_monitor.sources.net.datagram import Datagram, TooManyStray, open_datagram
from tui_monitor.sources.net.measurement import Measurement
from tui_monitor.sources.net.resolve import RESOLVER
from tui_monitor.sources.net.stream import ConnectError
from tui_monitor.sources.ntp.packet import HIGHEST_STRATUM, UNSYNCHRONISED, NtpReply, read, request
from tui_monitor.sources.ntp.settings import SHORTEST_POLL, NtpCheck

MAX_DISTANCE = 1.5
"""Seconds; NTP itself takes no server that may be wrong by more (RFC 5905: MAXDIST)."""
_OFFSET, _STRATUM = labels_of("ntp_offset_seconds"), labels_of("ntp_stratum")
_DISTANCE, _LEAP = labels_of("ntp_root_distance_seconds"), labels_of("ntp_leap")
_KISSES = {"DENY": "refuses this machine (DENY)", "RSTR": "refuses this machine (RSTR)"}
_NEXT = 1.0
"""Seconds that a packet after the first good one may take; some servers drop those of a burst."""
_LONGEST_PAUSE = 3600.0


class NtpProbe:
    """Probe of one time server. ``monotonic``: seconds of a clock that is never set."""

    def __init__(self, settings: NtpCheck, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.stage = ""
        self._settings = settings
        self._host = settings.server.strip("[]").rstrip(".")
        self._monotonic = monotonic
        self._samples = settings.samples
        self._pause = 0.0
        self._silent_until = 0.0

    async def probe(self) -> ProbeResult:
        """Query once. Raises OwnTrouble where the monitor could not measure, or must not query yet."""
        if (left := self._silent_until - self._monotonic()) > 0:
            raise OwnTrouble(f"the server has asked for fewer questions (RATE); the next one in {left:.0f}s. A longer interval helps")
        measured = Measurement(("resolve", "request"))
        return await measured.result(self, self._run(measured))

    async def close(self) -> None:
        """Nothing to close."""

    async def _run(self, measured: Measurement) -> None:
        with measured.phase("resolve"):
            self.stage = "resolving the server's name"
            addresses = await addresses_of(self._host, RESOLVER, self._settings.timeout)
        try:
            datagram = open_datagram(addresses, self._settings.port)
        except ConnectError as error:
            raise connect_failure(error) from error
        measured.facts["server"] = datagram.peer
        self.stage = f"waiting for {datagram.peer}"
        try:
            with measured.phase("request"):
                replies = await self._replies(datagram)
        finally:
            datagram.close()
        self._judge(measured, replies, datagram.peer)

    async def _replies(self, datagram: Datagram) -> list[NtpReply]:
        """Replies to consecutive requests; a kiss of death ends them, and so does a missing reply after a first one."""
        replies: list[NtpReply] = []
        while len(replies) < self._samples and not (replies and replies[-1].kiss):
            try:
                async with asyncio.timeout(_NEXT if replies else None):
                    replies.append(await _ask(datagram))
            except TimeoutError:
                break
            except TooManyStray as error:
                raise Failure(f"{error} ({datagram.peer})") from error
            except OSError as error:
                raise stream_failure(error, datagram.peer) from error
        return replies

    def _judge(self, measured: Measurement, replies: Sequence[NtpReply], peer: str) -> None:
        kiss = replies[-1].kiss
        good = [reply for reply in replies if not reply.kiss]
        if kiss == "RATE":
            self._back_off(peer, answered=bool(good))
        elif not kiss:
            self._pause = 0.0
        if not good and kiss in _KISSES:
            raise Failure(f"{_KISSES[kiss]} ({peer})")
        best = min(good or replies, key=lambda reply: reply.delay)
        _tell(measured, best, len(good))
        _ensure_synchronised(best, peer)
        measured.samples.append(Sample(_OFFSET, best.offset))
        if abs(best.offset) > self._settings.max_offset:
            where = "behind" if best.offset > 0 else "ahead of"
            off, most = latency(abs(best.offset)), format_duration(self._settings.max_offset)
            measured.degraded = f"this machine's clock is {off} {where} {peer} (max_offset {most})"

    def _back_off(self, peer: str, *, answered: bool) -> None:
        """After a refusal send one packet per probe; after a further one pause for a doubling time. Raises OwnTrouble."""
        self._samples = 1
        if answered:
            return
        self._pause = min(_LONGEST_PAUSE, max(2 * self._pause, SHORTEST_POLL))
        self._silent_until = self._monotonic() + self._pause
        raise OwnTrouble(f"the server asks for fewer questions (RATE, {peer}); a longer interval helps")


async def _ask(datagram: Datagram) -> NtpReply:
    nonce, packet = request()
    sent, started = time.time(), perf_counter()
    return await datagram.ask(packet, lambda answer: read(answer, nonce, sent, sent + perf_counter() - started))


def _ensure_synchronised(reply: NtpReply, peer: str) -> None:
    """Raise Failure for an unsynchronised server, which still answers, with an offset of about 0."""
    if reply.leap == UNSYNCHRONISED or not 0 < reply.stratum <= HIGHEST_STRATUM:
        word = f", it says {reply.kiss}" if reply.kiss else ""
        raise Failure(f"is not synchronised (leap indicator {reply.leap}, stratum {reply.stratum}{word}): look at its own sources ({peer})")
    if reply.distance > MAX_DISTANCE:
        raise Failure(
            f"may be wrong by {latency(reply.distance)} (root distance; {format_duration(MAX_DISTANCE)} at most): "
            f"look at its own sources ({peer})"
        )


def _tell(measured: Measurement, best: NtpReply, count: int) -> None:
    measured.samples += [
        Sample(_STRATUM, float(best.stratum)), Sample(_DISTANCE, best.distance), Sample(_LEAP, float(best.leap)),
    ]  # fmt: skip
    measured.facts |= {
        "offset": f"{best.offset * 1000:+.3f}ms",
        "delay": f"{best.delay * 1000:.3f}ms, the least of {count}",
        "stratum": f"{best.stratum} ({best.reference})" if best.reference else str(best.stratum),
    }
