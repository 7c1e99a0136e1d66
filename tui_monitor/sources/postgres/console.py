"""The administration console of PgBouncer, which answers the simple query protocol only; asyncpg logs in, its transport is then ours.

Messages: postgresql.org/docs/current/protocol-message-formats.html.
"""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, cast

from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.postgres.connection import REASON_LENGTH, PostgresConnection

if TYPE_CHECKING:
    from asyncpg import Connection, Record

LONGEST_ANSWER = 2**20
Row = dict[str, str]


class ConsoleRefusal(Exception):
    """The console's words for what it will not do."""


class BadConsoleAnswer(Exception):
    """What cannot be read as PostgreSQL's protocol, or is too long."""


class ConsoleAnswer:
    """The messages of one answer, read as they come: rows by column, and the words of an error."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.error = ""
        self._buffer = bytearray()
        self._columns: list[str] = []
        self._length = 0

    def feed(self, data: bytes) -> bool:
        """Take bytes; True once the answer is complete. Raises BadConsoleAnswer."""
        self._length += len(data)
        self._buffer += data
        if self._length > LONGEST_ANSWER:
            raise BadConsoleAnswer
        while len(self._buffer) >= 5:
            (length,) = struct.unpack_from("!I", self._buffer, 1)
            if not 4 <= length <= LONGEST_ANSWER:
                raise BadConsoleAnswer
            if len(self._buffer) <= length:
                break
            kind, body = self._buffer[0], bytes(self._buffer[5 : length + 1])
            del self._buffer[: length + 1]
            if kind == ord("Z"):
                return True
            self._take(kind, body)
        return False

    def _take(self, kind: int, body: bytes) -> None:
        try:
            if kind == ord("T"):
                self._columns = _columns(body)
            elif kind == ord("D"):
                self.rows.append(dict(zip(self._columns, _cells(body), strict=False)))
            elif kind == ord("E"):
                self.error = self.error or clean(_error(body), REASON_LENGTH)
        except (struct.error, ValueError, IndexError) as error:
            raise BadConsoleAnswer from error


def _columns(body: bytes) -> list[str]:
    (count,) = struct.unpack_from("!H", body)
    names, at = [], 2
    for _ in range(count):
        end = body.index(0, at)
        names.append(body[at:end].decode("utf-8", "replace"))
        at = end + 1 + 18
    return names


def _cells(body: bytes) -> list[str]:
    (count,) = struct.unpack_from("!H", body)
    cells, at = [], 2
    for _ in range(count):
        (length,) = struct.unpack_from("!i", body, at)
        at += 4
        cells.append(body[at : at + max(0, length)].decode("utf-8", "replace"))
        at += max(0, length)
    return cells


def _error(body: bytes) -> str:
    fields = {part[:1]: part[1:] for part in body.split(b"\0") if part}
    return fields.get(b"M", b"refused").decode("utf-8", "replace")


class ConsoleProtocol(asyncio.Protocol):
    """The receiving side of a connection after the login: one question at a time."""

    def __init__(self) -> None:
        self.lost = False
        self._waiting: tuple[ConsoleAnswer, asyncio.Future[ConsoleAnswer]] | None = None

    def expect(self) -> asyncio.Future[ConsoleAnswer]:
        """The answer to a question that is about to be sent."""
        future: asyncio.Future[ConsoleAnswer] = asyncio.get_running_loop().create_future()
        self._waiting = ConsoleAnswer(), future
        return future

    def data_received(self, data: bytes) -> None:
        """Read; what breaks the protocol ends the question."""
        if self._waiting is None:
            return
        answer, future = self._waiting
        try:
            complete = answer.feed(data)
        except BadConsoleAnswer as error:
            self._end(future, error)
        else:
            if complete:
                self._waiting = None
                if not future.done():
                    future.set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        """The other side has hung up."""
        self.lost = True
        if self._waiting is not None:
            self._end(self._waiting[1], error or ConnectionResetError())

    def _end(self, future: asyncio.Future[ConsoleAnswer], error: Exception) -> None:
        self._waiting = None
        if not future.done():
            future.set_exception(error)


class ConsoleConnection:
    """One connection to one console: at most one is open at any time."""

    def __init__(self, dsn: str, timeout: float) -> None:
        self._login = PostgresConnection(dsn, timeout)
        self._connection: Connection[Record] | None = None
        self._protocol = ConsoleProtocol()

    @property
    def is_open(self) -> bool:
        """Whether a connection is there that is not known to be broken."""
        return self._connection is not None and not self._protocol.lost

    async def open(self) -> None:
        """Connect and log in. Raises OwnTrouble, and what ``connection_errors`` of a PostgreSQL connection lists."""
        await self.cut()
        self._connection, self._protocol = await self._login.connect(), ConsoleProtocol()
        self._transport.set_protocol(self._protocol)

    @property
    def _transport(self) -> asyncio.Transport:
        return cast(asyncio.Transport, self._connection._transport)  # type: ignore[union-attr]

    async def ask(self, command: str) -> list[Row]:
        """The rows of one command. Raises ConsoleRefusal, BadConsoleAnswer, ConnectionError."""
        if not self.is_open:
            raise ConnectionResetError
        answered = self._protocol.expect()
        body = command.encode() + b"\0"
        self._transport.write(b"Q" + struct.pack("!I", len(body) + 4) + body)
        answer = await answered
        if answer.error:
            raise ConsoleRefusal(answer.error)
        return answer.rows

    async def cut(self) -> None:
        """End the connection at once."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
