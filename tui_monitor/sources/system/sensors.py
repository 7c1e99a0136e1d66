"""Temperatures of this machine's chips, from Linux' /sys/class/hwmon (format: sysfs-interface, in the kernel's documentation)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from tui_monitor.core.values import Inventory, Labels, Sample, labels_of
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.system.procfs import read_file, read_number, text_of

METRIC = "hardware_temperature_celsius"
COLDEST, HOTTEST = -60.0, 250.0
"""°C; further away a chip tells of a sensor that is not there, or nonsense."""
MOST_CHIPS, MOST_SENSORS = 128, 64
_INPUT = re.compile(r"temp(\d{1,4})_input")
_BUS_ADDRESS = re.compile(r"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]")
_TEXT_LENGTH = 64
_LINE = 256


def temperatures(sys: str) -> tuple[Sample, ...]:
    """One sample for each sensor that answers with a possible temperature; what cannot be read is missing. Never raises OSError.

    Chips are named by driver and place, such as "nvme-0000:01:00.0", sensors by their label: the numbers of hwmonN change at each start.
    """
    found: dict[Labels, float] = {}
    root = f"{sys}/class/hwmon"
    for name in _listed(root)[:MOST_CHIPS]:
        chip = _chip(f"{root}/{name}")
        for sensor, value in _sensors(f"{root}/{name}"):
            found.setdefault(labels_of(METRIC, chip=chip, sensor=sensor), value)
    return tuple(map(Sample, found, found.values()))


def inventories(samples: tuple[Sample, ...]) -> tuple[Inventory, ...]:
    """The chips that there are: the series of one that was taken out end."""
    return (Inventory((METRIC,), "chip", frozenset(dict(sample.labels)["chip"] for sample in samples)),)


def _listed(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []


def _chip(path: str) -> str:
    driver = _text(f"{path}/name") or "chip"
    place = os.path.realpath(f"{path}/device")
    if not os.path.exists(place):
        return driver
    parts = place.split("/")
    address = next((part for part in reversed(parts) if _BUS_ADDRESS.fullmatch(part)), parts[-1])
    return driver if address == driver else clean(f"{driver}-{address}", _TEXT_LENGTH)


def _sensors(path: str) -> Iterator[tuple[str, float]]:
    """(name, °C) of each sensor of a chip; the second of two with one label gets its number as well."""
    seen: set[str] = set()
    numbers = sorted(int(match[1]) for entry in _listed(path) if (match := _INPUT.fullmatch(entry)))
    for number in numbers[:MOST_SENSORS]:
        value = read_number(f"{path}/temp{number}_input")
        label = _text(f"{path}/temp{number}_label") or f"temp{number}"
        name = f"{label} (temp{number})" if label in seen else label
        seen.add(label)
        if value is None or read_number(f"{path}/temp{number}_fault"):
            continue
        celsius = value / 1000
        if COLDEST < celsius < HOTTEST:
            yield name, celsius


def _text(path: str) -> str:
    try:
        return clean(text_of(read_file(path, _LINE)), _TEXT_LENGTH)
    except OSError:
        return ""
