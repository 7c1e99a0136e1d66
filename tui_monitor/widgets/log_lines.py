"""Log lines as rows: time, letter of the level, source, message, fields. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui_monitor.board.listings import LogLine
from tui_monitor.board.log_pages import LogSource
from tui_monitor.core import humanize as f
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle, Run, data_style
from tui_monitor.widgets.log_window import AlertMark

LETTERS = {"trace": "T", "debug": "D", "info": "I", "warning": "W", "error": "E", "critical": "C"}
LEVEL_STYLES = {"trace": "faint", "debug": "faint", "info": "info", "warning": "warning", "error": "error", "critical": "critical"}
_TEXT_STYLES = {"trace": "faint", "debug": "dim", "error": "strong", "critical": "critical"}
SAID = frozenset({
    "msg", "message", "text", "time", "timestamp", "ts", "at", "@timestamp", "level", "severity", "lvl", "levelname", "log.level",
    "loglevel", "log_level", "severity_text", "severityText", "@level", "date",
})  # fmt: skip
"""Fields that a row shows by other means."""
IDS = frozenset({
    "trace_id", "traceId", "traceID", "trace.id", "dd.trace_id", "otelTraceID", "span_id", "spanId", "spanID", "span.id", "dd.span_id",
    "otelSpanID", "trace_flags",
})  # fmt: skip
"""Fields of long hex digits, which `T` follows."""
_STAMP = re.compile(r"^\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d[^\s\]]*\]?\s+(?=\S)")
_LEVEL = re.compile(r"^\[?(trace|debug|info|notice|warn|warning|err|error|crit|critical|fatal|panic)\]?:?\s+(?=\S)", re.IGNORECASE)
MATCH = "chip-match"
NARROW = 60
SOURCE = 14


@frozen
class LogColumns:
    """How the rows of one screen are cut: width of the time, of the source (0: none), cells that messages are shifted to the left."""

    with_date: bool = False
    source: int = SOURCE
    shift: int = 0


def log_row(line: LogLine, needle: str, columns: LogColumns, now: int, width: int, look: RenderStyle) -> Line:
    """One line of a log; ``needle`` is marked."""
    look = data_style(look)  # what programs have written is never translated
    style = LEVEL_STYLES.get(line.level, "dim")
    when = f.stamp(line.at, now, look.zone, seconds=True) if columns.with_date else f.clock(line.at, look.zone, seconds=True)
    row = LineBuilder(width, look).gap(1).append(when, "dim", 15 if columns.with_date else None).gap()
    row.append(LETTERS.get(line.level, "-"), style).gap()
    if columns.source and width >= NARROW:
        row.name(line.check or line.service, "accent", columns.source).gap()
    said = _TEXT_STYLES.get(line.level, "text")
    runs = _shifted([*_message(line, said), *_fields(line)], columns.shift)
    for part, found, own in ((part, found, own) for text, own in runs for part, found in _parts(text, needle)):
        if f.cells(part) > row.room:  # the last one that there is room for, cut
            return row.name(part, MATCH if found else own).line()
        row.name(part, MATCH if found else own)
    return row.line()


def _message(line: LogLine, style: str) -> list[Run]:
    """What the line says beside its time and level; nothing for an object without a message, whose fields follow."""
    if _is_object(line):
        return []
    text = _STAMP.sub("", _one_line(line.message), count=1)
    return [(_LEVEL.sub("", text, count=1) if line.level else text, style)]


def _is_object(line: LogLine) -> bool:
    """Whether the message is the whole object, for want of a field that says it."""
    return bool(line.fields) and line.message.startswith("{")


def _one_line(text: str) -> str:
    first, *rest = [part for part in text.splitlines() if part.strip()] or [""]
    return f"{first}  (+{len(rest)} lines)" if rest else first


def _fields(line: LogLine) -> list[Run]:
    """The fields that neither the message nor the other columns show; of a trace only that there is one."""
    told = (line.check, line.service, "None", "")
    shown = [(name, str(value)) for name, value in line.fields.items() if name not in SAID | IDS and str(value) not in told]
    told_by_message = "" if _is_object(line) else line.message
    runs = [(f"  {name}={value}", "dim") for name, value in shown if value not in told_by_message]
    return [*runs, ("  trace", "accent")] if line.trace_id else runs


def _shifted(runs: Sequence[Run], by: int) -> list[Run]:
    """The runs without their first characters."""
    found = []
    for text, style in runs:
        text = clean(text)
        if by < len(text):
            found.append((text[by:], style))
        by = max(0, by - len(text))
    return found


def _parts(text: str, needle: str) -> list[tuple[str, bool]]:
    """The text cut where the needle is found, in any case."""
    if not needle:
        return [(text, False)]
    found, low, place, begin = [], text.lower(), needle.lower(), 0
    if len(low) != len(text):  # a letter whose small form is longer: positions would not fit
        low, place = text, needle
    while (at := low.find(place, begin)) >= 0:
        found += [(text[begin:at], False), (text[at : at + len(place)], True)]
        begin = at + len(place)
    return [*found, (text[begin:], False)]


def mark_row(mark: AlertMark, now: int, width: int, look: RenderStyle) -> Line:
    """The start of an alert, as a rule between the lines."""
    style = {"critical": "critical", "error": "error", "warning": "warning"}.get(mark.severity, "info")
    more = f" and {mark.more} more" if mark.more else ""
    row = LineBuilder(width, look).gap(1).append(f"{f.stamp(mark.at, now, look.zone, seconds=True)} ", style)
    row.append(f"{look.glyphs.mark} {mark.name}", style).say(more, style).append(" ", style)
    return row.append(look.glyphs.rule * row.room, "faint").line()


def source_tabs(sources: Sequence[LogSource], chosen: str, width: int, look: RenderStyle) -> Line:
    """The sources in one line, the chosen one always in it."""
    row = LineBuilder(width, data_style(look)).gap(1)
    here = _chosen_tab(sources, chosen)
    for index, text in _tabs(sources, here, width, look):
        row.append(text, "title" if index == here else "dim")
    return row.line()


def source_at(x: int, sources: Sequence[LogSource], chosen: str, width: int, look: RenderStyle) -> int | None:
    """The number of the source that stands at a cell of that line, 0 for all; None beside them."""
    begin = 1
    for index, text in _tabs(sources, _chosen_tab(sources, chosen), width, look):
        if begin <= x < begin + f.cells(text):
            return index if index >= 0 else None
        begin += f.cells(text)
    return None


def _chosen_tab(sources: Sequence[LogSource], chosen: str) -> int:
    return next((index for index, one in enumerate(sources, 1) if one.name == chosen), 0)


def _tabs(sources: Sequence[LogSource], here: int, width: int, look: RenderStyle) -> list[tuple[int, str]]:
    """Number and text of each tab from the first that is shown; -1 is the mark of those before it."""
    names = [look.words.exact("all sources").removesuffix(" sources"), *(clean(source.name) for source in sources)]
    texts = [f"[{name}] " if index == here else f" {name}  " for index, name in enumerate(names)]
    first = 0
    while first < here and sum(map(f.cells, texts[first : here + 1])) > width - 4:
        first += 1
    return [*([(-1, f"{look.glyphs.cut} ")] if first else []), *((index, texts[index]) for index in range(first, len(texts)))]
