"""Client for applications: metrics, heartbeats and questions to a monitor. One file, standard library only, Python 3.9 and later.

It may be copied into an application. `record_metric`, `heartbeat`, `timed` and the middlewares never raise and never block: metrics are
datagrams (StatsD with tags), heartbeats go out in a thread of their own. What asks the monitor (`health`, `send_alert`, ...) waits at most
TIMEOUT seconds and returns None or False where it got no answer; `last_error()` says why.

Environment: TUI_MONITOR_STATSD (default 127.0.0.1:8125, or the path of a unix datagram socket), TUI_MONITOR_URL (default: the unix
socket http.sock of this machine's monitor) and TUI_MONITOR_TOKEN.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import os
import queue
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

__all__ = [
    "ASGIMiddleware",
    "AsyncClient",
    "Client",
    "WSGIMiddleware",
    "add_rule",
    "alerts",
    "current_metrics",
    "health",
    "heartbeat",
    "last_error",
    "metrics",
    "record_metric",
    "send_alert",
    "setup_alert",
    "timed",
]

TIMEOUT = 5.0
MOST_WAITING = 1000
LONGEST_PACKET = 8000
_KINDS = {"gauge": "g", "counter": "c", "timer": "ms", "histogram": "h", "distribution": "d", "set": "s"}
_RESERVED = str.maketrans({":": "_", "|": "_", "@": "_", "#": "_", ",": "_", "\n": "_", "\r": "_"})
_IN_VALUE = str.maketrans({"|": "_", ",": "_", "\n": "_", "\r": "_"})
log = logging.getLogger(__name__)


# --- metrics --------------------------------------------------------------------------------------------------------------


class _StatsdSender:
    """One datagram socket for all threads; a datagram that cannot be sent at once is dropped and counted."""

    def __init__(self) -> None:
        self.dropped = 0
        self._socket: socket.socket | None = None
        self._target: Any = None
        self._name = ""
        self.reset()

    def reset(self) -> None:
        """Begin anew, as a forked process must: its parent's lock may have been held."""
        self._lock = threading.Lock()
        self.close()

    def send(self, line: str) -> None:
        """Send one line; never raises, never waits."""
        try:
            data = line.encode("utf-8", "replace")[:LONGEST_PACKET]
            with self._lock:
                self._open().sendto(data, self._target)
        except Exception:  # noqa: BLE001  a monitor that is not there is no matter of the application
            self.dropped += 1

    def _open(self) -> socket.socket:
        name = os.environ.get("TUI_MONITOR_STATSD", "") or "127.0.0.1:8125"
        if self._socket is None or name != self._name:
            self.close()
            self._name = name
            if name.startswith("/"):
                family, self._target = socket.AF_UNIX, name
            else:
                host, _, port = name.rpartition(":")
                family, _, _, _, self._target = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
        return self._socket

    def close(self) -> None:
        """Close the socket; the next line opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


_statsd = _StatsdSender()


def record_metric(name: str, value: float, labels: Mapping[str, object] | None = None, kind: str = "gauge") -> None:
    """Send a value. ``kind``: gauge, counter (the value is added), timer (seconds), histogram, distribution or set."""
    try:
        word = _KINDS.get(kind, "g")
        shown: object = float(value) * 1000 if word == "ms" else value if word == "s" else float(value)
        if word == "g" and isinstance(shown, float) and shown < 0:
            _statsd.send("{0}:0|g{1}\n{0}:{2!r}|g{1}".format(_clean(name), _tags(labels), shown))  # a sign would change the gauge
            return
        text = str(shown).translate(_RESERVED) if word == "s" else repr(shown)
        _statsd.send(f"{_clean(name)}:{text}|{word}{_tags(labels)}")
    except Exception:  # noqa: BLE001  a value that is no number
        _statsd.dropped += 1


def _clean(name: object) -> str:
    return str(name).translate(_RESERVED)


def _tags(labels: Mapping[str, object] | None) -> str:
    if not labels:
        return ""
    return "|#" + ",".join(f"{_clean(key)}:{str(value).translate(_IN_VALUE)}" for key, value in labels.items())


@contextmanager
def timed(name: str, labels: Mapping[str, object] | None = None) -> Iterator[None]:
    """Measure a block: `with timed("query"):` gives query_seconds{quantile}, _sum and _count. Also a decorator of functions."""
    begin = time.perf_counter()
    try:
        yield
    finally:
        record_metric(name, time.perf_counter() - begin, labels, "timer")


# --- heartbeats -----------------------------------------------------------------------------------------------------------


class _BackgroundSender:
    """Sends requests in a thread that ends when nothing waits. The program's end waits for it, at most a few seconds."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew, as a forked process must."""
        self._waiting: queue.Queue[tuple[str, bytes]] = queue.Queue(MOST_WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def send(self, path: str, body: bytes) -> None:
        """Queue a request; dropped where too many wait."""
        try:
            with self._lock:
                self._waiting.put_nowait((path, body))
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="tui-monitor-client")
                    self._thread.start()
        except Exception as error:  # noqa: BLE001  a full queue, no thread left
            _note(error)

    def _run(self) -> None:
        client = Client()
        while True:
            try:
                path, body = self._waiting.get(timeout=0.05)
            except queue.Empty:
                with self._lock:
                    if self._waiting.empty():
                        self._thread = None
                        return
                continue
            client.request("POST", path, body)


_background = _BackgroundSender()


def _after_fork() -> None:
    _background.reset()
    _statsd.reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def heartbeat(name: str, kind: str = "success", message: str = "", code: int | None = None, rid: str = "") -> None:
    """Report a job's run to the heartbeat check of that name. ``kind``: start, success, fail or log; ``code``: an exit status instead."""
    try:
        word = str(int(code)) if code is not None else {"success": ""}.get(kind, kind)
        path = "/ping/" + quote(name, safe="") + ("/" + word if word else "") + ("?" + urlencode({"rid": rid}) if rid else "")
        _background.send(path, str(message).encode("utf-8", "replace"))
    except Exception as error:  # noqa: BLE001  a name that is no text
        _note(error)


# --- questions ------------------------------------------------------------------------------------------------------------

_last_error = [""]


def last_error() -> str:
    """Why the newest request failed, "" where it did not."""
    return _last_error[0]


def _note(error: object) -> None:
    text = f"{type(error).__name__}: {error}" if isinstance(error, Exception) else str(error)
    if text != _last_error[0]:
        log.warning("tui-monitor: %s", text)
    _last_error[0] = text


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket instead of an address."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def find_socket() -> str:
    """The unix socket of this machine's monitor: of the service, of the system's state, or of this user's; "" where there is none."""
    state = os.environ.get("TUI_MONITOR_STATE", "")
    home = os.environ.get("XDG_STATE_HOME", "") or os.path.expanduser("~/.local/state")
    places = [state, "/run/tui-monitor", "/var/lib/tui-monitor", os.path.join(home, "tui-monitor")]
    return next((path for path in (os.path.join(place, "http.sock") for place in places if place) if os.path.exists(path)), "")


class Client:
    """Questions to one monitor. Every method returns None (False where something is sent) when there is no good answer."""

    def __init__(self, url: str = "", token: str = "", timeout: float = TIMEOUT) -> None:
        self._url = url
        self._token = token
        self._timeout = timeout

    def request(self, method: str, path: str, body: bytes = b"", content_type: str = "text/plain; charset=utf-8") -> bytes | None:
        """The body of a good answer (2xx, and 503 with a body of health), None for any other."""
        try:
            connection, prefix = self._connection()
            try:
                connection.request(method, prefix + path, body or None, self._headers(content_type if body else ""))
                response = connection.getresponse()
                data = response.read(16 * 2**20)
            finally:
                connection.close()
        except Exception as error:  # noqa: BLE001  the boundary: nothing of a monitor reaches the application
            _note(error)
            return None
        if response.status >= 300 and not (response.status == 503 and b'"checks"' in data):
            _note("HTTP {}: {}".format(response.status, data[:200].decode("utf-8", "replace")))
            return None
        _last_error[0] = ""
        return data

    def _connection(self) -> tuple[http.client.HTTPConnection, str]:
        url = self._url or os.environ.get("TUI_MONITOR_URL", "")
        if not url:
            path = find_socket()
            if not path:
                raise OSError(
                    "no monitor's http.sock on this machine; set TUI_MONITOR_URL and TUI_MONITOR_TOKEN, or configure [http] there"
                )
            return _UnixConnection(path, self._timeout), ""
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.netloc.rpartition("@")[2], timeout=self._timeout), parts.path.rstrip("/")

    def _headers(self, content_type: str) -> dict[str, str]:
        token = self._token or os.environ.get("TUI_MONITOR_TOKEN", "")
        headers = {"Authorization": "Bearer " + token} if token else {}
        return {**headers, "Content-Type": content_type} if content_type else headers

    def _ask(self, method: str, path: str, value: Any = None) -> Any:
        body = json.dumps(value).encode() if value is not None else b""
        data = self.request(method, path, body, "application/json")
        try:
            return None if data is None else json.loads(data)
        except ValueError as error:
            _note(error)
            return None

    def health(self) -> dict[str, Any] | None:
        """The health of the whole: status, counts, checks (GET /api/health)."""
        return self._dict(self._ask("GET", "/api/health"))

    def metrics(self, hours: float = 24, match: str = "") -> dict[str, Any] | None:
        """Counts, averages and percentiles over the last 1 to 168 hours (GET /api/metrics)."""
        query = {"hours": f"{hours:g}", **({"match": match} if match else {})}
        return self._dict(self._ask("GET", "/api/metrics?" + urlencode(query)))

    def current_metrics(self) -> dict[str, float] | None:
        """The present values of this machine: cpu_percent, memory_percent, disk_percent and more (the figures of the check system)."""
        checks = (self.health() or {}).get("checks", {})
        figures = checks.get("system", {}).get("figures") if isinstance(checks, dict) else None
        return figures if isinstance(figures, dict) else None

    def alerts(self, state: str = "", severity: str = "", hours: float | None = None, limit: int = 50) -> list[dict[str, Any]] | None:
        """The alerts, pending and firing ones where nothing is said (GET /api/alerts)."""
        given = {"state": state, "severity": severity, "hours": "" if hours is None else f"{hours:g}", "limit": str(limit)}
        found = self._dict(self._ask("GET", "/api/alerts?" + urlencode({key: value for key, value in given.items() if value})))
        listed = (found or {}).get("alerts")
        return listed if isinstance(listed, list) else None

    def send_alert(self, title: str, message: str, level: str = "info", channels: Iterable[str] | None = None) -> bool:
        """Send a message by the monitor's notifiers (POST /api/notify); True where it is queued."""
        given = {"title": title, "message": message, "severity": level, "to": list(channels or ())}
        return self._ask("POST", "/api/notify", given) is not None

    def add_rule(self, name: str, condition: str, **more: Any) -> bool:
        """Add an alert rule (POST /api/rules, scope admin).

        ``condition`` is PromQL or "cpu_usage > 90"; more: for, severity, to, cooldown.
        """
        return self._ask("POST", "/api/rules", {"name": name, "when": condition, **more}) is not None

    def setup_alert(self, metric: str, threshold: float, channel: str = "", **more: Any) -> bool:
        """A rule that fires when a metric is above a threshold, told to one notifier."""
        name = "".join(part.capitalize() for part in _clean(metric).replace(".", "_").split("_")) + "High"
        return self.add_rule(name, f"{metric} > {threshold:g}", **({"to": [channel]} if channel else {}), **more)

    @staticmethod
    def _dict(value: Any) -> dict[str, Any] | None:
        return value if isinstance(value, dict) else None


class AsyncClient:
    """The same as coroutines: each request runs in a thread of the event loop's pool."""

    def __init__(self, url: str = "", token: str = "", timeout: float = TIMEOUT) -> None:
        self._client = Client(url, token, timeout)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._client, name)

        async def call(*given: Any, **more: Any) -> Any:
            return await asyncio.get_running_loop().run_in_executor(None, lambda: method(*given, **more))

        return call


_client = Client()


def health() -> dict[str, Any] | None:
    """See `Client.health`."""
    return _client.health()


def metrics(hours: float = 24, match: str = "") -> dict[str, Any] | None:
    """See `Client.metrics`."""
    return _client.metrics(hours, match)


def current_metrics() -> dict[str, float] | None:
    """See `Client.current_metrics`."""
    return _client.current_metrics()


def alerts(state: str = "", severity: str = "", hours: float | None = None, limit: int = 50) -> list[dict[str, Any]] | None:
    """See `Client.alerts`."""
    return _client.alerts(state, severity, hours, limit)


def send_alert(title: str, message: str, level: str = "info", channels: Iterable[str] | None = None) -> bool:
    """See `Client.send_alert`."""
    return _client.send_alert(title, message, level, channels)


def add_rule(name: str, condition: str, **more: Any) -> bool:
    """See `Client.add_rule`."""
    return _client.add_rule(name, condition, **more)


def setup_alert(metric: str, threshold: float, channel: str = "", **more: Any) -> bool:
    """See `Client.setup_alert`."""
    return _client.setup_alert(metric, threshold, channel, **more)


# --- middlewares ----------------------------------------------------------------------------------------------------------


class _RequestMeter:
    """Counts requests as the monitor's request table reads them: method, route, status_code, duration, in flight."""

    def __init__(self) -> None:
        self._in_flight = 0
        self._lock = threading.Lock()

    def begin(self) -> float:
        """A request begins; returns its start."""
        self._move(1)
        return time.perf_counter()

    def end(self, begun: float, method: str, route: str, status: int) -> None:
        """A request has ended."""
        self._move(-1)
        labels = {"method": method, "route": route, "status_code": status}
        record_metric("http_requests", 1, labels, "counter")
        record_metric("http_request_duration_seconds", time.perf_counter() - begun, {"method": method, "route": route}, "distribution")

    def _move(self, step: int) -> None:
        with self._lock:
            self._in_flight += step
            now = self._in_flight
        record_metric("http_requests_in_flight", now)


class ASGIMiddleware:
    """For FastAPI, Starlette and other ASGI applications: `app.add_middleware(ASGIMiddleware)`."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._meter = _RequestMeter()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Measure HTTP requests; anything else is passed on."""
        if scope.get("type") != "http":
            await self._app(scope, receive, send)
            return
        status = [500]

        async def watched(message: MutableMapping[str, Any]) -> None:
            if message.get("type") == "http.response.start":
                status[0] = int(message.get("status", 500))
            await send(message)

        begun = self._meter.begin()
        try:
            await self._app(scope, receive, watched)
        finally:
            self._meter.end(begun, str(scope.get("method", "")), _route_of(scope, status[0]), status[0])


def _route_of(scope: Mapping[str, Any], status: int) -> str:
    """The template ("/users/{id}") where the framework tells it or its parameters; addresses that lead nowhere share one name."""
    path = getattr(scope.get("route"), "path", None)
    if isinstance(path, str) and path:
        return path
    parameters = scope.get("path_params")
    if not isinstance(parameters, Mapping) or not parameters:
        return "unknown" if status == 404 else _normal(str(scope.get("path", "")))
    names = {str(value): "{" + str(name) + "}" for name, value in parameters.items()}
    return "/".join(names.get(part, part) for part in str(scope.get("path", "")).split("/"))[:200]


def _normal(path: str) -> str:
    """A path without its numbers and ids, so that there are few: "/users/42" is "/users/:id"."""
    parts = [":id" if any(letter.isdigit() for letter in part) or len(part) > 32 else part for part in path.split("/")]
    return "/".join(parts)[:200] or "/"


class WSGIMiddleware:
    """For Flask, Django and other WSGI applications: `app.wsgi_app = WSGIMiddleware(app.wsgi_app)`."""

    def __init__(self, app: Any, route: Callable[[Mapping[str, Any]], str] | None = None) -> None:
        """``route``: the template of a request's route by its environment; without it numbers and ids are taken out of the path."""
        self._app = app
        self._route = route
        self._meter = _RequestMeter()

    def __call__(self, environ: MutableMapping[str, Any], start_response: Any) -> Iterable[bytes]:
        """Measure a request, to the end of its body."""
        status = [500]

        def watched(line: str, *more: Any) -> Any:
            status[0] = int(line.split(" ", 1)[0])
            return start_response(line, *more)

        begun = self._meter.begin()
        try:
            body = self._app(environ, watched)
        except BaseException:
            self._end(begun, environ, 500)
            raise
        return _Closing(body, lambda: self._end(begun, environ, status[0]))

    def _end(self, begun: float, environ: Mapping[str, Any], status: int) -> None:
        try:
            route = self._route(environ) if self._route else ""
        except Exception:  # noqa: BLE001  the application's function
            route = ""
        named = route or ("unknown" if status == 404 else _normal(str(environ.get("PATH_INFO", ""))))
        self._meter.end(begun, str(environ.get("REQUEST_METHOD", "")), named, status)


class _Closing:
    """A body that reports its end once, also when it is given up."""

    def __init__(self, body: Iterable[bytes], ended: Callable[[], None]) -> None:
        self._body = body
        self._ended: Callable[[], None] | None = ended

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        """The server is done with it (PEP 3333: it always calls this)."""
        ended, self._ended = self._ended, None
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        finally:
            if ended is not None:
                ended()
