"""The screen of hosts: a row each; Enter opens the host's whole dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from tui_monitor.board.fleet import Fleet, HostView
from tui_monitor.board.values import AlertView, Board, alert_order
from tui_monitor.tui.keymap import bindings, hints
from tui_monitor.tui.screens.context import ScreenContext
from tui_monitor.tui.screens.pane_screen import ListScreen
from tui_monitor.widgets.cell_line import Hints
from tui_monitor.widgets.hosts import ORDERS, host_columns, host_in_full, host_line, host_text
from tui_monitor.widgets.list_panes import ListRow


class HostsScreen(ListScreen):
    """All hosts; `o` sorts them and groups them by their labels. `a` acknowledges the selected host's gravest alert, there.

    Of marked hosts (`v`) `a` acknowledges all alerts, and `e` runs expressions on these; without marks on those that the filter shows.
    """

    TITLE_TEXT = "Hosts"
    EMPTY_TEXT = "No hosts are configured."
    BINDINGS: ClassVar[list[BindingType]] = bindings("hosts")
    HINTS: ClassVar[Hints] = hints(
        ("open", "its dashboard"), "acknowledge", "mark_row", "filter", "order", "explore", "screens", "help", "quit"
    )

    def __init__(self, context: ScreenContext, fleet: Fleet) -> None:
        super().__init__(context)
        self._fleet = fleet
        self._order = 0
        self._known: dict[str, HostView] = {}

    def on_mount(self) -> None:
        """Show the hosts."""
        self.show_board(self.context.shown)

    def show_board(self, board: Board) -> None:
        """Show the hosts as they are now."""
        hosts = self._fleet.hosts
        group, order = self._grouping()
        listed = sorted(hosts, key=ORDERS[order])
        if group:
            listed.sort(key=lambda host: host.labels.get(group, "~"))
        self._known = {host.name: host for host in listed}
        self.rows.marked &= self._known.keys()
        now, look = self.context.now(), self.context.look
        rows = [ListRow(one.name, host_text(one), partial(host_line, one, group, now), host_in_full(one, now, look)) for one in listed]
        reached = sum(1 for host in hosts if host.connected)
        remark = f"{reached} of {len(hosts)} connected, by {group or order}"
        self.rows.fill(rows, remark, columns=partial(host_columns, group))

    def _grouping(self) -> tuple[str, str]:
        """The label that hosts are grouped by ("" for none) and the sort order."""
        names = list(ORDERS)
        if self._order < len(names):
            return "", names[self._order]
        return self._labels()[self._order - len(names)], names[0]

    def _labels(self) -> list[str]:
        return sorted({key for host in self._fleet.hosts for key in host.labels})

    def action_order(self) -> None:
        """Change to the next sort order, after them to groups by each label."""
        self._order = (self._order + 1) % (len(ORDERS) + len(self._labels()))
        self.show_board(self.context.shown)

    def open_row(self, key: str) -> None:
        """Open the host's dashboard."""
        self.app.pop_screen()
        self._fleet.open(key)

    def chosen_alert(self) -> AlertView | None:
        """The gravest alert of the selected host."""
        alerts = [alert for alert in self.context.live.alerts if alert.id.startswith(f"{self.rows.selection}/")]
        return min(alerts, key=alert_order, default=None)

    def marked_alerts(self) -> Sequence[AlertView]:
        """The alerts of the marked hosts."""
        return [alert for alert in self.context.live.alerts if alert.id.rpartition("/")[0] in self.rows.marked]

    def action_mark_row(self) -> None:
        """Mark the selected host."""
        self.rows.toggle_mark()

    async def selected_expr(self) -> str:
        """As of every screen; expressions run from here on the marked hosts, else on those that the filter shows."""
        self._fleet.choose(self.rows.marked or (self.rows.keys() if self.rows.needle else ()))
        return await super().selected_expr()

    def step_back(self) -> bool:
        """Clear the filter; there is nothing behind this screen."""
        super().step_back()
        return True
