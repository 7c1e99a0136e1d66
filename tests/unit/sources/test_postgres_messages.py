"""The limit for messages of a PostgreSQL server: by itself, and in the driver against a server that announces 2 GB."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.peers.hostile import hostile
from tests.support.settings import made
from tui_monitor.core.values import HealthStatus
from tui_monitor.sources.postgres.message_lengths import LARGEST_MESSAGE, MessageLengths, MessageTooLarge
from tui_monitor.sources.postgres.probe import PostgresProbe
from tui_monitor.sources.postgres.settings import PostgresCheck


def message(length: int, kind: bytes = b"D") -> bytes:
    return kind + (length + 4).to_bytes(4, "big") + bytes(length)


@given(st.lists(st.integers(0, 300), max_size=20), st.integers(1, 7))
def test_messages_pass_however_they_are_cut(lengths: list[int], step: int) -> None:
    """Many small ones in pieces of any size; after them the limit holds."""
    stream, follower = b"".join(map(message, lengths)), MessageLengths()
    for at in range(0, len(stream), step):
        follower.admit(stream[at : at + step])
    with pytest.raises(MessageTooLarge):
        follower.admit(b"D" + (LARGEST_MESSAGE + 5).to_bytes(4, "big"))


@pytest.mark.parametrize("head", [b"D\xff\xff\xff\xff", b"D\0\0\0\3", b"DDDDD"])
def test_lengths_that_no_message_has_are_refused(head: bytes) -> None:
    """Negative, shorter than themselves, or text."""
    with pytest.raises(MessageTooLarge):
        MessageLengths().admit(head)


async def test_a_server_that_sends_without_end_is_left_at_once() -> None:
    """The verdict comes with the first message, with a reason, long before the time limit."""

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with hostile(flood) as server:
        dsn = f"postgresql://u:p@127.0.0.1:{server.port}/app?sslmode=disable"
        probe = PostgresProbe(made(PostgresCheck, {"name": "db", "dsn": dsn, "timeout": "60s"}))
        result = await probe.probe()
        await probe.close()
    assert result.status is HealthStatus.UNHEALTHY
    assert result.reason == f"the answer is not PostgreSQL's, or has a message above 16MiB (127.0.0.1:{server.port})"
