"""Output of commands: Nagios performance data, plain text, JSON."""

from __future__ import annotations

import re

from fuzz.fences import replaced, unfenced
from fuzz.target import Target
from tui_monitor.checks.fence import admit_samples
from tui_monitor.sources.command import outputs, perfdata
from tui_monitor.sources.command.outputs import CommandReading


def _nagios(text: str) -> bool:
    found = perfdata.read_output(text)
    for value in found.values:
        assert value.limits == value.limits.strip()
    return _usable(outputs.read_nagios(text)) and not found.broken


def _json(text: str) -> bool:
    outputs.last_line(text)
    return _usable(outputs.read_json(text)) and _usable(outputs.read_plain(text))


def _usable(reading: CommandReading) -> bool:
    refused = admit_samples(reading.samples)[1]
    assert not refused, refused
    return not reading.fault


_LOOSE = re.compile(r"(?P<number>[-+\d.,eE]+)(?P<unit>[^\s;,'=\d.][^\s;,'=]*)?(?=[\s;,]|$)")
"""Takes for numbers what is none: the fence of perfdata is its expression for values."""
_WORDS = (
    "OK - fine | ",
    "'a b'=",
    "a=1s;2;3;0;10",
    "a=1,5%;@1:2",
    "U",
    ";;",
    "=",
    "'",
    "''",
    "|",
    "\n",
    "1e",
    "KB",
    "c",
    "µs",
    "~:5",
    "time=0.1s ",
    "/=5MB",
)

TARGETS = (
    Target(name="perfdata", kind="text", call=_nagios, words=_WORDS, fence=lambda: replaced(perfdata, "_VALUE", _LOOSE)),
    Target(name="command-json", kind="json", call=_json, words=('{"a": 1}', "NaN", "Infinity"), fence=lambda: unfenced(outputs.read_json)),
)
