"""What one message says: whether it counts, is as expected, when it was made, and which number it has. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.platform.regex import RegexError, compile_regex
from tui_monitor.sources.http.json_expectations import JsonExpectations
from tui_monitor.sources.log.stamps import stamp_of_value
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.websocket.settings import WebSocketCheck

LONG_MESSAGE = 65_536
"""Bytes from which on a message is read in a thread, so that the loop never stands still for more than a millisecond."""
_MOST_SEQUENCE = 2**63


@frozen
class MessageFacts:
    """``ignored``: it counts for nothing. ``fault``: why it is not as expected. ``stamp``: UTC ms. Unknown parts are None."""

    ignored: bool = False
    fault: str = ""
    stamp: int | None = None
    sequence: int | None = None


class MessageReader:
    """Reads messages by the check's keys. Raises ValueError at construction where one cannot be understood (the text names the key)."""

    def __init__(self, settings: WebSocketCheck) -> None:
        try:
            self._ignore = [compile_regex(pattern) for pattern in settings.ignore]
        except RegexError as error:
            raise ValueError(f"ignore: {error}") from None
        self._expected = JsonExpectations(settings.expect_json)
        self._time = _path("time", settings.time)
        self._sequence = _path("sequence", settings.sequence)
        self._reads_json = bool(self._expected or self._time or self._sequence)

    def read(self, message: bytes, now_ms: int) -> MessageFacts:
        """Never raises for what a message holds."""
        text = message.decode("utf-8", "replace")
        if any(pattern.is_in(text) for pattern in self._ignore):
            return MessageFacts(ignored=True)
        if not self._reads_json:
            return MessageFacts()
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return MessageFacts(fault=f'sent a message that is no JSON: "{clean(text, 60)}"')
        if fault := self._expected.fault(document):
            return MessageFacts(fault=f"sent a message in which {fault}")
        stamp = stamp_of_value(_found(self._time, document), UTC, now_ms) if self._time else None
        return MessageFacts(stamp=stamp, sequence=_whole(_found(self._sequence, document)))


def _path(name: str, path: str) -> Callable[[object], Any] | None:
    if not path:
        return None
    import jmespath

    try:
        return jmespath.compile(path).search
    except ValueError as error:
        raise ValueError(f'{name}: "{path}": {clean(str(error), 120)}') from error


def _found(search: Callable[[object], Any] | None, document: object) -> Any:
    try:
        return search(document) if search is not None else None
    except (ValueError, RecursionError, TypeError, OverflowError):  # JMESPath's own errors are ValueErrors
        return None


def _whole(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_SEQUENCE else None
