"""Access logs in Apache's and nginx' combined format and its usual variants."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Mapping
from datetime import tzinfo

from tui_monitor.core.sanitize import clean
from tui_monitor.sources.log.record import Record, Request, Value
from tui_monitor.sources.log.stamps import parse_stamp

_TEXT = r'[^"\\]*(?:\\.[^"\\]*)*'
_QUOTED = f'"({_TEXT})"'
_WHO = r"(?:([\w.:*-]+) )?([^\s\"]+) (\S+) ([^\s\[][^\[]*?) \[([^\]]{10,40})\]"
_LINE = re.compile(rf"{_WHO} {_QUOTED} (\d{{3}}|-) (\d+|-)(?: {_QUOTED} {_QUOTED})?(.*)", re.DOTALL)
# Matched at the first `] "` only: trying each of many would be slow for a hostile line.
_STATUS = re.compile(rf'"{_TEXT}" (\d{{3}}|-) (?:\d+|-)(?:\s|$)'.encode())
_SHORT = re.compile(rf'"({_TEXT})" (\d{{3}}|-) (?:\d+|-)(?=\s|$)(?: "{_TEXT}" "{_TEXT}")?(.*)'.encode())
_REQUEST = re.compile(r"([A-Z][A-Z_-]{1,20}) (\S+)(?: HTTP/[\d.]+)?")
_SECONDS = re.compile(r'(?:^|[\s="])(?:rt=|request_time=|urt=)?"?(\d{1,6}\.\d{3,6})(?=["\s,]|$)')
_FORWARDED = re.compile(r'"((?:[0-9a-fA-F.:]{3,45})(?:, ?[0-9a-fA-F.:]{3,45})*|-)"')
_LEVELS = {"5": "error", "4": "warning"}


class Combined:
    """`host ident user [time] "request" status bytes "referer" "agent"`, before it perhaps a virtual host, behind it request time and
    X-Forwarded-For. Requests `""`, `"-"` and binary ones (400, 408) have neither method nor path. Level: 5xx error, 4xx warning."""

    name = "combined"
    hint: bytes | None = b""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def parse(self, text: str, now_ms: int) -> Record | None:
        """Fields: vhost, remote_addr, remote_user, request, method, path, status, bytes, referer, user_agent, request_time,
        forwarded_for."""
        match = _LINE.fullmatch(text)
        if match is None:
            return None
        vhost, remote, _, user, time, line, status, size, referer, agent, rest = match.groups()
        request = _request(line, status, rest)
        named = {
            "vhost": vhost, "remote_addr": remote, "remote_user": user, "request": line, "method": request.method, "path": request.path,
            "referer": referer, "user_agent": agent, "forwarded_for": _forwarded(rest),
        }  # fmt: skip
        fields: dict[str, Value] = {name: clean(value) for name, value in named.items() if value and value != "-"}
        fields |= {"status": int(status)} if status != "-" else {}
        fields |= {"bytes": int(size)} if size.isdigit() and len(size) < 19 else {}
        fields |= {"request_time": request.seconds} if request.seconds is not None else {}
        return Record(
            clean(text), _LEVELS.get(status[0], "info"), parse_stamp(time, self._zone, now_ms) if now_ms else None, fields, request
        )

    def level(self, event: bytes) -> str | None:
        """The level by HTTP status."""
        found = _STATUS.match(event, event.find(b'] "') + 2)
        return _LEVELS.get(chr(found[1][0]), "info") if found else None

    def request(self, event: bytes) -> Request | None:
        """The request, parsed from the part of the line after the stamp."""
        found = _SHORT.match(event, event.find(b'] "') + 2)
        if found is None:
            return None
        line, status, rest = found.groups()
        return _request(line.decode("utf-8", "replace"), status.decode(), rest.decode("utf-8", "replace"))


_NAMES = (
    ("method", "request.method", "request_method", "req.method", "http.request.method", "http_method", "http.method"),
    ("path", "request.uri", "uri", "request_uri", "req.url", "url.path", "route", "http.route", "http.target", "url"),
    ("status", "status_code", "res.statusCode", "http.response.status_code", "http.status_code", "response.status", "code"),
)
_TIMES = {
    "request_time": 1.0,
    "duration": 1.0,
    "duration_s": 1.0,
    "duration_ms": 1e-3,
    "responseTime": 1e-3,
    "elapsed_ms": 1e-3,
    "latency_ms": 1e-3,
}


def request_of(fields: Mapping[str, Value]) -> Request | None:
    """The request in JSON or logfmt fields (nginx, Caddy, pino-http, OpenTelemetry names); None without method and status."""
    method, path, status = (next((str(fields[name]) for name in names if fields.get(name) not in (None, "")), "") for names in _NAMES)
    if not (method.isalpha() and len(method) < 21 and len(status) == 3 and status.isdigit()):
        return None
    return Request(method.upper(), path.partition("?")[0], status, _seconds(fields))


def _seconds(fields: Mapping[str, Value]) -> float | None:
    for name, factor in _TIMES.items():
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            seconds = float(fields[name]) * factor if name in fields else math.nan  # type: ignore[arg-type]
            if 0 <= seconds < math.inf:
                return seconds
    return None


def _request(line: str, status: str, rest: str) -> Request:
    match = _REQUEST.match(line)
    seconds = _SECONDS.search(rest) if rest else None
    method, target = (match[1], match[2]) if match else ("", "")
    return Request(method, target.partition("?")[0], "" if status == "-" else status, float(seconds[1]) if seconds else None)


def _forwarded(rest: str) -> str:
    match = _FORWARDED.search(rest) if rest else None
    return match[1] if match else ""
