"""The lines of the backtest and the noise report. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.board.values import BacktestRow, BacktestView, NoiseRow
from tui_monitor.core import humanize as f
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle

_SEVERITIES = {"critical": "critical", "error": "error", "warning": "warning"}


HEADS = ("alert", "fired", "total", "longest", "last", "messages", "near misses")
_WIDTHS = (6, 8, 8, 12, 8, 6)


def backtest_heads(width: int, look: RenderStyle) -> Line:
    """The names of the columns."""
    return _columns(LineBuilder(width, look).gap(1).append(HEADS[0], "faint", _name_width(width)), HEADS[1:], _WIDTHS, "faint")


def backtest_line(one: BacktestRow, end: int, width: int, look: RenderStyle) -> Line:
    """Backtest result of one alert's rules; a tried change is shown after the name."""
    row = LineBuilder(width, look).gap(1)
    style = _SEVERITIES.get(one.severity, "info") if one.fired else "dim"
    row.append(f"{one.alert}  {one.tried}".rstrip(), style, _name_width(width))
    if one.error:
        return row.gap().append(one.error, "critical").line()
    told = (
        str(one.fired),
        f.span(one.firing_s) if one.fired else "",
        f.span(one.longest_s) if one.fired else "",
        f.stamp(one.last, end, look.zone) if one.last else "",
        f"{one.messages}" + (f"+{one.reminders}" if one.reminders else ""),
        str(one.nearly or ""),
    )
    return _columns(row, told, _WIDTHS, "text" if one.fired else "faint")


def backtest_remark(found: BacktestView, since: str) -> str:
    """Totals of all rules without changes."""
    present = [row for row in found.rows if not row.tried]
    fired, told = sum(row.fired for row in present), sum(row.messages for row in present)
    return f"the last {since}: {fired} alerts, {told} messages"


NOISE_HEADS = ("alert", "fired", "median", "re-fired", "acked", "messages")
_NOISE_WIDTHS = (6, 8, 10, 8, 10)


def noise_heads(width: int, look: RenderStyle) -> Line:
    """The names of the columns."""
    return _columns(
        LineBuilder(width, look).gap(1).append(NOISE_HEADS[0], "faint", _name_width(width)), NOISE_HEADS[1:], _NOISE_WIDTHS, "faint"
    )


def noise_line(one: NoiseRow, width: int, look: RenderStyle) -> Line:
    """One alert: times fired, median duration, returns within ten minutes, acknowledgements, messages."""
    row = LineBuilder(width, look).gap(1).append(one.alert, _SEVERITIES.get(one.severity, "info"), _name_width(width))
    taken = f"{one.acknowledged}" if one.acknowledged else "never"
    told = f"{one.messages - one.reminders}" + (f"+{one.reminders}" if one.reminders else "")
    return _columns(row, (str(one.fired), f.span(one.median_s), str(one.came_back or ""), taken, told), _NOISE_WIDTHS, "text")


def _columns(row: LineBuilder, texts: Sequence[str], widths: Sequence[int], style: str) -> Line:
    for text, wide in zip(texts, widths, strict=True):
        if row.room > wide:
            row.append(text, style, wide, right=True).gap()
    return row.line()


def _name_width(width: int) -> int:
    return max(12, min(44, width - sum(_WIDTHS) - len(HEADS) - 2))
