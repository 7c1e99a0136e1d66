"""Reads tests/data/promql/*.cases: series to load and expressions with the answers that Prometheus' documentation gives."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from promql_parser import VectorSelector, parse

from tests.support.paths import DATA as DATA_DIRECTORY
from tui_monitor.core.values import METRIC_NAME, STALE_NAN, Labels
from tui_monitor.promql.durations import parse_duration
from tui_monitor.promql.numbers import parse_float
from tui_monitor.promql.openmetrics import FileSeries, FileStorage

DATA = DATA_DIRECTORY / "promql"
_CASE = re.compile(r"(?:at (\S+)|from (\S+) to (\S+) step (\S+)) (ordered )?(.+)")


@dataclass
class Case:
    """One expression; ``times`` is (at,) or (start, end, step) in milliseconds; ``expected`` are the lines below it."""

    file: str
    line: int
    storage: FileStorage
    times: tuple[int, ...]
    ordered: bool
    expr: str
    expected: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def labels_from(text: str) -> Labels:
    """The label set written as a selector; {} has none."""
    if text == "{}":
        return ()
    tree = parse(text)
    assert isinstance(tree, VectorSelector)
    pairs = {matcher.name: matcher.value for matcher in tree.matchers.matchers}
    if tree.name:
        pairs[METRIC_NAME] = tree.name
    return tuple(sorted(pairs.items()))


def milliseconds(text: str) -> int:
    """A duration as an offset from 1970."""
    return round(parse_duration(text) * 1000)


def series_from(lines: list[str]) -> FileStorage:
    """The storage of one load block: first line "load STEP", then a series with its values a line; _ is a gap."""
    step = milliseconds(lines[0].split()[1])
    series = []
    for line in lines[1:]:
        name, *words = line.rsplit("}", 1) if "}" in line else line.split(" ", 1)
        values = words[0].split()
        samples = {index * step: STALE_NAN if word == "stale" else parse_float(word) for index, word in enumerate(values) if word != "_"}
        series.append(FileSeries(labels_from(name + "}" if "}" in line else name), samples))
    return FileStorage(series)


def cases() -> list[Case]:
    """Every case of every file."""
    found: list[Case] = []
    for path in sorted(DATA.glob("*.cases")):
        found += _file_cases(path)
    return found


def _file_cases(path: Path) -> list[Case]:
    found: list[Case] = []
    load: list[str] = []
    storage = FileStorage(())
    for number, raw in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("load "):
            load = [line]
        elif raw.startswith(" ") and load:
            load.append(line)
            storage = series_from(load)
        elif raw.startswith(" "):
            found[-1].expected.append(line)
        else:
            load = []
            match = _CASE.fullmatch(line)
            assert match is not None, f"{path.name}:{number}: {line}"
            times = tuple(milliseconds(word) for word in match.groups()[:4] if word)
            found.append(Case(path.name, number, storage, times, bool(match.group(5)), match.group(6)))
    return found
