"""Discovery of services that listen on this machine, for `config init`: databases, HTTP, metrics, SSH, mail. Loopback only."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tui_monitor.core.frozen import frozen

TIMEOUT = 0.5
MOST_PORTS = 64
MOST_READ = 2048
_SUCCESS = (b"http/1.0 200", b"http/1.1 200")
_PAGES = (b"text/plain; version=", b"text/plain;version=", b"application/openmetrics-text")
"""Content types of pages of metrics, in lower case."""
_NGINX_STATUS = ("/nginx_status", "/stub_status", "/basic_status")
"""The usual places of nginx' page of connections (source: its module stub_status)."""
_LISTEN = "0A"
_POSTGRES_SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


@frozen
class DiscoveredService:
    """One service: its kind (prometheus is a page at /metrics), at host:port; ``note`` is for people.

    ``path`` is where the status page of an nginx is; its kind is nginx.
    """

    kind: str
    host: str
    port: int
    note: str = ""
    path: str = ""


def listening_ports() -> list[tuple[str, int]]:
    """Loopback addresses and ports on which something listens (source: proc(5), /proc/net/tcp)."""
    found: dict[int, str] = {}
    for name, loopback in (("tcp6", "::1"), ("tcp", "127.0.0.1")):
        try:
            lines = Path("/proc/net", name).read_text(encoding="ascii", errors="replace").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            address, _, port = fields[1].partition(":")
            if fields[3] != _LISTEN:
                continue
            if name == "tcp":
                octets = bytes.fromhex(address)[::-1]
                host = loopback if octets in (b"\0\0\0\0", b"\x7f\0\0\1") else ".".join(map(str, octets))
                if not host.startswith("127."):
                    continue
            else:
                host = loopback
            found[int(port, 16)] = host
    return [(host, port) for port, host in sorted(found.items())][:MOST_PORTS]


async def discover(places: list[tuple[str, int]]) -> list[DiscoveredService]:
    """Identify the protocol of every port; silent and unknown ones are left out."""
    answers = await asyncio.gather(*(_services(host, port) for host, port in places))
    return [found for answer in answers for found in answer]


async def _services(host: str, port: int) -> list[DiscoveredService]:
    found = await _identify(host, port)
    if found is None or found.kind != "http":
        return [found] if found else []
    head = (await _ask(host, port, _request(host, "/metrics"))).lower()
    is_page = head.startswith(_SUCCESS) and any(kind in head for kind in _PAGES)
    metrics = [DiscoveredService("prometheus", host, port)] if is_page else []
    return [found, *metrics, *await _nginx_status(host, port)]


async def _nginx_status(host: str, port: int) -> list[DiscoveredService]:
    """The first usual place at which a page of connections is."""
    for path in _NGINX_STATUS:
        answer = (await _ask(host, port, _request(host, path))).lower()
        if answer.startswith(_SUCCESS) and b"\nactive connections:" in answer:
            return [DiscoveredService("nginx", host, port, path=path)]
    return []


def _request(host: str, path: str) -> bytes:
    return f"GET {path} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: tui-monitor\r\n\r\n".encode()


async def _identify(host: str, port: int) -> DiscoveredService | None:
    for kind, request in (("postgres", _POSTGRES_SSL_REQUEST), ("redis", b"PING\r\n"), ("http", _request(host, "/"))):
        answer = await _ask(host, port, request)
        if (greeter := _greeter(answer)) is not None:
            return DiscoveredService(greeter, host, port)
        if kind == "postgres" and answer in (b"S", b"N"):
            return DiscoveredService(kind, host, port)
        if kind == "redis" and answer.startswith((b"+PONG", b"-NOAUTH", b"-DENIED")):
            return DiscoveredService(kind, host, port, "" if answer.startswith(b"+PONG") else "wants a password")
        if kind == "http" and answer.startswith(b"HTTP/1."):
            return DiscoveredService(kind, host, port, answer.split(b"\r\n")[0].decode("latin-1")[9:40])
    return None


def _greeter(answer: bytes) -> str | None:
    """The kind of a server whose protocol begins with a greeting."""
    if answer.startswith(b"SSH-"):
        return "ssh"
    if answer.startswith(b"220") and b"SMTP" in answer.split(b"\n")[0].upper():
        return "smtp"
    if answer[3:5] == b"\x00\x0a" or (answer[3:5] == b"\x00\xff" and b"is not allowed to connect" in answer):  # protocol 10, or a refusal
        return "mysql"
    return "imap" if answer.startswith(b"* OK") else None


async def _ask(host: str, port: int, request: bytes) -> bytes:
    writer = None
    try:
        async with asyncio.timeout(TIMEOUT):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(request)
            return await reader.read(MOST_READ)
    except OSError:
        return b""
    finally:
        if writer is not None:
            writer.close()
