"""The lines of hosts."""

from __future__ import annotations

import pytest

from tests.support import sample_boards as boards
from tui_monitor.board.fleet import HostView
from tui_monitor.core.humanize import cells
from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets.cell_line import RenderStyle, text_of
from tui_monitor.widgets.hosts import ORDERS, host_columns, host_in_full, host_line, host_text, state_word

LOOK = RenderStyle()
WELL = HostView("web-1", connected=True, status=HealthStatus.HEALTHY, cpu=0.2, memory=0.5, disk=0.9, latency=0.012, age=3, version="0.1.0")
BUSY = HostView(
    "web-2", connected=True, status=HealthStatus.UNHEALTHY, reason="CPU at 99%", since=boards.AT, cpu=0.99, labels={"team": "shop"}
)
DOWN = HostView("web-3", reason="unreachable: host key is not known; run: ssh web-3", since=boards.AT, unreached=True)
HOSTILE = HostView("\x1b[31mred", connected=True, reason="\x1b]0;title\x07" + "긴" * 300, labels={"team": "\u202e"})


@pytest.mark.parametrize("width", [10, 40, 64, 100, 140, 200])
@pytest.mark.parametrize("host", [WELL, BUSY, DOWN, HOSTILE])
def test_a_row_fits_its_terminal(host: HostView, width: int) -> None:
    """At any width, with any text of another host."""
    text = text_of([host_line(host, "team", boards.AT, width, LOOK, False)])
    assert cells(text) <= width and "\x1b" not in text and "\u202e" not in text
    assert cells(text_of(host_columns("team", width, LOOK))) <= width


def test_a_row_says_what_is_wrong_and_since_when() -> None:
    """State in a word, figures, the reason; a host that is not reached is down."""
    assert [state_word(host)[0] for host in (WELL, BUSY, DOWN, HostView("new"))] == ["healthy", "unhealthy", "down", "connecting"]
    text = text_of([host_line(WELL, "", boards.AT, 140, LOOK, False)])
    assert "20%" in text and "90%" in text and "0.1.0" in text
    assert "host key is not known; run: ssh web-3" in text_of([host_line(DOWN, "", boards.AT, 140, LOOK, False)])
    busy = text_of([host_line(BUSY, "team", boards.AT + 720_000, 100, LOOK, False)])
    assert "12m" in busy and "CPU at 99%" in busy and "shop" in busy
    assert "12ms" in text and "link 12ms   age now   version 0.1.0" in host_in_full(WELL, boards.AT, LOOK)
    assert "team=shop" in host_text(BUSY) and "team=shop" in host_in_full(BUSY, boards.AT, LOOK)


def test_orders() -> None:
    """The gravest first by status, the busiest first by a figure."""
    hosts = [WELL, BUSY, DOWN]
    assert sorted(hosts, key=ORDERS["link"])[0] is WELL
    assert [host.name for host in sorted(hosts, key=ORDERS["status"])] == ["web-3", "web-2", "web-1"]
    assert sorted(hosts, key=ORDERS["cpu"])[0] is BUSY
    assert sorted(hosts, key=ORDERS["name"])[0] is WELL
