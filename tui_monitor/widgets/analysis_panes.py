"""The list panes of the backtest and the noise report; the foot describes the selected row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from tui_monitor.board.values import BacktestRow, BacktestView, NoiseRow
from tui_monitor.widgets.analysis_rows import backtest_heads, backtest_line, backtest_remark, noise_heads, noise_line
from tui_monitor.widgets.cell_line import Line, RenderStyle
from tui_monitor.widgets.list_panes import FOOT_FROM_HEIGHT, ListPane, ListRow, prose
from tui_monitor.widgets.styles import TextStyles

CONDITION_FROM_HEIGHT = 12


class BacktestPane(ListPane):
    """Rows of a backtest; the foot shows the selected rule's condition and the backtest's caveats."""

    def __init__(self, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__("Backtest", "No rules are configured.", look=look, text_styles=text_styles)
        self.found = BacktestView(0, 0, ())
        self.tried: tuple[BacktestRow, ...] = ()
        self._by_key: Mapping[str, BacktestRow] = {}

    def show(self, found: BacktestView, tried: tuple[BacktestRow, ...], since: str) -> None:
        """Fill with each rule, followed by its tried changes."""
        self.found, self.tried = found, tried
        listed = [one for rule in found.rows for one in (rule, *(other for other in tried if other.alert == rule.alert))]
        self._by_key = {f"{one.alert}\n{one.tried}": one for one in listed}
        rows = [
            ListRow(key, f"{one.alert} {one.tried} {one.condition}", partial(_backtest_row, one, found.end))
            for key, one in self._by_key.items()
        ]
        self.fill(rows, backtest_remark(found, since), columns=lambda width, look: [backtest_heads(width, look)])

    def foot(self, width: int, height: int) -> Sequence[Line]:
        """Only where there is room for it."""
        one = self._by_key.get(self.selection)
        if one is None or height < CONDITION_FROM_HEIGHT:
            return ()
        lines = [line for text in self.found.notes[:2] for line in prose(text, width, self.look)]
        return [*lines, *prose(one.condition, width, self.look, "text")]


def alert_of_row(key: str) -> str:
    """The alert's name in a row key of `BacktestPane`."""
    return key.partition("\n")[0]


def _backtest_row(one: BacktestRow, end: int, width: int, look: RenderStyle, selected: bool) -> Line:
    return backtest_line(one, end, width, look)


class NoisePane(ListPane):
    """Rows of the noise report; the foot shows advice for the selected one."""

    def __init__(self, *, look: RenderStyle, text_styles: TextStyles) -> None:
        super().__init__("Noise", "", look=look, text_styles=text_styles)
        self._by_alert: Mapping[str, NoiseRow] = {}

    def show(self, found: Sequence[NoiseRow], since: str) -> None:
        """Fill with the alerts that fired in the range ("7d")."""
        self._by_alert = {one.alert: one for one in found}
        rows = [ListRow(one.alert, one.alert, partial(_noise_row, one)) for one in found]
        remark = f"the last {since}: {sum(one.fired for one in found)} alerts"
        self.fill(
            rows, remark, columns=lambda width, look: [noise_heads(width, look)], empty=f"No alert fired in the last {since}."
        )  # fmt: skip

    def foot(self, width: int, height: int) -> Sequence[Line]:
        """Only where there is room for it."""
        one = self._by_alert.get(self.selection)
        return prose(one.advice, width, self.look) if one is not None and one.advice and height >= FOOT_FROM_HEIGHT else ()


def _noise_row(one: NoiseRow, width: int, look: RenderStyle, selected: bool) -> Line:
    return noise_line(one, width, look)
