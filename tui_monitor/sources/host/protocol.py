"""Protocol 1 of `tui-monitor stdio`: one JSON object a line, in both directions (docs/hosts.md). Loaded by a far end of 15 MiB: stay small.

Far end: {"hello": {protocol, version, host, user, from, may}}, {"board": {...}}, {"changes": {...}}, {"trouble": text}, {"beat": UTC ms},
{"id": n, "ok": text, "pending": bool}, {"id": n, "refused": text}, {"id": n, "answer": value}.
Near end: {"id": n, "do": verb, ...arguments}, {"do": "watch", "whole": bool}, {"do": "board"}.
Unknown messages, keys and verbs are ignored or refused, so that the versions of both ends may differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tui_monitor.core.sanitize import clean

PROTOCOL = 1
BEAT_S = 5.0
"""Seconds between two beats of the far end."""
SILENT_S = 20.0
"""Seconds without a line after which the near end gives a connection up."""
MAX_LINE = 16 * 2**20
"""Bytes of the longest line; a board with 1,000 alerts has 1 MiB."""

Message = dict[str, Any]


class ProtocolFault(ValueError):
    """A line that is not a message; the text is for people."""


def encode(message: Mapping[str, Any]) -> bytes:
    """The message as one line."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def decode(line: bytes) -> Message:
    """The message of a line, its texts cleaned of control characters. Raises ProtocolFault."""
    try:
        message = json.loads(line)
        if isinstance(message, dict):
            return {clean(key): cleaned(value) for key, value in message.items()}
    except (ValueError, RecursionError):
        pass
    raise ProtocolFault("a line that is not a JSON object")


def cleaned(value: Any) -> Any:
    """The JSON value with every text cleaned, line breaks kept."""
    if isinstance(value, str):
        return clean(value, newlines=True)
    if isinstance(value, list):
        return [cleaned(each) for each in value]
    if isinstance(value, dict):
        return {clean(key): cleaned(each) for key, each in value.items()}
    return value
