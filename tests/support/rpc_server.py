"""A JSON-RPC server on loopback for tests: answers by method, with batches or without."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any


class RpcServer:
    """``answers``: method = result, an exception for an error -32000 with its text; other methods are not known.

    ``bodies`` counts requests, ``heads`` are their headers. With ``batches`` off a batch is answered by one error.
    """

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers
        self.batches = True
        self.bodies = 0
        self.heads: list[str] = []
        self.url = ""

    async def __aenter__(self) -> RpcServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(line.partition(":")[2]) for line in head.splitlines() if line.lower().startswith("content-length"))
        body = json.dumps(self._answer(json.loads(await reader.readexactly(length)))).encode()
        self.bodies += 1
        self.heads.append(head)
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body
        )
        await writer.drain()
        writer.close()

    def _answer(self, asked: Any) -> Any:
        if not isinstance(asked, list):
            return self._one(asked)
        if not self.batches:
            return {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "batches are not supported"}}
        return [self._one(call) for call in reversed(asked)]

    def _one(self, call: dict[str, Any]) -> dict[str, Any]:
        found = self.answers.get(call["method"], KeyError("method not found"))
        if isinstance(found, Exception):
            return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32000, "message": str(found.args[0])}}
        return {"jsonrpc": "2.0", "id": call["id"], "result": found}
