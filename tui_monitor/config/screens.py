"""The section [[screens]]: screens by role, each a grid of panels (docs/screens.md)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated, Literal

from tui_monitor.config.fields import Duration, Name, Text
from tui_monitor.config.section import Section, key
from tui_monitor.core.sanitize import clean, nearest

ScreenKind = Literal[
    "stat", "chart", "table", "bars", "pie", "checks", "alerts", "resources", "requests", "logs", "traces", "containers",
    "processes", "hosts", "text",
]  # fmt: skip
QUERIED = ("stat", "chart", "table", "bars", "pie")
"""The kinds that show the answer of `query`."""
HEIGHTS = {"stat": 5, "pie": 7, "text": 4}
"""Lines of a panel by its kind, with its frame; else HEIGHT."""
HEIGHT = 10
MOST_SCREENS, MOST_PANELS, MOST_QUERIES = 50, 48, 8


def _texts(value: object) -> object:
    """One text as a list of one."""
    return [value] if isinstance(value, str) else value


def _texts_shown(value: object) -> str:
    texts = value if isinstance(value, list) else [value]
    quoted = ['"' + str(text).replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"


_ONE_OR_MORE = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
Texts = Annotated[list[str], Text(_texts, before=True, schema=_ONE_OR_MORE, spell=_texts_shown)]
"""A list of texts; one may be written without brackets."""


def _thresholds(value: dict[str, float]) -> dict[str, float]:
    for name in value:
        if name not in ("warning", "critical"):
            raise ValueError(f'"{clean(name)}" is not a threshold{nearest(name, ("warning", "critical"))}; there are warning and critical')
    return value


_LEVELS = {
    "type": "object",
    "required": [],
    "properties": {"warning": {"type": "number"}, "critical": {"type": "number"}},
    "additionalProperties": False,
}
Thresholds = Annotated[dict[str, float], Text(_thresholds, schema=_LEVELS)]


class ScreenPanelSettings(Section):
    """One panel of a screen."""

    kind: ScreenKind = key(
        doc="stat, chart, table, bars, pie, checks, alerts, resources, requests, logs, traces, containers, processes, hosts, text",
        example="stat",
    )
    title: str = key(default="", doc="its heading", example="Orders waiting", shown="its kind, or its first query")
    query: Texts = key(default=[], doc="PromQL, or several: a line, a bar or a column each", example=['orders{status="waiting"}'])
    legend: Texts = key(
        default=[],
        doc='names of the series, "{{label}}" is a label\'s value; of several queries one each',
        example=["{{status}}"],
        shown="the labels that differ",
    )
    select: Texts = key(
        default=[],
        doc="label matchers: of a series' labels; of check, type, category; logs: check, service, level; containers, processes: name",
        example=['category="business"'],
        shown="all",
    )
    text: str = key(default="", doc="what a panel of kind text shows; of any other: a note below", example="Phone of the desk: 1234")
    span: Duration = key(default=3600.0, doc="how far a chart, a sparkline and a strip look back", ge=60, le=31 * 86400)
    width: int | None = key(
        default=None, doc="in columns of the screen", shown="half of them; stat a quarter; text all", ge=1, le=24, example=6
    )
    height: int | None = key(
        default=None, doc="in lines of the terminal, with its frame", shown="10; stat 5, pie 7, text 4", ge=3, le=60, example=10
    )
    unit: Literal["", "ratio", "percent", "seconds", "bytes", "bytes/s", "count"] = key(
        default="", doc="ratio (0 to 1), percent (0 to 100), seconds, bytes, bytes/s, count", shown="as the query's metrics have it"
    )
    thresholds: Thresholds = key(
        default={},
        doc="from where on a value is warning or critical; where critical is the lower one, low values are the bad ones",
        example={"warning": 10, "critical": 20},
        shown="none",
    )

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Each kind has its own subject."""
        if self.kind in QUERIED and not any(query.strip() for query in self.query):
            yield "query", f"is missing: a panel of kind {self.kind} shows the answer of PromQL"
        if self.kind not in QUERIED and self.query:
            yield "query", f'has no meaning for kind {self.kind}; take it out, or write kind = "chart"'
        if self.kind in ("resources", "text") and self.select:
            yield "select", f"has no meaning for kind {self.kind}; take it out"
        if self.kind == "text" and not self.text.strip():
            yield "text", "is missing: it is what a panel of kind text shows"
        if len(self.query) > MOST_QUERIES:
            yield "query", f"has {len(self.query)} entries; at most {MOST_QUERIES} are possible"
        if len(self.legend) > max(1, len(self.query)):
            yield "legend", f"has {len(self.legend)} entries for {len(self.query)} queries; write one, or one for each"


class ScreenSettings(Section):
    """A screen by role: in the terminal under `0` and with `--screen NAME`, on the web page as /screens/NAME."""

    name: Name = key(doc="the screen's name, unique", min_length=1, example="business")
    title: str = key(default="", doc="its heading", example="Business", shown="the name")
    groups: list[str] = key(
        default=[],
        doc="Unix groups whose members see it first when they open the dashboard; all others may see it too",
        example=["managers"],
    )
    columns: int = key(default=12, doc="how many columns the grid has; a panel's `width` counts them", ge=1, le=24)
    panels: list[ScreenPanelSettings] = key(default=[], doc="its panels, in rows from the left")

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """A screen shows something, and stays within bounds."""
        if not self.panels:
            yield "panels", "is missing: write at least one [[screens.panels]]"
        if len(self.panels) > MOST_PANELS:
            yield "panels", f"there are {len(self.panels)} of them; at most {MOST_PANELS} are possible"
