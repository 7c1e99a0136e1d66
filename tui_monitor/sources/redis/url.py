"""Parameters of a Redis address: which are used, ignored or refused."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import nearest
from tui_monitor.sources.net.url_parameters import parameters_of

_SCHEMES = {"valkey": "redis", "valkeys": "rediss"}
_DRIVER = {
    "username", "password", "client_name", "ssl_keyfile", "ssl_certfile", "ssl_password", "ssl_cert_reqs", "ssl_ca_certs", "ssl_ca_path",
    "ssl_check_hostname", "ssl_ciphers",
}  # fmt: skip
_LIMITS = {"timeout", "socket_connect_timeout", "connect_timeout"}
_DROPPED = {
    "socket_timeout", "socket_keepalive", "retry_on_timeout", "retry_on_error", "max_connections", "health_check_interval", "protocol",
    "decode_responses", "encoding", "encoding_errors", "charset", "lib_name", "lib_version", "socket_read_size",
}  # fmt: skip
"""Of pools and of long-lived clients: a check has one connection, its own time limit and its own reading of answers."""
_TRUTHS = ("true", "false", "yes", "no", "1", "0")
_ONE_OF = {"ssl_cert_reqs": ("none", "optional", "required"), "ssl_check_hostname": _TRUTHS}
_SECONDS = re.compile(r"\d{1,6}(\.\d{1,6})?s?")


@frozen
class RedisUrl:
    """A parsed address: ``text`` for the driver, the connect timeout in seconds (None without one) and the database."""

    text: str
    connect_timeout: float | None
    database: int


def parse_url(url: str) -> RedisUrl:
    """Parse an address. Raises ValueError with the fault and the remedy, never with a value, which can be secret."""
    parts = urlsplit(url)
    found = parameters_of(parts.query)
    for name, value in found.items():
        if fault := _fault(name, value):
            raise ValueError(fault)
        if name.startswith("ssl_") and parts.scheme not in ("rediss", "valkeys"):  # the driver's plain connection accepts none of them
            raise ValueError(f"{name} is for TLS: write rediss:// or leave it out")
    if "@" in parts.path and parts.scheme != "unix":
        raise ValueError('a "/" in a user\'s name or password is written %2F')
    if parts.scheme == "unix" and not parts.path:
        raise ValueError("the socket's path is missing, for example unix:///run/redis.sock")
    number = found.pop("db", None) or ("" if parts.scheme == "unix" else parts.path.strip("/"))
    if number and not (number.isascii() and number.isdigit() and len(number) < 6):
        raise ValueError("the database is a number, for example redis://host:6379/0")
    limits = [float(value.rstrip("s")) for name, value in found.items() if name in _LIMITS]
    kept = [f"{name}={quote(value, safe=',/:')}" for name, value in found.items() if name in _DRIVER]
    kept += [f"db={number}"] if number else []
    head = url.partition("?")[0]
    scheme, sign, rest = head.partition("://")
    text = f"{_SCHEMES.get(scheme.lower(), scheme.lower())}{sign}{rest}" + (f"?{'&'.join(kept)}" if kept else "")
    return RedisUrl(text, min((limit for limit in limits if limit > 0), default=None), int(number or 0))


def problems_of(url: str) -> str:
    """The fault of the address, "" without one."""
    try:
        parse_url(url)
    except ValueError as error:
        return str(error)
    return ""


def _fault(name: str, value: str) -> str:
    if name in _LIMITS:
        return "" if _SECONDS.fullmatch(value) else f"{name}: seconds are wanted, for example {name}=2.5"
    if name in _ONE_OF:
        return "" if value.lower() in _ONE_OF[name] else f"{name}: one of {', '.join(_ONE_OF[name])} is wanted"
    if name in _DRIVER | _DROPPED | {"db"}:
        return ""
    return f'unknown parameter "{name}"{nearest(name, sorted(_DRIVER | _LIMITS | {"db"}))}'
