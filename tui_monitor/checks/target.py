"""What a check tests, in words that hold no secret."""

from __future__ import annotations

from urllib.parse import urlsplit

from tui_monitor.config.models import HttpCheck, PostgresCheck, RedisCheck, Section, TcpCheck

_PORTS = {"postgres": 5432, "redis": 6379}


def target_of(check: Section) -> str:
    """For example "https://api.example.com/health", "db:5432/app", "cache:6379"."""
    if isinstance(check, HttpCheck):
        return without_credentials(check.url)
    if isinstance(check, TcpCheck):
        return f"{check.host}:{check.port}"
    if isinstance(check, PostgresCheck):
        return _place(check.dsn.get_secret_value(), "postgres")
    if isinstance(check, RedisCheck):
        return _place(check.url.get_secret_value(), "redis").removesuffix("/0")
    return ""


def is_local(check: Section) -> bool:
    """Whether the target is on this machine, where the network cannot be to blame."""
    place = target_of(check)
    host = urlsplit(place).hostname if "//" in place else urlsplit(f"//{place}").hostname
    return not host or host == "localhost" or host == "::1" or host.startswith("127.") or host.startswith("/")


def without_credentials(url: str) -> str:
    """The address without user, password, query and fragment: any of them may hold a secret."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _place(dsn: str, kind: str) -> str:
    try:
        parts = urlsplit(dsn)
        host, port = parts.hostname or "localhost", parts.port or _PORTS[kind]
    except ValueError:
        return kind
    return f"[{host}]:{port}{parts.path}" if ":" in host else f"{host}:{port}{parts.path}"
