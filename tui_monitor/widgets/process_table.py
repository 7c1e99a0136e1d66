"""The table of all processes, flat or as a tree, and the page of one of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from tui_monitor.board.process_list import ListedProcess
from tui_monitor.core import humanize as f
from tui_monitor.core.catalogue.table_heads import table_head
from tui_monitor.core.frozen import frozen
from tui_monitor.widgets.areas import chart_lines, newest
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle
from tui_monitor.widgets.graphs import spark
from tui_monitor.widgets.list_panes import fact, heading
from tui_monitor.widgets.styles import TextStyles
from tui_monitor.widgets.table_pane import Column, TablePane

STATES = {
    "R": "running",
    "S": "sleeping",
    "D": "waits for a disk",
    "Z": "has ended, its parent has not asked for it",
    "T": "stopped",
    "I": "idle",
}
BUSY, VERY_BUSY = 0.5, 0.9
TREND = 60
"""Readings that the trend of a process keeps."""
NO_TREND: tuple[float | None, ...] = ()
Identity = tuple[int, int]
"""pid and start."""


def identity(process: ListedProcess) -> Identity:
    """What tells processes apart, also when a pid is used again."""
    return process.pid, process.started


class ProcessTrends:
    """CPU of each process that has used any since the list was opened; nothing of it is stored."""

    def __init__(self) -> None:
        self._cpu: dict[Identity, deque[float | None]] = {}

    def add(self, processes: Iterable[ListedProcess]) -> None:
        """Take a reading; processes that have ended are forgotten."""
        known, self._cpu = self._cpu, {}
        for one in processes:
            values = known.get(identity(one))
            if values is None and one.cpu:
                values = deque(maxlen=TREND)
            if values is not None:
                values.append(one.cpu)
                self._cpu[identity(one)] = values

    def of(self, process: ListedProcess) -> tuple[float | None, ...]:
        """The newest readings, the newest last."""
        return tuple(self._cpu.get(identity(process), NO_TREND))


def _cpu(one: ListedProcess) -> tuple[str, str]:
    if one.cpu is None:
        return "-", "faint"
    style = "critical" if one.cpu >= VERY_BUSY else "warning" if one.cpu >= BUSY else "strong" if one.cpu >= 0.01 else "dim"
    return f"{one.cpu * 100:.1f}", style


TREE_COLUMN = "command"
COLUMNS = (
    Column[ListedProcess]("pid", 7, lambda one: (str(one.pid), "dim"), lambda one: one.pid, right=True),
    Column[ListedProcess]("user", 10, lambda one: (one.user, "dim"), lambda one: one.user, from_width=64),
    Column[ListedProcess](
        "s", 2, lambda one: (one.state, "warning" if one.state in "DZT" else "dim"), lambda one: one.state, from_width=64
    ),
    Column[ListedProcess]("cpu %", 6, _cpu, lambda one: one.cpu, falling=True, right=True),
    Column[ListedProcess]("memory", 7, lambda one: (f.size(one.memory), "text"), lambda one: one.memory, falling=True, right=True),
    Column[ListedProcess](
        "thr", 7, lambda one: (str(one.threads), "dim"), lambda one: one.threads, falling=True, right=True, from_width=100
    ),
    Column[ListedProcess]("age", 7, lambda one: (f.span(one.age), "dim"), lambda one: one.age, right=True, from_width=80, is_word=True),
    Column[ListedProcess]("trend", 15, lambda one: ("", "bar"), lambda one: one.cpu, falling=True, from_width=116),
    Column[ListedProcess](TREE_COLUMN, 0, lambda one: (one.command, "text"), lambda one: one.name.casefold()),
)
PID, CPU, TREND_AT = 0, 3, 7


class ProcessesTable(TablePane[ListedProcess]):
    """All processes; as a tree the children stand below their parents, in the chosen order among them."""

    TITLE = "Processes"
    FULL_IS_DATA = True
    COLUMNS = COLUMNS
    EMPTY_TEXT = "No process is known yet."

    def __init__(self, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__(look=look, text_styles=text_styles)
        self.order = CPU
        self.is_tree = False
        self.trends = ProcessTrends()
        self._branches: Mapping[int, str] = {}

    def key_of(self, row: ListedProcess) -> str:
        """pid and start."""
        return f"{row.pid}:{row.started}"

    def search_of(self, row: ListedProcess) -> str:
        """pid, name, user and command line."""
        return f"{row.pid} {row.name} {row.user} {row.command}"

    def full_of(self, row: ListedProcess) -> str:
        """The command line."""
        return row.command

    def count_text(self) -> str:
        """The number of processes, and whether they stand as a tree."""
        return super().count_text() + (", as a tree" if self.is_tree and not self.needle else "")

    def arranged(self, rows: Sequence[ListedProcess]) -> list[ListedProcess]:
        """Flat, or each below its parent; a filter leaves a flat list."""
        flat = super().arranged(rows)
        if not self.is_tree or self.needle:
            self._branches = {}
            return flat
        placed = process_tree(flat, self.look)
        self._branches = {row.process.pid: row.branch for row in placed}
        return [row.process for row in placed]

    def cell(self, number: int, item: ListedProcess) -> tuple[str, str]:
        """The command with its branch, the trend, else as the column says."""
        text, style = super().cell(number, item)
        if number == TREND_AT:
            return spark(self.trends.of(item), COLUMNS[TREND_AT].width, self.look.glyphs, 0.0, 1.0), style
        if COLUMNS[number].title == TREE_COLUMN:
            return self._branches.get(item.pid, "") + text, style
        return text, style


@frozen
class BranchedProcess:
    """A process, and the branch that leads to it from its parent."""

    process: ListedProcess
    branch: str = ""


def process_tree(processes: Sequence[ListedProcess], look: RenderStyle) -> list[BranchedProcess]:
    """Each process below its parent; one without a listed parent is a root. Siblings keep their order."""
    pids = {one.pid for one in processes}
    children: dict[int, list[ListedProcess]] = {}
    for one in processes:
        children.setdefault(one.parent if one.parent in pids and one.parent != one.pid else -1, []).append(one)
    placed: list[BranchedProcess] = []
    waiting = [(one, "", "") for one in reversed(children.pop(-1, []))]
    while waiting:
        one, branch, below = waiting.pop()
        placed.append(BranchedProcess(one, branch))
        own = children.pop(one.pid, [])
        for number, child in reversed(list(enumerate(own))):
            last = number == len(own) - 1
            stem = "  " if last else look.glyphs.ticks[1] + " "
            waiting.append((child, below + look.glyphs.branches[last], below + stem))
    return placed


@frozen
class ProcessPage:
    """What the page of one process says: the process, its parent and children, and its readings since the page was opened."""

    process: ListedProcess
    parent: ListedProcess | None
    children: Sequence[ListedProcess]
    cpu: Sequence[float | None]
    memory: Sequence[float]
    at: int
    """When it was read last (UTC ms)."""
    ended: bool = False


def process_lines(page: ProcessPage, now: int, width: int, look: RenderStyle) -> list[Line]:
    """The page of one process."""
    one = page.process
    state = "has ended" if page.ended else STATES.get(one.state, one.state)
    head = LineBuilder(width, look).gap(1).name(one.name, "strong").gap(2).append(f"pid {one.pid}", "text").gap(2)
    lines: list[Line] = [
        LineBuilder(width, look).line(),
        head.append(state, "warning" if page.ended or one.state in "DZT" else "dim").line(),
    ]
    lines.append(LineBuilder(width, look).line())
    lines += _fact("command", one.command, width, look) + _fact("user", one.user, width, look)
    cpu = "not known yet" if one.cpu is None else f"{one.cpu * 100:.1f}% of one core"
    lines += _fact("cpu", cpu, width, look) + _fact("memory", f.size(one.memory), width, look)
    lines += _fact("threads", str(one.threads) if one.threads else "", width, look)
    if one.age is not None:
        began = page.at - round(one.age * 1000)
        lines += _fact("started", f"{f.stamp(began, now, look.zone, seconds=True)}, {f.ago(began, now)}", width, look)
    if page.parent is not None:
        lines += _fact("parent", f"{page.parent.pid} {page.parent.name}", width, look)
    names = ", ".join(f"{child.pid} {child.name}" for child in page.children[:20])
    more = f" and {len(page.children) - 20} more" if len(page.children) > 20 else ""
    lines += _fact("children", names + more, width, look)
    lines += _chart("CPU since this page was opened", page.cpu, lambda top: f"{top * 100:.0f}%", 0.05, width, look)
    lines += _chart("Memory since this page was opened", page.memory, f.size, 1.0, width, look)
    lines += heading("Earlier", width, look)
    kept = f'not stored for single processes; a check of type "process" with process = "{one.name}" keeps cpu, memory and open files'
    return lines + _fact("history", kept, width, look, "dim")


def _chart(
    title: str, values: Sequence[float | None], text: Callable[[float], str], least: float, width: int, look: RenderStyle
) -> list[Line]:
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return []
    top = max(*known, least)
    columns = [(None if value is None else value / top, "bar") for value in newest(values, max(1, min(width - 12, 120)))]
    chart = chart_lines(columns, [text(top), "", "0"], 4, width, look)
    return [*heading(title, width, look), *chart]


def _fact(name: str, text: str, width: int, look: RenderStyle, style: str = "text") -> list[Line]:
    return fact(table_head(name, look.words.language), text, width, look, style)
