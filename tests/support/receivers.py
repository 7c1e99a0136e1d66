"""Loopback HTTP receivers that answer as the real services do, and fail as they do: refusals, silence, cuts, drips."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Request:
    """What arrived: header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        """The body as form fields."""
        return {name: values[0] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}


@dataclass(frozen=True)
class Reply:
    """One answer. ``fault``: "silence" (accept, never answer), "cut" (close in mid-answer), "drop" (close without a byte), "drip"
    (a byte now and then, without end)."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    fault: str = ""


class Receiver:
    """A server on a free port: answers from ``replies`` in order, then with ``default`` (a reply or a function of the request)."""

    def __init__(self, default: Reply | Callable[[Request], Reply]) -> None:
        self.default = default
        self.replies: list[Reply | Callable[[Request], Reply]] = []
        self.requests: list[Request] = []
        self.connections = 0
        self.url = ""
        self._arrived = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    async def wait_for(self, count: int, limit_s: float = 5.0) -> list[Request]:
        """The requests, as soon as there are ``count``."""
        async with asyncio.timeout(limit_s), self._arrived:
            await self._arrived.wait_for(lambda: len(self.requests) >= count)
        return self.requests

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            while (request := await _read(reader)) is not None:
                async with self._arrived:
                    self.requests.append(request)
                    self._arrived.notify_all()
                reply = self.replies.pop(0) if self.replies else self.default
                reply = reply(request) if callable(reply) else reply
                if not await _answer(writer, reply):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def stop(self) -> None:
        """End the connections that are open."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Request | None:
    line = (await reader.readline()).decode().split()
    if not line:
        return None
    headers: dict[str, str] = {}
    while (row := (await reader.readline()).decode().rstrip("\r\n")) != "":
        name, _, value = row.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(line[0], line[1], headers, body)


async def _answer(writer: asyncio.StreamWriter, reply: Reply) -> bool:
    body = reply.body.encode()
    if reply.fault == "drop":
        return False
    if reply.fault == "silence":
        await asyncio.Event().wait()
    length = len(body) + (100 if reply.fault else 0)
    headers = {"Content-Length": str(length), **reply.headers}
    head = f"HTTP/1.1 {reply.status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    if reply.fault == "drip-head":
        while True:
            writer.write(b"H")
            await writer.drain()
            await asyncio.sleep(0.02)
    writer.write(head.encode() + body)
    await writer.drain()
    if reply.fault == "cut":
        return False
    while reply.fault == "drip":
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)
    return True


@asynccontextmanager
async def receiver(default: Reply | Callable[[Request], Reply] | None = None, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A running receiver; answers 200 with an empty body unless told otherwise."""
    served = Receiver(default or Reply())
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0, ssl=tls)
    served.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield served
    finally:
        server.close()
        await served.stop()
        await server.wait_closed()


def slack_says(request: Request) -> Reply:
    """As hooks.slack.com: "ok", or a text that says what is wrong."""
    payload = request.json()
    if not payload.get("text"):
        return Reply(400, "no_text")
    if any(len(attachment.get("blocks", [])) > 50 for attachment in payload.get("attachments", [])):
        return Reply(400, "invalid_blocks")
    return Reply(200, "ok")


def aligo_says(request: Request) -> Reply:
    """As apis.aligo.in: HTTP 200 always; the result stands in the body."""
    form = request.form()
    if form.get("key") != "aligo-key":
        return Reply(200, '{"result_code":-101,"message":"인증오류입니다."}')
    if request.path.startswith("/remain"):
        return Reply(200, '{"result_code":1,"message":"","SMS_CNT":74,"LMS_CNT":24,"MMS_CNT":10}')
    count = len(form["receiver"].split(","))
    answer = {"result_code": "1", "message": "success", "msg_id": 83241, "success_cnt": count, "error_cnt": 0, "msg_type": form["msg_type"]}
    return Reply(200, json.dumps(answer))


class TelegramApi:
    """As api.telegram.org: checks the token, counts message ids, keeps texts and edits, gives updates to a long poll."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.updates: list[dict[str, Any]] = []
        self._message_id = 100

    def __call__(self, request: Request) -> Reply:
        """One API call."""
        prefix = f"/bot{self.token}/"
        if not request.path.startswith(prefix):
            return telegram_error(401, "Unauthorized")
        method, payload = request.path.removeprefix(prefix), request.json()
        self.calls.append((method, payload))
        if method == "getUpdates":
            return Reply(200, json.dumps({"ok": True, "result": [u for u in self.updates if u["update_id"] >= payload.get("offset", 0)]}))
        if method == "sendMessage":
            if len(payload["text"]) > 20_000:
                return telegram_error(400, "Bad Request: message is too long")
            self._message_id += 1
            result = {"message_id": self._message_id, "chat": {"id": payload["chat_id"]}, "text": payload["text"]}
            return Reply(200, json.dumps({"ok": True, "result": result}))
        return Reply(200, '{"ok":true,"result":true}')


def telegram_error(code: int, description: str, **parameters: Any) -> Reply:
    """An error in Telegram's shape."""
    return Reply(code, json.dumps({"ok": False, "error_code": code, "description": description, "parameters": parameters}))
