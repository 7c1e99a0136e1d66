"""Parts of an incident's page: why, what to do, the log, what else happened then. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_monitor.board.values import Board, CheckView, EvidenceProcess
from tui_monitor.core import humanize as f
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle
from tui_monitor.widgets.details import PHASES
from tui_monitor.widgets.incident_view import IncidentView, LoggedLine
from tui_monitor.widgets.list_panes import said, wrapped
from tui_monitor.widgets.selection import short_stamp

MOST_LOG, MOST_FIGURES = 12, 4


def why_lines(view: IncidentView, width: int, look: RenderStyle) -> list[Line]:
    """The reason with its phases, then what to do."""
    remedy = remedy_lines(view, width, look)
    return [*reason_lines(view, width, look), *([LineBuilder(width, look).line()] if remedy else []), *remedy]


def reason_lines(view: IncidentView, width: int, look: RenderStyle) -> list[Line]:
    """The reason, the value of a rule that is about no check, the phases of the probe as a waterfall."""
    alert = view.alert
    lines = wrapped(view.reason, "strong", width, look, 3)
    if view.check is None and alert.value_text and alert.value_text not in view.reason:
        lines.append(said("no data" if alert.no_data else f"value {alert.value_text}", "text", width, look))
    return lines + phase_lines(_phases(view), width, look)


def remedy_lines(view: IncidentView, width: int, look: RenderStyle) -> list[Line]:
    """The commands to copy, the runbook, and the advice that they are of; the advice first where it names no command."""
    alert = view.alert
    advice = alert.annotations.get("description", "")
    lines = [] if view.commands else wrapped(advice, "text", width, look, 6)
    for number, command in enumerate(view.commands):
        row = LineBuilder(width, look).gap().append(look.glyphs.selected if view.copied == number else " ", "accent", 2)
        row.name(command, "link", max(8, row.room - 9))
        lines.append(row.align(8).append("y copied" if view.copied == number else "y copy", "dim").line())
    if url := alert.annotations.get("runbook_url", ""):
        row = LineBuilder(width, look).gap().append("runbook ", "dim")
        row.append(url, link_style(url), max(8, row.room - 9))
        lines.append(row.align(8).append("O open", "dim").line())
    return [*lines, *wrapped(advice, "dim", width, look, 4)] if view.commands else lines


def link_style(url: str) -> str:
    """The style of a web address that the terminal opens by a click (OSC 8); of anything else that of a link without it."""
    return f"link:{url}" if url.startswith(("https://", "http://")) and url.isprintable() and " " not in url else "link"


def _phases(view: IncidentView) -> Mapping[str, float]:
    if view.check is not None and view.check.phases and view.alert.state == "firing":
        return view.check.phases
    return view.detail.evidence.phases


def phase_lines(phases: Mapping[str, float], width: int, look: RenderStyle) -> list[Line]:
    """The phases one after another: each bar begins where the one before ends."""
    names = [*(name for name in PHASES if name in phases), *(name for name in phases if name not in PHASES)]
    whole = sum(phases.values())
    bars = min(40, width - 26)
    if whole <= 0 or bars < 6:
        return []
    lines, begun = [], 0.0
    for name in names:
        first, last = round(begun / whole * bars), round((begun + phases[name]) / whole * bars)
        row = LineBuilder(width, look).gap().append(name, "dim", 11).gap().append(look.glyphs.nothing * first, "track")
        row.append(look.glyphs.full * max(1, last - first), "slot-slow" if phases[name] > 0.5 * whole else "bar")
        lines.append(row.gap(max(0, bars - max(last, first + 1))).gap(2).append(f.latency(phases[name]), "text").line())
        begun += phases[name]
    return lines


def log_lines(view: IncidentView, width: int, look: RenderStyle) -> list[Line]:
    """The log's last lines, the newest first; those that were kept when it fired where no others are."""
    lines = view.log or tuple(LoggedLine(0, short_stamp(text, look.zone)) for text in reversed(view.detail.evidence.log))
    found = []
    for one in lines[:MOST_LOG]:
        row = LineBuilder(width, look).gap()
        if one.at:
            row.append(f.clock(one.at, look.zone, seconds=True), "dim").gap()
        style = {"error": "critical", "critical": "critical", "warning": "warning"}.get(one.level, "text")
        found.append(row.append(one.text if one.at else short_stamp(one.text, look.zone), style).line())
    return found


def else_lines(view: IncidentView, width: int, look: RenderStyle) -> list[Line]:
    """Figures now and an hour before it began, and the busiest processes then and now."""
    lines = [said(text, "text", width, look) for text in _figures(view, look)]
    then, now = view.detail.evidence.processes, view.board.resources.processes
    if then:
        lines += wrapped(f"{look.words.exact('busiest then')}: {_busy(then)}", "dim", width, look, 2)
    if now and view.alert.state != "resolved":
        most = sorted(now, key=lambda one: -one.cpu)[:3]
        lines += wrapped(
            f"{look.words.exact('busiest now')}: " + "  ".join(f"{one.name} {f.percent(one.cpu)}" for one in most), "dim", width, look, 2
        )
    return lines


def _busy(processes: Sequence[EvidenceProcess]) -> str:
    return "  ".join(f"{one.name} {f.percent(one.cpu)}" for one in processes[:3])


def _figures(view: IncidentView, look: RenderStyle) -> list[str]:
    """The figures of the check (of the machine without one) that differ most from an hour before."""
    before = view.before
    now, then = _known(view.check, view.board), _known(view.check, before) if before is not None else {}
    changed = sorted(now, key=lambda name: -_change(now[name], then.get(name)))
    texts = []
    for name in changed[:MOST_FIGURES]:
        text = f"{_short(name, view.check)} {f.figure(name, now[name])}"
        texts.append(f"{text}  ({look.words.exact('1h before')}: {f.figure(name, then[name])})" if name in then else text)
    return texts


def _known(check: CheckView | None, board: Board) -> Mapping[str, float]:
    if check is not None:
        found = next((one for one in board.checks if one.name == check.name), None)
        return {} if found is None else {name: value for name, value in found.figures.items() if not name.endswith("_max")}
    here = board.resources
    known = {"cpu_ratio": here.cpu, "memory_ratio": here.memory, "load1": here.load[0] if here.load else None}
    return {name: value for name, value in known.items() if value is not None}


def _change(now: float, then: float | None) -> float:
    return 0.0 if then is None else abs(now - then) / max(abs(now), abs(then), 1e-9)


def _short(name: str, check: CheckView | None) -> str:
    """The figure's name in words, without the check's type: "connections"."""
    base, _, labels = name.partition("{")
    base = base.removeprefix(f"{check.type}_" if check is not None else "")
    for unit in ("_ratio", "_bytes", "_seconds", "_total", "_per_second"):
        base = base.removesuffix(unit)
    return base.replace("_", " ") + (f" {{{labels}" if labels else "")
