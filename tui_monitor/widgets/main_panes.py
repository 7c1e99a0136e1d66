"""The five panes of the main screen: incidents, services, the selection, machine, processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import events

from tui_monitor.board.strip import Strip
from tui_monitor.board.values import AlertView, Board, CheckView, ProcessView
from tui_monitor.core import humanize as f
from tui_monitor.core.kept import Kept
from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets import incidents, machine, selection, services
from tui_monitor.widgets.alerts import order_key
from tui_monitor.widgets.board_panes import AlertsPane, BoardPane, ChecksPane, ResourcesPane
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle, note
from tui_monitor.widgets.ended import explained, lately_ended
from tui_monitor.widgets.frames import boxed, top_line
from tui_monitor.widgets.line_widget import OpensMoment
from tui_monitor.widgets.pane import Pane
from tui_monitor.widgets.strip_cells import cell_text, moment_at, next_cell, slots_at, windows_text
from tui_monitor.widgets.styles import TextStyles

Strips = Mapping[str, Strip]
BOX_WIDTH = 24
BOX_HEIGHT = 3
LEAST_RECENT, MOST_RECENT = 3, 8
"""The lines below the services that what ended lately needs (blank, head, one alert), and the alerts that it wants room for."""
TOP = "\0top"
"""The key of the top line beside those of the rows."""


class FramedPane(BoardPane):
    """A pane in a frame; ``framed`` is False where room is short, and only its top line is drawn."""

    framed = True
    window = ""

    def __init__(self, board: Board, *, look: RenderStyle, text_styles: TextStyles, id: str) -> None:
        self.strips: Strips = {}
        super().__init__(board, look=look, text_styles=text_styles, id=id)

    @property
    def is_boxed(self) -> bool:
        """Whether the frame is drawn at the present size."""
        width, height = self.shape
        return self.framed and width >= BOX_WIDTH and height >= BOX_HEIGHT

    def title(self, width: int) -> Line:
        """The top of the frame."""
        remark = self.marks_text() + (f"filter: {self.needle}" if self.needle else self.remark())
        parts = [part for part in (self.position_text(), remark) if part]
        boxed, focused = self.is_boxed, self.has_focus
        wide, heading, text = self.shape[0] if boxed else width, self.heading(), "   ".join(parts)
        return self.kept.of(
            TOP,
            (wide, boxed, focused, heading, text, self.look.words.language),
            lambda: top_line(heading, text, wide, self.look, focused=focused, boxed=boxed),
        )

    def heading(self) -> str:
        """The title's text."""
        return self.TITLE

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """The rows in their frame."""
        if not self.is_boxed:
            return Pane.build(self, width, height)
        lines, selected = Pane.build(self, width - 2, height - 1)
        return boxed(lines, width, height, self.look, focused=self.has_focus), selected

    def with_strips(self, strips: Strips, window: str) -> None:
        """Use these strips from the next board on."""
        self.strips, self.window = strips, window


class StripsPane(FramedPane):
    """A pane whose rows have strips. The arrows move a cursor on the strip of the selected row, whose moment the head tells."""

    moment = 0
    """The begin of the cell under the cursor (UTC ms), 0: there is no cursor."""

    def strip_of(self, index: int) -> Strip:
        """The strip of a row, empty where it has none."""
        raise NotImplementedError

    def cells_of_strip(self) -> int:
        """The cells of a strip at the present size."""
        raise NotImplementedError

    @property
    def inner(self) -> int:
        """The cells between the sides of the frame."""
        return self.shape.width - (2 if self.is_boxed else 0)

    def pointed(self) -> Strip:
        """The slots under the cursor."""
        strip = self.strip_of(self.cursor) if self.moment and self.keys() else ()
        return slots_at(strip, self.cells_of_strip(), self.moment) if strip else ()

    def point(self, step: int) -> bool:
        """Move the cursor; False where the selected row has no strip."""
        strip = self.strip_of(self.cursor) if self.keys() else ()
        self.moment = next_cell(strip, self.cells_of_strip(), self.moment, step)
        self.rebuild()
        return bool(self.moment)

    def point_nowhere(self) -> None:
        """Take the cursor away."""
        self.moment = 0
        self.rebuild()

    def remark(self) -> str:
        """What the cell under the cursor says, and the key that opens it."""
        slots = self.pointed() if self.has_focus else ()
        return f"{cell_text(slots, self.board.at, self.look.zone)}  Enter opens it" if slots else self.usual_remark()

    def position_text(self) -> str:
        """The range of visible rows, which leaves its room to what the cursor tells."""
        return "" if self.has_focus and self.pointed() else super().position_text()

    def usual_remark(self) -> str:
        """The text at the right of the head without a cursor."""
        return ""

    def mark_of(self, index: int) -> int:
        """The moment that is marked in a row's strip."""
        return self.moment if index == self.cursor and self.has_focus else 0


class IncidentsPane(StripsPane, AlertsPane):
    """What is wrong, one row for each cause; then what has ended within the last hour."""

    TITLE = "Incidents"
    history: Sequence[AlertView] = ()
    most = 1000
    """Rows that have room; of more, the alerts of one rule are folded into one."""
    is_unfolded = False
    folds: Mapping[str, Sequence[AlertView]] = {}
    """Id of a folded row → the alerts that it stands for."""

    def select_rows(self) -> None:
        """The alerts without those that another one explains, and those that ended lately."""
        super().select_rows()
        self.marked &= {alert.id for alert in self.board.alerts} if self.marked else set()
        found = incidents.grouped(self.alerts) if not self.needle else list(self.alerts)
        ended = [] if self.needle or self.board.past else lately_ended(self.history, self.board.at, self.board.alerts, self._needs())
        self.folds = {} if self.needle or self.is_unfolded or self.order != self.ORDERS[0] else incidents.folded(found, self.most)
        inside = {alert.id for fold in self.folds.values() for alert in fold[1:]}
        self.alerts = [*(alert for alert in found if alert.id not in inside), *ended]

    def ended_before(self) -> Sequence[AlertView]:
        """What ended within the last day and has no row here, the newest first."""
        if self.board.past:
            return ()
        shown, since = {alert.id for alert in self.alerts}, self.board.at - incidents.DAY
        found = [one for one in self.history if one.state == "resolved" and (one.ends_at or 0) > since]
        shown |= explained(found, self.board.alerts, self._needs()).keys()
        return sorted((one for one in found if one.id not in shown), key=lambda alert: -(alert.ends_at or 0))

    def _needs(self) -> Mapping[str, Sequence[str]]:
        return {check.name: check.depends_on for check in self.board.checks}

    def gravest(self) -> Sequence[AlertView]:
        """The incidents for the verdict, which neither a filter nor another order of the list may change."""
        if not self.needle and self.order == self.ORDERS[0]:
            return self.alerts
        return incidents.grouped(sorted(self.board.alerts, key=order_key(self.ORDERS[0])))

    def usual_remark(self) -> str:
        """Counts, and the order where it is not the default."""
        order = f"by {self.order}" if self.order != self.ORDERS[0] else ""
        return "   ".join(filter(None, (order, incidents.incident_counts(self.board))))

    def selected_alert(self) -> AlertView | None:
        """The alert of the selected row, else the first."""
        live = [alert for alert in self.alerts if alert.state != "resolved"]
        chosen = super().selected_alert()
        return chosen if chosen is None or chosen.state != "resolved" else next(iter(live), None)

    def opened_alert(self) -> AlertView | None:
        """The alert of the selected row, ended ones too."""
        return super().selected_alert()

    def made_of(self, index: int) -> tuple[object, ...]:
        """What stands in the line of an incident."""
        alert = self.alerts[index]
        fold = tuple(one.id for one in self.folds.get(alert.id, ()))
        return (*incidents.shown_parts(alert, self.board.at), self.strip_of(index), self.board.past, fold, self.mark_of(index))

    def cells_of_strip(self) -> int:
        """The cells of a strip at the present size."""
        return incidents.strip_width(self.inner)

    def strip_of(self, index: int) -> Strip:
        """The strip of the check that the alert is about."""
        return self.strips.get(self.alerts[index].labels.get("check", ""), ())

    def draw(self, index: int, width: int, *, selected: bool) -> Line:
        """One incident."""
        alert, strip, moment = self.alerts[index], self.strip_of(index), self.mark_of(index)
        fold = self.folds.get(alert.id, ())
        return incidents.incident_line(alert, strip, self.board.at, width, self.look, past=self.board.past, fold=fold, moment=moment)

    def foot(self, width: int, height: int) -> Sequence[Line]:
        """What to do about the selected incident, where no pane of the selection says it."""
        chosen = self.selected_alert()
        if self.framed or chosen is None or height < 4 or height - 2 < min(2, len(self.alerts)):
            return ()
        if width < incidents.NARROW:
            return incidents.narrow_foot(chosen, self.board.at, width, self.look, max(1, height - 1 - min(len(self.alerts), height // 2)))
        return [incidents.try_line(chosen, width, self.look)]

    def wanted_height(self) -> int:
        """The lines that all rows take, with frame and foot."""
        extra = 2 if self.framed else 2 if self.selected_alert() else 1
        return max(len(self.alerts), len(self.empty(80, 9)) if not self.alerts else 1) + extra

    def empty(self, width: int, height: int) -> Sequence[Line]:
        """One line for nothing, and what is missing for more."""
        if self.board.loading:
            return [note("The first measurement is running.", width, self.look)]
        if self.needle:
            return [note("Nothing matches the filter. Esc clears it.", width, self.look)]
        row = LineBuilder(width, self.look).gap(2).append(self.look.glyphs.healthy, "ok").gap().append("No alerts.", "text").gap()
        healthy = sum(check.status is HealthStatus.HEALTHY for check in self.board.checks)
        row.say(f"{healthy} of {len(self.board.checks)} checks are healthy." if self.board.checks else "", "dim")
        lines = [row.line()]
        if not self.board.notifiers:
            lines.append(note("No notifier yet ([[notifiers]]): alerts are shown only here.", width, self.look))
        if not self.board.checks:
            lines.append(note("Only this machine is monitored. i finds the services that run here.", width, self.look))
        return lines


class ServicesPane(StripsPane, ChecksPane):
    """All checks, below what they depend on, each with its strip."""

    TITLE = "Services"
    ORDERS = ("status", "configured", "latency", "name")
    ADVICE = (
        ("No check yet. In the configuration:", "dim"),
        ("[[checks]]", "text"),
        ('name = "api"', "text"),
        ('type = "http"', "text"),
        ('url = "https://api.example.com/health"', "text"),
        ("i finds the services that run here.", "dim"),
    )
    recent: Sequence[AlertView] = ()
    """Alerts that are over, shown below the services where there is room."""

    def __init__(self, board: Board, *, look: RenderStyle, text_styles: TextStyles, id: str) -> None:
        self.rows: list[services.TreeRow] = []
        self.columns: Sequence[str] = ()
        self._clicked = -1
        self._tree: list[services.TreeRow] = []
        self._trees: Kept[list[services.TreeRow]] = Kept()
        self._widths: Kept[int] = Kept()
        self._recent: Kept[Sequence[Line]] = Kept()
        super().__init__(board, look=look, text_styles=text_styles, id=id)

    def select_rows(self) -> None:
        """The checks as a tree; with a filter a flat list of those that match."""
        needle, found = self.needle.casefold(), self.board.checks
        if needle:
            found = tuple(c for c in found if needle in f"{c.name} {c.type} {c.category} {c.status} {c.reason}".casefold())
        order = self.order if not needle or self.order not in ("status", "configured") else "status"
        parts = (order, found if order == "latency" else [(check.name, check.status, check.depends_on) for check in found])
        self._tree, newest = (
            self._trees.of("", parts, lambda: services.tree(found, order, self.look)),
            {check.name: check for check in found},
        )
        self.rows = [row if row.check is (check := newest[row.check.name]) else services.TreeRow(check, row.branch) for row in self._tree]
        self.checks = [row.check for row in self.rows]

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """The rows in the order of `select_rows`; the panes of checks of old sorted here."""
        self.names = self._widths.of("", (self._tree, width), lambda: services.names_width(self.rows, width))
        return FramedPane.build(self, width, height)

    def usual_remark(self) -> str:
        """The order, the strips' window and the names of the columns."""
        order = f"by {self.order}   " if self.order != self.ORDERS[0] else ""
        return order + services.services_head(self.inner, self.window, self.look, self.columns) if self.rows else ""

    def on_click(self, event: events.Click) -> None:
        """A click on the strip of the selected row opens the moment under it; Textual calls `Pane.on_click` too, which selects."""
        index = self.top + event.y - self._above
        if index != self._clicked or index not in self.shown or event.chain != 1:
            self._clicked = index
            return
        start, wide = services.strip_cells(self.inner, self.names, self.columns)
        if at := moment_at(self.strip_of(index), event.x - self.is_boxed - start, wide):
            self.post_message(OpensMoment(at))

    def made_of(self, index: int) -> tuple[object, ...]:
        """What stands in the line of a check."""
        row = self.rows[index]
        age = f.age(row.check.since, self.board.at) if "since" in self.columns else ""
        return (row, self.strip_of(index), self.names, self.columns, age, self.mark_of(index))

    def cells_of_strip(self) -> int:
        """The cells of a strip at the present size."""
        return services.strip_cells(self.inner, self.names, self.columns)[1]

    def strip_of(self, index: int) -> Strip:
        """The strip of a check."""
        return self.strips.get(self.rows[index].check.name, ())

    def draw(self, index: int, width: int, *, selected: bool) -> Line:
        """One check."""
        row, strip = self.rows[index], self.strip_of(index)
        return services.service_line(row, strip, width, self.look, self.names, self.board.at, self.columns, self.mark_of(index))

    def foot(self, width: int, height: int) -> Sequence[Line]:
        """The checks that have no row, while the list stands at its top; else what ended lately, where there is room."""
        room = height - 1
        if len(self.rows) + LEAST_RECENT <= room and self.recent and not self.needle:
            parts = (width, room - len(self.rows), self.look.words.language, *(alert.id for alert in self.recent))
            return self._recent.of("", parts, lambda: self._recent_lines(width, room - len(self.rows)))
        if len(self.rows) <= room or self.cursor >= room - 1:
            return ()
        return [services.rest_line(self.checks[room - 1 :], width, self.look)]

    def recent_height(self) -> int:
        """The lines that what ended lately wants below the services, with the lines above it."""
        return min(MOST_RECENT, len(self.recent)) + LEAST_RECENT - 1 if self.recent and not self.needle else 0

    def _recent_lines(self, width: int, height: int) -> Sequence[Line]:
        head = top_line("Ended lately", "", width, self.look, boxed=False)
        rows = [incidents.ended_line(alert, self.board.at, width, self.look, self.names) for alert in self.recent[: height - 2]]
        blank = LineBuilder(width, self.look).line()
        return [blank, head, *rows, *[blank] * (height - 2 - len(rows))]


class SelectionPane(FramedPane):
    """The selected check or alert: its last hour, why, what to try, what it affects, its log."""

    TITLE = "Selection"
    check: CheckView | None = None
    alert: AlertView | None = None
    log_lines: Sequence[str] = ()
    notes: selection.Notes = ()

    def __init__(self, board: Board, *, look: RenderStyle, text_styles: TextStyles, id: str) -> None:
        self._pages: Kept[Sequence[Line]] = Kept()
        super().__init__(board, look=look, text_styles=text_styles, id=id)

    def about(self, check: CheckView | None, alert: AlertView | None, log: Sequence[str], notes: selection.Notes = ()) -> None:
        """Show another subject, or newer facts of the same."""
        self.check, self.alert, self.log_lines, self.notes = check, alert, log, notes

    def heading(self) -> str:
        """The name of what is selected."""
        if self.check is not None:
            return self.check.name
        return self.alert.name if self.alert is not None else self.TITLE

    def remark(self) -> str:
        """The windows of the chart, the chosen one in brackets; it is another with the key `w`."""
        return windows_text(self.window) if self.check is not None else ""

    def expr(self) -> str:
        """The latency of the check."""
        from tui_monitor.promql.values import selection as select

        return select("probe_duration_seconds", check=self.check.name) if self.check is not None else ""

    def empty(self, width: int, height: int) -> Sequence[Line]:
        """The chart and the facts: this pane has no rows."""
        check, alert, log, notes, now = self.check, self.alert, self.log_lines, self.notes, self.board.at
        strip = self.strips.get(check.name, ()) if check is not None else ()
        room = height - 1 if self.is_boxed else height
        parts = selection.shown_parts(check, alert, now)
        return self._pages.of(
            "",
            (width, room, strip, log, notes, self.look.words.language, *parts),
            lambda: selection.selection_lines(check, alert, strip, log, now, width, room, self.look, notes),
        )


class MachinePane(FramedPane, ResourcesPane):
    """This machine: filled graphs, a bar for each core, shares and rates."""

    TITLE = "Machine"
    with_top = False
    """Whether the busiest processes stand in the last line, as they have no pane."""

    def __init__(self, board: Board, *, look: RenderStyle, text_styles: TextStyles, id: str) -> None:
        self._parts: Kept[list[machine.ResourceRow]] = Kept()
        super().__init__(board, look=look, text_styles=text_styles, id=id)

    def forget(self) -> None:
        """Draw every row anew, the gauges too."""
        super().forget()
        self._parts.clear()

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """Select the rows that fit, then draw them."""
        inner, room = (width - 2, height - 2) if self.is_boxed else (width, height - 1)
        rows = machine.machine_entries(self.board, self.board.sparks, inner, room - self.with_top, self.look, self._parts)
        if self.with_top and self.board.resources.processes:
            top = machine.top_line(self.board.resources.processes, inner, self.look, by_memory=self.order == "memory")
            rows.append(machine.ResourceRow("", top))
        self._entries = [one for one in rows if self.needle.casefold() in one.key.casefold()] if self.needle else rows
        return FramedPane.build(self, width, height)

    def heading(self) -> str:
        """The title with the CPU's share; where it is all that is shown, with the others too."""
        cpu = self.board.resources.cpu
        head = f"{self.TITLE} cpu {cpu:.0%}" if cpu is not None else self.TITLE
        return head if self.shape[1] > 1 else f"{head}  {machine.shares_text(self.board.resources)}"

    def wanted_height(self) -> int:
        """The lines that all rows take, with a CPU graph of `machine.MOST_HIGH` lines."""
        return machine.lines_wanted(self.board, self.shape[0])

    def most_height(self) -> int:
        """The lines that the pane can use."""
        return self.wanted_height() + machine.TALLEST - machine.MOST_HIGH

    def position_text(self) -> str:
        """Nothing: the rows are chosen to fit."""
        return ""

    def remark(self) -> str:
        """Load and uptime."""
        if self.board.loading:
            return "loading"
        head = machine.machine_head(self.board.resources, self.shape[0])
        return head if self.order == self.ORDERS[0] else f"processes by {self.order}   {head}"


class ProcessesPane(FramedPane):
    """The busiest processes with a bar each."""

    TITLE = "Processes"
    ORDERS = ("cpu", "memory")

    def __init__(self, board: Board, *, look: RenderStyle, text_styles: TextStyles, id: str) -> None:
        self.processes: list[ProcessView] = []
        super().__init__(board, look=look, text_styles=text_styles, id=id)

    def select_rows(self) -> None:
        """The processes in the chosen order."""
        needle = self.needle.casefold()
        found = [one for one in self.board.resources.processes if needle in f"{one.name} {one.user} {one.pid}".casefold()]
        by_memory = self.order == "memory"
        self.processes = sorted(found, key=lambda one: (-one.memory if by_memory else -round(one.cpu, 2), -one.memory, one.pid))

    def keys(self) -> Sequence[str]:
        """One key for each process."""
        return [f"pid:{one.pid}" for one in self.processes]

    def position_text(self) -> str:
        """Nothing: the list is of the busiest only."""
        return ""

    def remark(self) -> str:
        """The order, and how many there are."""
        count = self.board.resources.process_count
        return (
            f"{count} in all   {self.order}{self.look.glyphs.down}"
            if count and self.shape[0] >= 40
            else f"{self.order}{self.look.glyphs.down}"
        )

    def made_of(self, index: int) -> tuple[object, ...]:
        """What stands in the line of a process."""
        return machine.process_parts(self.processes[index])

    def draw(self, index: int, width: int, *, selected: bool) -> Line:
        """One process."""
        return machine.process_line(self.processes[index], width, self.look)


__all__ = ["FramedPane", "IncidentsPane", "MachinePane", "ProcessesPane", "SelectionPane", "ServicesPane", "Strips"]
