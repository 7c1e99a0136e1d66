"""The kept, read-only PostgreSQL connection, and the attribution of its errors."""

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
from tui_monitor.sources.postgres.message_lengths import LARGEST_MESSAGE, MessageTooLarge, limit_messages

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
    """A connection to one target; at most one is open at a time.

    Session settings make it read-only with a statement timeout. A pooler such as pgbouncer refuses them; the connection
    then has none, because a SET would persist on a connection that the pooler hands to others, and every read is a
    read-only transaction with its own timeout anyway. With target_session_attrs the read-only setting is left out too: the
    driver would take a read-only session for a read-only server.
    """

    def __init__(self, dsn: str, timeout: float) -> None:
        self._address = postgres_address(dsn)
        self._dsn = parse_dsn(dsn)
        self._timeout = timeout
        self._session_settings = True
        self._connection: Connection[Record] | None = None

    @property
    def is_open(self) -> bool:
        """Whether a connection exists that is not known to be broken."""
        return self._connection is not None and not self._connection.is_closed()

    async def open(self) -> None:
        """Open a connection unless one is open; see `get`."""
        await self.get()

    async def cut(self) -> None:
        """Same as `drop`."""
        self.drop()

    async def get(self) -> Connection[Record]:
        """The open connection, or a new one with its first statement already run.

        Raises OwnTrouble without a resolver, and the exceptions of ``connection_errors``.
        """
        if self._connection is None or self._connection.is_closed():
            self.drop()
            self._connection = await self.connect()
            try:
                await self._connection.execute("SELECT 1")
            except BaseException:
                self.drop()
                raise
        return self._connection

    async def connect(self) -> Connection[Record]:
        """A connection beside the kept one, for the caller to end. Raises as ``get``."""
        import asyncpg

        limit_messages()
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
            return await self.connect()
        except asyncpg.exceptions.TargetServerAttributeNotMatched as error:
            raise NoSuchSession(f"no host is {self._target}") from error
        except AttributeError as error:  # the driver's, for a server that says no version when it lets us in
            raise asyncpg.InternalClientError("no server_version") from error
        _set_socket_options(connection, self._dsn)
        return connection

    def _settings(self) -> dict[str, str]:
        """Session settings of the startup message."""
        settings = {"application_name": APPLICATION_NAME, **self._dsn.settings}
        if self._session_settings:
            settings["statement_timeout"] = str(max(1, round(self._timeout * 1000)))
            if self._target == ANY_SESSION:
                settings["default_transaction_read_only"] = "on"
        return settings

    @property
    def _target(self) -> str:
        """The wanted kind of session (target_session_attrs), from the address or the driver's environment."""
        return self._dsn.target or os.environ.get("PGTARGETSESSIONATTRS") or ANY_SESSION

    def drop(self) -> None:
        """Close the connection at once, without a closing message."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        """Close the connection with a closing message if the server reads it, else drop it."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.close(timeout=CLOSE_TIMEOUT)
        except connection_errors():
            connection.terminate()


def _set_socket_options(connection: Any, dsn: Dsn) -> None:
    """Enable TCP keepalives with the address's parameters, which find a dead peer between probes; asyncpg has no setting for it."""
    sock: socket.socket | None = connection._transport.get_extra_info("socket")
    if sock is None or sock.family == socket.AF_UNIX:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, int(dsn.socket.get("keepalives", 1) != 0))
    for name, option in _TCP_OPTIONS.items():
        value = dsn.socket.get(name, _TCP_DEFAULTS.get(name, 0))
        if value > 0 and hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _tls_of(dsn: Dsn) -> ssl.SSLContext | None:
    """The TLS context for ``sslrootcert=system``, which the driver lacks; None leaves TLS to the driver."""
    return context_for(TlsSettings()) if dsn.system_authorities else None


async def read(connection: Connection[Record], sql: str, limit: float, most: int = 0) -> list[Record]:
    """The rows of one statement in a read-only transaction; the server ends the statement after ``limit`` seconds.

    ``most`` > 0: the maximum number of rows sent by the server. No named prepared statement is used, so it works behind pgbouncer.
    An error of the statement is raised after the rollback; after any other the caller drops the connection.
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
    except (ValueError, OverflowError, ArithmeticError) as error:  # before InterfaceError, which can be a ValueError too
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
    """No host offers the session that target_session_attrs requires; the text names it."""


class UnreadableAnswer(Exception):
    """A value that Python cannot represent: a date beyond the year 9999, 24:00:00. The text names its type."""


def connection_errors() -> tuple[type[Exception], ...]:
    """Exceptions of connecting and querying: network, server, driver (TimeoutError is an OSError), unusable DSN (ValueError)."""
    import asyncpg

    driver = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
    return OSError, *driver, ValueError, UnreadableAnswer, NoSuchSession


def is_broken(error: Exception) -> bool:
    """Whether the error broke the connection rather than the statement; then a new connection is tried."""
    import asyncpg

    if isinstance(error, TimeoutError | asyncpg.QueryCanceledError | UnreadableAnswer):
        return False
    ends = isinstance(error, asyncpg.PostgresConnectionError | asyncpg.OperatorInterventionError)
    return ends or not isinstance(error, asyncpg.PostgresError)


def is_refusal(error: Exception) -> bool:
    """Whether the server refused permanently, so that a retry cannot help."""
    import asyncpg

    return isinstance(error, UnreadableAnswer) or (_is_the_servers(error) and not isinstance(error, asyncpg.QueryCanceledError))


def _is_the_servers(error: BaseException) -> bool:
    """Whether the server or a pooler sent this error; the driver's own errors have no severity."""
    return bool(getattr(error, "severity", None))


def _server_error(error: Exception) -> Exception | None:
    """The server's error before it closed the connection: the driver raises the close with the server's error as its cause."""
    link: BaseException | None = error
    while link is not None and not _is_the_servers(link):
        link = link.__cause__
    return link if isinstance(link, Exception) else None


def postgres_address(dsn: str) -> str:
    """host:port of the DSN for people; the host can also be in the query (libpq)."""
    address = address_of(dsn, DEFAULT_PORT)
    in_query = re.search(r"[?&]host=([^&]*)", dsn)
    if address != LOCAL_SOCKET or in_query is None or unquote(in_query[1]).startswith("/"):
        return address
    return address_of(f"//{unquote(in_query[1])}", DEFAULT_PORT)


def own_reason(error: Exception, address: str) -> str | None:
    """The reason of own trouble: of this machine, or of an unusable configuration."""
    missing_file = isinstance(error, FileNotFoundError) and address != LOCAL_SOCKET
    if missing_file or (isinstance(error, ValueError) and not isinstance(error, UnicodeError)):
        return "the dsn, or a file that it names, cannot be used"
    return own_trouble(one_of_many(error) if isinstance(error, OSError) else error)


def reason_of(error: Exception, address: str, stage: str, timeout: float) -> str:
    """The reason of the target's fault, without the DSN."""
    import asyncpg

    error = _server_error(error) or error
    if isinstance(error, MessageTooLarge) or isinstance(error.__cause__, MessageTooLarge):
        return f"the answer is not PostgreSQL's, or has a message above {LARGEST_MESSAGE // 2**20}MiB ({address})"
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
