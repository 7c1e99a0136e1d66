"""Values that are admitted inside the program: results of sources, stored commands, stored boards of this and other versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fuzz.fences import unfenced
from fuzz.target import Target
from tui_monitor.board import codec
from tui_monitor.board import values as boards
from tui_monitor.checks import fence
from tui_monitor.core import command_codec
from tui_monitor.core.values import METRIC_NAME, STALE_NAN, AllSeries, HealthStatus, ProbeResult, Sample
from tui_monitor.storage.memory import SeriesMemory

AT = 1_790_000_000_000


class Raising:
    """A value that raises wherever it is touched."""

    def _raise(self, *_: object) -> Any:
        raise RuntimeError("touched")

    __repr__ = __str__ = __float__ = __int__ = __eq__ = __bool__ = __len__ = __iter__ = __hash__ = __format__ = _raise


class OddFloat(float):
    """A float of another class whose own conversion fails."""

    def __float__(self) -> float:
        raise RuntimeError("touched")


class OddText(str):
    """A text of another class whose methods fail."""

    def encode(self, *_: object, **__: object) -> bytes:
        """Fail."""
        raise RuntimeError("touched")

    def splitlines(self, *_: object) -> list[str]:
        """Fail."""
        raise RuntimeError("touched")


def _breaking_off() -> Any:
    yield Sample(((METRIC_NAME, "a"),), 1.0)
    raise RuntimeError("broke off")


class Odd(Enum):
    """A hostile object by name: it is made when the input is tried, for hypothesis touches what it makes."""

    RAISING = "raising"
    FLOAT = "float"
    TEXT = "text"
    BREAKING_OFF = "breaking off"


_MAKERS: Mapping[Odd, Callable[[], Any]] = {
    Odd.RAISING: Raising,
    Odd.FLOAT: lambda: OddFloat(1.0),
    Odd.TEXT: lambda: OddText("odd"),
    Odd.BREAKING_OFF: _breaking_off,
}


def _made(value: Any) -> Any:
    """The value with the objects in place of their names."""
    if isinstance(value, Odd):
        return _MAKERS[value]()
    if isinstance(value, ProbeResult):
        return ProbeResult(*(_made(getattr(value, each.name)) for each in fields(value)))
    if isinstance(value, Sample):
        return Sample(_made(value.labels), _made(value.value))
    if isinstance(value, list | tuple):
        return type(value)(_made(item) for item in value)
    return {key: _made(item) for key, item in value.items()} if isinstance(value, dict) else value


def _hostile() -> SearchStrategy[Any]:
    fixed = [
        None, True, 10**400, -(10**400), float("inf"), STALE_NAN, Decimal("sNaN"), Decimal("1e999999"), Fraction(1, 3), 1j, b"x",
        bytearray(b"x"), "\ud800", "\x1b[31m", "a" * 5000, *Odd, type, range(3), HealthStatus.HEALTHY, ...,
    ]  # fmt: skip
    return st.sampled_from(fixed) | st.integers() | st.floats() | st.decimals() | st.text(max_size=5) | st.binary(max_size=3)


def _results() -> SearchStrategy[Any]:
    """Results of every shape: most are nearly right."""
    odd = _hostile()
    names = st.sampled_from([METRIC_NAME, "check", "a", "", "é", "\ud800"]) | odd
    pairs = st.tuples(names, st.sampled_from(["x", "", "한"]) | odd)
    good = st.just(((METRIC_NAME, "up"), ("check", "a")))
    labels = good | st.lists(pairs, max_size=3).map(tuple) | st.lists(pairs, max_size=2) | odd
    sample = st.tuples(labels, odd | st.floats()).map(lambda pair: Sample(*pair)) | st.tuples(labels, odd) | odd
    many = st.builds(lambda count: [Sample(((METRIC_NAME, "up"),), 1.0)] * count, st.sampled_from([20_001]))
    samples = st.one_of(*[st.lists(sample, max_size=4).map(tuple)] * 8, st.lists(sample, max_size=4), st.just(Odd.BREAKING_OFF), odd)
    texts = st.dictionaries(st.text(max_size=3) | st.integers(), odd, max_size=3) | odd
    status = st.one_of(*[st.sampled_from(list(HealthStatus))] * 6, odd)
    result = st.builds(ProbeResult, status, odd, odd | st.floats(), texts, samples, texts, st.none() | odd | st.just(AllSeries()))
    return st.one_of(*[result] * 12, samples, many, odd)


def _admit(given: Any) -> bool:
    """Whatever a source returns becomes a result whose samples the memory takes."""
    value = _made(given)
    again = _made(given)
    result = fence.admit_result(value)
    samples, refused = fence.admit_samples(again if not isinstance(again, ProbeResult) else again.samples)
    memory = SeriesMemory()
    memory.append(AT, (*samples, *result.samples))
    for text in (result.reason, *result.facts, *result.facts.values(), *result.phases):
        text.encode()
    refused.encode()
    return not refused and result.status is not HealthStatus.UNKNOWN


def _command(text: str) -> bool:
    """The first line is the verb, the rest the arguments."""
    verb, _, arguments = text.partition("\n")
    try:
        found = command_codec.decode(verb, arguments)
    except command_codec.MalformedCommand as error:
        str(error)
        return False
    again = command_codec.decode(*command_codec.encode(found))
    assert again == found, (found, again)
    return True


def _arguments(text: str) -> bool:
    """JSON arguments for every verb that there is."""
    return any([_command(f"{verb}\n{text}") for verb in command_codec.VERBS.values()])


def _board(text: str) -> bool:
    try:
        board = codec.board_from_json(text.encode("utf-8", "surrogatepass"))
    except ValueError:
        return False
    boards.spark_series(board)
    return True


_KEYS = (
    *command_codec.VERBS.values(),
    "ids",
    "id",
    "all",
    "note",
    "for",
    "matchers",
    "comment",
    "start",
    "until",
    "expr",
    "name",
    "span",
    "text",
    "\n",
    '{"ids":["a"]}',
)
_BOARD = (
    '"status"',
    '"checks"',
    '"windows"',
    '"resources"',
    '"mounts"',
    '"alerts"',
    '"deliveries"',
    '"leader"',
    '"sparks"',
    '"limits"',
    '"healthy"',
    '"advice"',
    '"new_in_2"',
)

TARGETS = (
    Target(name="source-values", kind="values", call=_admit, strategy=_results, fence=lambda: unfenced(fence.number)),
    Target(name="stored-command", kind="text", call=_command, words=_KEYS, fence=lambda: unfenced(command_codec.decode)),
    Target(name="command-arguments", kind="json", call=_arguments, words=_KEYS, fence=lambda: unfenced(command_codec._read)),
    Target(name="stored-board", kind="json", call=_board, words=_BOARD, fence=lambda: unfenced(codec._value)),
)
