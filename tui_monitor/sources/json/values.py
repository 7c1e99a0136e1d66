"""Numbers of a JSON document: samples or a fault per configured value. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import METRIC_NAME, Inventory, Labels, Sample, label, labels_of
from tui_monitor.sources.json.settings import JsonValueSettings
from tui_monitor.sources.net.excerpt import clean

LABEL_LENGTH = 200
_SHOWN = 60
_NAMED = 3
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_ERRORS = ("error", "errors")
Search = Callable[[object], Any]
ToNumber = Callable[[object, Mapping[str, float]], float]


class ValueFault(Exception):
    """Reason for a missing number or label."""


@frozen
class JsonReading:
    """Result of one configured value. ``fault``: reason without samples; ``notes``: parts that were left out."""

    metric: str
    samples: tuple[Sample, ...] = ()
    fault: str = ""
    notes: tuple[str, ...] = ()
    required: bool = True


class ValueReader:
    """Reader of one configured value. The constructor raises ValueError for an invalid path.

    ``number``: converts a found value, with the words of `map`, to a number; other protocols than JSON can replace ``number_of``.
    """

    def __init__(self, settings: JsonValueSettings, number: ToNumber | None = None) -> None:
        self._settings = settings
        self._number = number or number_of
        self._path = compiled(settings, "path", settings.path)
        self._value = compiled(settings, "value", settings.value) if settings.value is not None else None
        self._labels = {name: compiled(settings, "labels", path) for name, path in settings.labels.items()}

    def read(self, document: object) -> JsonReading:
        """Read the value from a document. Never raises for its content."""
        metric, required = self._settings.metric, self._settings.required
        try:
            found = _searched(self._path, document)
            if isinstance(found, list):
                return self._list(found)
            labels = self._labels_in(found if isinstance(found, dict) else document)
            return JsonReading(metric, (Sample(labels, self._number_in(found)),), required=required)
        except ValueFault as fault:
            return JsonReading(metric, fault=str(fault), required=required)

    def _list(self, elements: list[Any]) -> JsonReading:
        if not self._labels:
            raise ValueFault(f"a list of {len(elements)}; set labels that distinguish its elements")
        if any(not isinstance(element, dict) for element in elements) and self._value is None:
            raise ValueFault("a list of plain values without labels; let path end at the objects and set value to the path of the number")
        series: dict[Labels, float] = {}
        faults: list[str] = []
        twice = 0
        for element in elements[: self._settings.max_series]:
            try:
                labels, number = self._labels_in(element), self._number_in(element)
            except ValueFault as error:
                faults.append(str(error))
                continue
            twice += labels in series
            series.setdefault(labels, number)
        notes = _notes(len(elements), self._settings.max_series, faults, twice)
        fault = f"no element has a number: {faults[0]}" if faults and not series else ""
        return JsonReading(self._settings.metric, tuple(map(Sample, series, series.values())), fault, notes, self._settings.required)

    def _labels_in(self, scope: object) -> Labels:
        values = {name: _label_text(name, _searched(search, scope)) for name, search in self._labels.items()}
        return labels_of(self._settings.metric, **values)

    def _number_in(self, found: object) -> float:
        if self._value is not None:
            found = _searched(self._value, found)
        elif isinstance(found, dict):
            found = found.get("value")
        return self._number(found, self._settings.map)


def _notes(count: int, most: int, faults: list[str], twice: int) -> tuple[str, ...]:
    cut = f"{count:,} elements, only the first {most:,} are read (max_series)" if count > most else ""
    bad = f"{len(faults):,} of {min(count, most):,} elements left out, the first because: {faults[0]}" if faults else ""
    doubled = f"{twice:,} elements with the labels of one before: the first counts" if twice else ""
    return tuple(note for note in (cut, bad, doubled) if note)


def number_of(value: object, words: Mapping[str, float]) -> float:
    """The value as a finite number: words by ``words``, true and false as 1 and 0, "2.42" as 2.42. Raises ValueFault otherwise."""
    word = value if isinstance(value, str) else json.dumps(value) if value is None or isinstance(value, bool) else None
    if word is not None and word in words:
        return words[word]
    if isinstance(value, bool | int | float):
        return _finite(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return _finite(value)
    if value is None:
        raise ValueFault("missing or null")
    raise ValueFault(f"{shown(value)} is {'none of ' + ', '.join(words) + ' (map)' if words else 'not a number'}")


def _finite(value: str | float) -> float:
    try:
        number = float(value)
    except (OverflowError, ValueError):
        number = math.inf
    if not math.isfinite(number):
        raise ValueFault(f"{shown(value)} is no finite number")
    return number


def _label_text(name: str, value: object) -> str:
    if isinstance(value, list | dict):
        raise ValueFault(f"label {name}: {shown(value)} is no text")
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
    return clean(text, LABEL_LENGTH)


def _searched(search: Search, scope: object) -> Any:
    try:
        return search(scope)
    except (ValueError, RecursionError, TypeError, OverflowError) as error:  # JMESPath's own errors are ValueErrors
        raise ValueFault(f"cannot be evaluated on the answer: {clean(str(error), _SHOWN)}") from None


def shown(value: object) -> str:
    """The start of a value as JSON, cleaned."""
    try:
        return clean(json.dumps(value, ensure_ascii=False), _SHOWN)
    except (ValueError, RecursionError):
        return "something else"


def compiled(settings: JsonValueSettings, name: str, path: str) -> Search:
    """The compiled JMESPath's search. Raises ValueError naming its keys."""
    import jmespath

    try:
        return jmespath.compile(path).search
    except ValueError as error:
        raise ValueError(f'values: {settings.metric}: {name} = "{path}": {clean(str(error), 120)}') from error


def said_error(document: object, paths: Iterable[str]) -> str:
    """The text of an answer's member `error` or `errors`, "" without one.

    A member named in ``paths`` is an ordinary value.
    """
    if not isinstance(document, dict):
        return ""
    named = " ".join(paths)
    for name in _ERRORS:
        found = document.get(name)
        if found and (found is True or isinstance(found, str | list | dict)) and not re.search(rf"\b{name}\b", named):
            return f"the answer says {name}: {shown(found)}"
    return ""


def missing_text(readings: Iterable[JsonReading]) -> str:
    """The fault of required numbers, "" without one."""
    faults = [f"{reading.metric}: {reading.fault}" for reading in readings if reading.fault and reading.required]
    more = f"; and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
    return "; ".join(faults[:_NAMED]) + more


def value_facts(readings: Iterable[JsonReading]) -> dict[str, str]:
    """Faults and notes by metric name."""
    told = {reading.metric: "; ".join([*([reading.fault] if reading.fault else []), *reading.notes]) for reading in readings}
    return {metric: clean(text, 300) for metric, text in told.items() if text}


def inventories(readings: Iterable[JsonReading]) -> Iterator[Inventory]:
    """Existing label values of each completely read metric; series with other values have ended."""
    by_metric: dict[str, list[JsonReading]] = {}
    for reading in readings:
        by_metric.setdefault(reading.metric, []).append(reading)
    for metric, several in by_metric.items():
        if any(reading.fault or reading.notes for reading in several):
            continue
        samples = [sample for reading in several for sample in reading.samples]
        for name in {name for labels, _ in samples for name, _ in labels if name != METRIC_NAME}:
            yield Inventory((metric,), name, frozenset(label(labels, name) for labels, _ in samples))
