"""The screen of reports, by keys on a fake backend; the pure lines of a report."""

from __future__ import annotations

import pytest

from tests.screens.test_app_keys import make, press, settle
from tests.support.board_backend import FakeBackend
from tests.support.sample_reports import EXAMPLE_REPORT
from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.report import Report
from tui_monitor.board.report_text import report_lines
from tui_monitor.core.humanize import cells
from tui_monitor.tui.screens.reports import ReportsScreen
from tui_monitor.widgets.cell_line import RenderStyle, text_of
from tui_monitor.widgets.glyphs import ASCII
from tui_monitor.widgets.report import report_screen_lines


class Refusing(FakeBackend):
    """Makes no weekly report."""

    async def report(self, name: str, day: str = "", *, public: bool = False) -> Report:
        found = await super().report(name, day, public=public)
        if name == "weekly":
            raise CommandRefused("the history cannot be read")
        return found


async def test_the_newest_report_opens_and_keys_change_kind_and_period() -> None:
    """Right is the next kind, [ the period before, ] the one after; a report that cannot be made says why in its place."""
    backend = Refusing()
    app = make(backend)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(app, pilot)
        await app.run_action("app.open_screen('reports')")
        await settle(app, pilot)
        screen = app.screen
        assert isinstance(screen, ReportsScreen)
        shown = text_of(screen._draw(120, RenderStyle()))
        assert "Daily report ⋅ Sunday 1 Mar 2026" in shown and "DiskFullSoon /" in shown and "👤 New users" in shown
        await press(app, pilot, "left_square_bracket", "right_square_bracket")
        await settle(app, pilot)
        assert backend.asked_reports == [("daily", "", False), ("daily", "2026-02-28", False), ("daily", "2026-03-02", False)]
        await press(app, pilot, "right")
        await settle(app, pilot)
        assert "It cannot be made: the history cannot be read" in text_of(screen._draw(120, RenderStyle()))
        await press(app, pilot, "right", "left", "left")
        await settle(app, pilot)
        assert [name for name, _, _ in backend.asked_reports[3:]] == ["weekly", "performance", "weekly", "daily"] and screen.kind == "daily"
        await press(app, pilot, "escape")
        assert not isinstance(app.screen, ReportsScreen)


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_every_line_fits_and_nothing_is_lost_on_small_screens(width: int) -> None:
    """Rows keep their sign; texts for which there is no column stand below."""
    lines = report_screen_lines(EXAMPLE_REPORT, width, RenderStyle())
    assert all(sum(cells(text) for text, _ in line) == width for line in lines)
    shown = text_of(lines)
    assert "▴ 22:00" in shown and "nobody has acknowledged it" in " ".join(shown.split()) and "▁" in shown
    plain = text_of(report_screen_lines(EXAMPLE_REPORT, width, RenderStyle(ASCII))).replace("👤", "")
    assert plain.isascii() and "! 22:00" in plain


def test_cut_cells_end_as_on_all_screens() -> None:
    """With the terminal's own mark, in mail with a tilde."""
    assert "⋯" in text_of(report_screen_lines(EXAMPLE_REPORT, 40, RenderStyle())) and "~" not in text_of(
        report_screen_lines(EXAMPLE_REPORT, 40, RenderStyle())
    )
    assert any("~" in line.text for line in report_lines(EXAMPLE_REPORT, 40))
