"""The lines of the Resources pane: this machine as bars, sparklines and figures, then its busiest processes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_monitor.board.values import Board, DiskView, InterfaceView, MountView, ProcessView, Resources, Spark
from tui_monitor.core import humanize as f
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean
from tui_monitor.promql.values import selection
from tui_monitor.widgets.cell_line import Line, LineBuilder, RenderStyle
from tui_monitor.widgets.graphs import bar, graph, spark

WARM, HOT = 0.7, 0.9
DISK_WARM = 0.8
PRESSURE_WARM = 0.1
MODES = {"user": "user", "system": "sys", "iowait": "io", "steal": "steal"}


@frozen
class ResourceRow:
    """One line of the pane. ``key`` identifies it for selection ("": unselectable); ``expr`` is the PromQL of its trend."""

    key: str
    line: Line
    expr: str = ""


def level(ratio: float, warm: float = WARM) -> str:
    """The style of a share in use: the bar's own colour, then warning, then critical."""
    return "critical" if ratio >= HOT else "warning" if ratio >= warm else "bar"


def resource_entries(
    board: Board, sparks: Mapping[str, Spark], width: int, height: int, look: RenderStyle, by_memory: bool = False
) -> list[ResourceRow]:
    """The rows that fit into ``height`` lines: gauges, file systems, network, disks, pressure, and processes where there is room.

    Where there is much room, CPU and memory take two lines each, with a taller graph.
    """
    here = board.resources
    rest = _rest(board, sparks, width, look)
    tall = 2 if height >= len(rest) + 11 else 1
    entries = gauge("cpu", here.cpu, sparks.get("cpu", ()), _cpu_note(here), width, look, expr="cpu_usage_ratio", rows=tall)
    if tall > 1 and len(here.cores) > 1:
        entries.append(_cores(here.cores, width, look))
    entries += gauge("memory", here.memory, sparks.get("memory", ()), _memory_note(here), width, look, expr="memory_usage_ratio", rows=tall)
    entries += rest
    room = height - len(entries) - 2
    if room >= 2 and here.processes:
        entries.append(ResourceRow("", LineBuilder(width, look).line()))
        entries += process_entries(here.processes, room, width, look, by_memory=by_memory)
    return entries


def _rest(board: Board, sparks: Mapping[str, Spark], width: int, look: RenderStyle) -> list[ResourceRow]:
    here, entries = board.resources, []
    if here.swap_total or here.swap is not None:
        note = f"{f.size(here.swap_total)} in all" if here.swap_total else ""
        entries += gauge("swap", here.swap, sparks.get("swap", ()), note, width, look, expr="swap_usage_ratio")
    entries.append(_load(here, width, look))
    entries += [_mount(mount, width, look) for mount in here.mounts]
    entries += [_interface(one, sparks, width, look) for one in here.interfaces[:4]]
    entries += [_disk(one, sparks, width, look) for one in here.disks[:4]]
    if here.pressure:
        entries.append(_pressure(here.pressure, width, look))
    if here.error:
        entries.append(ResourceRow("", LineBuilder(width, look).gap(1).append(here.error, "warning").line()))
    for remark in board.advice:
        entries.append(
            ResourceRow("", LineBuilder(width, look).gap(1).append("note", "faint", _name_width(width)).gap().append(remark, "dim").line())
        )
    return entries


def process_entries(
    processes: tuple[ProcessView, ...], limit: int, width: int, look: RenderStyle, *, by_memory: bool = False, whole: bool = False
) -> list[ResourceRow]:
    """A head and the busiest processes, most CPU (or memory) first; ``whole`` shows the command line."""
    key = (lambda p: (-p.memory, p.pid)) if by_memory else (lambda p: (-round(p.cpu, 2), -p.memory, p.pid))
    user = 9 if width >= 44 else 0  # in little room memory is more useful
    command = max(10, width - 25 - user)
    head = LineBuilder(width, look).gap(1).append("process", "faint", command).gap().append("pid", "faint", 7, right=True).gap()
    head.append("user", "faint", user).append("cpu", "faint" if by_memory else "dim", 6, right=True).gap(2)
    head.append("mem", "dim" if by_memory else "faint", 6, right=True)
    entries = [ResourceRow("", head.line())]
    for process in sorted(processes, key=key)[:limit]:
        row = LineBuilder(width, look).gap(1).name(process.command if whole else process.name, "text", command).gap()
        row.append(str(process.pid), "faint", 7, right=True).gap()
        if user:
            row.name(process.user, "faint", user - 1).gap()
        row.append(f.percent(process.cpu, 0), "text" if process.cpu < 0.7 else "warning", 6, right=True).gap(2)
        row.append(f.size(process.memory), "text", 6, right=True)
        entries.append(ResourceRow(f"pid:{process.pid}", row.line()))
    return entries


def gauge(
    name: str, ratio: float | None, values: Spark, note: str, width: int, look: RenderStyle, *, expr: str, rows: int = 1
) -> list[ResourceRow]:
    """A name, a bar, percent and a graph; the note is at the end of one line or on the second of two."""
    row = LineBuilder(width, look).gap(1).append(name, "dim", _name_width(width)).gap()
    if ratio is None:
        return [ResourceRow(name, row.append("no reading", "faint").line(), expr)]
    style, trend = level(ratio), _graph_width(width, rows)
    filled, rest = bar(round(ratio, 3), _bar_width(width), look.glyphs)
    row.append(filled, style).append(rest, "faint").append(f.percent(ratio), "strong" if style == "bar" else style, 5, right=True).gap(2)
    drawn = graph(values, trend, rows, look.glyphs, 0.0, 1.0)
    if values:
        row.append(drawn[0], "bar").gap(2)
    if rows == 1:
        if row.room >= min(10, f.cells(note)):
            row.append(note, "dim")
        return [ResourceRow(name, row.line(), expr)]
    second = LineBuilder(width, look).gap(_name_width(width) + 2).append(note, "dim", _bar_width(width) + 5).gap(2)
    return [ResourceRow(name, row.line(), expr), ResourceRow("", second.append(drawn[1], "bar").line())]


def _name_width(width: int) -> int:
    return 10 if width >= 48 else 8


def _graph_width(width: int, rows: int) -> int:
    left = width - _name_width(width) - 2 - _bar_width(width) - 7
    return max(0, left - 1) if rows > 1 else max(0, min(24, left - (15 if width >= 46 else 0)))


def _bar_width(width: int) -> int:
    return max(6, min(20, width // 4))


def _cpu_note(here: Resources) -> str:
    busy = [(here.modes[mode], mode) for mode in MODES if here.modes.get(mode, 0) >= 0.005]
    modes = " ".join(f"{MODES[name]} {share * 100:.0f}" for share, name in sorted(busy, reverse=True)[:2])
    return modes or (f"{len(here.cores)} cores" if here.cores else "")


def _cores(cores: Sequence[float], width: int, look: RenderStyle) -> ResourceRow:
    """One column per core (half a cell for many cores) and the busiest core, which the total can hide."""
    room = width - _name_width(width) - 18
    each = 2 if len(cores) <= room else 1
    columns = tuple(value for value in cores for _ in range(each))
    cells = min(room, -(-len(columns) // 2) if look.glyphs.braille else len(columns))
    row = (
        LineBuilder(width, look)
        .gap(1)
        .append("cores", "dim", _name_width(width))
        .gap()
        .append(spark(columns, cells, look.glyphs, 0.0, 1.0), "bar")
    )
    return ResourceRow("cores", row.gap(2).append(f"busiest {f.percent(max(cores))}", "dim").line(), "cpu_core_usage_ratio")


def _memory_note(here: Resources) -> str:
    if not here.memory_total:
        return ""
    return f"{f.size(here.memory_available)} free"


def _load(here: Resources, width: int, look: RenderStyle) -> ResourceRow:
    row = LineBuilder(width, look).gap(1).append("load", "dim", _name_width(width)).gap()
    if not here.load:
        return ResourceRow("load", row.append("no reading", "faint").line(), "load1")
    cores = max(1, len(here.cores))
    for value in here.load:
        row.append(f"{value:.2f}", "warning" if value > 2 * cores else "text", 6)
    note = f"{cores} core{'s' * (cores > 1)}"
    if row.room > len(note):
        row.gap().append(note, "dim")
    if row.room > 18 and here.process_count:
        row.gap(2).append(f"{here.process_count} processes", "dim")
    return ResourceRow("load", row.line(), "load1")


def _mount(mount: MountView, width: int, look: RenderStyle) -> ResourceRow:
    key, expr = f"mount:{mount.mount}", selection("disk_usage_ratio", mount=mount.mount)
    row = LineBuilder(width, look).gap(1).append(_tail(mount.mount, _name_width(width), look), "dim", _name_width(width)).gap()
    if mount.usage is None:
        return ResourceRow(key, row.append("?", "unknown").gap().append(mount.error or "no figures", "dim").line(), expr)
    style = level(mount.usage, DISK_WARM)
    filled, rest = bar(round(mount.usage, 3), _bar_width(width), look.glyphs)
    row.append(filled, style).append(rest, "faint").append(f.percent(mount.usage), "strong" if style == "bar" else style, 5, right=True)
    free = f"{f.size(mount.free)} free"
    row.gap(2 if row.room >= len("99.9G free") + 2 else 1)
    if not mount.forecast or row.room >= len(free) + 2 + f.cells(mount.forecast):
        row.append(free, "dim").gap(2)
    if mount.forecast:
        texts = (mount.forecast, mount.forecast.replace("full in ", "full ", 1), mount.forecast.removeprefix("full "))
        row.append(next((text for text in texts if f.cells(text) <= row.room), texts[-1]), "warning")
    elif mount.inodes is not None and mount.inodes >= DISK_WARM and row.room > 12:
        row.append(f"inodes {f.percent(mount.inodes)}", "warning")
    return ResourceRow(key, row.line(), expr)


def _tail(mount: str, width: int, look: RenderStyle) -> str:
    """The end of a long mount point, which identifies it better than its beginning."""
    mount = clean(mount)
    return mount if f.cells(mount) <= width else look.glyphs.cut + mount[-(width - 1) :]


def _interface(one: InterfaceView, sparks: Mapping[str, Spark], width: int, look: RenderStyle) -> ResourceRow:
    pairs = (
        (look.glyphs.down, one.receive, sparks.get(f"receive:{one.name}", ())),
        (look.glyphs.up, one.transmit, sparks.get(f"transmit:{one.name}", ())),
    )
    expr = selection("network_receive_bytes_per_second", interface=one.name)
    return ResourceRow(f"net:{one.name}", _two(one.name, pairs, "", width, look), expr)


def _disk(one: DiskView, sparks: Mapping[str, Spark], width: int, look: RenderStyle) -> ResourceRow:
    pairs = (("r", one.read, sparks.get(f"read:{one.name}", ())), ("w", one.write, sparks.get(f"write:{one.name}", ())))
    busy = f"{f.percent(one.busy)} busy" if one.busy is not None else ""
    return ResourceRow(
        f"disk:{one.name}", _two(one.name, pairs, busy, width, look), selection("disk_read_bytes_per_second", device=one.name)
    )


def _two(name: str, pairs: tuple[tuple[str, float | None, Spark], ...], note: str, width: int, look: RenderStyle) -> Line:
    """Line of a name and two rates, each with a sparkline where there is room."""
    row = LineBuilder(width, look).gap(1).append(name, "dim", _name_width(width)).gap()
    trend = min(12, (width - _name_width(width) - 2 - 24 - len(note)) // 2)
    for sign, value, values in pairs:
        row.append(sign, "faint").append(f.rate(value), "text", 8, right=True)
        if trend >= 3:
            row.gap().append(spark(values, trend, look.glyphs), "bar")
        row.gap(2)
    if row.room >= len(note):
        row.append(note, "dim")
    return row.line()


def _pressure(pressure: Mapping[str, float], width: int, look: RenderStyle) -> ResourceRow:
    row = LineBuilder(width, look).gap(1).append("pressure", "dim", _name_width(width)).gap()
    for name in ("cpu", "memory", "io"):
        if name in pressure:
            share = pressure[name]
            row.append(name[:3], "faint").gap().append(f.percent(share), "text" if share < PRESSURE_WARM else "warning", 3, right=True).gap(
                2
            )
    return ResourceRow("pressure", row.line(), "pressure_ratio")
