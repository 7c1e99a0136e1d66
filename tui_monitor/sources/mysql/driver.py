"""aiomysql's connection with bounds: one statement at a time, answers of limited length, no password in clear text."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import Any

import aiomysql
from pymysql import _auth
from pymysql.constants import CLIENT, FIELD_TYPE
from pymysql.converters import decoders

from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.mysql.dsn import MysqlDsn
from tui_monitor.sources.net.excerpt import clean

LONGEST_ANSWER = 4 * 2**20
"""Bytes of one answer: 1,001 rows of 4 KiB."""
CLOSE_TIMEOUT = 1.0
_QUIT = b"\x01\x00\x00\x00\x01"
"""The command COM_QUIT."""
_MOST_READS = 2 * (4096 + 2000)
"""Two for each packet: the columns that a table may have (dev.mysql.com/doc/refman/8.4/en/column-count-limit.html), and the rows."""
_TURN = 200
"""Reads after which other tasks get a turn: 1 ms."""
_CLEAR, _ED25519 = "mysql_clear_password", "client_ed25519"
_PLUGINS = ("caching_sha2_password", "sha256_password", "mysql_native_password", _CLEAR)


class LoginRefused(Exception):
    """The login is not gone through with, because it would give the password away or the server is not as demanded; the text says why."""


class AnswerTooLong(Exception):
    """The answer has more bytes than any that is asked for."""


class Table:
    """The rows of one answer: names of the columns and cells; ``cut`` where there are more rows."""

    __slots__ = ("columns", "cut", "rows")

    def __init__(self, columns: list[str], rows: list[tuple[Any, ...]], cut: bool = False) -> None:
        self.columns, self.rows, self.cut = columns, rows, cut

    def dicts(self) -> list[dict[str, Any]]:
        """Each row by its columns' names."""
        return [dict(zip(self.columns, row, strict=False)) for row in self.rows]


class GuardedConnection(aiomysql.Connection):  # type: ignore[misc]
    """One connection; ``logging_in`` is called once the network is there and the server is to speak.

    The driver allows several statements in one (so "SELECT 1; DROP ..." would run), reads whatever the server announces, and sends
    the password in clear text to a server that asks for it: none of that holds here.
    """

    def __init__(self, dsn: MysqlDsn, tls: ssl.SSLContext | None, name: str, logging_in: Callable[[], None]) -> None:
        self._writer: Any = None
        self._reader: Any = None
        self._dsn = dsn
        self._logging_in = logging_in
        self._left, self._reads = LONGEST_ANSWER, 0
        super().__init__(
            host=dsn.host, port=dsn.port, user=dsn.user, password=_as_sent(dsn.password.reveal()), db=dsn.database or None,
            unix_socket=dsn.socket or None, ssl=tls, program_name=name, autocommit=True, charset="utf8mb4",
            conv={**decoders, FIELD_TYPE.BIT: int.from_bytes},
        )  # fmt: skip
        self.client_flag &= ~CLIENT.MULTI_STATEMENTS

    @property
    def server_public_key(self) -> None:
        """The driver reads it to encrypt the password with a key that anybody on the way could have sent. Raises LoginRefused."""
        raise LoginRefused(_wants_tls(self._server_auth_plugin))

    @server_public_key.setter
    def server_public_key(self, _: object) -> None:
        """None is ever used."""

    async def _get_server_information(self) -> None:
        self._logging_in()
        await super()._get_server_information()

    async def _request_authentication(self) -> None:
        if self._dsn.needs_tls and not self._dsn.socket and not self.server_capabilities & CLIENT.SSL:
            raise LoginRefused("the server offers no TLS (ssl_mode)")
        self._refuse_clear_text(self._server_auth_plugin)
        await super()._request_authentication()

    async def _process_auth(self, plugin_name: bytes, auth_packet: Any) -> Any:
        plugin = plugin_name.decode("latin-1")
        self._refuse_clear_text(plugin)
        if plugin == _ED25519:
            self.write_packet(_ed25519(self._dsn.password.reveal(), auth_packet.read_all()))
            return await self._read_packet()
        if plugin not in _PLUGINS:
            raise LoginRefused(
                f"this account logs in by {clean(plugin, 40)}, which the monitor cannot: give it a password of {_PLUGINS[0]}"
            )
        return await super()._process_auth(plugin_name, auth_packet)

    def _refuse_clear_text(self, plugin: str) -> None:
        """Only a server that has proved who it is may have the password as it is."""
        if plugin == _CLEAR and not (self._dsn.verifies or self._dsn.socket):
            raise LoginRefused(
                "the server wants the password in clear text: write ssl_mode=verify_identity, or give the account another plugin"
            )

    def close(self) -> None:
        """End it at once: an orderly end of TLS waits for the server."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._writer = self._reader = None

    async def leave(self) -> None:
        """End it with a word to the server, so that it counts no aborted client."""
        writer = self._writer
        if writer is None:
            return
        with contextlib.suppress(OSError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                writer.write(_QUIT)
                writer.close()
                await writer.wait_closed()
        self.close()

    async def _execute_command(self, command: int, sql: str | bytes) -> None:
        self._left, self._reads = LONGEST_ANSWER, 0
        await super()._execute_command(command, sql)

    async def _read_bytes(self, num_bytes: int) -> bytes:
        self._left -= num_bytes
        self._reads += 1
        if self._left < 0 or self._reads > _MOST_READS:
            raise AnswerTooLong
        if self._reads % _TURN == 0:
            await asyncio.sleep(0)
        found: bytes = await super()._read_bytes(num_bytes)
        return found

    async def table(self, sql: str, most: int) -> Table:
        """The first ``most`` rows of one statement; where there are more, the connection is closed, as they cannot be called off."""
        await self.query(sql, unbuffered=True)
        answer = self._result
        columns = [str(field[0]) for field in answer.description or ()]
        rows: list[tuple[Any, ...]] = []
        while columns and (row := await answer._read_rowdata_packet_unbuffered()) is not None:
            if len(rows) == most:
                self.close()
                return Table(columns, rows, cut=True)
            rows.append(row)
        return Table(columns, rows)


def _as_sent(password: str) -> str:
    """The driver sends a password in Latin-1; servers compare the bytes of UTF-8."""
    return password.encode().decode("latin-1")


def _wants_tls(plugin: str) -> str:
    return f"the login ({plugin or 'sha256_password'}) needs TLS: write ssl_mode=required, and give the server a certificate"


def _ed25519(password: str, challenge: bytes) -> bytes:
    """Raises OwnTrouble where the library for that is missing."""
    try:
        answer: bytes = _auth.ed25519_password(password.encode(), challenge)
    except RuntimeError as error:
        raise OwnTrouble("this account logs in by ed25519: install pynacl beside the monitor (pip install pynacl)") from error
    return answer
