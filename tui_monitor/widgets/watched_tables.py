"""The tables of containers and of units of systemd."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tui_monitor.board.watched import WatchedContainer, WatchedUnit
from tui_monitor.core import humanize as f
from tui_monitor.core.values import ContainerState
from tui_monitor.widgets.cell_line import HEALTH_STYLES, RenderStyle
from tui_monitor.widgets.services import RANK
from tui_monitor.widgets.styles import TextStyles
from tui_monitor.widgets.table_pane import Column, TablePane

T = TypeVar("T", bound=WatchedContainer | WatchedUnit)
BUSY = 0.9
"""Share of a core, or of the memory limit, from which a figure is coloured."""


def _style(one: WatchedContainer | WatchedUnit) -> str:
    return HEALTH_STYLES[one.state.status] if one.state.status != "healthy" else "text"


def _share(value: float | None) -> tuple[str, str]:
    if value is None:
        return "", "faint"
    return f"{value * 100:.1f}", "warning" if value >= BUSY else "text" if value >= 0.01 else "dim"


def _restart_count(one: WatchedContainer | WatchedUnit) -> int | None:
    return one.state.restarts


def _restarts(one: WatchedContainer | WatchedUnit) -> tuple[str, str]:
    count = one.state.restarts
    return ("", "faint") if count is None else (str(count), "warning" if count else "dim")


def memory_text(state: ContainerState) -> tuple[str, str]:
    """Memory of the limit, where there is one: "212M of 1.0G"."""
    if state.memory is None:
        return "", "faint"
    if not state.memory_limit:
        return f.size(state.memory), "text"
    return f"{f.size(state.memory)} of {f.size(state.memory_limit)}", "warning" if state.memory >= BUSY * state.memory_limit else "text"


def _gravity(one: WatchedContainer | WatchedUnit) -> tuple[int, str]:
    return RANK[one.state.status], one.state.name


class WatchedTable(TablePane[T]):
    """What the tables share: the shape of the status, and times that count from the moment shown."""

    def __init__(self, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__(look=look, text_styles=text_styles)
        self.now = 0
        """The moment shown (UTC ms)."""

    def key_of(self, row: T) -> str:
        """Check and name."""
        return f"{row.check}\n{row.state.name}"

    def count_text(self) -> str:
        """How many there are, and how many are not well."""
        ill = sum(row.state.status != "healthy" for row in self._all)
        return super().count_text() + (f", {ill} not well" if ill else "")

    def cell(self, number: int, item: T) -> tuple[str, str]:
        """The first column is the status as a shape; times are ages."""
        text, style = super().cell(number, item)
        if number == 0:
            return self.look.glyphs.health(item.state.status), HEALTH_STYLES[item.state.status]
        if style == "age":
            return (f.age(int(text), self.now), "dim") if text != "0" and self.now else ("", "dim")
        return text, style


def _since(one: WatchedContainer | WatchedUnit) -> int | None:
    return one.state.since or None


def _age(since: Callable[[T], int | None]) -> Callable[[T], tuple[str, str]]:
    return lambda one: (str(since(one) or 0), "age")


class ContainersTable(WatchedTable[WatchedContainer]):
    """Containers of all checks."""

    TITLE = "Containers"
    COLUMNS = (
        Column[WatchedContainer]("status", 1, lambda one: ("", ""), _gravity),
        Column[WatchedContainer]("name", 22, lambda one: (one.state.name, _style(one)), lambda one: one.state.name),
        Column[WatchedContainer]("image", 28, lambda one: (one.state.image, "dim"), lambda one: one.state.image, from_width=130),
        Column[WatchedContainer]("state", 10, lambda one: (one.state.state, _style(one)), lambda one: one.state.state),
        Column[WatchedContainer]("health", 9, lambda one: (one.state.health, "dim"), lambda one: one.state.health or None, from_width=72),
        Column[WatchedContainer]("restarts", 9, _restarts, _restart_count, falling=True, right=True, from_width=72),
        Column[WatchedContainer](
            "cpu %", 6, lambda one: _share(one.state.cpu), lambda one: one.state.cpu, falling=True, right=True, from_width=60
        ),
        Column[WatchedContainer](
            "memory", 15, lambda one: memory_text(one.state), lambda one: one.state.memory, falling=True, right=True, from_width=80
        ),
        Column[WatchedContainer]("since", 7, _age(_since), _since, right=True, falling=True, from_width=50, is_word=True),
        Column[WatchedContainer]("check", 12, lambda one: (one.check, "faint"), lambda one: one.check, from_width=150),
        Column[WatchedContainer](
            "reason", 0, lambda one: (one.state.reason, _style(one)), lambda one: one.state.reason or None, from_width=50
        ),
    )
    EMPTY_TEXT = (
        "No container is watched. In the configuration:\n \n[[checks]]\n"
        'name = "containers"\ntype = "docker"          # Podman too\ncontainers = ["web-*"]   # without it: all'
    )

    def search_of(self, row: WatchedContainer) -> str:
        """Name, image, state, health, reason and check."""
        one = row.state
        return f"{one.name} {one.image} {one.state} {one.health} {one.status} {one.reason} {row.check}"

    def full_of(self, row: WatchedContainer) -> str:
        """Name, image and reason."""
        return f"{row.state.name}  {row.state.image}  {row.state.reason}".rstrip()


class UnitsTable(WatchedTable[WatchedUnit]):
    """Units of systemd of all checks."""

    TITLE = "Units"
    COLUMNS = (
        Column[WatchedUnit]("status", 1, lambda one: ("", ""), _gravity),
        Column[WatchedUnit]("unit", 32, lambda one: (one.state.name, _style(one)), lambda one: one.state.name),
        Column[WatchedUnit]("state", 12, lambda one: (one.state.state, _style(one)), lambda one: one.state.state),
        Column[WatchedUnit]("sub-state", 13, lambda one: (one.state.sub, "dim"), lambda one: one.state.sub, from_width=76),
        Column[WatchedUnit]("restarts", 9, _restarts, _restart_count, falling=True, right=True, from_width=90),
        Column[WatchedUnit](
            "memory", 8, lambda one: (f.size(one.state.memory) if one.state.memory is not None else "", "text"),
            lambda one: one.state.memory, falling=True, right=True, from_width=76,
        ),
        Column[WatchedUnit](
            "cpu %", 6, lambda one: _share(one.state.cpu), lambda one: one.state.cpu, falling=True, right=True, from_width=90
        ),
        Column[WatchedUnit]("since", 7, _age(_since), _since, right=True, falling=True, from_width=60, is_word=True),
        Column[WatchedUnit](
            "last run", 9, _age(lambda one: one.state.last_trigger), lambda one: one.state.last_trigger or None, right=True, falling=True,
            from_width=100, is_word=True,
        ),
        Column[WatchedUnit]("check", 0, lambda one: (one.check, "faint"), lambda one: one.check, from_width=110),
    )  # fmt: skip
    EMPTY_TEXT = (
        "No unit is watched. In the configuration:\n \n[[checks]]\n"
        'name = "units"\ntype = "systemd"\nunits = ["nginx.service", "backup.timer"]   # patterns too: "app@*.service"'
    )

    def search_of(self, row: WatchedUnit) -> str:
        """Name, states and check."""
        one = row.state
        return f"{one.name} {one.state} {one.sub} {one.status} {row.check}"

    def full_of(self, row: WatchedUnit) -> str:
        """The name in full."""
        return row.state.name
