"""A WebSocket server (pip: websockets) in a thread: echo, greetings, silence, chosen close codes, deflate, real pings."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.support.servers import ServerMissing

if TYPE_CHECKING:
    from websockets.sync.server import ServerConnection


def _answer(connection: ServerConnection) -> None:
    """What a client meets, by the path it asks for."""
    from websockets.exceptions import ConnectionClosed

    path = connection.request.path if connection.request is not None else "/"
    with contextlib.suppress(ConnectionClosed):
        if path == "/hello":
            connection.send('{"hello": "world"}')
        elif path.startswith("/close/"):
            connection.close(int(path.rpartition("/")[2]), "as asked")
        elif path.startswith("/large/"):
            connection.send("x" * int(path.rpartition("/")[2]))
        for message in connection:
            if path != "/silent":
                connection.send(message)


@contextlib.contextmanager
def websocket_server() -> Iterator[str]:
    """The address ("ws://127.0.0.1:PORT") of a server: "/" echoes, "/hello" greets, "/silent" never answers a message,
    "/close/CODE" closes, "/large/SIZE" sends one message of that many characters (compressed when offered)."""
    try:
        from websockets.sync.server import serve
    except ImportError:
        raise ServerMissing("no WebSocket server for the tests: `pip install websockets`") from None
    with serve(_answer, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, name="websocket", daemon=True)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join(10)
