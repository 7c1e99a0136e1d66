"""A PostgreSQL connection that is opened when needed and kept, read-only, and what its errors mean for people."""

from __future__ import annotations

import os
import re
import socket
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tui_monitor.core.units import format_duration
from tui_monitor.sources.net.driver_common import LOCAL_SOCKET, address_of, ensure_resolvable, network_reason, one_of_many
from tui_monitor.sources.net.error_attribution import own_trouble
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.net.tls import TlsSettings, context_for
from tui_monitor.sources.postgres.dsn import Dsn, parse_dsn

if TYPE_CHECKING:
    from asyncpg import Connection, Record

APPLICATION_NAME = "tui-monitor"
CLOSE_TIMEOUT = 1.0
ANY_SESSION = "any"
UNSUPPORTED_SETTING = "unsupported startup parameter"
"""What a pooler says of our session settings (pgbouncer, `ignore_startup_parameters`)."""
_TCP_OPTIONS = {
    "keepalives_idle": "TCP_KEEPIDLE", "keepalives_interval": "TCP_KEEPINTVL", "keepalives_count": "TCP_KEEPCNT",
    "tcp_user_timeout": "TCP_USER_TIMEOUT",
}  # fmt: skip
_TCP_DEFAULTS = {"keepalives_idle": 30}
REASON_LENGTH = 200
DEFAULT_PORT = 5432


class PostgresConnection:
    """One connection to one target: at most one is open at any time.

    Session settings make it read-only with a statement timeout. A pooler such as pgbouncer refuses them; then the
    connection goes without, because a SET would outlive us on a connection that the pooler gives to others, and every
    reading is a read-only transaction with its own timeout anyway. Where a kind of session is asked for (target_session_attrs), the
    connection goes without the first, too: the driver takes a session that is read-only for a server that is.
    """

    def __init__(self, dsn: str, timeout: float) -> None:
        self._address = postgres_address(dsn)
        self._dsn = parse_dsn(dsn)
        self._timeout = timeout
        self._session_settings = True
        self._connection: Connection[Record] | None = None

    @property
    def is_open(self) -> bool:
        """Whether a connection is there that is not known to be broken."""
        return self._connection is not None and not self._connection.is_closed()

    async def open(self) -> None:
        """A new connection where there is none, as `get`."""
        await self.get()

    async def cut(self) -> None:
        """As `drop`."""
        self.drop()

    async def get(self) -> Connection[Record]:
        """The open connection, a new one where there is none; its first statement has been made already.

        Raises OwnTrouble where no resolver answers, and what ``connection_errors`` lists.
        """
        if self._connection is None or self._connection.is_closed():
            self.drop()
            self._connection = await self._connect()
            try:
                await self._connection.execute("SELECT 1")
            except BaseException:
                self.drop()
                raise
        return self._connection

    async def _connect(self) -> Connection[Record]:
        import asyncpg

        await ensure_resolvable(self._address, self._timeout)
        limit = min(self._timeout, self._dsn.connect_timeout or self._timeout)
        try:
            connection = await asyncpg.connect(
                self._dsn.text, timeout=limit, statement_cache_size=0, server_settings=self._settings(), ssl=_tls_of(self._dsn)
            )
        except asyncpg.exceptions.ProtocolViolationError as error:
            if not self._session_settings or UNSUPPORTED_SETTING not in str(error):
                raise
            self._session_settings = False
            return await self._connect()
        except asyncpg.exceptions.TargetServerAttributeNotMatched as error:
            raise NoSuchSession(f"no host is {self._target}") from error
        _set_socket_options(connection, self._dsn)
        return connection

    def _settings(self) -> dict[str, str]:
        """What the first message says of the session."""
        settings = {"application_name": APPLICATION_NAME, **self._dsn.settings}
        if self._session_settings:
            settings["statement_timeout"] = str(max(1, round(self._timeout * 1000)))
            if self._target == ANY_SESSION:
                settings["default_transaction_read_only"] = "on"
        return settings

    @property
    def _target(self) -> str:
        """The kind of session that is wanted: by the address, else by the driver's environment."""
        return self._dsn.target or os.environ.get("PGTARGETSESSIONATTRS") or ANY_SESSION

    def drop(self) -> None:
        """Cut the connection at once, whatever it is doing."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        """Close the connection with a message to the server where it listens, cut it otherwise."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.close(timeout=CLOSE_TIMEOUT)
        except connection_errors():
            connection.terminate()


def _set_socket_options(connection: Any, dsn: Dsn) -> None:
    """Let the kernel find a dead peer between two probes, in the rhythm that the address asks for; asyncpg has no setting for it."""
    sock: socket.socket | None = connection._transport.get_extra_info("socket")
    if sock is None or sock.family == socket.AF_UNIX:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, int(dsn.socket.get("keepalives", 1) != 0))
    for name, option in _TCP_OPTIONS.items():
        value = dsn.socket.get(name, _TCP_DEFAULTS.get(name, 0))
        if value > 0 and hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _tls_of(dsn: Dsn) -> ssl.SSLContext | None:
    """None leaves TLS to the driver, which reads the address; it does not know ``sslrootcert=system``."""
    return context_for(TlsSettings()) if dsn.system_authorities else None


async def read(connection: Connection[Record], sql: str, limit: float, most: int = 0) -> list[Record]:
    """The rows of one statement in a read-only transaction; the server ends the statement after ``limit`` seconds.

    ``most`` > 0: no more rows than that leave the server. Nothing is prepared by name, so that it works behind pgbouncer.
    An error of the statement is raised after the rollback; for any other the caller drops the connection.
    """
    import asyncpg

    transaction = connection.transaction(readonly=True)
    await transaction.start()
    try:
        await connection.execute(f"SET LOCAL statement_timeout = {max(1, round(limit * 1000))}")
        if most:
            statement = await connection.prepare(sql, name="")
            rows = await (await statement.cursor()).fetch(most)
        else:
            rows = await connection.fetch(sql)
    except (ValueError, OverflowError, ArithmeticError) as error:  # before InterfaceError, which may be a ValueError too
        if isinstance(error, asyncpg.InterfaceError):
            raise
        await transaction.rollback()
        raise UnreadableAnswer(f"the answer holds a value that Python cannot represent: {clean(str(error), REASON_LENGTH)}") from error
    except asyncpg.PostgresError:
        if not connection.is_closed():
            await transaction.rollback()
        raise
    await transaction.rollback()
    return list(rows)


class NoSuchSession(Exception):
    """No host gives the kind of session that target_session_attrs asks for; the text says which."""


class UnreadableAnswer(Exception):
    """A value of the answer has no counterpart here: a date beyond the year 9999, 24:00:00. The text says which kind."""


def connection_errors() -> tuple[type[Exception], ...]:
    """What connecting and asking can raise: network, server, driver (TimeoutError is an OSError), an unusable DSN (ValueError)."""
    import asyncpg

    driver = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
    return OSError, *driver, ValueError, UnreadableAnswer, NoSuchSession


def is_broken(error: Exception) -> bool:
    """Whether the error ended the connection rather than the statement: then a new connection deserves a try."""
    import asyncpg

    if isinstance(error, TimeoutError | asyncpg.QueryCanceledError | UnreadableAnswer):
        return False
    ends = isinstance(error, asyncpg.PostgresConnectionError | asyncpg.OperatorInterventionError)
    return ends or not isinstance(error, asyncpg.PostgresError)


def is_refusal(error: Exception) -> bool:
    """Whether the server has answered and will not give this, however often it is asked."""
    import asyncpg

    return isinstance(error, UnreadableAnswer) or (_is_the_servers(error) and not isinstance(error, asyncpg.QueryCanceledError))


def _is_the_servers(error: BaseException) -> bool:
    """Whether the server (or a pooler before it) has sent this error; the driver's own have no severity."""
    return bool(getattr(error, "severity", None))


def _server_error(error: Exception) -> Exception | None:
    """What the server said before it hung up: the driver raises the end of the connection and keeps the server's words as the cause."""
    link: BaseException | None = error
    while link is not None and not _is_the_servers(link):
        link = link.__cause__
    return link if isinstance(link, Exception) else None


def postgres_address(dsn: str) -> str:
    """host:port of the DSN for people; the host may also stand in the query (libpq)."""
    address = address_of(dsn, DEFAULT_PORT)
    in_query = re.search(r"[?&]host=([^&]*)", dsn)
    if address != LOCAL_SOCKET or in_query is None or unquote(in_query[1]).startswith("/"):
        return address
    return address_of(f"//{unquote(in_query[1])}", DEFAULT_PORT)


def own_reason(error: Exception, address: str) -> str | None:
    """The monitor's own fault in words: the machine's, or a configuration with which nobody can connect."""
    missing_file = isinstance(error, FileNotFoundError) and address != LOCAL_SOCKET
    if missing_file or (isinstance(error, ValueError) and not isinstance(error, UnicodeError)):
        return "the dsn, or a file that it names, cannot be used"
    return own_trouble(one_of_many(error) if isinstance(error, OSError) else error)


def reason_of(error: Exception, address: str, stage: str, timeout: float) -> str:
    """What to tell people of the target's fault; never the DSN."""
    import asyncpg

    error = _server_error(error) or error
    if isinstance(error, UnreadableAnswer | NoSuchSession):
        return str(error)
    if isinstance(error, TimeoutError | asyncpg.QueryCanceledError):
        return f"timed out after {format_duration(timeout)} ({stage})"
    if isinstance(error, asyncpg.TooManyConnectionsError):
        return "too many connections"
    if isinstance(error, asyncpg.PostgresConnectionError) and not _is_the_servers(error):
        return f"connection closed by the server ({address})"
    if isinstance(error, asyncpg.PostgresError):
        return clean(str(error.args[0]) if error.args else type(error).__name__, REASON_LENGTH)
    if isinstance(error, asyncpg.InternalClientError | UnicodeError):
        return f"the answer is not PostgreSQL's ({address})"
    if isinstance(error, asyncpg.InterfaceError):
        return f"connection lost ({address})"
    if isinstance(error, ConnectionError) and error.errno is None and "SSL" in str(error):
        return f"no TLS, or not PostgreSQL ({address})"
    return network_reason(one_of_many(error), address) if isinstance(error, OSError) else clean(type(error).__name__, REASON_LENGTH)
