"""Helpers of checks whose drivers connect by themselves: addresses, statistics, errors of several addresses, TLS reasons."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Mapping

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import Inventory, Sample
from tui_monitor.sources.net.error_attribution import own_trouble, target_trouble
from tui_monitor.sources.net.resolve import RESOLVER, Resolver, numeric, resolve_in_time

LOCAL_SOCKET = "local socket"
UNREADABLE = "unreadable address"
_HOST = re.compile(r"([A-Za-z0-9._%-]+|\[[0-9A-Fa-f:.%]+\])(:\d{1,5})?")


@frozen
class ServerStatistics:
    """A server's own statistics: series, facts, reason for degraded ("" without one), inventories."""

    samples: tuple[Sample, ...]
    facts: Mapping[str, str]
    degraded: str
    inventories: tuple[Inventory, ...] = ()


def address_of(url: str, port: int) -> str:
    """host:port of a URL for people, never user, password or database; several hosts with commas.

    LOCAL_SOCKET without a host; UNREADABLE where part of a secret could be read as the host, because its "/" is not
    percent-encoded.
    """
    netloc, _, rest = re.sub(r"^[^/]*//", "", url).partition("/")
    hosts = netloc.partition("?")[0].rpartition("@")[2]
    if not hosts or hosts.lower().startswith("%2f"):
        return LOCAL_SOCKET
    matches = [_HOST.fullmatch(host) for host in hosts.split(",")]
    if "@" in rest.partition("?")[0] or not all(matches):
        return UNREADABLE
    return ",".join(match[0] if match[2] else f"{match[0]}:{port}" for match in matches if match)


async def ensure_resolvable(address: str, limit: float, resolver: Resolver = RESOLVER) -> None:
    """Resolve the host of host:port before the driver does, so that a hanging resolver is own trouble, not the target's.

    ``limit`` is the probe's timeout in seconds. Raises OwnTrouble, the resolver's socket.gaierror, or ValueError for an
    UNREADABLE address. Several hosts are left to the driver, which tries one after the other.
    """
    if address == UNREADABLE:
        raise ValueError(UNREADABLE)
    host = address.rpartition(":")[0].strip("[]")
    if address == LOCAL_SOCKET or "," in address or numeric(host) is not None:
        return
    await resolve_in_time(host, limit, resolver)


def one_of_many(error: OSError) -> OSError:
    """One error of those that asyncio joins for several addresses: the first that is the target's fault."""
    if error.errno is not None or isinstance(error, ssl.SSLError | socket.gaierror):
        return error
    errors = [OSError(int(number), "") for number in re.findall(r"\[Errno (\d+)\]", str(error))]
    return next((each for each in errors if own_trouble(each) is None), errors[0] if errors else error)


def network_reason(error: OSError, address: str) -> str:
    """The reason of a target's network fault, with its address."""
    if isinstance(error, ssl.SSLError):
        words = getattr(error, "verify_message", "") or (getattr(error, "reason", "") or "failed").replace("_", " ").lower()
        return f"TLS: {words} ({address})"
    if error.errno or isinstance(error, socket.gaierror):
        return f"{target_trouble(error)} ({address})"
    if isinstance(error, ConnectionResetError) and not str(error):  # asyncio raises it without number and text after a broken handshake
        return f"hung up during the TLS handshake ({address})"
    return f"connection closed by the server ({address})"
