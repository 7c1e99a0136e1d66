"""A MySQL connection that is opened when needed and kept, read-only."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tui_monitor.sources.mysql.dsn import MysqlDsn
from tui_monitor.sources.net.driver_common import ensure_resolvable
from tui_monitor.sources.net.tls import context_for
from tui_monitor.sources.query_rows import MOST_ROWS

if TYPE_CHECKING:
    from tui_monitor.sources.mysql.driver import GuardedConnection, Table

PROGRAM_NAME = "tui-monitor"
_UNKNOWN_VARIABLE = 1193
_SESSION = ("SET SESSION TRANSACTION READ ONLY", f"SET SESSION sql_select_limit = {MOST_ROWS + 1}")
"""The statement, because the variable's name differs (tx_read_only in MariaDB 10, transaction_read_only in MySQL 8)."""


class NotMysql(Exception):
    """What the server sends cannot be read as MySQL's protocol."""


class MysqlConnection:
    """One connection to one target: at most one is open at any time.

    Its session can change nothing and gets at most MOST_ROWS + 1 rows of a SELECT; the server itself ends a statement at its limit
    (max_statement_time of MariaDB, max_execution_time of MySQL 5.7.8 and later), because a statement whose client is gone goes on.
    ``reached`` is told "connect", "login" and "query" as they begin.
    """

    def __init__(self, dsn: MysqlDsn, timeout: float, reached: Callable[[str], None]) -> None:
        self._dsn = dsn
        self._timeout = timeout
        self._reached = reached
        self._limit = 0.0
        self._connection: GuardedConnection | None = None

    @property
    def is_open(self) -> bool:
        """Whether a connection is there that is not known to be broken."""
        return self._connection is not None and not self._connection.closed

    @property
    def version(self) -> str:
        """What the server said of itself in its greeting; "" without a connection."""
        return str(self._connection.server_version) if self._connection is not None else ""

    @property
    def is_mariadb(self) -> bool:
        """Whether the server is MariaDB."""
        return "mariadb" in self.version.lower()

    async def open(self) -> None:
        """A new connection where there is none. Raises OwnTrouble (no resolver, a missing library) and errors.connection_errors()."""
        if self.is_open:
            return
        from tui_monitor.sources.mysql.driver import GuardedConnection

        await self.cut()
        self._reached("connect")
        if not self._dsn.socket:
            await ensure_resolvable(self._dsn.address, self._timeout)
        tls = context_for(self._dsn.tls) if self._dsn.tls else None
        self._limit = 0.0
        self._connection = GuardedConnection(self._dsn, tls, PROGRAM_NAME, lambda: self._reached("login"))
        try:
            async with asyncio.timeout(self._dsn.connect_timeout):
                with _understanding():
                    await self._connection._connect()
                for statement in _SESSION:
                    await self.ask(statement)
        except BaseException:
            await self.cut()
            raise

    async def ask(self, sql: str, most: int = MOST_ROWS) -> Table:
        """At most this many rows of one statement over the open connection."""
        assert self._connection is not None
        self._reached("query")
        with _understanding():
            return await self._connection.table(sql, most)

    async def limit(self, seconds: float) -> None:
        """The server ends each SELECT of this session after this time; a server without such a setting does not."""
        from pymysql.err import MySQLError

        if seconds == self._limit:
            return
        name, value = ("max_statement_time", f"{max(0.001, seconds):.3f}")
        if not self.is_mariadb:
            name, value = "max_execution_time", f"{max(1, round(seconds * 1000))}"
        try:
            await self.ask(f"SET SESSION {name} = {value}")
        except MySQLError as error:
            if not error.args or error.args[0] != _UNKNOWN_VARIABLE:
                raise
        self._limit = seconds

    async def cut(self) -> None:
        """End the connection at once, whatever it is doing."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    async def close(self) -> None:
        """End in order (COM_QUIT) where the connection is at rest, so that the server counts no aborted client; cut it otherwise."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.leave()


@contextlib.contextmanager
def _understanding() -> Iterator[None]:
    """What the driver stumbles over while it reads is the server's fault: lengths, sequence numbers, characters, numbers."""
    try:
        yield
    except OSError:  # a certificate that is refused is a ValueError too
        raise
    except (
        ValueError,
        LookupError,
        struct.error,
        TypeError,
        AttributeError,
        AssertionError,
        NameError,
        RuntimeError,
        ArithmeticError,
    ) as error:
        raise NotMysql("not understood") from error
