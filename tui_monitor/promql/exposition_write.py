r"""A writer of metrics pages, Prometheus text 0.0.4 and OpenMetrics 1.0: families with HELP and TYPE, in the order they come.

Names that the classic grammar does not allow are written with underscores, or in quotes where the reader has asked for UTF-8
(``escaping=allow-utf-8``): a reader that does not know quoted names would refuse the whole page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import METRIC_NAME, Labels
from tui_monitor.promql.exposition_comment import Metadata
from tui_monitor.promql.exposition_format import Format
from tui_monitor.promql.numbers import format_sample

CONTENT_TYPES: Mapping[Format, str] = {
    "text": "text/plain; version=0.0.4; charset=utf-8",
    "openmetrics": "application/openmetrics-text; version=1.0.0; charset=utf-8",
}
_METRIC = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*", re.ASCII)
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_ODD = re.compile(r"[^A-Za-z0-9_:]", re.ASCII)
_TEXT_TYPES = {"": "untyped", "unknown": "untyped", "info": "gauge", "stateset": "gauge", "gaugehistogram": "untyped"}


class ExpositionSample(NamedTuple):
    """One sample to write; ``at_ms`` is its time (UTC ms), None for now."""

    labels: Labels
    value: float
    at_ms: int | None = None


@frozen
class Family:
    """The samples of one metric. ``name`` is what the samples are called; a counter's ends in ``_total``."""

    name: str
    points: tuple[ExpositionSample, ...]
    metadata: Metadata = Metadata()


def write_page(families: Iterable[Family], kind: Format, *, utf8: bool = False) -> Iterator[str]:
    """The page in pieces of one family each; each family must come once."""
    for family in families:
        lines = [*family_comments(family.name, family.metadata, kind, utf8=utf8), *(_line(point, kind, utf8) for point in family.points)]
        yield "\n".join(lines) + "\n"
    if kind == "openmetrics":
        yield "# EOF\n"


def series_text(labels: Labels, *, utf8: bool = False) -> str:
    r"""name{label="value"}, with \\, \" and \n escaped."""
    pairs = dict(labels)
    name = pairs.pop(METRIC_NAME, "")
    inside = [f'{_name(key, _LABEL, utf8)}="{_escaped(value)}"' for key, value in pairs.items()]
    shown = _name(name, _METRIC, utf8)
    if shown[:1] == '"':
        return f"{{{','.join([shown, *inside])}}}"
    return f"{shown}{{{','.join(inside)}}}" if inside else shown


def family_comments(name: str, said: Metadata, kind: Format, *, utf8: bool = False) -> Iterator[str]:
    """The lines HELP, TYPE and UNIT of a metric; ``name`` is what its samples are called, of a histogram without _bucket."""
    type_ = said.type
    if kind == "text":
        type_ = _TEXT_TYPES.get(type_, type_)
    elif type_ == "counter" and name.endswith("_total"):
        name = name.removesuffix("_total")
    elif type_ in ("counter", "untyped", ""):
        type_ = "unknown"  # OpenMetrics has no counter whose samples are not called _total
    shown = _name(name, _METRIC, utf8)
    if said.help:
        text = said.help.replace("\\", "\\\\").replace("\n", "\\n")
        yield f"# HELP {shown} " + (text.replace('"', '\\"') if kind == "openmetrics" else text)
    yield f"# TYPE {shown} {type_}"
    if kind == "openmetrics" and said.unit and name.endswith(f"_{said.unit}"):
        yield f"# UNIT {shown} {said.unit}"


def _line(point: ExpositionSample, kind: Format, utf8: bool) -> str:
    line = f"{series_text(point.labels, utf8=utf8)} {format_sample(point.value)}"
    if point.at_ms is None:
        return line
    return f"{line} {point.at_ms}" if kind == "text" else f"{line} {point.at_ms / 1000:.3f}"


def _name(name: str, allowed: re.Pattern[str], utf8: bool) -> str:
    if allowed.fullmatch(name):
        return name
    if utf8:
        return f'"{_escaped(name)}"'
    plain = _ODD.sub("_", name)
    plain = plain if allowed is _METRIC else plain.replace(":", "_")
    return f"_{plain}" if plain[:1].isdigit() or not plain else plain


def _escaped(text: str) -> str:
    if "\\" not in text and '"' not in text and "\n" not in text:
        return text
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
