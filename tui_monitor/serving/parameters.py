"""Reading of parameters and of JSON bodies of the own API: each fault names the parameter and what is wanted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tui_monitor.core.sanitize import clean, clip, nearest
from tui_monitor.core.units import parse_duration
from tui_monitor.core.values import SEVERITIES, SEVERITY_ALIASES
from tui_monitor.serving.answers import ApiError
from tui_monitor.serving.body import body_of, pairs_of, parsed_json
from tui_monitor.serving.endpoint import HttpCall

MOST_TEXT = 10_000


class Parameters:
    """The parameters of an address; of one that is repeated the last counts, unless all are asked for."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs
        self._last = dict(pairs)

    @staticmethod
    def of(call: HttpCall) -> Parameters:
        """Those of a request. Raises ApiError."""
        return Parameters(pairs_of(call.request.url.query))

    def all(self, name: str) -> list[str]:
        """Every value of a repeated parameter."""
        return [value for key, value in self._pairs if key == name]

    def text(self, name: str, default: str = "") -> str:
        """A text, cleaned."""
        return clip(clean(self._last.get(name, default)), MOST_TEXT)

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number within bounds. Raises ApiError 400."""
        text = self._last.get(name, "")
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
            raise ApiError(400, f'"{name}" must be a whole number from {low} to {high}')
        return int(text)

    def seconds(self, name: str) -> float | None:
        """A duration such as "5m" or "90"; None where it is missing. Raises ApiError 400."""
        return None if not self._last.get(name) else seconds_of(self._last[name], name)

    def choice(self, name: str, known: Collection[str]) -> str:
        """One of several words, "" where it is missing. Raises ApiError 400."""
        word = self.text(name)
        if self._last.get(name) and word not in known:
            raise ApiError(400, f'"{name}" must be one of {", ".join(known)}{nearest(word, known)}')
        return word

    def severity(self, name: str) -> str:
        """A severity or "". Raises ApiError 400."""
        return severity_of(self.text(name), name) if self._last.get(name) else ""


def seconds_of(value: Any, name: str) -> float:
    """Seconds of a duration. Raises ApiError 400."""
    try:
        return parse_duration(value)
    except ValueError as error:
        raise ApiError(400, f'"{name}": {error}') from None


def severity_of(word: Any, name: str) -> str:
    """One of our severities. Raises ApiError 400."""
    known = str(word).lower()
    known = SEVERITY_ALIASES.get(known, known)
    if known not in SEVERITIES:
        raise ApiError(400, f'"{name}" must be one of {", ".join(SEVERITIES)}')
    return known


async def json_object(call: HttpCall, *, optional: bool = False) -> dict[str, Any]:
    """The JSON object of a body, {} where an ``optional`` one is missing. Raises ApiError.

    A content type that a form on another page could send is refused.
    """
    kind = call.request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise ApiError(415, "a JSON object (application/json) is wanted")
    raw = await body_of(call.request)
    given = {} if optional and not raw.strip() else parsed_json(raw)
    if not isinstance(given, dict):
        raise ApiError(400, "the body must be a JSON object")
    return given


def text_in(given: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A text of an object; without a default it is required. Raises ApiError 400."""
    value = given.get(name, default)
    if not isinstance(value, str):
        raise ApiError(400, f'"{name}" must be a text' if name in given else f'"{name}" is missing')
    if len(value) > MOST_TEXT:
        raise ApiError(400, f'"{name}" is longer than {MOST_TEXT} characters')
    return clean(value, newlines=True)


def texts_in(given: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts of an object, empty where it is missing or null. Raises ApiError 400."""
    value = given.get(name) or []
    if not isinstance(value, list) or len(value) > 100 or not all(isinstance(one, str) and one for one in value):
        raise ApiError(400, f'"{name}" must be a list of at most 100 texts')
    return [clean(one) for one in value]
