"""Pushed log lines: JSON objects as loggers send them over HTTP (Winston's transport, one object or a batch; or one a line)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tui_monitor.core.sanitize import clean, clip
from tui_monitor.sources.log.levels import LEVEL_FIELDS, level_of_value
from tui_monitor.sources.push.decoded import Decoded, PushedLine, Rejections
from tui_monitor.sources.push.json_metrics import objects_of

MOST_LINES = 20_000
LONGEST_LINE = 32 * 1024
LONGEST_SERVICE = 100
SERVICE_FIELDS = ("service", "service.name", "service_name", "serviceName", "app", "application", "label")
UNKNOWN_SERVICE = "unknown"


def decode_lines(body: bytes, service: str = "") -> Decoded:
    """The lines. ``service``: of lines that name none. Raises BadPush."""
    rejections, lines = Rejections(), list[PushedLine]()
    for item in objects_of(body):
        found = _winston(item)
        if not isinstance(found, dict):
            rejections.add("a log line must be a JSON object")
        elif len(lines) == MOST_LINES:
            rejections.add(f"more than {MOST_LINES:,} lines at once")
        else:
            lines.append(line_of(found, service))
    return Decoded(lines=tuple(lines), rejected=rejections.count, reason=rejections.reason)


def _winston(item: Any) -> Any:
    """The line within `{"method": "collect", "params": {...}}`, the form of older versions of its transport."""
    if isinstance(item, dict) and item.get("method") == "collect" and isinstance(item.get("params"), dict):
        return item["params"]
    return item


def line_of(item: Mapping[str, Any], service: str) -> PushedLine:
    """A stored line; what is too long loses its fields but not its message."""
    named = next((item[name] for name in SERVICE_FIELDS if isinstance(item.get(name), str) and item[name]), service)
    found = service_name(named)
    level = next((level_of_value(item[name], name) for name in LEVEL_FIELDS if name in item), "")
    data = encoded(item)
    if len(data) > LONGEST_LINE:
        kept = {name: _cut(item[name]) for name in ("timestamp", "time", "level", "message", "msg", "trace_id") if name in item}
        data = encoded({**kept, "truncated": len(data)})
    return PushedLine(found, level, data)


def service_name(text: str) -> str:
    """A service's name that can be shown and stored."""
    return clip(clean(text).strip(), LONGEST_SERVICE) or UNKNOWN_SERVICE


def encoded(item: Mapping[str, Any]) -> bytes:
    """One line of JSON; lone surrogates stay escaped."""
    text = json.dumps(item, ensure_ascii=False, separators=(",", ":"), default=str)
    return text.encode("utf-8", "replace").replace(b"\0", b" ")


def _cut(value: Any) -> Any:
    return clip(value, LONGEST_LINE // 8) if isinstance(value, str) else value if isinstance(value, int | float) else ""
