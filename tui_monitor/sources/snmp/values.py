"""Samples out of what a device answers: each configured value, what is left out of it, and why. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import METRIC_NAME, Inventory, Labels, Sample, label, labels_of
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.snmp.settings import INDEX, SnmpValueSettings

Value = None | str | bytes | int | float
"""What the library makes of a value: text and addresses of devices are bytes, OIDs are texts."""
LABEL_LENGTH = 200
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


@frozen
class SnmpReading:
    """What one configured value gave. ``fault``: why it gave nothing; ``note``: what was left out of it."""

    metric: str
    samples: tuple[Sample, ...] = ()
    fault: str = ""
    note: str = ""
    required: bool = False
    table: bool = False


def single(settings: SnmpValueSettings, values: Mapping[str, Value]) -> SnmpReading:
    """A value that is no table; ``values`` by OID."""
    labels = {name: text_of(values.get(oid.strip("."))) for name, oid in settings.labels.items()}
    found = values.get(settings.oid.strip("."))
    if found is None:
        return SnmpReading(settings.metric, fault="the device has no such value", required=settings.required)
    number = number_of(found, settings.scale)
    if number is None:
        return SnmpReading(settings.metric, fault=f"{_shown(found)} is not a number", required=settings.required)
    sample = Sample(labels_of(settings.metric, **labels), number)
    return SnmpReading(settings.metric, (sample,), required=settings.required)


def rows(settings: SnmpValueSettings, columns: Mapping[str, Mapping[str, Value]], cut: bool) -> SnmpReading:
    """A column of a table; ``columns`` have each a value by row (the end of the OID). ``cut``: there are more rows than were read."""
    names = settings.labels or {INDEX: INDEX}
    series: dict[Labels, float] = {}
    twice = bad = 0
    for row, found in columns.get(settings.oid.strip("."), {}).items():
        number = number_of(found, settings.scale)
        texts = {name: row if oid == INDEX else text_of(columns.get(oid.strip("."), {}).get(row)) for name, oid in names.items()}
        labels = labels_of(settings.metric, **texts)
        twice += labels in series
        bad += number is None
        if number is not None:
            series.setdefault(labels, number)
    notes = (
        f"more than {settings.max_series:,} rows, the others are not read (max_series)" if cut else "",
        f"{bad:,} rows without a number" if bad else "",
        f'{twice:,} rows with the labels of one before, which counts; labels = {{ index = "index" }} tells them apart' if twice else "",
    )
    fault = "" if series else "the device has no such rows"
    note = "; ".join(filter(None, notes))
    return SnmpReading(settings.metric, tuple(map(Sample, series, series.values())), fault, note, settings.required, table=True)


def number_of(value: Value, scale: float) -> float | None:
    """The value as a finite number, a text of digits too; None where it is none."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace").strip().strip("\0")
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    try:
        number = float(value) * scale if value is not None else math.nan
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None


def text_of(value: Value) -> str:
    """The value as a label: text where it is text, else (an address of hardware) its bytes in hexadecimal digits."""
    if isinstance(value, bytes):
        try:
            text = value.rstrip(b"\0").decode()
        except UnicodeDecodeError:
            return value[: LABEL_LENGTH // 3].hex(":")
        return clean(text, LABEL_LENGTH) if text.isprintable() or len(text) > 8 else value.hex(":")
    return "" if value is None else clean(str(value), LABEL_LENGTH)


def _shown(value: Value) -> str:
    return f'"{clean(text_of(value), 60)}"'


def inventories(readings: Iterable[SnmpReading]) -> Iterator[Inventory]:
    """Of each table that was read whole, the rows that there are: series of others have ended."""
    for reading in readings:
        if reading.table and not reading.fault and not reading.note:
            labels = [sample.labels for sample in reading.samples]
            for name in {name for each in labels for name, _ in each if name != METRIC_NAME}:
                yield Inventory((reading.metric,), name, frozenset(label(each, name) for each in labels))
