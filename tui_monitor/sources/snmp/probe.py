"""The SNMP probe: asks a device how long it runs, which decides, and for the configured numbers."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.core.humanize import exact_span
from tui_monitor.core.values import ProbeResult
from tui_monitor.sources.net.connect import Failure, addresses_of, connect_failure, stream_failure
from tui_monitor.sources.net.datagram import open_datagram
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.net.measurement import Measurement
from tui_monitor.sources.net.resolve import RESOLVER
from tui_monitor.sources.net.stream import ConnectError
from tui_monitor.sources.snmp.session import Session, user_of, with_errno
from tui_monitor.sources.snmp.settings import INDEX, SnmpCheck, SnmpValueSettings
from tui_monitor.sources.snmp.values import SnmpReading, Value, inventories, number_of, rows, single, text_of

_PHASES = ("resolve", "session", "request", "values")
UPTIME, DESCRIPTION, NAME = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.5.0"
"""sysUpTime in hundredths of a second, sysDescr, sysName (RFC 3418), which every agent has."""
AT_ONCE = 20
"""Values in one packet: their answer fits into 1,472 bytes of the usual network where they are numbers."""
_NAMED = 3


class SnmpProbe:
    """Asks one device. One limit holds for the whole poll, however many values there are."""

    def __init__(self, settings: SnmpCheck) -> None:
        self.stage = ""
        self._settings = settings
        self._host = settings.host.strip("[]")
        self._user = user_of(settings)
        self._singles = [value for value in settings.values if not value.table]
        self._tables = [value for value in settings.values if value.table]
        self._uptime = -1.0

    async def probe(self) -> ProbeResult:
        """Ask once; raises OwnTrouble where the monitor itself could not."""
        measured = Measurement(_PHASES)
        return await measured.result(self, self._run(measured))

    async def close(self) -> None:
        """Nothing is kept between probes: an agent that has started again has other engine boots."""

    async def _run(self, measured: Measurement) -> None:
        with measured.phase("resolve"):
            self.stage = "resolving the name"
            address = await self._address()
        peer = f"{address}:{self._settings.port}"
        try:
            session = Session(self._settings, address, self._user, lambda: self._heard(peer))
        except OSError as error:
            raise stream_failure(with_errno(error), peer) from error
        try:
            await self._converse(session, peer, measured)
        except OSError as error:
            raise stream_failure(with_errno(error), peer) from error
        except Failure as failure:
            raise Failure(f"{failure.reason} ({peer})") from failure
        finally:
            if session.stray:
                measured.facts["stray_packets"] = f"{session.stray} packets that are no answer, passed over"
            session.close()

    async def _address(self) -> str:
        """The first address that this machine has a way to."""
        addresses = await addresses_of(self._host, RESOLVER, self._settings.timeout)
        try:
            datagram = open_datagram(addresses, self._settings.port)
        except ConnectError as error:
            raise connect_failure(error) from error
        try:
            return str(datagram.sock.getpeername()[0])
        finally:
            datagram.close()

    async def _converse(self, session: Session, peer: str, measured: Measurement) -> None:
        with measured.phase("session"):
            self.stage = f"waiting for {peer} to answer; an agent that does not allow this machine is silent too"
            await session.asked(session.refresh)
        with measured.phase("request"):
            if self._user is None:
                self.stage = f"waiting for {peer} to answer; a wrong community and a machine that the agent does not allow get silence too"
            system = await session.numbers([UPTIME, DESCRIPTION, NAME])
        self._tell(system, measured)
        with measured.phase("values"):
            self.stage = f"reading the values of {peer}"
            readings = await self._readings(session)
        _take(readings, measured)

    def _heard(self, peer: str) -> None:
        """An agent of version 3 that has spoken and is silent then could not read what it was told."""
        if self._user is not None:
            self.stage = f"waiting for {peer}, which has answered the first packet; privacy_password or privacy_protocol may be wrong"

    def _tell(self, system: dict[str, Value], measured: Measurement) -> None:
        uptime = number_of(system.get(UPTIME), 0.01)
        if uptime is not None:
            since = ", it has started again since the last probe" if uptime < self._uptime else ""
            measured.facts["uptime"] = f"{exact_span(float(uptime))}{since}"
            self._uptime = uptime
        named = {"device": text_of(system.get(NAME)), "description": text_of(system.get(DESCRIPTION))}
        measured.facts |= {key: clean(text, 120) for key, text in named.items() if text}

    async def _readings(self, session: Session) -> list[SnmpReading]:
        """Values that a device does not have cost the others nothing."""
        wanted = [oid.strip(".") for value in self._singles for oid in (value.oid, *value.labels.values())]
        oids = list(dict.fromkeys(wanted))
        values: dict[str, Value] = {}
        for start in range(0, len(oids), AT_ONCE):
            values |= await session.numbers(oids[start : start + AT_ONCE])
        readings = [single(value, values) for value in self._singles]
        columns: dict[str, dict[str, Value]] = {}
        for value in self._tables:
            most = max(each.max_series for each in self._tables)
            for oid in (value.oid, *(oid for oid in value.labels.values() if oid != INDEX)):
                if oid.strip(".") not in columns:
                    columns[oid.strip(".")] = await _column(session, oid.strip("."), most)
            readings.append(_rows(value, columns))
        return readings


def _rows(value: SnmpValueSettings, columns: dict[str, dict[str, Value]]) -> SnmpReading:
    column = columns[value.oid.strip(".")]
    kept = dict(list(column.items())[: value.max_series])
    return rows(value, {**columns, value.oid.strip("."): kept}, cut=len(column) > value.max_series)


async def _column(session: Session, oid: str, most: int) -> dict[str, Value]:
    """The values of a column by row, one more than ``most`` at most. Raises Failure where an agent goes in circles."""
    found: dict[str, Value] = {}
    walk = session.fetch(oid)
    while len(found) <= most:
        try:
            at, value = await session.asked(walk.__anext__)
        except StopAsyncIteration:
            break
        row = at.removeprefix(f"{oid}.")
        if row == at:
            break
        if row in found:
            raise Failure(f"the agent loops: it returned {at} twice")
        found[row] = value
    return found


def _take(readings: Sequence[SnmpReading], measured: Measurement) -> None:
    """Raises Failure where a required value is missing; degraded where all are."""
    for reading in readings:
        measured.samples += reading.samples
        told = reading.fault or reading.note
        if told:
            measured.facts[reading.metric] = told
    measured.inventories += inventories(readings)
    missing = [f"{reading.metric}: {reading.fault}" for reading in readings if reading.fault and reading.required]
    if missing:
        more = f"; and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise Failure("; ".join(missing[:_NAMED]) + more)
    if readings and all(reading.fault for reading in readings):
        measured.degraded = "the device has none of the values; look at the OIDs, and at what the agent's views let this user see"
