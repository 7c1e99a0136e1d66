"""The monitor's own log as JSON lines on standard error; secrets that the configuration holds never reach it."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (RFC 3339 UTC), level, logger, message, and the record's `data`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its newline."""
        stamp = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line: dict[str, object] = {"time": stamp, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        line.update(getattr(record, "data", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class _WithoutSecrets(logging.Filter):
    def __init__(self, secrets: list[str]) -> None:
        super().__init__()
        self._secrets = sorted((secret for secret in secrets if len(secret) > 3), key=len, reverse=True)

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, "***")
                record.msg, record.args = text, ()
        return True


def start_logging(stream: TextIO = sys.stderr, level: int = logging.INFO) -> logging.Handler:
    """Send this program's log records to the stream as JSON lines."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("tui_monitor").setLevel(level)
    return handler


def hide_secrets(handler: logging.Handler, secrets: list[str]) -> None:
    """Replace these texts in every later line."""
    handler.filters[:] = [_WithoutSecrets(secrets)]
