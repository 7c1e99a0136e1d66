"""A PostgreSQL connection that is opened when needed and kept, read-only, and what its errors mean for people."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tui_monitor.core.units import format_duration
from tui_monitor.sources.net.driver_common import LOCAL_SOCKET, address_of, ensure_resolvable, network_reason, one_of_many
from tui_monitor.sources.net.error_attribution import own_trouble
from tui_monitor.sources.net.excerpt import clean

if TYPE_CHECKING:
    from asyncpg import Connection, Record

APPLICATION_NAME = "tui-monitor"
CLOSE_TIMEOUT = 1.0
KEEPALIVE_IDLE = 30
REASON_LENGTH = 200
DEFAULT_PORT = 5432


class KeptConnection:
    """One connection to one target: at most one is open at any time.

    Session settings make it read-only with a statement timeout. A pooler such as pgbouncer refuses them; then the
    connection goes without, because a SET would outlive us on a connection that the pooler gives to others, and every
    reading is a read-only transaction with its own timeout anyway.
    """

    def __init__(self, dsn: str, timeout: float) -> None:
        self._dsn = dsn
        self._timeout = timeout
        self._session_settings = True
        self._connection: Connection[Record] | None = None

    @property
    def is_open(self) -> bool:
        """Whether a connection is there that is not known to be broken."""
        return self._connection is not None and not self._connection.is_closed()

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

        await ensure_resolvable(postgres_address(self._dsn), self._timeout)
        settings = {"application_name": APPLICATION_NAME}
        if self._session_settings:
            settings["default_transaction_read_only"] = "on"
            settings["statement_timeout"] = str(max(1, round(self._timeout * 1000)))
        try:
            connection = await asyncpg.connect(self._dsn, timeout=self._timeout, statement_cache_size=0, server_settings=settings)
        except asyncpg.exceptions.ProtocolViolationError:
            if not self._session_settings:
                raise
            self._session_settings = False
            return await self._connect()
        _keep_alive(connection)
        return connection

    def drop(self) -> None:
        """Cut the connection at once, whatever it is doing."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        """Say goodbye where the server listens, cut otherwise."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.close(timeout=CLOSE_TIMEOUT)
        except connection_errors():
            connection.terminate()


def _keep_alive(connection: Any) -> None:
    """Let the kernel find a dead peer between two probes; asyncpg has no setting for it."""
    sock: socket.socket | None = connection._transport.get_extra_info("socket")
    if sock is None or sock.family == socket.AF_UNIX:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE)


async def read(connection: Connection[Record], sql: str, limit: float, most: int = 0) -> list[dict[str, Any]]:
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
    return [dict(row) for row in rows]


class UnreadableAnswer(Exception):
    """A value of the answer has no counterpart here: a date beyond the year 9999, 24:00:00. The text says which kind."""


def connection_errors() -> tuple[type[Exception], ...]:
    """What connecting and asking can raise: network, server, driver (TimeoutError is an OSError), an unusable DSN (ValueError)."""
    import asyncpg

    return OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, ValueError, UnreadableAnswer


def is_broken(error: Exception) -> bool:
    """Whether the error ended the connection rather than the statement: then a new connection deserves a try."""
    import asyncpg

    if isinstance(error, TimeoutError | asyncpg.QueryCanceledError | UnreadableAnswer):
        return False
    ends = isinstance(error, asyncpg.PostgresConnectionError | asyncpg.OperatorInterventionError)
    return ends or not isinstance(error, asyncpg.PostgresError)


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

    if isinstance(error, UnreadableAnswer):
        return str(error)
    if isinstance(error, TimeoutError | asyncpg.QueryCanceledError):
        return f"timed out after {format_duration(timeout)} ({stage})"
    if isinstance(error, asyncpg.TooManyConnectionsError):
        return "too many connections"
    if isinstance(error, asyncpg.PostgresConnectionError):
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
