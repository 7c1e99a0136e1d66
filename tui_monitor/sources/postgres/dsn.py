"""Parameters of a PostgreSQL address: which are used, ignored or refused.

Names and meanings are libpq's (postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS). The driver would send an unknown
parameter to the server as a session setting, which the server refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlsplit

from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import nearest
from tui_monitor.sources.net.url_parameters import parameters_of

SYSTEM = "system"
"""The value of sslrootcert that stands for the machine's own certificate authorities (libpq 16)."""
_DRIVER = {
    "host", "port", "dbname", "user", "password", "passfile", "service", "sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl",
    "sslpassword", "sslnegotiation", "ssl_min_protocol_version", "ssl_max_protocol_version", "target_session_attrs", "krbsrvname", "gsslib",
}  # fmt: skip
_SESSION = {"application_name", "options"}
_SOCKET = {"keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"}
_DROPPED = {"client_encoding", "sslcompression", "sslsni", "gssdelegation", "fallback_application_name"}
_ONLY: Mapping[str, tuple[str, ...]] = {
    "channel_binding": ("disable", "prefer"),
    "gssencmode": ("disable", "prefer"),
    "sslcertmode": ("disable", "allow"),
    "load_balance_hosts": ("disable",),
    "replication": ("false", "off", "no", "0"),
}
"""Parameters of which only these values can be kept: they ask for nothing that the driver lacks."""
_ONE_OF: Mapping[str, tuple[str, ...]] = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
}
_NUMBERS = _SOCKET | {"connect_timeout"}
_ADVICE: Mapping[str, str] = {
    "channel_binding": "the driver has no channel binding; sslmode=verify-full protects against a server in the middle too",
    "gssencmode": "the driver has no GSSAPI encryption; use sslmode",
    "hostaddr": "write the address as the host",
    "require_auth": "the driver cannot demand a way of authentication",
    "requirepeer": "the driver cannot demand a user of the server",
    "replication": "a check needs an ordinary session",
    "load_balance_hosts": "the hosts are tried in their order",
    "sslcertmode": "the driver shows a client certificate where one is configured",
}
_OTHER_NAMES = {"database": "dbname", "ssl_mode": "sslmode", "ssl": "sslmode", "timeout": "connect_timeout"}


@frozen
class Dsn:
    """A parsed address: ``text`` is for the driver, the rest is handled here.

    ``connect_timeout`` is in seconds, None without one; ``socket`` has libpq's keepalive numbers by name; ``target`` is the wanted
    kind of session ("any" by default); ``settings`` are sent in the startup message.
    """

    text: str
    connect_timeout: float | None
    settings: Mapping[str, str]
    socket: Mapping[str, int]
    target: str
    system_authorities: bool = False


def parse_dsn(dsn: str) -> Dsn:
    """Parse an address. Raises ValueError with the fault and the remedy, never with a value, which can be secret."""
    parts = urlsplit(dsn)
    found = parameters_of(parts.query)
    for name, value in found.items():
        if fault := _fault(name, value):
            raise ValueError(fault)
    for hosts in (parts.netloc.rpartition("@")[2], found.get("host", "")):
        if "," in hosts and not all(hosts.split(",")):
            raise ValueError('a host is missing beside a ","')
    seconds = int(found.get("connect_timeout") or 0)
    system = found.get("sslrootcert") == SYSTEM
    if system and found.get("sslmode", "verify-full") != "verify-full":
        raise ValueError("sslrootcert=system goes with sslmode=verify-full only")
    kept = {name: value for name, value in found.items() if name in _DRIVER and not (system and name in ("sslrootcert", "sslmode"))}
    query = "&".join(f"{name}={quote(value, safe=',/:')}" for name, value in kept.items())
    settings = {name: found[name] for name in sorted(_SESSION & found.keys())}
    if "fallback_application_name" in found:
        settings.setdefault("application_name", found["fallback_application_name"])
    return Dsn(
        text=f"{dsn.partition('?')[0]}?{query}" if parts.query else dsn,
        connect_timeout=float(seconds) if seconds > 0 else None,
        settings=settings,
        socket={name: int(value) for name, value in found.items() if name in _SOCKET},
        target=found.get("target_session_attrs", ""),
        system_authorities=system,
    )


def problems_of(dsn: str) -> str:
    """The fault of an address's parameters, "" without one."""
    return _text_of_fault(lambda: parse_dsn(dsn))


def _text_of_fault(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except ValueError as error:
        return str(error)
    return ""


def _fault(name: str, value: str) -> str:
    if name in _ONLY:
        kept = _ONLY[name]
        return "" if value in kept else f"{name}: only {' and '.join(kept)} can be kept: {_ADVICE[name]}"
    if name in _ADVICE:
        return f"the parameter {name} is not supported: {_ADVICE[name]}"
    if name in _NUMBERS:
        return "" if re.fullmatch(r"-?\d{1,9}", value) else f"{name}: a whole number is wanted"
    if name in _ONE_OF:
        return "" if value in _ONE_OF[name] else f"{name}: one of {', '.join(_ONE_OF[name])} is wanted"
    if name in _DRIVER | _SESSION | _DROPPED:
        return ""
    known = sorted(_DRIVER | _SESSION | _NUMBERS | _ONLY.keys())
    advice = f'; did you mean "{_OTHER_NAMES[name]}"?' if name in _OTHER_NAMES else nearest(name, known)
    setting = "" if advice else f"; a setting of the session is written options=-c%20{name}%3D..."
    return f'unknown parameter "{name}"{advice}{setting}'
