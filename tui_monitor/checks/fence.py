"""Admission of source output: samples and results are checked here, once, before they become observations."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.values import (
    METRIC_NAME,
    AllSeries,
    ContainerState,
    HealthStatus,
    Inventory,
    ProbeResult,
    Sample,
    UnitState,
    is_stale,
)

MOST_SAMPLES = 20_000
"""Samples of one observation; the rest is left out and named (Prometheus' usual `sample_limit`)."""
MOST_TEXTS = 200
"""Facts or phases of one result."""
TEXT_LENGTH = 1_000
MOST_UNITS = 100
MOST_CONTAINERS = 200
"""Units of one result."""
NAN = float("nan")


def admit_samples(samples: object) -> tuple[tuple[Sample, ...], str]:
    """The samples that can be stored, and why the first of the others cannot ("" where all can).

    A value must be a number that fits into a float; a label set consists of pairs of texts and holds a metric's name. An invalid
    sample is left out alone.
    """
    admitted: list[Sample] = []
    refused = ""
    if not isinstance(samples, Iterable) or isinstance(samples, str | bytes):
        return (), f"the source gave {_kind(samples)} in place of samples"
    try:
        for count, sample in enumerate(samples):
            if count == MOST_SAMPLES:
                return tuple(admitted), f"more than {MOST_SAMPLES:,} samples: the rest is left out"
            found = _admitted(sample)
            if isinstance(found, Sample):
                admitted.append(found)
            else:
                refused = refused or found
    except Exception as error:  # noqa: BLE001  an iterator from outside may raise anything; the samples before are kept
        refused = refused or f"the source failed: {type(error).__name__}"
    return tuple(admitted), refused


def number(value: object) -> float | None:
    """The value as a float; None where it is no number or too large for one. NaN and the infinities are numbers."""
    if type(value) is float:
        return value if value == value or is_stale(value) else NAN
    if not isinstance(value, int | float | Decimal):
        return None
    try:
        return float(value)
    except Exception:  # noqa: BLE001  too large, or a number of another class, which may raise anything
        return None


def admit_result(result: object, redact: Callable[[str], str] = str) -> ProbeResult:
    """The result, reduced to what can be displayed and stored; a value of another type is an unknown status with the reason.

    ``redact`` hides what no text from outside may show; before texts are cut, so that half of a secret is hidden too.
    """
    if not isinstance(result, ProbeResult):
        return ProbeResult(HealthStatus.UNKNOWN, f"the probe is at fault: it answered with {_kind(result)} in place of a result")
    if not isinstance(result.status, HealthStatus):
        return ProbeResult(HealthStatus.UNKNOWN, f"the probe is at fault: {_kind(result.status)} is no status")
    samples, refused = admit_samples(result.samples)
    facts = {_name(key): _text(value, redact) for key, value in _pairs(result.facts)}
    if refused:
        facts["left out"] = refused
    phases = {_name(key): seconds for key, value in _pairs(result.phases) if (seconds := _seconds(value)) is not None}
    series = result.all_series if isinstance(result.all_series, AllSeries) else None  # checked by the parser of the page
    inventories = tuple(item for item in result.inventories if isinstance(item, Inventory)) if type(result.inventories) is tuple else ()
    saved = result.saved if isinstance(result.saved, Mapping) else None
    units, containers = admit_units(result.units), admit_containers(result.containers)
    reason, duration = _text(result.reason, redact), _seconds(result.duration)
    return ProbeResult(result.status, reason, duration, phases, samples, facts, series, inventories, saved, units, containers)


def admit_units(units: object) -> tuple[UnitState, ...]:
    """The units that can be shown and stored; one with a value of another kind is left out."""
    given = units[:MOST_UNITS] if isinstance(units, tuple) else ()
    return tuple(admitted for unit in given if isinstance(unit, UnitState) and (admitted := _unit(unit)) is not None)


def _unit(unit: UnitState) -> UnitState | None:
    if not isinstance(unit.status, HealthStatus):
        return None
    figures = [
        figure if figure is None else _seconds(figure) for figure in (unit.restarts, unit.memory, unit.cpu, unit.since, unit.last_trigger)
    ]
    restarts, memory, cpu, since, triggered = figures
    return UnitState(
        _text(unit.name), unit.status, _text(unit.state), _text(unit.sub), int(since or 0),
        None if restarts is None else int(restarts), None if memory is None else int(memory), cpu, int(triggered or 0),
    )  # fmt: skip


def admit_containers(containers: object) -> tuple[ContainerState, ...]:
    """The containers that can be shown and stored; one with a value of another kind is left out."""
    given = containers[:MOST_CONTAINERS] if isinstance(containers, tuple) else ()
    return tuple(admitted for one in given if isinstance(one, ContainerState) and (admitted := _container(one)) is not None)


def _container(one: ContainerState) -> ContainerState | None:
    if not isinstance(one.status, HealthStatus):
        return None
    since, restarts, memory, limit = (_count(figure) for figure in (one.since, one.restarts, one.memory, one.memory_limit))
    return ContainerState(
        _text(one.name), one.status, _text(one.image), _text(one.state), _text(one.reason), _text(one.health), since or 0, restarts, memory,
        limit, None if one.cpu is None else _seconds(one.cpu),
    )  # fmt: skip


def _count(figure: object) -> int | None:
    found = _seconds(figure)
    return None if found is None else int(found)


def text_of(error: BaseException) -> str:
    """The text of an error for people; "" where the error's own text fails."""
    try:
        return clean(str(error))
    except Exception:  # noqa: BLE001  an exception from outside may raise anything here
        return ""


def _admitted(sample: Any) -> Sample | str:
    try:
        return _sample(sample)
    except Exception as error:  # noqa: BLE001  a value from outside may raise anything where it is touched
        return f"{_kind(sample)} is no sample: {type(error).__name__}"


def _sample(sample: Any) -> Sample | str:
    labels: Any
    value: Any
    try:
        labels, value = sample
    except (TypeError, ValueError):
        return f"{_kind(sample)} is no sample"
    if not _is_label_set(labels):
        return f"labels of the wrong form: {clip(_short_repr(labels), 80)}"
    found = number(value)
    if found is None:
        return f"{dict(labels)[METRIC_NAME]}: {clip(_short_repr(value), 40)} ({type(value).__name__}) is not a number that can be stored"
    return Sample(labels, found)


def _is_label_set(labels: Any) -> bool:
    """Sorted pairs of non-empty texts without two of one name, the metric's name among them."""
    if type(labels) is not tuple or not labels:
        return False
    before, named = "", False
    for pair in labels:
        if type(pair) is not tuple or len(pair) != 2 or type(pair[0]) is not str or type(pair[1]) is not str:
            return False
        if not pair[1] or pair[0] <= before or not _encodable(pair[0]) or not _encodable(pair[1]):
            return False
        before, named = pair[0], named or pair[0] == METRIC_NAME
    return named


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # lone surrogates: SQLite and JSON could not store them
        return False
    return True


def _seconds(value: object) -> float | None:
    found = number(value) if not isinstance(value, bool) else None
    return found if found is not None and math.isfinite(found) and found >= 0 else None


def _pairs(texts: object) -> list[tuple[object, object]]:
    try:
        return list(texts.items())[:MOST_TEXTS] if isinstance(texts, Mapping) else []
    except Exception:  # noqa: BLE001  a mapping from outside may raise anything
        return []


def _text(value: object, redact: Callable[[str], str] = str) -> str:
    text = str.__str__(value) if isinstance(value, str) else _short_repr(value)  # a subclass of str becomes a plain one
    return clip(redact(clean(text, newlines=True)), TEXT_LENGTH)


def _name(value: object) -> str:
    return _cleaned(value) if type(value) is str else _text(value)


@lru_cache(maxsize=1024)
def _cleaned(name: str) -> str:
    """The name of a fact or a phase: a source has a few, the same each time."""
    return _text(name)


def _short_repr(value: object) -> str:
    """A short repr of any value; its type where the repr fails."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 4096:
        return "a very large number"  # Python refuses to print more than 4,300 digits
    try:
        return clean(repr(value))
    except Exception:  # noqa: BLE001  a value from outside may raise anything here
        return _kind(value)


def _kind(value: object) -> str:
    return f"a value of type {type(value).__name__}"
