"""The DNS probe: sends one query to one server by UDP, TCP or TLS, and compares the answer."""

from __future__ import annotations

import asyncio
import time

import dns.flags
import dns.message
import dns.rdata

from tui_monitor.core.values import ProbeResult, Sample, labels_of
from tui_monitor.platform.regex import compile_regex
from tui_monitor.sources.dns.question import (
    NODATA,
    DnsAnswer,
    MalformedAnswer,
    answer_of,
    expected_text,
    question_of,
    rcode_of,
)  # fmt: skip
from tui_monitor.sources.dns.settings import DnsCheck
from tui_monitor.sources.net.connect import Failure, addresses_of, connect_failure, open_stream, secure, stream_failure
from tui_monitor.sources.net.datagram import Datagram, TooManyStray, open_datagram
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.net.measurement import Measurement
from tui_monitor.sources.net.resolve import RESOLVER
from tui_monitor.sources.net.stream import ConnectError, Stream
from tui_monitor.sources.net.tls import TlsSettings

_PHASES = ("resolve", "connect", "tls", "request")
_LOOKUP, _ANSWERS = labels_of("probe_dns_lookup_time_seconds"), labels_of("probe_dns_answers")
_TTL, _SERIAL = labels_of("probe_dns_ttl_seconds"), labels_of("probe_dns_serial")
_SHOWN = 5
_LARGE = 4096
"""Bytes of a packet whose reading would hold the loop for more than a few ms; it is read in a thread."""


def build(settings: DnsCheck) -> DnsProbe:
    """Construct the probe and import all record types, which would add 12 ms to the first probe."""
    dns.rdata.load_all_types()  # type: ignore[no-untyped-call]
    return DnsProbe(settings)


class DnsProbe:
    """Probe of one server for one name. The constructor raises ValueError naming the key of an unusable setting."""

    def __init__(self, settings: DnsCheck) -> None:
        self.stage = ""
        self._settings = settings
        self._host = settings.server.strip("[]")
        self._question = question_of(settings.query, settings.record, settings.class_, settings.dnssec)
        self._outcome = rcode_of(settings.rcode)
        self._expected = {expected_text(text) for text in settings.expect}
        self._pattern = compile_regex(settings.expect_regex) if settings.expect_regex else None
        self._tls = TlsSettings(ca_file=settings.ca_file)

    async def probe(self) -> ProbeResult:
        """Query once. Raises OwnTrouble where the monitor could not measure."""
        measured = Measurement(_PHASES)
        return await measured.result(self, self._run(measured))

    async def close(self) -> None:
        """Nothing to close."""

    async def _run(self, measured: Measurement) -> None:
        measured.facts |= {"query": str(self._question), "transport": self._settings.transport}
        if self._settings.transport == "udp":
            message = await self._by_udp(measured)
        else:
            message = await self._by_stream(measured, secured=self._settings.transport == "tls")
        answer = answer_of(self._question, message)
        _tell(measured, answer)
        self._judge(answer)

    async def _by_udp(self, measured: Measurement) -> dns.message.Message:
        with measured.phase("resolve"):
            self.stage = "resolving the server's name"
            addresses = await addresses_of(self._host, RESOLVER, self._settings.timeout)
        try:
            datagram = open_datagram(addresses, self._settings.port)
        except ConnectError as error:
            raise connect_failure(error) from error
        try:
            measured.facts["server"] = datagram.peer
            message = await self._ask(datagram, measured)
        finally:
            datagram.close()
        if message.flags & dns.flags.TC:
            measured.facts["transport"] = "tcp, as the answer by udp was cut short"
            return await self._by_stream(measured, secured=False)
        return message

    async def _ask(self, datagram: Datagram, measured: Measurement) -> dns.message.Message:
        self.stage = f"waiting for {datagram.peer} to answer {self._question}"
        nonce, packet = self._question.packet()
        try:
            with measured.phase("request"):
                return await datagram.ask(packet, lambda answer: self._question.answered_by(answer, nonce))
        except MalformedAnswer as error:
            raise self._malformed(error, datagram.peer) from error
        except TooManyStray as error:
            raise Failure(f"{error} ({datagram.peer})") from error
        except OSError as error:
            raise stream_failure(error, datagram.peer) from error
        finally:
            if datagram.stray:
                measured.facts["stray_packets"] = f"{datagram.stray} packets with another id or question, passed over"

    async def _by_stream(self, measured: Measurement, *, secured: bool) -> dns.message.Message:
        settings = self._settings
        stream = await open_stream(self, self._host, settings.port, measured.phases, RESOLVER, settings.timeout)
        measured.facts["server"] = stream.peer
        try:
            if secured:
                await secure(self, stream, self._tls, settings.server_name or self._host.rstrip("."), measured.phases, time.time())
            return await self._converse(stream, measured)
        finally:
            stream.close()

    async def _converse(self, stream: Stream, measured: Measurement) -> dns.message.Message:
        self.stage = f"waiting for {stream.peer} to answer {self._question}"
        nonce, packet = self._question.packet()
        try:
            with measured.phase("request"):
                await stream.send(len(packet).to_bytes(2, "big") + packet)
                received = await _framed(stream)
            read = self._question.answered_by
            message = await asyncio.to_thread(read, received, nonce) if len(received) > _LARGE else read(received, nonce)
        except MalformedAnswer as error:
            raise self._malformed(error, stream.peer) from error
        except OSError as error:
            raise stream_failure(error, stream.peer) from error
        if message is None:
            raise Failure(f"answered another question than {self._question} ({stream.peer})")
        return message

    def _malformed(self, error: MalformedAnswer, peer: str) -> Failure:
        return Failure(f"malformed answer to {self._question}: {clean(str(error), 80)} ({peer})")

    def _judge(self, answer: DnsAnswer) -> None:
        """Raise Failure for an unexpected answer; the reason names server, name and type."""
        settings, question = self._settings, self._question
        server = f"{settings.server}:{settings.port}"
        if answer.outcome != self._outcome:
            raise Failure(f"{_outcome_text(answer.outcome, str(question))} says {server}; wanted {self._outcome}")
        if settings.dnssec and not answer.authenticated:
            raise Failure(
                f"the answer to {question} is not validated, says {server} (no AD flag): DNSSEC is broken, or the server validates nothing"
            )
        if self._expected and set(answer.records) != self._expected:
            raise Failure(f"{question} is {_listed(answer.records)}, says {server}; wanted {_listed(sorted(self._expected))}")
        if self._pattern is not None and not any(self._pattern.is_in(text) for text in answer.records):
            raise Failure(
                f'{question} is {_listed(answer.records)}, says {server}; no answer matches "{clean(settings.expect_regex or "", 60)}"'
            )


def _outcome_text(outcome: str, question: str) -> str:
    name, _, record = question.rpartition(" ")
    if outcome == NODATA:
        return f"{name} has no {record} record (NODATA; the name is there)"
    if outcome == "NXDOMAIN":
        return f"{name} does not exist (NXDOMAIN)"
    return f"{outcome} for {question}"


def _listed(records: tuple[str, ...] | list[str]) -> str:
    shown = ", ".join(clean(text, 60) for text in records[:_SHOWN])
    return f"{shown}, … ({len(records)})" if len(records) > _SHOWN else shown


def _tell(measured: Measurement, answer: DnsAnswer) -> None:
    measured.samples += [Sample(_LOOKUP, measured.phases["request"]), Sample(_ANSWERS, float(len(answer.records)))]
    measured.samples += [Sample(_TTL, float(answer.ttl))] if answer.ttl is not None else []
    measured.samples += [Sample(_SERIAL, float(answer.serial))] if answer.serial is not None else []
    measured.facts["outcome"] = answer.outcome
    measured.facts["flags"] = (
        ", ".join(word for word, there in (("authoritative", answer.authoritative), ("validated", answer.authenticated)) if there) or "none"
    )
    if answer.records:
        measured.facts["answers"] = _listed(answer.records)


async def _framed(stream: Stream) -> bytes:
    """Read a message with its length prefix (RFC 1035, section 4.2.2), at most 64 KiB."""
    received = b""
    while len(received) < 2 or len(received) < 2 + int.from_bytes(received[:2], "big"):
        data = await stream.receive()
        if not data:
            raise Failure(f"closed the connection {'in the middle of the' if received else 'without an'} answer ({stream.peer})")
        received += data
    return received[2 : 2 + int.from_bytes(received[:2], "big")]
