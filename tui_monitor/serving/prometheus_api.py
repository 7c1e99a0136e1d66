"""QueryParameters and answers in the shape of Prometheus' HTTP API v1 (source: prometheus.io/docs/prometheus/latest/querying/api)."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from starlette.responses import Response

from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.values import Labels
from tui_monitor.promql.durations import parse_duration
from tui_monitor.promql.errors import EvaluationError, PromqlError
from tui_monitor.promql.http_json import json_pieces
from tui_monitor.promql.values import Matrix, Value
from tui_monitor.serving.answers import ApiError
from tui_monitor.serving.body import parameters_of
from tui_monitor.serving.compression import packed
from tui_monitor.serving.endpoint import HttpCall

T = TypeVar("T")
TRUNCATED = "results truncated due to limit"
MOST_QUERY = 32_768
LONG = 2_000
"""Samples or entries from which on a body is made in a thread."""
FAR_MS = 2**53
_STATUS = {"execution": 422, "bad_data": 400, "timeout": 503}


class QueryParameters:
    """The parameters of an address and of a form; unknown ones are ignored."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs

    def all(self, name: str) -> list[str]:
        """Every value of a parameter."""
        return [value for key, value in self._pairs if key == name]

    def text(self, name: str, default: str = "") -> str:
        """The first value of a parameter."""
        return next((value for key, value in self._pairs if key == name), default)

    def query(self) -> str:
        """The expression. Raises ApiError for one that is too long."""
        found = self.text("query")
        if len(found) > MOST_QUERY:
            raise invalid("query", f"an expression may have {MOST_QUERY} characters")
        return found

    def time(self, name: str, default: int | None = None) -> int:
        """UTC ms of Unix seconds or RFC 3339. Raises ApiError; a missing one too, where there is no default."""
        given = self.text(name)
        if not given and default is not None:
            return default
        with _parsed(name, given, "timestamp"):
            return _milliseconds(given)

    def step(self) -> int:
        """The milliseconds between two points. Raises ApiError."""
        given = self.text("step")
        with _parsed("step", given, "duration"):
            step = -1 if given.startswith("-") else round(parse_duration(given) * 1000)
        if step <= 0:
            raise invalid("step", "zero or negative query resolution step widths are not accepted. Try a positive integer")
        return step

    def within(self, longest: float) -> float:
        """The seconds that a query may take: `timeout`, at most ``longest``. Raises ApiError."""
        given = self.text("timeout")
        if not given:
            return longest
        with _parsed("timeout", given, "duration"):
            return min(longest, parse_duration(given))

    def limit(self, name: str = "limit") -> int:
        """The most entries of an answer, 0: all. Raises ApiError."""
        given = self.text(name, "0")
        if not (given.isascii() and given.isdigit() and len(given) < 16):
            raise invalid(name, "it must be a number from 0 on")
        return int(given)


async def parameters(call: HttpCall) -> QueryParameters:
    """The parameters of a request, GET or POST."""
    return QueryParameters(await parameters_of(call.request))


def invalid(name: str, reason: str) -> ApiError:
    """The error of a parameter."""
    return ApiError(400, f'invalid parameter "{name}": {reason}')


@contextmanager
def _parsed(name: str, given: str, kind: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, OverflowError):
        raise invalid(name, f'cannot parse "{clip(clean(given), 80)}" to a valid {kind}') from None


def _milliseconds(text: str) -> int:
    try:
        at = float(text) * 1000
    except ValueError:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise
        return round(moment.timestamp() * 1000)
    if not math.isfinite(at) or abs(at) > FAR_MS:
        raise ValueError
    return round(at)


@contextmanager
def promql_faults(name: str = "query") -> Iterator[None]:
    """Errors of PromQL as answers: 400 bad_data, 422 execution, 503 timeout."""
    try:
        yield
    except PromqlError as error:
        raise invalid(name, str(error)) from None
    except EvaluationError as error:
        raise ApiError(_STATUS.get(error.error_type, 422), str(error), kind=error.error_type) from None


# --- answers ----------------------------------------------------------------------------------------------------------------


def cut(found: Sequence[T], limit: int) -> tuple[Sequence[T], tuple[str, ...]]:
    """At most ``limit`` entries (0: all), and the warning where some were left out."""
    return (found[:limit], (TRUNCATED,)) if 0 < limit < len(found) else (found, ())


async def answer(call: HttpCall, data: Any, warnings: Sequence[str] = ()) -> Response:
    """A successful answer; a long list is encoded in a thread."""
    return await _respond(call, len(data), lambda: _whole(_dumped(data), warnings))


async def answer_series(call: HttpCall, found: Sequence[Labels], warnings: Sequence[str]) -> Response:
    """A successful answer of label sets."""
    return await _respond(call, len(found), lambda: _whole(_dumped([dict(labels) for labels in found]), warnings))


async def answer_value(call: HttpCall, value: Value, at: int, limit: int) -> Response:
    """The successful answer of a query at ``at`` (UTC ms), with at most ``limit`` series."""
    warnings: tuple[str, ...] = ()
    if isinstance(value, list) and 0 < limit < len(value):
        value, warnings = Matrix(value[:limit]) if isinstance(value, Matrix) else value[:limit], (TRUNCATED,)
    return await _respond(call, _size(value), lambda: _whole("".join(json_pieces(value, at)), warnings))


def _size(value: Value) -> int:
    if isinstance(value, Matrix):
        return sum(len(times) for _, times, _ in value)
    return len(value) if isinstance(value, list) else 1


async def _respond(call: HttpCall, size: int, body: Callable[[], bytes]) -> Response:
    raw = body() if size <= LONG else await asyncio.to_thread(body)
    return await packed(call, raw, "application/json")


def _whole(data: str, warnings: Sequence[str]) -> bytes:
    told = f',"warnings":{_dumped(list(warnings))}' if warnings else ""
    return f'{{"status":"success","data":{data}{told}}}'.encode("utf-8", "replace")


def _dumped(data: Any) -> str:
    if isinstance(data, list | tuple) and len(data) > LONG:  # in pieces: the encoder stops all threads while it runs
        return "[" + ",".join(_dumped(data[start : start + LONG])[1:-1] for start in range(0, len(data), LONG)) + "]"
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
