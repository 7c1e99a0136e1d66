"""Panels with queries: rows and lines of their answers. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from tui_monitor.board.screen_values import PanelRow, PanelValues, value_text
from tui_monitor.board.screens import ScreenPanel
from tui_monitor.board.values import ChartLine
from tui_monitor.core.catalogue.screen_phrases import ScreenPhrases
from tui_monitor.core.humanize import percent
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.values import METRIC_NAME, Labels
from tui_monitor.dispatch.matchers import matches_all
from tui_monitor.promql.values import Matrix, Vector, drop_name, format_labels

MOST_LINES, MOST_ROWS, MOST_BARS, MOST_SHARES, MOST_STATS = 24, 100, 40, 6, 6
LONGEST_NAME = 80
_PLACE = re.compile(r"\{\{\s*\$?(?:labels\.)?([a-zA-Z_][a-zA-Z0-9_]*)\s*\}\}")

Named = tuple[str, Labels, float]
"""A series' name for people, its labels, its value."""


def stat_values(base: PanelValues, instants: Sequence[Vector], ranges: Sequence[Matrix], units: Sequence[str]) -> PanelValues:
    """A big figure per series, with its sparkline; ``units``: one a query."""
    panel = base.panel
    past = {labels: (times, values) for matrix in ranges for labels, times, values in matrix}
    rows = []
    for number, name, labels, value in _numbered(panel, instants)[:MOST_STATS]:
        _, points = past.get(labels, ((), ()))
        spark = tuple(point if math.isfinite(point) else None for point in points)
        rows.append(PanelRow((name, value_text(value, units[number])), panel.severity(value), values=spark))
    return replace(base, rows=tuple(rows))


def chart_values(base: PanelValues, ranges: Sequence[Matrix], step: int) -> PanelValues:
    """Lines, the largest last values first."""
    vectors = [[(labels, values[-1]) for labels, _, values in matrix if values] for matrix in ranges]
    names = {(number, labels): name for number, name, labels, _ in _numbered(base.panel, vectors)}
    lines = [
        _line(names[number, labels], times, values, step)
        for number, matrix in enumerate(ranges)
        for labels, times, values in matrix
        if (number, labels) in names
    ]
    lines.sort(key=lambda line: (-_last(line), line.name))
    worst = max((base.panel.severity(_last(line)) for line in lines), key=("", "warning", "critical").index, default="")
    rows = (PanelRow((), worst),) if worst else ()
    return replace(base, lines=tuple(lines[:MOST_LINES]), rows=rows, more=max(0, len(lines) - MOST_LINES))


def bar_values(base: PanelValues, instants: Sequence[Vector], units: Sequence[str]) -> PanelValues:
    """A bar per series, the largest first; ``units``: one a query."""
    found = sorted(_numbered(base.panel, instants), key=lambda each: -each[3])
    top = max((abs(value) for _, _, _, value in found), default=0.0) or 1.0
    rows = [
        PanelRow((name, value_text(value, units[number])), base.panel.severity(value), ratio=min(1.0, abs(value) / top))
        for number, name, _, value in found[:MOST_BARS]
    ]
    return replace(base, rows=tuple(rows), more=max(0, len(found) - MOST_BARS))


def share_values(base: PanelValues, instants: Sequence[Vector], phrases: ScreenPhrases) -> PanelValues:
    """Shares of the whole, the largest first; what is beyond six is one share."""
    found = sorted(((name, value) for name, _, value in named(base.panel, instants) if value > 0), key=lambda each: -each[1])
    if len(found) > MOST_SHARES:
        rest = sum(value for _, value in found[MOST_SHARES - 1 :])
        found = [*found[: MOST_SHARES - 1], (phrases.others, rest)]
    whole = sum(value for _, value in found)
    rows = [PanelRow((name, value_text(value, base.unit), percent(value / whole)), ratio=value / whole) for name, value in found]
    return replace(base, rows=tuple(rows), remark=value_text(whole, base.unit) if found else "")


def table_values(base: PanelValues, instants: Sequence[Vector], units: Sequence[str]) -> PanelValues:
    """A row per label set, a column per label that differs, a column per query."""
    panel = base.panel
    cells: dict[Labels, list[float | None]] = {}
    for number, vector in enumerate(instants):
        for labels, value in _selected(panel, vector):
            cells.setdefault(drop_name(labels), [None] * len(instants))[number] = value
    names = _label_columns(cells)
    heads = [_head(panel, number) for number in range(len(instants))]
    ordered = sorted(cells.items(), key=lambda pair: (-(pair[1][0] if pair[1][0] is not None else -math.inf), pair[0]))
    rows = [
        PanelRow(
            (*(clip(clean(dict(labels).get(name, "")), LONGEST_NAME) for name in names), *map(value_text, values, units)),
            next((panel.severity(value) for value in values if value is not None), ""),
        )
        for labels, values in ordered[:MOST_ROWS]
    ]
    return replace(base, heads=(*names, *heads), rows=tuple(rows), more=max(0, len(cells) - MOST_ROWS))


def _head(panel: ScreenPanel, number: int) -> str:
    """The head of a query's column: its legend where that is plain text."""
    legend = panel.legends[number] if number < len(panel.legends) else ""
    return legend if legend and not _PLACE.search(legend) else "value" if len(panel.queries) == 1 else f"value {number + 1}"


def _label_columns(rows: Mapping[Labels, object]) -> list[str]:
    """The labels that differ between rows; of one row all but those of its check."""
    known = [dict(labels) for labels in rows]
    names = sorted({name for labels in known for name in labels})
    differ = [name for name in names if len({labels.get(name, "") for labels in known}) > 1]
    return differ or [name for name in names if name not in ("type", "category")][:2]


# --- names of series --------------------------------------------------------------------------------------------------------


def named(panel: ScreenPanel, instants: Sequence[Vector]) -> list[Named]:
    """All series of all queries with their names, in the order of the answers."""
    return [(name, labels, value) for _, name, labels, value in _numbered(panel, instants)]


def _numbered(panel: ScreenPanel, instants: Sequence[Vector]) -> list[tuple[int, str, Labels, float]]:
    found = [(number, labels, value) for number, vector in enumerate(instants) for labels, value in _selected(panel, vector)]
    known = [_known(panel, number, labels) for number, labels, _ in found]
    differ = _differing(known)
    return [(number, _name(panel, number, one, differ), labels, value) for (number, labels, value), one in zip(found, known, strict=True)]


def _known(panel: ScreenPanel, number: int, labels: Labels) -> dict[str, str]:
    """The labels; among several queries one without a metric has its query as the name."""
    known = dict(labels)
    return {METRIC_NAME: panel.queries[number], **known} if len(panel.queries) > 1 else known


def _selected(panel: ScreenPanel, vector: Vector) -> Iterable[tuple[Labels, float]]:
    matchers = panel.matchers
    return [pair for pair in vector if matches_all(matchers, dict(pair[0]))] if matchers else vector


def _differing(known: Sequence[Mapping[str, str]]) -> list[str]:
    """One label that tells all series apart, the check before others; else the fewest that do, the metric's name last."""
    names = sorted({name for labels in known for name in labels}, key=lambda name: (name != "check", name == METRIC_NAME, name))
    alone = next((name for name in names if _kinds(known, [name]) == len(known) > 1), "")
    chosen = [alone] if alone else []
    for name in () if alone else names:
        if _kinds(known, [*chosen, name]) > max(1, _kinds(known, chosen)):
            chosen.append(name)
    return chosen


def _kinds(known: Sequence[Mapping[str, str]], names: Sequence[str]) -> int:
    return len({tuple(labels.get(name, "") for name in names) for labels in known})


def _name(panel: ScreenPanel, number: int, known: Mapping[str, str], differ: Sequence[str]) -> str:
    """By the legend; else the labels that differ, else the metric, else the query."""
    if legend := panel.legend(number):
        return clip(clean(_PLACE.sub(lambda found: known.get(found[1], ""), legend)), LONGEST_NAME)
    text = " ".join(known[name] for name in differ if name in known)
    text = text or known.get(METRIC_NAME, "") or format_labels(tuple(known.items()))
    return clip(clean(text if text != "{}" else panel.queries[number]), LONGEST_NAME)


# --- lines --------------------------------------------------------------------------------------------------------------------


def _line(name: str, times: Sequence[int], values: Sequence[float], step: int) -> ChartLine:
    """A line that is broken (NaN) where samples are missing."""
    at, shown = list(times[:1]), list(values[:1])
    for (before, after), value in zip(pairwise(times), values[1:], strict=True):
        if after - before > 1.5 * step:
            at.append(before + step)
            shown.append(math.nan)
        at.append(after)
        shown.append(value)
    return ChartLine(name, tuple(at), tuple(shown))


def _last(line: ChartLine) -> float:
    value = line.values[-1] if line.values else -math.inf
    return value if value == value else -math.inf
