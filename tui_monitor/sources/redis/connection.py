"""The kept Redis connection, and the attribution of its errors."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from tui_monitor.core.units import format_duration
from tui_monitor.sources.net.driver_common import LOCAL_SOCKET, address_of, ensure_resolvable, network_reason, one_of_many
from tui_monitor.sources.net.error_attribution import own_trouble
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.redis.url import parse_url

if TYPE_CHECKING:
    from redis.asyncio.connection import AbstractConnection

CLIENT_NAME = "tui-monitor"
REASON_LENGTH = 200
DEFAULT_PORT = 6379
LONGEST_ANSWER = 4 * 2**20
"""Bytes; what announces more is no answer to PING, INFO or the like, and would only fill the memory."""


class RedisConnection:
    """A connection to one target; at most one is open at a time. A pool would cost 2.7 times as much."""

    def __init__(self, url: str, limit: float) -> None:
        self._address = redis_address(url)
        self._url = parse_url(url)
        self._limit = limit
        self._connection: AbstractConnection | None = None

    @property
    def is_open(self) -> bool:
        """Whether a connection exists; a broken one is detected on use only."""
        return self._connection is not None

    async def open(self) -> None:
        """Connect, log in and select the database. Raises OwnTrouble without an answer of the resolver within the limit."""
        from redis.asyncio.connection import ConnectionPool

        await ensure_resolvable(self._address, self._limit)
        over_network = {} if self._url.text.startswith("unix:") else {"socket_keepalive": True}  # a local socket has no such key
        pool = ConnectionPool.from_url(
            self._url.text, protocol=2, parser_class=_parser(), decode_responses=True, encoding_errors="replace", driver_info=None,
            socket_timeout=None, socket_connect_timeout=None, **over_network,
        )  # fmt: skip
        self._connection = pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            with _understanding():
                async with asyncio.timeout(self._url.connect_timeout):
                    await self._connection.connect()
            await self._say_name()
        except BaseException:
            await self.cut()
            raise

    async def _say_name(self) -> None:
        """Set the name for CLIENT LIST; a refusal (an ACL with PING and INFO only) is ignored."""
        from redis.exceptions import RedisError

        with contextlib.suppress(RedisError):
            await self.ask("CLIENT", "SETNAME", CLIENT_NAME)

    async def ask(self, *command: str) -> str:
        """Send a command; returns its reply."""
        assert self._connection is not None
        with _understanding():
            await self._connection.send_command(*command, check_health=False)
            return str(await self._connection.read_response())

    async def cut(self) -> None:
        """Close the connection; Redis needs no closing message."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)


@cache
def _parser() -> type[Any]:
    """The driver's reply parser with a size limit; it would read as much as the server announces."""
    from redis._parsers import _AsyncRESP2Parser
    from redis.exceptions import InvalidResponse

    class Limited(_AsyncRESP2Parser):
        async def _read(self, length: int) -> bytes:
            if length > LONGEST_ANSWER:
                raise InvalidResponse("too long")
            return await super()._read(length)

    return Limited


@contextlib.contextmanager
def _understanding() -> Iterator[None]:
    """Context in which parser errors (lengths, nesting, endless lines) become the server's fault instead of the URL's."""
    from redis.exceptions import InvalidResponse

    try:
        yield
    except OSError:  # a rejected certificate is a ValueError too
        raise
    except (ValueError, RecursionError, MemoryError) as error:
        raise InvalidResponse("not understood") from error


def connection_errors() -> tuple[type[Exception], ...]:
    """Exceptions of connecting and querying: network, server, driver (TimeoutError is an OSError), unusable URL (ValueError)."""
    from redis.exceptions import RedisError

    return OSError, RedisError, ValueError, EOFError


def is_broken(error: Exception) -> bool:
    """Whether the error broke the connection rather than the command; then a new connection is tried."""
    from redis.exceptions import BusyLoadingError, ConnectionError, RedisError

    if isinstance(error, RedisError):
        return isinstance(error, ConnectionError) and not isinstance(error, BusyLoadingError)
    return not isinstance(error, TimeoutError)


def redis_address(url: str) -> str:
    """host:port of the URL for people."""
    if url.startswith("unix:"):
        return LOCAL_SOCKET
    address = address_of(url, DEFAULT_PORT)
    return f"localhost:{DEFAULT_PORT}" if address == LOCAL_SOCKET else address


def database_of(url: str) -> int:
    """The database number in the URL."""
    return parse_url(url).database


def own_reason(error: Exception, address: str) -> str | None:
    """The reason of own trouble: of this machine, or of an unusable configuration."""
    cause = _cause(error)
    missing_file = isinstance(cause, FileNotFoundError) and address != LOCAL_SOCKET
    if missing_file or (isinstance(error, ValueError) and not isinstance(error, UnicodeError)):
        return "the url, or a file that it names, cannot be used"
    return own_trouble(cause)


def reason_of(error: Exception, address: str, stage: str, limit: float) -> str:
    """The reason of the target's fault, without the URL."""
    from redis import exceptions

    cause = _cause(error)
    known: tuple[tuple[type[Exception], str], ...] = (
        (exceptions.BusyLoadingError, "the server is loading its data set"),
        (exceptions.MasterDownError, "the link to the master is down and stale data is not served"),
        (exceptions.InvalidResponse, f"the answer is not Redis' ({address})"),
        (UnicodeError, f"the answer is not Redis' ({address})"),
        (TimeoutError, f"timed out after {format_duration(limit)} ({stage})"),
        (exceptions.TimeoutError, f"timed out after {format_duration(limit)} ({stage})"),
    )
    for kind, text in known:
        if isinstance(error, kind):
            return text
    if isinstance(cause, OSError):
        return network_reason(cause, address)
    return _words(error, address)


def _words(error: Exception, address: str) -> str:
    """The server's error text; Redis' codes (NOAUTH, WRONGPASS) become plain words."""
    from redis import exceptions

    text = clean(str(error), REASON_LENGTH)
    if "max number of clients" in text:
        return "too many connections"
    if isinstance(error, exceptions.NoPermissionError):
        return "this user may not do that (ACL)"
    if "Authentication required" in text or "NOAUTH" in text:
        return "authentication required"
    if isinstance(error, exceptions.AuthenticationError):
        return "wrong user name or password"
    if isinstance(error, exceptions.ResponseError):
        return text
    return f"connection closed by the server ({address})"


def _cause(error: BaseException) -> BaseException:
    """The operating system's error wrapped by redis-py, if any."""
    link: BaseException | None = error
    while link is not None and not isinstance(link, OSError):
        link = link.__cause__ or link.__context__
    return error if link is None else one_of_many(link)
