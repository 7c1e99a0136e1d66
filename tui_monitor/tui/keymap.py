"""The table of keys: source of bindings, help page, command palette, footers and the table in docs/dashboard.md."""

from __future__ import annotations

from collections.abc import Iterator

from textual.binding import Binding, BindingType

from tui_monitor.core.frozen import frozen
from tui_monitor.tui.screen_table import SCREENS, ScreenEntry
from tui_monitor.widgets.cell_line import HelpSection, Hints

STEP_MS = 60_000
LONG_STEP_MS = 900_000
SECTIONS = ("Alerts", "View", "Time", "Move", "Monitor")
"""The sections of the help page."""
SCREENS_ENTRY = "screens"
"""The entry in whose place the help page lists the screens of `screen_table`."""


@frozen
class KeymapEntry:
    """One entry of the table: the keys of one action and their texts."""

    name: str
    shown: str
    """The keys as displayed: "a", "[ ]", "Ctrl+S"."""
    binds: tuple[tuple[str, str], ...] = ()
    """(Textual's names of the keys, action); nothing where Textual or an input binds them."""
    scopes: tuple[str, ...] = ("app",)
    """Where the keys are bound: "app" is everywhere, "main", "pane" (screens of one pane), else one kind of screen."""
    section: str = ""
    """The section of the help page; "" where the screen's own footer is enough."""
    help: str = ""
    doc: str = ""
    """Text of the documentation where it is longer than ``help``."""
    title: str = ""
    """Title in the command palette; "" for no entry."""
    about: str = ""
    """Text after the key in the palette."""
    hint: str = ""
    """Label in footers."""
    action: str = ""
    """Action of the palette entry, where it is not the first of ``binds``."""
    priority: bool = False
    """Whether the binding takes precedence over a focused input."""


KEYS = (
    # Alerts.
    KeymapEntry(
        "acknowledge", "a", (("a", "acknowledge"),), section="Alerts", hint="acknowledge",
        help="acknowledge the selected alert, else the first",
        doc="acknowledge the selected alert, else the first, from any pane; asks for a note (Enter sends, Esc cancels)",
        title="Acknowledge the alert", about="stop the reminders of the selected or first alert",
    ),
    KeymapEntry(
        "acknowledge_all", "A", (("A", "acknowledge_all"),), section="Alerts", help="acknowledge all firing alerts",
        title="Every firing alert: acknowledge", about="stop the reminders of all firing alerts",
    ),
    KeymapEntry(
        "undo_acknowledge_all", "U", (("U", "undo_acknowledge_all"),), section="Alerts", help="undo the last A",
        title="Every firing alert: undo the acknowledgement", about="withdraw what the last A acknowledged",
    ),
    KeymapEntry(
        "unacknowledge", "u", (("u", "unacknowledge"),), section="Alerts", hint="unack", help="withdraw the acknowledgement",
        title="Withdraw the acknowledgement", about="reminders continue",
    ),
    KeymapEntry(
        "silence", "s", (("s", "silence"),), section="Alerts", hint="silence", help="silence: labels, a duration, why",
        doc="silence: a form of its labels and durations that tells what it would mute; Enter mutes",
        title="Silence", about="mute matching alerts for a time",
    ),
    KeymapEntry(
        "alert_time", "m", (("m", "alert_time"),), section="Alerts", hint="go to start", help="go back to the start of the alert",
        title="Start of the alert", about="the board when the alert began",
    ),
    KeymapEntry(
        "check_of_alert", "c", (("c", "check"),), ("alert",), section="Alerts", hint="check", help="in an alert: the check it is about",
    ),
    KeymapEntry(
        "mark_row", "v", (("v", "mark_row"),), ("main", "alerts", "hosts"), section="Alerts", hint="mark",
        help="mark alerts: a A u s act on them",
        doc="mark the selected alert or host (again: not); `a`, `A`, `u`, `s` (of hosts `e` too) then act on the marked ones, Esc unmarks",
    ),
    KeymapEntry(
        "next_incident", "J K", (("J", "other_incident(1)"), ("K", "other_incident(-1)")), ("alert",),
        hint="other incidents", doc="in an alert: next, previous incident",
    ),
    KeymapEntry(
        "copy", "y", (("y", "copy"),), ("alert", "log_line", "trace"), hint="copy",
        doc="on an alert's page: copy the advice's command (OSC 52), at each press the next one",
    ),
    KeymapEntry(
        "runbook", "O", (("O", "runbook"),), ("alert",), hint="runbook",
        doc="on an alert's page: open the runbook; over SSH its address is copied, and a click opens it (OSC 8)",
    ),
    KeymapEntry("service_map", "d", (("d", "service_map"),), section="View", hint="depends", help="what depends on what",
                title="Service map", about="checks below what they depend on, root causes first"),
    # View.
    KeymapEntry(
        "details", "Enter", (("enter", "details"),), ("main",), section="View", hint="details", help="details of the selection",
        doc="details of the selection: all facts, history, notifications, evidence",
    ),
    KeymapEntry(
        "window", "w", (("w", "window"),), ("main", "alert", "map", "service", "check"), section="View", hint="window",
        help="window of all strips: 1h, 24h, 30d, 15m",
    ),
    KeymapEntry(
        "layout", "b", (("b", "layout"),), ("main",), hint="layout",
        doc="another layout: auto, incident, services, machine, wall (`[dashboard] layout` keeps one)",
        title="Layout of the board", about="the next of auto, incident, services, machine, wall",
    ),
    KeymapEntry(
        "fold", "z", (("z", "fold"),), ("main",), section="View", hint="fold", help="fold alerts of one rule; processes as a tree",
        doc="in incidents: show the alerts of one rule one by one, or folded into one row (`a`, `A`, `u`, `s` on it act on all of them)",
    ),
    KeymapEntry("back", "Esc", (("escape", "back"),), section="View", hint="back", help="back; never quits"),
    KeymapEntry(
        "trend", "t", (("t", "trend"),), section="View", hint="trend", help="trend of the selection",
        title="Trend", about="a chart of the selection",
    ),
    KeymapEntry(
        "explore", "e", (("e", "explore"),), section="View", hint="explore", help="explore: any PromQL; a ; b draws two",
        doc="explore: any PromQL; `a; b` draws two", title="Explore", about="any PromQL, as table or chart",
    ),
    KeymapEntry(
        "save_panel", "Ctrl+S", (("ctrl+s", "save_panel"),), ("chart", "explore"), section="View", hint="save panel",
        help="in trend and explore: save as a panel", priority=True,
    ),
    KeymapEntry(
        "add_series", ";", (("semicolon", "add_series"),), ("chart", "explore"), section="View", hint="another series",
        help="in trend: add another series",
    ),
    KeymapEntry(
        "filter", "/", (("slash", "filter"),), section="View", hint="filter", help="filter rows; n N next and previous",
        doc="filter rows as you type; Esc clears it", title="Filter", about="show only matching rows",
    ),
    KeymapEntry("next_match", "n N", (("n", "next_match(1)"), ("N", "next_match(-1)")), ("main", "pane"), doc="next and previous match"),
    KeymapEntry(
        "order", "o", (("o", "order"),), ("main", "pane"), section="View", hint="order", help="change the sort order",
        title="Change the sort order", about="of the pane that has the focus", action="screen.order",
    ),
    KeymapEntry(
        "pause", "p", (("p", "pause"),), section="View", hint="pause", help="freeze the screen; monitoring goes on",
        title="Freeze the screen", about="monitoring goes on",
    ),
    # Logs, requests and traces.
    KeymapEntry("logs", "L", hint="logs"),
    KeymapEntry("follow", "p", (("p", "follow"),), ("logs",), hint="pause"),
    KeymapEntry("search", "/", (("slash", "search"),), ("logs",), hint="search"),
    KeymapEntry(
        "log_filter", "f", (("f", "filter_lines"),), ("logs", "traces"), hint="filter",
        doc="in logs and traces: filter in a line, as `level=error last=1h`",
    ),
    KeymapEntry(
        "log_level", "+ -", (("plus,equals_sign", "level(1)"), ("minus", "level(-1)")), ("logs",), hint="level",
        doc="in logs: graver lines only, more lines",
    ),
    KeymapEntry("log_source", "Tab", (("tab", "source(1)"), ("shift+tab", "source(-1)")), ("logs", "traces"), hint="source"),
    KeymapEntry("log_window", "w", (("w", "window"),), ("logs", "traces"), hint="last"),
    KeymapEntry("shift", "left right", (("left,h", "shift(-1)"), ("right,l", "shift(1)")), ("logs",), hint="sideways"),
    KeymapEntry("alert_moment", "m", (("m", "alert_moment"),), ("logs",), hint="alert"),
    KeymapEntry(
        "trace_of_line", "T", (("T", "trace_of_line"),), ("logs", "log_line"), hint="trace",
    ),
    KeymapEntry("route_traces", "T", (("T", "route_traces"),), ("requests",), hint="traces"),
    KeymapEntry("request_source", "Tab", (("tab", "source(1)"), ("shift+tab", "source(-1)")), ("requests",), hint="check"),
    KeymapEntry("by_operation", "b", (("b", "by_operation"),), ("traces",), hint="operations"),
    KeymapEntry("next_failed", "J K", (("J", "next_failed(1)"), ("K", "next_failed(-1)")), ("trace",), hint="next failed"),
    KeymapEntry("next_line", "J K", (("J", "next_line(1)"), ("K", "next_line(-1)")), ("log_line",), hint="next line"),
    # Time.
    KeymapEntry(
        "step", "[ ]", (("left_square_bracket", f"step({-STEP_MS})"), ("right_square_bracket", f"step({STEP_MS})")), section="Time",
        hint="time", help="a minute back, forward; the newest is live",
    ),
    KeymapEntry(
        "long_step", "{ }", (("left_curly_bracket", f"step({-LONG_STEP_MS})"), ("right_curly_bracket", f"step({LONG_STEP_MS})")),
        section="Time", hint="15 minutes", help="a quarter of an hour",
    ),
    KeymapEntry(
        "go_to_time", "@", (("at", "go_to_time"),), section="Time", hint="a time", help="go to a time: 03:10, 2026-11-20 03:10, -2h",
        doc="go to a time: `03:10`, `2026-11-20 03:10`, `-2h`", title="Go to a time", about="show the board of a past moment",
    ),
    KeymapEntry(
        "mark", "M", (("M", "mark"),), section="Time", hint="mark", help="mark the moment shown, on every chart",
        doc="mark the moment shown (an annotation), on every chart", title="Mark this moment", about="an annotation on every chart",
    ),
    KeymapEntry(
        "trouble", "< >", (("less_than_sign", "trouble(-1)"), ("greater_than_sign", "trouble(1)")), ("main", "check"), section="Time",
        hint="trouble", help="the last, the next trouble of the selection",
        doc="the board at the last and the next trouble in the strip of the selection; a click on the time line or on the strip of the "
        "selected service opens the moment under it",
    ),
    KeymapEntry(
        "point", "left", (("left", "point(-1)"), ("right", "point(1)")), ("main",), section="Time", hint="moment",
        help="left, right: a moment of the strip, Enter opens it",
        doc="left and right move a cursor on the strip of the selected row: the head tells time, status and latency of its cell, Enter "
        "shows the board of that moment, Esc takes the cursor away; in panes without strips they go to the next pane",
    ),
    # Move.
    KeymapEntry(
        "next_pane", "Tab", (("tab,l", "focus_pane(1)"), ("shift+tab,h", "focus_pane(-1)")), ("main",), section="Move",
        hint="panes", help="next pane; Shift+Tab the one before",
    ),
    KeymapEntry(
        "move", "arrows",
        (
            ("down,j", "move(1)"), ("up,k", "move(-1)"), ("pagedown,space", "move_page(1)"), ("pageup", "move_page(-1)"),
            ("g,home", "move_to_end(-1)"), ("G,end", "move_to_end(1)"),
        ),
        ("main", "pane"), section="Move", help="also h j k l; g first, G last; the mouse works",
        doc="also `h` `j` `k` `l`; `g` first, `G` last; the mouse works",
    ),
    KeymapEntry(SCREENS_ENTRY, "1-9", section="Move", hint="screens"),
    KeymapEntry("palette", "Ctrl+P", section="Move", hint="all commands", help="all commands"),
    # Monitor.
    KeymapEntry(
        "reload", "R", (("R", "reload"),), section="Monitor", help="reload the configuration",
        title="Reload the configuration", about="an invalid file changes nothing",
    ),
    KeymapEntry(
        "find_services", "i", (("i", "find_services"),), section="Monitor", hint="find services", help="first run: find the services",
        title="Find the services of this machine", about="writes a first configuration",
    ),
    KeymapEntry(
        "help", "?", (("question_mark", "help"),), section="Monitor", hint="help", help="this page",
        doc="help: the keys of the main screen and of all screens; those of one screen stand in its footer",
        title="Help", about="keys, shapes and words",
    ),
    KeymapEntry(
        "quit", "q", (("q", "quit"),), section="Monitor", hint="quit", help="quit; never ends the daemon",
        title="Quit", about="never ends the daemon",
    ),
    KeymapEntry(
        "suspend", "Ctrl+Z", (("ctrl+z", "suspend_process"),), priority=True,
        help="suspend; fg in the shell brings it back",
    ),
    KeymapEntry("quit_anyway", "Ctrl+Q", (("ctrl+q,ctrl+c", "quit"),), priority=True),
    # Keys of single screens: listed in their footers only.
    KeymapEntry("open", "Enter", (("enter", "open"),), ("pane",), hint="open"),
    KeymapEntry("close_help", "?", (("question_mark,q", "close"),), ("help",), hint="close"),
    KeymapEntry("form_rows", "Tab", (("tab", "row(1)"), ("shift+tab", "row(-1)"), ("down", "row(1)"), ("up", "row(-1)")), ("silence_form",),
                priority=True),
    KeymapEntry("form_places", "left right", (("left,h", "move(-1)"), ("right,l", "move(1)")), ("silence_form",), hint="choose"),
    KeymapEntry("form_toggle", "Space", (("space,x", "toggle_chip"),), ("silence_form",), hint="label"),
    KeymapEntry("form_mute", "Enter", (("enter", "mute"),), ("silence_form",), hint="mute"),
    KeymapEntry("form_line", "Ctrl+T", (("ctrl+t", "as_line"),), ("silence_form",), priority=True,
                doc="in the form of a silence: the same as one line, for other matchers and durations; there, back"),
    KeymapEntry("line_form", "Ctrl+T", (("ctrl+t", "as_form"),), ("prompt",), priority=True),
    KeymapEntry("leave", "Esc", (("escape", "leave"),), ("prompt", "silence_form"), hint="cancel", priority=True),
    KeymapEntry("range", "left right", (("left,h", "range(-1)"), ("right,l", "range(1)")), ("study", "route", "report"), hint="range"),
    KeymapEntry(
        "report_period", "[ ]", (("left_square_bracket", "period(-1)"), ("right_square_bracket", "period(1)")), ("report",),
        hint="earlier, later",
    ),
    KeymapEntry(
        "cursor", "left right", (("left,h", "cursor(-1)"), ("right,l", "cursor(1)")), ("chart", "explore"), hint="cursor",
        doc="in a chart: move the cursor; at the edge back and forth in time",
    ),
    KeymapEntry(
        "zoom", "+ -", (("plus,equals_sign", "zoom(-1)"), ("minus", "zoom(1)")), ("chart", "explore"), hint="zoom",
        doc="zoom a chart: 5 minutes to 30 days",
    ),
    KeymapEntry(
        "alone", "j k", (("j,down", "alone(1)"), ("k,up", "alone(-1)")), ("chart",), hint="one series",
        doc="in a chart of several series: show one of them alone; Esc shows all",
    ),
    KeymapEntry("alone_too", "j k", (("j", "alone(1)"), ("k", "alone(-1)")), ("explore",), hint="one series"),
    KeymapEntry("compare", "c", (("c", "compare"),), ("chart", "explore"), hint="last week"),
    KeymapEntry("table", "v", (("v", "table"),), ("chart", "explore"), hint="table or chart"),
    KeymapEntry("again", "r", (("r", "again"),), ("chart", "explore"), hint="again"),
    KeymapEntry("run", "Enter", scopes=("explore",), hint="run"),
    KeymapEntry("recall", "up", (("up", "recall(-1)"), ("down", "recall(1)")), ("explore",), hint="earlier ones"),
    KeymapEntry(
        "switch", "Tab", (("tab", "switch"),), ("explore",), hint="to the chart and back", priority=True,
        doc="in explore: take the offered word, else to the chart and back; down opens the list of metrics",
    ),
    KeymapEntry("tree", "z", (("z", "tree"),), ("processes",), hint="tree", doc="in processes: who started whom"),
    KeymapEntry(
        "kill", "K", (("K", "kill"),), ("processes", "process"), hint="signal",
        doc="in processes: send a signal (off unless `kill = true` under `[dashboard]`)",
    ),
    KeymapEntry("extend", "+", (("plus", "extend"),), ("silences",), hint="longer"),
    KeymapEntry(
        "next_panel", "Tab", (("tab,l,right", "next_panel(1)"), ("shift+tab,h,left", "next_panel(-1)")), ("grid",),
        hint="panel",
    ),
    KeymapEntry("tick", "Space", (("space", "tick"),), ("first_run",), hint="tick"),
    KeymapEntry("remove", "x", (("x,delete", "remove"),), ("panels",), hint="remove"),
)  # fmt: skip
_BY_NAME = {key.name: key for key in KEYS}


def bindings(scope: str) -> list[BindingType]:
    """Textual bindings of a scope; "app" includes the keys that open screens."""
    found: list[BindingType] = [
        Binding(keys, action, key.title or key.help or key.hint or key.doc, show=False, priority=key.priority)
        for key in KEYS
        if scope in key.scopes
        for keys, action in key.binds
    ]
    if scope == "app":
        found += [Binding(one.key, action_of(one), one.title, show=False) for one in SCREENS if one.key]
    return found


def action_of(screen: ScreenEntry) -> str:
    """The action of the app that opens a named screen."""
    return screen.action or f"open_screen('{screen.name}')"


def hints(*named: str | tuple[str, str]) -> Hints:
    """Footer as (key, label) pairs, from names of entries or (name, own label) pairs."""
    pairs = ((one, _BY_NAME[one].hint) if isinstance(one, str) else one for one in named)
    return tuple((_BY_NAME[name].shown, word) for name, word in pairs)


def help_sections() -> tuple[HelpSection, ...]:
    """Sections of the help page: title and (key, description) pairs."""
    return tuple((title, tuple(_help_rows(title))) for title in SECTIONS)


def _help_rows(section: str) -> Iterator[tuple[str, str]]:
    for key in KEYS:
        if key.section == section and key.name == SCREENS_ENTRY:
            yield from ((one.key or "0", one.help) for one in SCREENS)
        elif key.section == section:
            yield key.shown, key.help


def palette() -> Iterator[tuple[str, str, str]]:
    """Entries of the command palette: (title, description, action)."""
    for key in KEYS:
        if key.title:
            yield key.title, f"{key.shown}: {key.about}", key.action or key.binds[0][1]
    for one in SCREENS:
        yield one.title, f"{one.key}: {one.about}" if one.key else one.about, action_of(one)


def docs_table() -> str:
    """The table of keys in docs/dashboard.md, as Markdown."""
    rows = ["| key | does |", "| --- | --- |"]
    for key in KEYS:
        if key.name == SCREENS_ENTRY:
            rows += [f"| {_code(one.key or '0')} | {one.help} |" for one in SCREENS]
        elif key.help or key.doc:
            rows.append(f"| {_code(key.shown)} | {key.doc or key.help} |")
    return "\n".join(rows)


def _code(shown: str) -> str:
    """The keys in backquotes; a word for several keys ("arrows") stays prose."""
    return " ".join(word if word == "arrows" else f"`{word}`" for word in shown.split())
