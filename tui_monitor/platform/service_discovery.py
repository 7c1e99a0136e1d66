"""Discovery of services that listen on this machine, for `config init`: databases, HTTP, metrics, SSH, mail. Loopback only."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from tui_monitor.core.frozen import frozen
from tui_monitor.platform.listener_names import plain_name

TIMEOUT = 0.5
PAGE_TIMEOUT = 3.0
"""Seconds for a page of metrics, once HTTP is known to answer there: exporters make it when asked."""
MOST_PORTS = 64
MOST_READ = 2048
_SUCCESS = (b"http/1.0 200", b"http/1.1 200")
_PAGES = (b"text/plain; version=", b"text/plain;version=", b"application/openmetrics-text")
"""Content types of pages of metrics, in lower case."""
_NGINX_STATUS = ("/nginx_status", "/stub_status", "/basic_status")
"""The usual places of nginx' page of connections (source: its module stub_status)."""
_NO_NAME = re.compile(
    r"(welcome|index|directory listing|home|login|sign in|it works|untitled|document)\b.*|.*default page.*", re.IGNORECASE
)
"""Titles of pages that do not say what they belong to."""
_LISTEN = "0A"
_POSTGRES_SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
_POSTGRES_WORDS = b"\0\x03\0\0user\0monitor\0database\0postgres\0\0"
_POSTGRES_START = (len(_POSTGRES_WORDS) + 4).to_bytes(4, "big") + _POSTGRES_WORDS
"""A start as the user that `config init` writes; AuthenticationOk comes where no password is asked (protocol 3.0, message flow)."""


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
    name: str = ""
    """The name of what listens there; "" where it is not known."""
    well: bool = True
    """Whether a check of it would be healthy as it stands; else ``note`` says what is missing."""


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


async def discover(places: list[tuple[str, int]], names: Mapping[int, str] = MappingProxyType({})) -> list[DiscoveredService]:
    """Identify the protocol of every port; silent and unknown ones are left out. ``names``: what listens, by port."""
    answers = await asyncio.gather(*(_services(host, port) for host, port in places))
    return list(_named((found for answer in answers for found in answer), names))


def _named(services: Iterable[DiscoveredService], names: Mapping[int, str]) -> Iterator[DiscoveredService]:
    """Each with a name of its own: of the page's title, which tells several servers of one process apart, else of the process or unit,
    else kind and port. A page of metrics has the name of what it is about."""
    found, taken = list(services), set[str]()
    titles = {one.port: one.name for one in found if one.name}
    for one in found:
        base = titles.get(one.port, "") or names.get(one.port, "") or f"{one.kind}-{one.port}"
        base += {"prometheus": "-metrics", "nginx": "-status"}.get(one.kind, "")
        name = next(word for word in (base, f"{base}-{one.port}", f"{base}-{one.kind}-{one.port}") if word not in taken)
        taken.add(name)
        yield replace(one, name=name)


async def _services(host: str, port: int) -> list[DiscoveredService]:
    found = await _identify(host, port)
    if found is None or found.kind != "http":
        return [found] if found else []
    head = (await _ask(host, port, _request(host, "/metrics"), PAGE_TIMEOUT)).lower()
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
            return DiscoveredService(greeter, host, port, "needs a user `monitor`" if greeter == "mysql" else "", well=greeter != "mysql")
        if kind == "postgres" and answer in (b"S", b"N"):
            lets_in = (await _ask(host, port, _POSTGRES_START)).startswith(b"R\0\0\0\x08\0\0\0\0")
            return DiscoveredService(kind, host, port, "" if lets_in else "needs a user `monitor`, see docs/checks.md", well=lets_in)
        if kind == "redis" and answer.startswith((b"+PONG", b"-NOAUTH", b"-DENIED")):
            lets_in = answer.startswith(b"+PONG")
            return DiscoveredService(kind, host, port, "" if lets_in else "wants a password", well=lets_in)
        if kind == "http" and answer.startswith(b"HTTP/1."):
            said = answer.split(b"\r\n")[0].decode("latin-1")[9:40]
            well = said[:1] in ("2", "3")
            return DiscoveredService(kind, host, port, said, name=_title(answer) if well else "", well=well)
    return None


def _title(answer: bytes) -> str:
    """The title of an HTML page as a name; "" without one, and where a name can spell but a part of it."""
    found = re.search(rb"<title[^>]*>([^<]{1,80})", answer, re.IGNORECASE)
    text = found[1].decode("utf-8", "replace") if found else ""
    return plain_name(text) if text.isascii() and not _NO_NAME.fullmatch(text.strip()) else ""


def _greeter(answer: bytes) -> str | None:
    """The kind of a server whose protocol begins with a greeting."""
    if answer.startswith(b"SSH-"):
        return "ssh"
    if answer.startswith(b"220") and b"SMTP" in answer.split(b"\n")[0].upper():
        return "smtp"
    if answer[3:5] == b"\x00\x0a" or (answer[3:5] == b"\x00\xff" and b"is not allowed to connect" in answer):  # protocol 10, or a refusal
        return "mysql"
    return "imap" if answer.startswith(b"* OK") else None


async def _ask(host: str, port: int, request: bytes, within: float = TIMEOUT) -> bytes:
    writer = None
    try:
        async with asyncio.timeout(within):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(request)
            return await reader.read(MOST_READ)
    except OSError:
        return b""
    finally:
        if writer is not None:
            writer.close()
