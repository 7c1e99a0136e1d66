"""The keys of an SNMP check."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Literal

from tui_monitor.config.entries import OWN_LABELS, CheckSettings
from tui_monitor.config.fields import HostName, SecretText
from tui_monitor.config.section import Section, key
from tui_monitor.sources.target import host_target

OID = r"^\.?[0-2](\.\d{1,10}){1,127}$"
INDEX = "index"
"""In `labels` instead of an OID: the row's number in its table."""
SHORTEST_PASSWORD = 8
"""Characters (RFC 3414, section 11.2)."""
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_LARGEST_PART = 2**32 - 1


class SnmpValueSettings(Section):
    """A number of the device that becomes a series; of a table's column one for each row."""

    metric: str = key(doc="the metric's name", pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$", example="interface_receive_bytes_total")
    oid: str = key(doc="in digits: of one value (it ends with .0), or of a table's column", pattern=OID, example="1.3.6.1.2.1.31.1.1.1.6")
    table: bool = key(default=False, doc="the OID is a column: a series for each row; without labels it has the label index")
    labels: dict[str, str] = key(
        default={}, doc='label = OID of the text, in a table of its column; or "index"', example={"interface": "1.3.6.1.2.1.31.1.1.1.1"},
    )  # fmt: skip
    scale: float = key(default=1.0, doc="factor of the number: 0.01 for TimeTicks in seconds")
    required: bool = key(default=False, doc="unhealthy where the device has no such number; false: only this series is missing")
    max_series: int = key(default=1000, doc="more rows are not read", ge=1, le=20_000)

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Labels that the monitor gives itself, or that are none; numbers that no OID has."""
        for name, oid in self.labels.items():
            if name in OWN_LABELS:
                yield "labels", f'"{name}" is a label that the monitor sets; choose another name'
            elif not _LABEL.fullmatch(name):
                yield "labels", f'"{name}" is not a label name; letters, digits and _ are possible'
            if oid == INDEX and not self.table:
                yield "labels", f"{name}: only rows of a table have an index; set table = true, or give an OID"
            elif oid != INDEX and not is_oid(oid):
                yield "labels", f'{name}: "{oid}" is not an OID in digits, such as 1.3.6.1.2.1.31.1.1.1.1'
        if not is_oid(self.oid):
            yield "oid", f'"{self.oid}" is not an OID in digits: its parts are at most {_LARGEST_PART}'


class SnmpCheck(CheckSettings):
    """A device with an SNMP agent: switch, router, printer, power supply, server."""

    host: HostName = key(doc="name or address", min_length=1, example="192.0.2.161")
    port: int = key(default=161, doc="port (UDP)", ge=1, le=65535)
    version: Literal["1", "2c", "3"] = key(default="2c", doc="version of SNMP: 1, 2c or 3")
    community: SecretText | None = key(default=None, doc="1 and 2c: the community", shown="`public`", example="${COMMUNITY}")
    user: str = key(default="", doc="3: the user", shown="none")
    auth_protocol: Literal["md5", "sha", "sha224", "sha256", "sha384", "sha512"] = key(default="sha256", doc="3: how messages are signed")
    auth_password: SecretText | None = key(default=None, doc="3: password of the signature; none: not signed")
    privacy_protocol: Literal["des", "aes", "aes192", "aes256"] = key(default="aes", doc="3: how messages are encrypted; aes has 128 bits")
    privacy_password: SecretText | None = key(default=None, doc="3: password of the encryption; none: not encrypted")
    max_repetitions: int = key(default=20, doc="rows of a table in one answer; many devices break from 128 on", ge=1, le=127)
    values: list[SnmpValueSettings] = key(default=[], doc="the numbers: [[checks.values]]")

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Keys of the other version."""
        yield from super().problems(given)
        if self.version == "3":
            yield from self._problems_of_3(given)
        elif self.user:
            yield "user", 'of SNMP 3; write version = "3", or leave it out'

    def _problems_of_3(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        if "community" in given:
            yield "community", "SNMP 3 has users instead; leave it out"
        if not self.user:
            yield "user", "SNMP 3 wants a user"
        if self.privacy_password is not None and self.auth_password is None:
            yield "privacy_password", "SNMP 3 encrypts only what it signs: auth_password is wanted as well"


def is_oid(text: str) -> bool:
    """Whether it is an OID in digits that a packet can hold (RFC 2578, section 3.5: at most 128 parts of 32 bits)."""
    if not re.match(OID, text):
        return False
    parts = [int(part) for part in text.strip(".").split(".")]
    return max(parts) <= _LARGEST_PART and (parts[0] == 2 or parts[1] < 40)


def metrics(check: SnmpCheck) -> tuple[str, ...]:
    """The names of its series, beside those of every check."""
    return tuple(dict.fromkeys(value.metric for value in check.values))


def target(check: SnmpCheck) -> tuple[str, bool]:
    """host:port."""
    return host_target(check.host, check.port)
