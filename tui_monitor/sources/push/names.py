"""Names and labels of pushed series: made valid, bounded, and kept apart from the monitor's own series."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.values import METRIC_NAME, Labels
from tui_monitor.sources.metric_names import OF_EVERY_CHECK, OF_THE_MACHINE

MOST_LABELS = 30
LONGEST_NAME = 200
LONGEST_VALUE = 1024
OWN_NAMES = frozenset({*OF_EVERY_CHECK, *OF_THE_MACHINE, "ALERTS", "ALERTS_FOR_STATE", "up", "span_duration_seconds", "spans_total"})
"""Series of the monitor itself: one that is pushed under such a name would speak for a check or for this machine."""
OWN_PREFIX = "tui_monitor_"
_MOVED = {"check": "exported_check"}
"""``check`` belongs to checks: no sender may give a series that looks like theirs."""
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_NOT_IN_NAME = re.compile(r"[^a-zA-Z0-9_:]")
_NOT_IN_LABEL = re.compile(r"[^a-zA-Z0-9_]")


class UnusableSeries(ValueError):
    """A series that cannot be taken; the text says why and what to change."""


def metric_name(text: str) -> str:
    """A valid name made of any: "my.app.orders" is my_app_orders. Raises UnusableSeries where nothing is left, or it is one of our own."""
    name = text if _NAME.fullmatch(text) else _NOT_IN_NAME.sub("_", text)
    if not name.strip("_:"):
        raise UnusableSeries(f'"{clip(clean(text), 40)}" is no name for a metric; it needs a letter or a digit')
    if len(name) > LONGEST_NAME:
        raise UnusableSeries(f'the name "{clip(clean(text), 40)}" is longer than {LONGEST_NAME} characters')
    return f"_{name}" if name[0].isdigit() else name


def label_name(text: str) -> str:
    """A valid label name made of any, "" where nothing is left or it begins with two underscores, which are reserved."""
    name = _NOT_IN_LABEL.sub("_", text)[:LONGEST_NAME]
    if name.startswith("__") or not name.strip("_"):
        return ""
    name = f"_{name}" if name[0].isdigit() else name
    return _MOVED.get(name, name)


def pushed_labels(name: str, pairs: Iterable[tuple[str, str]], job: str) -> Labels:
    """The labels of a pushed series. ``job``: the value of that label where the sender gives none. Raises UnusableSeries."""
    if name in OWN_NAMES or name.startswith(OWN_PREFIX):
        raise UnusableSeries(f'"{name}" is a series of this monitor; choose another name')
    labels = {METRIC_NAME: name, "job": clip(clean(job), LONGEST_VALUE)}
    for key, value in pairs:
        if valid := label_name(key):
            labels[valid] = clip(clean(value), LONGEST_VALUE)
    if len(labels) - 1 > MOST_LABELS:
        raise UnusableSeries(f'"{name}" has more than {MOST_LABELS} labels; send fewer')
    return tuple(sorted((key, value) for key, value in labels.items() if value))
