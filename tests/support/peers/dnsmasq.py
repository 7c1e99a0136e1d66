"""dnsmasq (Debian package dnsmasq-base): a resolver with made-up addresses which says the names that it was asked for."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from tests.support.peers.base import Peer, program, running, udp_answer
from tests.support.servers import free_port

_QUERY = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05ready\x04test\x00\x00\x01\x00\x01"
_ASKED = re.compile(r"query\[(\w+)\] (\S*) from")


def arguments(directory: Path, port: int, addresses: dict[str, str]) -> list[str]:
    """The command line of a dnsmasq that answers ``{name: address}`` and NXDOMAIN for the rest, with its log in ``asked.log``.

    Debug mode (`--no-daemon`) keeps the user: changing groups is forbidden in a user namespace.
    """
    binary = program("dnsmasq", "install the package `dnsmasq-base`")
    return [
        binary, "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", f"--port={port}",
        "--listen-address=127.0.0.1", "--bind-interfaces", "--pid-file=", "--local=/#/", "--log-queries",
        f"--log-facility={directory}/asked.log", *(f"--host-record={name},{address}" for name, address in addresses.items()),
    ]  # fmt: skip


def asked_in(log: Path) -> list[tuple[str, str]]:
    """The (type, name) of every query in such a log, in order."""
    return [(kind, name) for kind, name in _ASKED.findall(log.read_text(encoding="utf-8")) if name != "ready.test"]


class Dnsmasq(Peer):
    """dnsmasq on one UDP and TCP port."""

    def __init__(self, directory: Path, addresses: dict[str, str]) -> None:
        port = free_port()
        super().__init__(arguments(directory, port, addresses), directory, port, ready=lambda: bool(udp_answer(port, _QUERY)))

    def asked(self) -> list[tuple[str, str]]:
        """The (type, name) of every query so far."""
        return asked_in(self.directory / "asked.log")


def dnsmasq(addresses: dict[str, str]) -> contextlib.AbstractContextManager[Dnsmasq]:
    """A running dnsmasq that knows these names."""
    return running(lambda directory: Dnsmasq(directory, addresses))
