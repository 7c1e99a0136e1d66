"""DNS queries with dnspython: packet, matching of answers, and their content."""

from __future__ import annotations

import secrets
from ipaddress import ip_address

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.SOA
import dns.rdtypes.txtbase

from tui_monitor.core.frozen import frozen

MAX_ANSWERS = 1000
"""Records that are compared and counted; an answer over TCP may hold some 4,000."""
NODATA = "NODATA"
"""No rcode: the name is there, but it has no record of this type (RFC 2308, section 2.2)."""


class MalformedAnswer(Exception):
    """The server's packet is not a DNS message."""


@frozen
class DnsQuestion:
    """A name, type and class."""

    name: dns.name.Name
    record: dns.rdatatype.RdataType
    klass: dns.rdataclass.RdataClass
    dnssec: bool

    def __str__(self) -> str:
        record = dns.rdatatype.to_text(self.record)
        shown = self.name.to_text(omit_final_dot=True) or "."
        return f"{shown} {record}" if self.klass == dns.rdataclass.IN else f"{shown} {dns.rdataclass.to_text(self.klass)} {record}"

    def packet(self) -> tuple[int, bytes]:
        """A new id and the query packet. EDNS is used for DNSSEC only, since some old servers refuse it."""
        nonce = secrets.randbits(16)
        message = dns.message.make_query(self.name, self.record, self.klass, id=nonce, use_edns=self.dnssec, want_dnssec=self.dnssec)
        if self.dnssec:
            message.flags |= dns.flags.AD
        return nonce, message.to_wire()

    def answered_by(self, packet: bytes, nonce: int) -> dns.message.Message | None:
        """The message if the packet answers this question, else None. Raises MalformedAnswer.

        Errors can lack the question section (RFC 1035 does not specify it; BIND's FORMERR lacks it).
        """
        if len(packet) < 12 or packet[:2] != nonce.to_bytes(2, "big") or not packet[2] & 0x80:
            return None
        try:
            message = dns.message.from_wire(packet, ignore_trailing=True)
        except (dns.exception.DNSException, ValueError, IndexError) as error:
            raise MalformedAnswer(str(error) or type(error).__name__) from error
        if not message.question:
            return message if message.rcode() != dns.rcode.NOERROR else None
        asked = message.question[0]
        same = (asked.name, asked.rdtype, asked.rdclass) == (self.name, self.record, self.klass)
        return message if same else None


def question_of(name: str, record: str, klass: str, dnssec: bool) -> DnsQuestion:
    """Construct a question. Raises ValueError starting with the key of an unknown type or class, or invalid name."""
    try:
        parsed = dns.name.from_text(name)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ValueError(f'query: "{name}" is not a domain name ({error})') from error
    try:
        kind = dns.rdatatype.from_text(record)
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(f'record: "{record}" is not a type of record; for example A, AAAA, MX, TXT') from error
    try:
        return DnsQuestion(parsed, kind, dns.rdataclass.from_text(klass), dnssec)
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(f'class: "{klass}" is not a class; IN, CH or HS') from error


def rcode_of(word: str) -> str:
    """The rcode's name in capitals. Raises ValueError starting with the key."""
    word = word.upper()
    try:
        return word if word == NODATA else dns.rcode.to_text(dns.rcode.from_text(word))
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(f'rcode: "{word}" is not an outcome; NOERROR, NODATA, NXDOMAIN, SERVFAIL, REFUSED and so on') from error


@frozen
class DnsAnswer:
    """``outcome`` is the rcode's name, or NODATA. ``ttl`` is the smallest; ``serial`` that of a SOA record, in any section."""

    outcome: str
    records: tuple[str, ...]
    ttl: int | None
    serial: int | None
    authenticated: bool
    authoritative: bool


def answer_of(question: DnsQuestion, message: dns.message.Message) -> DnsAnswer:
    """The content of a message: records of the queried type, CNAMEs followed."""
    names = _chain(question, message)
    wanted = [
        rrset for rrset in message.answer
        if rrset.name in names and (question.record == dns.rdatatype.ANY or rrset.rdtype == question.record)
    ]  # fmt: skip
    records = tuple(record_text(data) for rrset in wanted for data in rrset)[:MAX_ANSWERS]
    outcome = dns.rcode.to_text(message.rcode())
    if message.rcode() == dns.rcode.NOERROR and not records:
        outcome = NODATA
    ttl = min((rrset.ttl for rrset in wanted), default=None)
    flags = message.flags
    return DnsAnswer(outcome, records, ttl, _serial(message), bool(flags & dns.flags.AD), bool(flags & dns.flags.AA))


def _chain(question: DnsQuestion, message: dns.message.Message) -> set[dns.name.Name]:
    """The name and its chain of CNAMEs; loops end."""
    aliases = {rrset.name: rrset[0].target for rrset in message.answer if rrset.rdtype == dns.rdatatype.CNAME and len(rrset)}
    names, name = {question.name}, question.name
    while question.record != dns.rdatatype.CNAME and name in aliases and aliases[name] not in names:
        name = aliases[name]
        names.add(name)
    return names


def _serial(message: dns.message.Message) -> int | None:
    for rrset in (*message.answer, *message.authority):
        if rrset.rdtype == dns.rdatatype.SOA and isinstance(rrset[0], dns.rdtypes.ANY.SOA.SOA):
            return int(rrset[0].serial)
    return None


def record_text(data: dns.rdata.Rdata) -> str:
    """A record as text: names in lower case without the final dot, strings joined without quotes."""
    if isinstance(data, dns.rdtypes.txtbase.TXTBase):
        return b"".join(data.strings).decode("utf-8", "replace")
    return expected_text(data.to_text())


def expected_text(text: str) -> str:
    """An expected record of the configuration in the form of `record_text`."""
    text = text.strip()
    if text[:1] == text[-1:] == '"' and len(text) > 1:
        return text[1:-1]
    try:
        return str(ip_address(text))
    except ValueError:
        return " ".join(word.rstrip(".").lower() or "." for word in text.split())
