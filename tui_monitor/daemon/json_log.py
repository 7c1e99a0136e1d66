"""The program's log as JSON lines on standard error, without the secrets of the configuration."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TextIO

from tui_monitor.core.units import rfc3339
from tui_monitor.platform.redaction import Redaction

_UNSAFE = re.compile(r"[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that JSON allows and that affect terminals or line readers: C1, bidi, line separators, lone surrogates."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (RFC 3339 UTC), level, logger, message, ``origin`` and the record's `data`.

    ``secrets`` are replaced anywhere, and ``redact`` hides what else no line may show.
    """

    def __init__(self) -> None:
        super().__init__()
        self.secrets: Sequence[str] = ()
        self.origin: Mapping[str, str] = {}
        self.redact: Callable[[str], str] = str

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its newline."""
        stamp = rfc3339(int(record.created * 1000))
        line: dict[str, object] = {"time": stamp, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        line |= self.origin
        line.update((key, value) for key, value in getattr(record, "data", {}).items() if key not in line)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        text = json.dumps(self._without_secrets(line), ensure_ascii=False, default=lambda value: self._hidden(str(value)))
        return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)

    def _without_secrets(self, value: object) -> object:
        if not self.secrets and self.redact is str:
            return value
        if isinstance(value, str):
            return self._hidden(value)
        if isinstance(value, Mapping):
            return {key: self._without_secrets(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._without_secrets(item) for item in value]
        return value

    def _hidden(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return self.redact(text)


def start_logging(stream: TextIO = sys.stderr, level: int = logging.INFO) -> logging.Handler:
    """Send this program's log records to the stream as JSON lines."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # JSON is UTF-8, whatever the locale
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("tui_monitor").setLevel(level)
    return handler


def name_origin(handler: logging.Handler, service: str, environment: str) -> None:
    """Put service and environment, where they are configured, into every later line."""
    if isinstance(handler.formatter, JsonFormatter):
        handler.formatter.origin = {name: text for name, text in (("service", service), ("environment", environment)) if text}


def hide_patterns(handler: logging.Handler, patterns: Sequence[str]) -> None:
    """Hide what these regular expressions match in every later line."""
    if isinstance(handler.formatter, JsonFormatter):
        handler.formatter.redact = Redaction(patterns) if patterns else str


def hide_secrets(handler: logging.Handler, secrets: Iterable[str]) -> None:
    """Replace these texts in every later line, the longest first; texts of up to three letters are ignored, as they match too much."""
    if isinstance(handler.formatter, JsonFormatter):
        handler.formatter.secrets = sorted({secret for secret in secrets if len(secret) > 3}, key=len, reverse=True)
