"""The HTTP API of Docker or Podman over its Unix socket: one kept connection, errors given to their owner.

Paths carry no version: the engine then speaks its own, while Docker 29 refuses versions below 1.44 (Nagios-Plugins#434).
"""

from __future__ import annotations

import errno
import json

from tui_monitor.platform.container_sockets import present_socket, usual_sockets
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.http.exchange import Answer, BadAnswer, Exchange
from tui_monitor.sources.http.request import HttpRequest, Url, build_request
from tui_monitor.sources.net.connect import Failure, connect_failure, stream_failure
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.net.stream import ConnectError, Stream, connect_unix

_EXCERPT = 200


class Engine:
    """One connection to the engine, opened when it is needed. ``path``: the socket, "" for the first that is there."""

    def __init__(self, path: str = "") -> None:
        self.path = path
        self._kept: tuple[Stream, Exchange] | None = None

    async def get(self, target: str, max_body: int) -> Answer:
        """The answer, whatever its status, its body up to ``max_body`` bytes. Raises Failure (the engine's fault) or OwnTrouble.

        Cancelled, it leaves no connection behind.
        """
        request = build_request(Url("http", "docker", 80, target), "GET", {"Accept": "application/json"}, b"", keep_alive=True)
        kept, self._kept = self._kept, None
        if kept is not None and kept[0].is_idle():
            try:
                return await self._ask(*kept, request, max_body)
            except Failure as failure:
                if not failure.silent:
                    raise
        elif kept is not None:
            kept[0].close()
        stream = await self._connect()
        return await self._ask(stream, Exchange(stream), request, max_body)

    def close(self) -> None:
        """Give the connection back."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept[0].close()

    async def _connect(self) -> Stream:
        path = self.path or present_socket()
        if not path:
            raise OwnTrouble(f"no socket of Docker or Podman here ({', '.join(usual_sockets())}): is one installed? Else set `socket`")
        try:
            return await connect_unix(path)
        except ConnectError as error:
            raise _not_connected(error, path) from error

    async def _ask(self, stream: Stream, exchange: Exchange, request: HttpRequest, max_body: int) -> Answer:
        keep = False
        try:
            answer = await exchange.run(request, max_body, lambda: None)
            keep = answer.reusable
        except BadAnswer as error:
            raise Failure(f"{error} ({stream.peer})", silent=error.silent) from error
        except OSError as error:
            raise stream_failure(error, stream.peer, silent=not exchange.first) from error
        finally:
            if keep:
                self._kept = (stream, exchange)
            else:
                stream.close()
        return answer


def _not_connected(error: ConnectError, path: str) -> Failure | OwnTrouble:
    """What we lack is own trouble; a socket at which nobody listens is an engine that does not run."""
    number = error.failures[0][1].errno
    if number in (errno.EACCES, errno.EPERM):
        return OwnTrouble(
            f"the monitor may not open {path}: add its user to the group that owns it (usermod -aG docker USER; that group is as good as"
            " root) and restart it, or give it a socket proxy that only reads"
        )
    if number in (errno.ENOENT, errno.ENOTDIR):
        return OwnTrouble(f"there is no socket {path}: is Docker or Podman installed? Else set `socket`")
    if number == errno.ECONNREFUSED:
        return Failure(f"no container engine listens at {path}: start it (systemctl start docker)")
    return connect_failure(error)


def refusal(answer: Answer, what: str) -> Failure | OwnTrouble:
    """An answer other than 200 to the question for ``what``: own trouble where a proxy does not let us ask (401, 403)."""
    said = error_text(answer.body)
    if answer.status in (401, 403):
        return OwnTrouble(f"the socket refuses {what} ({answer.status}{said and f': {said}'}): a socket proxy must allow GET /containers")
    return Failure(f"the engine answers {answer.status} to the question for {what}{said and f': {said}'}")


def error_text(body: bytes) -> str:
    """The engine's own words in a refusal, as {"message": ...}, else the beginning of its body."""
    text = body[:4096].decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return clean(text, _EXCERPT)
    return clean(str(found["message"]), _EXCERPT) if isinstance(found, dict) and isinstance(found.get("message"), str) else ""
