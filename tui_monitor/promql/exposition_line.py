r"""One line of Prometheus text or OpenMetrics: the name with its labels, the value, the escapes. Shared by scrapes and files.

Source of the grammar: prometheus/model/textparse (promlex.l, openmetricslex.l), read for its facts. White space around labels is
allowed in both formats, as the text format has it; names of any characters stand in quotes ({"a.b", x="1"}, Prometheus 3).
"""

from __future__ import annotations

import math
import re

from tui_monitor.core.values import METRIC_NAME
from tui_monitor.promql.numbers import parse_float

_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*", re.ASCII)
_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_PAIR = re.compile(rf"[ \t]*(?:([A-Za-z_][A-Za-z0-9_]*)|{_QUOTED})[ \t]*(?:=[ \t]*{_QUOTED}[ \t]*)?(?:,|(?=\}}))", re.ASCII)
_WORD = re.compile(rf"[ \t]*(?:[A-Za-z_][A-Za-z0-9_]*|{_QUOTED})[ \t]*", re.ASCII)
_STRING = re.compile(rf"[ \t]*{_QUOTED}[ \t]*")
_CLOSE = re.compile(r"[ \t]*\}")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "\\": "\\", '"': '"'}

PLAIN_NUMBER = re.compile(r"[-+]?[0-9]{1,40}(?:\.[0-9]{0,40})?(?:[eE][-+]?[0-9]{1,2})?")
"""What ``float`` reads as Go does and without overflow: the words that need no second look."""


def read_head(line: str, start: int = 0) -> tuple[dict[str, str], int]:
    """The labels (the name is ``__name__``; empty values too) in the order of the line, and the offset behind them.

    Raises ValueError with what is wrong.
    """
    pairs: dict[str, str] = {}
    at = start
    if name := _NAME.match(line, start):
        pairs[METRIC_NAME] = name[0]
        at = name.end()
    elif line[start : start + 1] != "{":
        raise ValueError(f"a metric's name is expected, not {line[start : start + 20]!r}")
    brace = at
    while line[brace : brace + 1] in (" ", "\t"):
        brace += 1
    if line[brace : brace + 1] == "{":
        at = _read_labels(line, brace + 1, pairs)
    elif brace == at:
        raise ValueError(f"a space is expected after {pairs[METRIC_NAME]!r}")
    if METRIC_NAME not in pairs:
        raise ValueError("the metric has no name")
    return pairs, at


def _read_labels(line: str, at: int, pairs: dict[str, str]) -> int:
    """Read name="value", ...} into the pairs; a quoted word alone is the metric's name. The offset behind the brace."""
    while (close := _CLOSE.match(line, at)) is None:
        found = _PAIR.match(line, at)
        if found is None:
            raise ValueError(_label_fault(line, at))
        key, quoted, value = found.groups()
        if value is None and key is not None:
            raise ValueError(f"= is expected after the label {key!r}")
        name = key if key is not None else unescape(quoted) if value is not None else METRIC_NAME
        if name in pairs:
            raise ValueError(f"the label {name!r} stands twice")
        pairs[name] = unescape(quoted if value is None else value)
        at = found.end()
    return close.end()


def _label_fault(line: str, at: int) -> str:
    """Why no label can be read at this place."""
    word = _WORD.match(line, at)
    if word is None:
        return f"a label's name or }} is expected at {line[at : at + 20]!r}" if at < len(line) else "} is missing"
    at = word.end()
    if line[at : at + 1] == "=":
        value = _STRING.match(line, at + 1)
        if value is None:
            return f"the label {word[0].strip()!r} needs a value in quotes"
        at = value.end()
    elif word[1] is None:
        return f"= is expected after the label {word[0].strip()!r}"
    return f", or }} is expected at {line[at : at + 20]!r}" if at < len(line) else "} is missing"


def unescape(text: str) -> str:
    r"""Resolve \\, \" and \n; a backslash before anything else stays."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[0]), text)


def unquote(word: str) -> str:
    """A metric's name as metadata lines have it, bare or in quotes. Raises ValueError."""
    if _NAME.fullmatch(word):
        return word
    quoted = _STRING.fullmatch(word)
    if quoted is None:
        raise ValueError(f"a metric's name is expected, not {word[:20]!r}")
    return unescape(quoted[1])


def read_value(word: str) -> float:
    """A sample's value: decimal, NaN or ±Inf; raises ValueError for all that Prometheus refuses (0x10, 1_000, 1e400, -NaN)."""
    if PLAIN_NUMBER.fullmatch(word):
        return float(word)
    lower = word.lower()
    try:
        value = parse_float(word) if word.isascii() and "x" not in lower else None
    except ValueError:
        value = None
    if value is None or (math.isinf(value) and "inf" not in lower) or (math.isnan(value) and lower != "nan"):
        raise ValueError(f"not a number: {word[:40]!r}")
    return value


def read_seconds(word: str) -> int:
    """A time in seconds, as OpenMetrics has it, in milliseconds. Raises ValueError."""
    try:
        seconds = parse_float(word)
    except ValueError:
        raise ValueError(f"not a timestamp in seconds: {word[:40]!r}") from None
    if not math.isfinite(seconds) or abs(seconds) > 9e15:
        raise ValueError(f"not a timestamp in seconds: {word[:40]!r}")
    return math.floor(seconds * 1000 + 0.5)


def read_milliseconds(word: str) -> int:
    """A time in whole milliseconds, as the text format has it. Raises ValueError."""
    digits = word.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 17):
        raise ValueError(f"not a timestamp in milliseconds: {word[:40]!r}")
    return int(word)
