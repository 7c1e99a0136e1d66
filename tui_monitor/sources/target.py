"""Targets as text without secrets, and whether they are on this machine."""

from __future__ import annotations

from urllib.parse import urlsplit


def url_target(url: str) -> tuple[str, bool]:
    """Target of an HTTP address: ("https://api.example.com/health", False)."""
    return without_credentials(url), is_local(urlsplit(url).hostname or "")


def host_target(host: str, port: int) -> tuple[str, bool]:
    """Target of a host and port: ("db:5432", False)."""
    return f"{host}:{port}", is_local(host)


def address_target(address: str, kind: str, port: int) -> tuple[str, bool]:
    """Target of a data source name: ("db:5432/app", False). ``port``: the default. No host means this machine."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "localhost", parts.port or port
    except ValueError:  # several hosts
        return kind, False
    return (f"[{host}]:{port}{parts.path}" if ":" in host else f"{host}:{port}{parts.path}"), is_local(host)


def is_local(host: str) -> bool:
    """Whether a host is this machine, where the network cannot be the cause."""
    host = host.strip("[]").lower()
    return not host or host == "localhost" or host == "::1" or host.startswith("127.") or host.startswith(("/", "%2f"))


def without_credentials(url: str) -> str:
    """The address without user, password, query and fragment, which can contain secrets."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
