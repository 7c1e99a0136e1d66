"""The keys of the HTTP interface."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable
from typing import Annotated, Literal

from tui_monitor.config.fields import FilePath, Text
from tui_monitor.config.section import Section, key


def host_and_port_of(value: str) -> tuple[str, int]:
    """The parts of a listened address: "127.0.0.1:9464", "[::1]:9464". Raises ValueError."""
    host, _, port = value.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536) or (":" in host and not host.startswith("[")):
        raise ValueError(f'"{value}" is not host:port; write for example "127.0.0.1:9464" or "[::1]:9464", or "" for no TCP')
    return host.strip("[]"), int(port)


def _listened(value: str) -> str:
    if value:
        host_and_port_of(value)
    return value


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class GroupSettings(Section):
    """Unix groups whose members may do something over the socket; root and the state's owner may do everything."""

    read: list[str] = key(default=["tui-monitor-read"], doc="may look")
    act: list[str] = key(default=["tui-monitor"], doc="may look, acknowledge, silence, send")
    admin: list[str] = key(default=["root"], doc="may do everything")


class StatusPageSettings(Section):
    """The public status page at /status: names and states only. Everybody sees it with `open = ["status_page"]`."""

    show: list[str] = key(doc="checks and categories that it lists, in this order", example=["shop", "business"], min_length=1)
    title: str = key(default="", doc="its heading; default: `service`", example="Example Shop")


class HttpSettings(Section):
    """The HTTP interface: page, APIs, /metrics. Absent: nothing listens. docs/serving.md has the routes, docs/security.md who may what."""

    listen: Annotated[str, Text(_listened)] = key(
        default="127.0.0.1:9464", doc='TCP address, "" for none; another than loopback needs tls_cert, or insecure = true'
    )
    socket: bool = key(default=True, doc="a unix socket, http.sock in the runtime directory of the service or in the state directory")
    tls_cert: FilePath | None = key(default=None, doc="certificate chain for TLS on the TCP address (PEM)", example="/etc/ssl/monitor.pem")
    tls_key: FilePath | None = key(default=None, doc="its private key (PEM)", example="/etc/ssl/private/monitor.key")
    insecure: bool = key(default=False, doc="listen beyond loopback without TLS: tokens travel readably")
    groups: GroupSettings = key(default_factory=GroupSettings)
    open: list[Literal["metrics", "read", "heartbeat", "status_page"]] = key(
        default=[], doc="what TCP answers without a token", example=["metrics"]
    )
    allowed_hosts: list[str] = key(
        default=[], doc="more accepted Host names beside the listened address, localhost and host", example=["monitor.example.com"]
    )
    status_page: StatusPageSettings | None = key(default=None)
    trusted_proxies: list[str] = key(default=[], doc="addresses of proxies whose X-Forwarded-For is believed", example=["127.0.0.1"])

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Addresses that would be open to everybody, and halves of a certificate."""
        if not self.listen and not self.socket:
            yield "listen", "is empty and socket is false: nothing would listen; take the section out or give one of them"
        if (self.tls_cert is None) != (self.tls_key is None):
            yield "tls_key" if self.tls_cert else "tls_cert", "is missing: a certificate and its key belong together"
        if self.listen and not is_loopback(host_and_port_of(self.listen)[0]) and self.tls_cert is None and not self.insecure:
            yield (
                "listen",
                "is reachable from other machines; give tls_cert and tls_key, or insecure = true where a proxy or a VPN encrypts",
            )
