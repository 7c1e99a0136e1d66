"""The lines of the Machine and Processes panes: filled graphs, a bar for each core, bars of the busiest processes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from tui_monitor.board.values import Board, ProcessView, Resources, Spark
from tui_monitor.core import humanize as f
from tui_monitor.core.frozen import frozen
from tui_monitor.core.kept import Kept
from tui_monitor.promql.values import selection
from tui_monitor.widgets.areas import append_bar, area, newest, pick
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle

WARM, HOT = 0.7, 0.9
DISK_WARM = 0.8
PRESSURE_WARM = 0.1
MOST_BARS = 16
"""Cores with a bar of their own; of more, a map of one cell a core is drawn."""
LABEL = 6
RATE_ROOM = 48
"""From this width on two rates have room for more digits."""
TALL = 4
"""From so many lines on a graph is coloured by height."""
TEXT_STYLES = {"slot-ok": "strong", "slot-slow": "warning", "slot-down": "critical"}
"""The style of a figure by that of its bar."""
MOST_HIGH, TALLEST = 6, 12
"""Lines of the CPU's graph where there is room, and where no other pane wants the room."""


@frozen
class ResourceRow:
    """One line of the pane. ``key`` identifies it for selection ("": unselectable); ``expr`` is the PromQL of its trend."""

    key: str
    line: Line
    expr: str = ""


def level(ratio: float, warm: float = WARM) -> str:
    """The style of a share in use."""
    return "slot-down" if ratio >= HOT else "slot-slow" if ratio >= warm else "slot-ok"


def machine_head(here: Resources, width: int) -> str:
    """The right part of the title: load and uptime."""
    load = "load " + " ".join(f"{value:.2f}" for value in here.load) if here.load and width >= 50 else ""
    return "   ".join(filter(None, (load, f"up {f.span(here.uptime)}" if here.uptime else "")))


def machine_entries(
    board: Board, sparks: Mapping[str, Spark], width: int, height: int, look: RenderStyle, kept: Kept[list[ResourceRow]]
) -> list[ResourceRow]:
    """The rows that fit: the CPU as an area as high as there is room for, cores, then two gauges or rates a line.

    ``kept`` has the rows of before: figures change each second, what they show of it seldom.
    """
    here, values = board.resources, sparks.get("cpu", ())
    cores, language = tuple(round(value, 2) for value in here.cores), look.words.language
    rest = [*kept.of("cores", (cores, width, language), lambda: core_rows(cores, width, look))]
    rest += _pairs(_gauges(here) + _rates(here), sparks, width, look, kept)
    rest += _remarks(board, width, look)
    high = max(1, min(TALLEST, height - len(rest)))
    cpu = kept.of("cpu", (values, here.cpu is None, high, width, language), lambda: cpu_rows(here, values, high, width, look))
    return [*cpu, *rest][: max(1, height)]


def lines_wanted(board: Board, width: int) -> int:
    """How many lines all rows take at a width."""
    here = board.resources
    cores = len(here.cores)
    bars = 0 if cores < 2 else 1 if cores > MOST_BARS else -(-cores // max(1, min(cores, width // 24, 4)))
    pairs = len(here.mounts) + min(2, len(here.interfaces)) + min(2, len(here.disks)) + bool(here.pressure)
    pairs += (here.memory is not None) + bool(here.swap_total)
    return MOST_HIGH + bars + -(-pairs // (2 if width >= 64 else 1)) + len(board.advice) + bool(here.error)


def cpu_rows(here: Resources, values: Spark, height: int, width: int, look: RenderStyle) -> list[ResourceRow]:
    """The CPU of the last minutes; a tall graph is coloured by height, a low one each column by its load."""
    if here.cpu is None:
        return [ResourceRow("cpu", LineBuilder(width, look).gap().append("cpu: no reading", "dim").line(), "cpu_usage_ratio")]
    columns = pick(newest([*values], max(1, width - 2)), level)
    rows = []
    for number, runs in enumerate(area(columns, height, look.glyphs)):
        row = LineBuilder(width, look).gap()
        by_height = level((height - number - 0.5) / height) if height >= TALL else ""
        for text, style in runs:
            row.append(text, by_height or style)
        rows.append(ResourceRow("cpu" if number == height - 1 else "", row.line(), "cpu_usage_ratio"))
    return rows


def core_rows(cores: Sequence[float], width: int, look: RenderStyle) -> list[ResourceRow]:
    """A bar for each core, several a line; a map above 16 cores."""
    if len(cores) < 2:
        return []
    if len(cores) > MOST_BARS:
        row = LineBuilder(width, look).gap().append("cores", "dim", LABEL)
        for value in cores[: max(1, row.room - 12)]:
            row.append(look.glyphs.block(value), level(value))
        return [ResourceRow("cores", row.gap(2).say(f"max {f.percent(max(cores))}", "dim").line(), "cpu_core_usage_ratio")]
    many = max(1, min(len(cores), width // 24, 4))
    lines = []
    for start in range(0, len(cores), many):
        row = LineBuilder(width, look)
        for number, value in enumerate(cores[start : start + many], start):
            _gauge(row, f"core{number}", value, level(value), width // many, look)
        lines.append(ResourceRow("cores" if start == 0 else "", row.line(), "cpu_core_usage_ratio"))
    return lines


def is_calm(here: Resources) -> bool:
    """Whether nothing of the machine is near its limit."""
    shares = [here.cpu or 0.0, here.memory or 0.0, here.swap or 0.0]
    full = [mount.usage or 0.0 for mount in here.mounts]
    return max(shares) < WARM and max(full, default=0.0) < DISK_WARM and max(here.pressure.values(), default=0.0) < PRESSURE_WARM


def shares_text(here: Resources) -> str:
    """Memory and the fullest file system, for a title."""
    fullest = max(here.mounts, key=lambda mount: mount.usage or 0.0, default=None)
    memory = f"mem {f.percent(here.memory)}" if here.memory is not None else ""
    return "  ".join(filter(None, (memory, f"{fullest.mount} {f.percent(fullest.usage)}" if fullest else "")))


Gauge = tuple[str, str, str, float | None, str, str]
"""Key, label, PromQL, share in use (None: a rate), style or series of the spark, text."""


def _gauges(here: Resources) -> list[Gauge]:
    found: list[Gauge] = []
    if here.memory is not None:
        found.append(
            ("memory", "mem", "memory_usage_ratio", round(here.memory, 3), level(here.memory), f"{f.size(here.memory_available)} free")
        )
    if here.swap_total and here.swap is not None:
        found.append(("swap", "swap", "swap_usage_ratio", round(here.swap, 3), level(here.swap), ""))
    for one in here.mounts:
        expr = selection("disk_usage_ratio", mount=one.mount)
        note = one.forecast or (f"{f.size(one.free)} free" if one.usage is not None else one.error or "no figures")
        style = "warning" if one.forecast or one.usage is None else level(one.usage, DISK_WARM)
        found.append((f"mount:{one.mount}", one.mount, expr, None if one.usage is None else round(one.usage, 3), style, note))
    return found


def _rates(here: Resources) -> list[Gauge]:
    found: list[Gauge] = []
    for one in here.interfaces[:2]:
        found.append((f"net:{one.name}", one.name, selection("network_receive_bytes_per_second", interface=one.name), None,
                      f"receive:{one.name}", f"v{f.rate(one.receive)} ^{f.rate(one.transmit)}"))  # fmt: skip
    for disk in here.disks[:2]:
        found.append((f"disk:{disk.name}", disk.name, selection("disk_read_bytes_per_second", device=disk.name), None,
                      f"write:{disk.name}", f"r{f.rate(disk.read)} w{f.rate(disk.write)}"))  # fmt: skip
    if here.pressure:
        worst = max(here.pressure.values())
        text = " ".join(f"{name[:3]} {f.percent(share)}" for name, share in sorted(here.pressure.items()))
        found.append(("pressure", "psi", "pressure_ratio", None, "" if worst < PRESSURE_WARM else "warning", text))
    return found


def _pairs(
    gauges: Sequence[Gauge], sparks: Mapping[str, Spark], width: int, look: RenderStyle, kept: Kept[list[ResourceRow]]
) -> list[ResourceRow]:
    """Two gauges a line where there is room, each with a key of its own line's first."""
    many = 2 if width >= 64 else 1
    rows: list[ResourceRow] = []
    for start in range(0, len(gauges), many):
        pair = tuple(gauges[start : start + many])
        values = tuple(sparks.get(style, ()) for _, _, _, _, style, _ in pair)
        rows += kept.of(
            ("pair", start), (pair, values, width, look.words.language), partial(_pair, pair, values, width, width // many, look)
        )
    return rows


def _pair(gauges: Sequence[Gauge], values: Sequence[Spark], width: int, each: int, look: RenderStyle) -> list[ResourceRow]:
    row = LineBuilder(width, look)
    for (key, label, _, ratio, style, text), spark in zip(gauges, values, strict=True):
        if ratio is not None or key.startswith("mount:"):
            _gauge(row, label, ratio, style, each, look, text)
        else:
            _rate(row, label, text, spark, each, look)
    return [ResourceRow(gauges[0][0], row.line(), gauges[0][2])]


def _gauge(row: LineBuilder, label: str, ratio: float | None, style: str, width: int, look: RenderStyle, text: str = "") -> None:
    end = row.used + width
    size = max(LABEL, min(12, width // 5))
    row.gap().append(label, "dim", size).gap()
    note = 12 if text and width >= 40 else 0
    if ratio is not None:
        append_bar(row, ratio, max(3, width - size - 8 - note), "slot-down" if style == "warning" and ratio >= HOT else style, look)
        row.append(f.percent(ratio), TEXT_STYLES.get(style, style), 5, right=True)
    if note or ratio is None:
        row.gap().append(text, "warning" if style == "warning" else "dim", max(0, min(end - row.used, row.room)))
    row.gap(max(0, min(end - row.used, row.room)))


def _rate(row: LineBuilder, label: str, text: str, values: Spark, width: int, look: RenderStyle) -> None:
    end = row.used + width
    size = max(LABEL, min(12, width // 5))
    shown = text.replace("v", look.glyphs.down, 1).replace("^", look.glyphs.up, 1) if label != "psi" else text
    room = width - size - 3 if not values else 24 if width >= RATE_ROOM else 17
    row.gap().append(label, "dim", size).gap().append(shown, "text", min(room, width - size - 3)).gap()
    room = end - row.used - 1
    if values and room >= 4:
        known = [value for value in values if value is not None]
        top = max(known, default=0.0) or 1.0
        for runs in area([(None if value is None else value / top, "bar") for value in newest([*values], room)], 1, look.glyphs):
            for part, style in runs:
                row.append(part, style)
    row.gap(max(0, end - row.used))


def _remarks(board: Board, width: int, look: RenderStyle) -> list[ResourceRow]:
    texts = ([board.resources.error] if board.resources.error else []) + list(board.advice)
    return [ResourceRow("", LineBuilder(width, look).gap().append(text, "warning").line()) for text in texts]


def process_parts(process: ProcessView) -> tuple[object, ...]:
    """All that a line shows of a process."""
    return (process.pid, process.name, round(process.cpu, 2), f.size(process.memory))


def process_line(process: ProcessView, width: int, look: RenderStyle) -> Line:
    """Line of a process: name, pid, a bar of its CPU, CPU and memory."""
    row = LineBuilder(width, look).gap()
    bars = max(0, min(24, width - 38))
    row.name(process.name, "text", max(8, width - bars - 23)).append(str(process.pid), "dim", 8, right=True).gap()
    if bars:
        append_bar(row, min(1.0, process.cpu), bars, level(process.cpu), look).gap()
    row.append(f.percent(process.cpu), "text" if process.cpu < WARM else "warning", 5, right=True)
    return row.append(f.size(process.memory), "dim", 7, right=True).line()


def top_line(processes: Sequence[ProcessView], width: int, look: RenderStyle, *, by_memory: bool = False) -> Line:
    """The busiest processes in one line, for screens without a pane of them."""
    busiest = sorted(processes, key=lambda one: (-one.memory if by_memory else -round(one.cpu, 2), -one.memory))
    text = "  ".join(f"{one.name} {f.size(one.memory) if by_memory else f.percent(one.cpu)}" for one in busiest[:6])
    return LineBuilder(width, look).gap().append("top", "dim", LABEL).gap().append(text, "text").line()
