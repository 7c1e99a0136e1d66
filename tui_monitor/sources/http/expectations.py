"""Assertions on an HTTP answer: status, headers, body text, regular expression, JSON values, each with a short reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus

from tui_monitor.core.units import format_size
from tui_monitor.platform.regex import Pattern, RegexError, compile_regex
from tui_monitor.sources.http.charset import decode_body
from tui_monitor.sources.http.exchange import Answer
from tui_monitor.sources.http.json_expectations import JsonExpectations
from tui_monitor.sources.http.settings import HttpCheck
from tui_monitor.sources.net.excerpt import clean

LONG_SEARCH = 50_000_000
"""Instructions times bytes: 0.1 s at the 2 ns that each costs at worst."""
_PHRASES = {int(status): status.phrase for status in HTTPStatus}


def status_text(status: int) -> str:
    """ "500 Internal Server Error": the standard's phrase, not the server's."""
    return f"{status} {_PHRASES[status]}" if status in _PHRASES else str(status)


def body_text(answer: Answer, body: bytes) -> str:
    """The body as text in its character set; invalid bytes become replacement characters."""
    return decode_body(body, answer.header("content-type") or "")


class Expectations:
    """A check's assertions, prepared once. Raises ValueError naming the key of an invalid one."""

    def __init__(self, settings: HttpCheck) -> None:
        self._statuses = frozenset(settings.expect_status) if settings.expect_status is not None else None
        self._headers = {name.lower(): text for name, text in settings.expect_headers.items()}
        self._text = settings.expect_body
        self._regex = _compiled(settings.expect_regex) if settings.expect_regex is not None else None
        self._json = JsonExpectations(settings.expect_json)
        self.wants_body = bool(self._text or self._regex or self._json)

    def accepts(self, status: int) -> bool:
        """Whether the status is expected."""
        return status in self._statuses if self._statuses is not None else 200 <= status <= 299

    def names(self, status: int) -> bool:
        """Whether the status is expected by its number, so that such a redirect is the answer and not followed."""
        return self._statuses is not None and status in self._statuses

    def head_fault(self, answer: Answer) -> str:
        """The first failed assertion on status and headers, "" without one."""
        if not self.accepts(answer.status):
            return status_text(answer.status)
        return next(self._header_faults(answer), "")

    def body_fault(self, answer: Answer, body: bytes, cut: bool) -> str:
        """The first failed assertion on the body, "" without one; ``cut``: the body was longer than read."""
        text = body_text(answer, body)
        where = f" (in the first {format_size(len(body))})" if cut else ""
        if self._text and self._text not in text:
            return f'body lacks "{clean(self._text, 60)}"{where}'
        if self._regex is not None and (fault := _regex_fault(self._regex, text)):
            return f"{fault}{where}"
        if not self._json:
            return ""
        if cut:
            return f"answer is larger than {format_size(len(body))}: JSON not read"
        return self._json_fault(text)

    def takes_long(self, body: bytes) -> bool:
        """Whether the regular expression can take over 0.1 s and needs a thread (RE2 releases the GIL)."""
        return self._regex is not None and self._regex.instructions * len(body) > LONG_SEARCH

    def _header_faults(self, answer: Answer) -> Iterator[str]:
        for name, wanted in self._headers.items():
            value = answer.header(name)
            if value is None:
                yield f"header {name} is missing"
            elif wanted not in value:
                yield f'header {name} is "{clean(value, 60)}", lacks "{clean(wanted, 60)}"'

    def _json_fault(self, text: str) -> str:
        try:
            document = json.loads(text)
        except ValueError:
            return "body is not JSON"
        except RecursionError:
            return "body is JSON nested too deeply"
        return self._json.fault(document)


def _regex_fault(regex: Pattern, text: str) -> str:
    return "" if regex.is_in(text) else f"body does not match /{clean(regex.text, 60)}/"


def _compiled(pattern: str) -> Pattern:
    try:
        return compile_regex(pattern)
    except RegexError as error:
        raise ValueError(f"expect_regex: {error}") from error
