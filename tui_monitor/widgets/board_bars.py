"""The one-line bars of every screen: each keeps the newest board and builds its line."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from tui_monitor.board.strip import Strip
from tui_monitor.board.values import AlertView, Board
from tui_monitor.widgets import status_bars as bars
from tui_monitor.widgets.cell_line import Line, RenderStyle
from tui_monitor.widgets.key_clicks import hint_at, press
from tui_monitor.widgets.line_widget import LineWidget, OpensMoment
from tui_monitor.widgets.strip_cells import moment_at
from tui_monitor.widgets.styles import TextStyles
from tui_monitor.widgets.verdict import hour_cells, hour_line, verdict_line

SHORT = 16
"""Below this height a notice has one line."""


class BoardBar(LineWidget):
    """A bar built from the board and its view mode."""

    def __init__(self, board: Board, *, look: RenderStyle, text_styles: TextStyles, id: str) -> None:
        super().__init__(look=look, text_styles=text_styles, id=id)
        self.board = board
        self.view = bars.ViewMode()

    def show(self, board: Board, view: bars.ViewMode) -> None:
        """Show a new board."""
        self.board, self.view = board, view
        self.rebuild()


class HeadBar(BoardBar):
    """The top line."""

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """Host, health, counts, role, clock."""
        return [bars.head_line(self.board, width, self.look)], -1


class VerdictBar(BoardBar):
    """The top line of the main screen."""

    incidents: Sequence[AlertView] = ()

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """What is wrong, since when, who was told."""
        return [verdict_line(self.board, self.incidents, width, self.look)], -1


class HourBar(BoardBar):
    """The second line of the main screen: all checks together over the strips' window."""

    whole: Strip = ()

    def on_click(self, event: events.Click) -> None:
        """A click opens the moment under it."""
        start, wide = hour_cells(self.board, self.whole, self.shape.width, self.look)
        if at := moment_at(self.whole, event.x - start, wide):
            event.stop()
            self.post_message(OpensMoment(at))

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """The time line and how many are in which state."""
        return [hour_line(self.board, self.whole, width, self.look)], -1


class NoticeBar(BoardBar):
    """Notices: past, paused, no leader, read-only, trouble. Hidden without any; with ``home`` (main screen) as high as needed."""

    def __init__(self, board: Board, *, look: RenderStyle, text_styles: TextStyles, id: str, home: bool = False) -> None:
        super().__init__(board, look=look, text_styles=text_styles, id=id)
        self._home = home
        self.add_class("-hidden")

    def show(self, board: Board, view: bars.ViewMode) -> None:
        """Show the notices at the height they need, or hide."""
        self.board, self.view = board, view
        told = bars.notices(board, view, self.look, home=self._home)
        self.set_class(not told, "-hidden")
        self._make_room(len(self._lines_of(told, self.app.size.width)))
        self.rebuild()

    def on_resize(self) -> None:
        """Adjust the height: narrower bars need more lines."""
        super().on_resize()
        self._make_room(len(self.build(self.size.width, 1)[0]))

    def _make_room(self, height: int) -> None:
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """The notices that fit."""
        told = bars.notices(self.board, self.view, self.look, home=self._home)
        return self._lines_of(told, width), -1

    def _lines_of(self, told: Sequence[tuple[str, str]], width: int) -> list[Line]:
        return bars.notice_lines(told, width, self.look, home=self._home, short=self.app.size.height < SHORT)


class FootBar(BoardBar):
    """The bottom line."""

    def __init__(self, board: Board, hints: bars.FooterHints, *, look: RenderStyle, text_styles: TextStyles, id: str) -> None:
        super().__init__(board, look=look, text_styles=text_styles, id=id)
        self._hints = hints

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """Keys and own use."""
        return [bars.foot_line(self.board, self._hints, width, self.look)], -1

    def on_click(self, event: events.Click) -> None:
        """A click on a key presses it."""
        press(self, hint_at(self._lines[0] if self._lines else (), event.x))


class SummaryBar(BoardBar):
    """The only line of a terminal below 40x12."""

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """Health and counts."""
        return [bars.summary_line(self.board, width, self.look)], -1


class TimelineBar(BoardBar):
    """The position in time of a past board, with marks for alerts; hidden while live."""

    hours = 6

    def show(self, board: Board, view: bars.ViewMode) -> None:
        """Show or hide."""
        self.set_class(not view.past_at, "-hidden")
        super().show(board, view)

    def build(self, width: int, height: int) -> tuple[Sequence[Line], int]:
        """Six hours around the moment, ending now where now is among them; not the time before the history begins."""
        long = self.hours * 3_600_000
        now, at = self.view.now or self.board.at, self.view.past_at or self.board.at
        end = now if now - at < long else min(now, at + long // 2)
        marks = [*self.view.marks, *((a.starts_at or a.active_at, a.severity) for a in self.board.alerts)]
        start = max(end - long, min(self.view.begin, at)) if self.view.begin else end - long
        return [bars.timeline_line(marks, at, start, end, width, self.look)], -1
