"""This machine in four figures with their last hour: CPU, memory, the fullest disk, requests or else the network."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Protocol

from tui_monitor.board.svg import area_svg
from tui_monitor.board.values import Chart, MountView
from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import number
from tui_monitor.promql.values import quote
from tui_monitor.serving.page.data import SPANS
from tui_monitor.serving.page.parts import PagePart
from tui_monitor.serving.page.render import marked
from tui_monitor.serving.page.view import PageView
from tui_monitor.serving.page.words import tidy

_area = marked(area_svg)


@frozen
class Tile:
    """One figure of the machine with its last hour."""

    id: str
    name: str
    value: str
    detail: str
    drawing: object = ""
    shade: str = ""


class LastHour(Protocol):
    """Draws the last hour of an expression."""

    def __call__(self, expr: str, name: str, value: str, ceiling: float | None = None) -> Awaitable[object]:
        """``name`` and ``value``: what a screen reader hears; ``ceiling``: the value of the upper edge."""
        ...


async def tiles(view: PageView) -> PagePart:
    """The tiles; each is sent by itself when it changes."""

    async def last_hour(expr: str, name: str, value: str, ceiling: float | None = None) -> object:
        chart = await view.data.chart(expr, SPANS["1h"], view.board.at)
        return _drawing(chart, view.words.say(view.words.t.last_hour, name=name, value=value), ceiling)

    made = [await _cpu(view, last_hour), await _memory(view, last_hour), await _disk(view, last_hour), await _traffic(view, last_hour)]
    rows = tuple((tile.id, view.html("tile.html", tile=tile)) for tile in made if tile is not None)
    return PagePart("tiles", f'<div class="grid" id="tiles" role="group" aria-label="{view.words.t.resources}">', rows, "</div>")


async def _cpu(view: PageView, last_hour: LastHour) -> Tile:
    words, here = view.words, view.board.resources
    value = words.percent(here.cpu)
    load = words.say(words.t.load, load=f"{here.load[0]:.2f}", cores=len(here.cores)) if here.load and here.cores else ""
    return Tile(
        "tile-cpu", words.t.cpu, value, load, await last_hour("cpu_usage_ratio", words.t.cpu, value, 1.0), _full(here.cpu, 0.7, 0.9)
    )


async def _memory(view: PageView, last_hour: LastHour) -> Tile:
    words, here = view.words, view.board.resources
    name, value = words.t.memory[:1].upper() + words.t.memory[1:], words.percent(here.memory)
    free = words.say(words.t.free_of, free=words.size(here.memory_available), total=words.size(here.memory_total))
    drawing = await last_hour("memory_usage_ratio", name, value, 1.0)
    return Tile("tile-memory", name, value, free if here.memory_total else "", drawing, _full(here.memory, 0.8, 0.9))


async def _disk(view: PageView, last_hour: LastHour) -> Tile | None:
    words, mount = view.words, fullest(view.board.resources.mounts)
    if mount is None:
        return None
    name, value = words.say(words.t.disk, mount=tidy(mount.mount, 40)), words.percent(mount.usage)
    free = words.say(words.t.free_of, free=words.size(mount.free), total=words.size(mount.total))
    drawing = await last_hour(f"disk_usage_ratio{{mount={quote(mount.mount)}}}", name, value, 1.0)
    return Tile("tile-disk", name, value, mount.forecast or free, drawing, _full(mount.usage, 0.8, 0.9))


async def _traffic(view: PageView, last_hour: LastHour) -> Tile:
    """Requests where an application counts them, else the network."""
    words, t = view.words, view.words.t
    if view.board.requests:
        total = view.board.requests[0].total
        value = f"{number(round(total.per_second, 2 if total.per_second < 10 else 0))}/s"
        said = words.say(t.request_figures, errors=words.percent(total.error_ratio, 1), p95=words.latency(total.p95))
        return Tile("tile-traffic", t.requests, value, said)
    interfaces = view.board.resources.interfaces
    receive, transmit = (sum(each.receive or 0.0 for each in interfaces), sum(each.transmit or 0.0 for each in interfaces))
    value = words.rate(receive + transmit if interfaces else None)
    said = words.say(t.rates, receive=words.rate(receive), transmit=words.rate(transmit)) if interfaces else ""
    drawing = await last_hour("sum(network_receive_bytes_per_second) + sum(network_transmit_bytes_per_second)", t.network, value)
    return Tile("tile-traffic", t.network, value, said, drawing)


def fullest(mounts: Sequence[MountView]) -> MountView | None:
    """The fullest file system whose figures are known."""
    return max((mount for mount in mounts if mount.usage is not None), key=lambda mount: mount.usage or 0.0, default=None)


def _full(ratio: float | None, warning: float, critical: float) -> str:
    return "" if ratio is None or ratio < warning else "bad" if ratio >= critical else "warn"


def _drawing(chart: Chart, label: str, ceiling: float | None) -> object:
    return _area(chart.lines[0].values, label, ceiling=ceiling) if chart.lines else ""
