"""The ICMP probe: several echo requests, their loss ratio, round trip times and jitter."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from itertools import pairwise
from time import perf_counter

from tui_monitor.core.values import ProbeResult, Sample, labels_of
from tui_monitor.sources.icmp.pings import Echo, Pings
from tui_monitor.sources.icmp.settings import SHORTEST_GAP, IcmpCheck
from tui_monitor.sources.icmp.sockets import SOCKETS, EchoSocket
from tui_monitor.sources.net.connect import Failure, addresses_of, stream_failure
from tui_monitor.sources.net.measurement import Measurement
from tui_monitor.sources.net.resolve import RESOLVER, Address

_PHASES = ("resolve", "setup", "rtt")
_PHASE_LABELS = {phase: labels_of("probe_icmp_duration_seconds", phase=phase) for phase in _PHASES}
_LOSS, _JITTER = labels_of("probe_icmp_loss_ratio"), labels_of("probe_icmp_jitter_seconds")
_FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
_GAP = 0.05
"""Seconds between two packets, where the timeout allows."""
_SHARE = 0.9
"""Of the timeout, after which a reply counts as lost, so that the rest can be told."""


class IcmpProbe:
    """Probe that pings one host."""

    def __init__(self, settings: IcmpCheck) -> None:
        self.stage = ""
        self._settings = settings
        self._host = settings.host.strip("[]").rstrip(".")
        self._gap = max(SHORTEST_GAP, min(_GAP, settings.timeout / 2 / settings.count))
        self._last: Pings | None = None

    async def probe(self) -> ProbeResult:
        """Ping once. Raises OwnTrouble where the monitor could not measure."""
        measured = Measurement(_PHASES)
        return await measured.result(self, self._run(measured, perf_counter() + _SHARE * self._settings.timeout))

    async def close(self) -> None:
        """Release the shared socket."""
        SOCKETS.give_back(self)

    async def _run(self, measured: Measurement, deadline: float) -> None:
        with measured.phase("resolve"):
            self.stage = "resolving the name"
            family, address = self._chosen(await addresses_of(self._host, RESOLVER, self._settings.timeout))
        with measured.phase("setup"):
            echo_socket = SOCKETS.take(family, self)
        measured.facts |= {"address": str(address[0]), "socket": "raw" if echo_socket.raw else "ping"}
        self.stage = f"waiting for replies of {address[0]}"
        given = self._settings
        pings = Pings(address, count=given.count, gap=self._gap, size=given.size, dont_fragment=given.dont_fragment)
        echoes = await self._answers(echo_socket, pings, deadline - perf_counter())
        self._tell(measured, echoes, pings)
        self._judge(measured, echoes, str(address[0]))

    def _chosen(self, addresses: Sequence[Address]) -> Address:
        wanted = _FAMILIES.get(self._settings.family)
        found = [address for address in addresses if wanted is None or address[0] == wanted]
        if not found:
            raise Failure(f"{self._settings.host} has no {self._settings.family} address")
        return found[0]

    async def _answers(self, echo_socket: EchoSocket, pings: Pings, limit: float) -> list[Echo]:
        try:
            return await echo_socket.answers(pings, limit)
        except OSError as error:
            raise self._not_sent(error, str(pings.address[0])) from error

    def _not_sent(self, error: OSError, address: str) -> Exception:
        if error.errno == errno.EMSGSIZE:
            return Failure(f"{self._settings.size} bytes are too large for the path to {address} without fragments (dont_fragment)")
        return stream_failure(error, address)

    def _tell(self, measured: Measurement, echoes: Sequence[Echo], pings: Pings) -> None:
        times = [echo.took for echo in echoes if echo.took is not None]
        loss = 1 - len(times) / len(echoes)
        if times:
            measured.duration = measured.phases["rtt"] = sum(times) / len(times)
            measured.facts["rtt"] = f"{min(times) * 1000:.2f} / {measured.duration * 1000:.2f} / {max(times) * 1000:.2f}ms (min, mean, max)"
        told = _PHASES if times else _PHASES[:2]
        measured.samples += [Sample(_PHASE_LABELS[phase], measured.phases[phase]) for phase in told]
        measured.samples.append(Sample(_LOSS, loss))
        if len(times) > 1:
            measured.samples.append(Sample(_JITTER, jitter(times)))
        measured.facts["replies"] = f"{len(times)} of {len(echoes)}{_odd(pings, self._last)}"
        self._last = pings if pings.open else None

    def _judge(self, measured: Measurement, echoes: Sequence[Echo], address: str) -> None:
        lost = [echo for echo in echoes if echo.took is None]
        loss = len(lost) / len(echoes)
        said = next((echo.error for echo in lost if echo.error), "")
        words = f"{len(lost)} of {len(echoes)} packets lost" if len(lost) < len(echoes) or said else "no reply"
        reason = f"{words}: {said} ({address})" if said else f"{words} ({address})"
        if lost and loss >= self._settings.loss_unhealthy:
            raise Failure(said + f" ({address})" if said and len(lost) == len(echoes) else reason)
        if lost and loss >= self._settings.loss_degraded:
            measured.degraded = reason


def jitter(times: Sequence[float]) -> float:
    """Mean difference of consecutive times in seconds; 0 for fewer than two."""
    steps = [abs(later - earlier) for earlier, later in pairwise(times)]
    return sum(steps) / len(steps) if steps else 0.0


def _odd(pings: Pings, last: Pings | None) -> str:
    counts = {"doubled": pings.doubled, "corrupted": pings.mangled, "late, of the last probe": last.late if last else 0}
    return "".join(f", {count} {word}" for word, count in counts.items() if count)
