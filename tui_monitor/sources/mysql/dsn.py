"""The address of a MySQL server: its parts, and its parameters, of which unknown ones are refused.

Names and meanings are those of MySQL's own URI-like strings (dev.mysql.com/doc/refman/8.4/en/connecting-using-uri-or-key-value-pairs.html);
"-" and "_" in names are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import nearest
from tui_monitor.core.secret import Secret
from tui_monitor.sources.mysql.settings import PORT
from tui_monitor.sources.net.driver_common import LOCAL_SOCKET
from tui_monitor.sources.net.tls import TlsSettings
from tui_monitor.sources.net.url_parameters import parameters_of

DISABLED, PREFERRED, REQUIRED = "disabled", "preferred", "required"
VERIFY_CA, VERIFY_IDENTITY = "verify_ca", "verify_identity"
_MODES = (DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY)
_KNOWN = ("ssl_mode", "ssl_ca", "ssl_cert", "ssl_key", "connect_timeout", "socket")
_DROPPED = {"charset", "character_set", "collation", "compression", "program_name", "get_server_public_key"}
_OTHER_NAMES: Mapping[str, str] = {
    "sslmode": "ssl_mode", "ssl": "ssl_mode", "tls": "ssl_mode", "ssl_verify_cert": "ssl_mode", "sslrootcert": "ssl_ca",
    "timeout": "connect_timeout", "unix_socket": "socket",
}  # fmt: skip


@frozen
class MysqlDsn:
    """An address as it is used. ``connect_timeout``: seconds, None without a limit of its own; ``socket``: "" for TCP."""

    host: str
    port: int
    user: str
    password: Secret
    database: str
    socket: str = ""
    connect_timeout: float | None = None
    ssl_mode: str = PREFERRED
    tls: TlsSettings | None = None

    @property
    def address(self) -> str:
        """host:port for people, never user, password or database."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return LOCAL_SOCKET if self.socket else f"{host}:{self.port}"

    @property
    def needs_tls(self) -> bool:
        """Whether a server without TLS is refused."""
        return self.ssl_mode in (REQUIRED, VERIFY_CA, VERIFY_IDENTITY)

    @property
    def verifies(self) -> bool:
        """Whether the server proves who it is."""
        return self.ssl_mode in (VERIFY_CA, VERIFY_IDENTITY)


def parse_dsn(dsn: str) -> MysqlDsn:
    """Take an address apart. Raises ValueError with what is wrong and what to write; never with a value, which may be secret."""
    parts = urlsplit(dsn)
    found = {name.replace("-", "_"): value for name, value in parameters_of(parts.query).items()}
    for name, value in found.items():
        if fault := _fault(name, value):
            raise ValueError(fault)
    if "@" in parts.path or "," in parts.netloc.rpartition("@")[2]:
        raise ValueError('one host is wanted; a "/" in a user\'s name or password is written %2F')
    mode = found.get("ssl_mode", "").lower().replace("-", "_") or (VERIFY_IDENTITY if "ssl_ca" in found else PREFERRED)
    seconds = int(found.get("connect_timeout", "0"))
    return MysqlDsn(
        host=parts.hostname or "localhost",
        port=parts.port or PORT,
        user=unquote(parts.username or ""),
        password=Secret(unquote(parts.password or "")),
        database=unquote(parts.path.lstrip("/")),
        socket=found.get("socket", ""),
        connect_timeout=float(seconds) if seconds else None,
        ssl_mode=mode,
        tls=_tls(mode, found),
    )


def _tls(mode: str, found: Mapping[str, str]) -> TlsSettings | None:
    if mode == DISABLED or "socket" in found:
        return None
    verify = mode in (VERIFY_CA, VERIFY_IDENTITY)
    return TlsSettings(
        verify=verify,
        check_host=mode == VERIFY_IDENTITY,
        ca_file=found.get("ssl_ca") if verify else None,
        cert_file=found.get("ssl_cert"),
        key_file=found.get("ssl_key"),
    )


def _fault(name: str, value: str) -> str:
    if name == "ssl_mode":
        good = value.lower().replace("-", "_") in _MODES
        return "" if good else f"ssl_mode: one of {', '.join(_MODES)} is wanted"
    if name == "connect_timeout":
        return "" if re.fullmatch(r"[0-9]{1,6}", value) else "connect_timeout: a whole number of seconds is wanted"
    if name.startswith("ssl_") and (not value or not value.isprintable()):
        return f"{name}: the path of a PEM file is wanted"
    if name == "socket" and not (value.startswith("/") and value.isprintable()):
        return "socket: the path of a socket is wanted, for example socket=/run/mysqld/mysqld.sock"
    if name in _KNOWN or name in _DROPPED:
        return ""
    advice = f'; did you mean "{_OTHER_NAMES[name]}"?' if name in _OTHER_NAMES else nearest(name, _KNOWN)
    return f'unknown parameter "{name}"{advice}'
