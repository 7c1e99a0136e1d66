"""The terminal's title and desktop notice."""

from __future__ import annotations

from dataclasses import replace

from tests.support import sample_boards as boards
from tui_monitor.core.values import HealthStatus
from tui_monitor.tui.terminal_title import notice_sequence, title_sequence, title_text
from tui_monitor.widgets.glyphs import UNICODE


def test_the_title_counts_open_alerts() -> None:
    """Shape, number and host; no number where nothing is open, and no verdict before the first board."""
    busy = boards.busy()
    open_ = sum(one.state == "firing" and not one.acknowledged_by and not one.suppressed_by for one in busy.alerts)
    assert title_text(busy, UNICODE) == f"✗{open_} {busy.host}"
    well = replace(busy, alerts=(), status=HealthStatus.HEALTHY)
    assert title_text(well, UNICODE) == f"✓ {busy.host}"
    assert title_text(replace(well, alerts=busy.alerts), UNICODE).startswith("▴"), "an info alert alone leaves the status healthy"
    waits = replace(
        busy, alerts=(), status=HealthStatus.UNKNOWN, checks=(replace(busy.checks[0], name="backup", status=HealthStatus.UNKNOWN),)
    )
    assert title_text(waits, UNICODE) == f"? backup {busy.host}"
    assert title_text(replace(busy, loading=True), UNICODE) == busy.host


def test_a_hostile_text_cannot_leave_the_sequence() -> None:
    """A name with control characters does not end the title or the notice early."""
    for sequence in (title_sequence("web\x07\x1b]52;c;AAAA\x07"), notice_sequence("a\x1b\\b\x9c")):
        assert sequence.count("\x1b") == 1 and sequence.count("\x07") == 1 and "\x9c" not in sequence
