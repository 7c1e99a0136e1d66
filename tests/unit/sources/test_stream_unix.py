"""Streams over Unix sockets: connected, talked to, and told apart where nobody listens."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import pytest

from tests.support.peers.base import scratch
from tui_monitor.sources.net.stream import ConnectError, connect_unix


async def test_a_unix_socket_is_a_stream() -> None:
    """What is sent there arrives, the answer comes back, and the stream is named by its path."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(100))
        await writer.drain()
        writer.close()

    with scratch() as directory:
        path = str(directory / "s")
        async with await asyncio.start_unix_server(echo, path):
            stream = await connect_unix(path)
            await stream.send(b"hello")
            assert (await stream.receive(), stream.peer) == (b"hello", path)
            stream.close()


@pytest.mark.parametrize("there", [True, False])
async def test_where_nobody_listens_is_an_error_with_its_path(tmp_path: Path, there: bool) -> None:
    """A file that no server has open refuses; none at all is ENOENT."""
    path = tmp_path / "s"
    if there:
        server = await asyncio.start_unix_server(lambda reader, writer: None, str(path))
        server.close()
        await server.wait_closed()
        if not path.exists():
            path.touch()
    with pytest.raises(ConnectError) as raised:
        await connect_unix(str(path))
    [(where, error)] = raised.value.failures
    assert where == str(path)
    assert error.errno in ((errno.ECONNREFUSED,) if there else (errno.ENOENT,))
