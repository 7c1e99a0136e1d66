"""The lines of the main screen are shared out by layout, size and what there is to say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tui_monitor.tui.room import LAYOUTS, RoomNeeds, share

STORM = RoomNeeds(incidents=9, services=24, machine=12, has_alerts=True, calm=True)
CALM = RoomNeeds(incidents=3, services=6, machine=12)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("size", [(80, 24), (100, 28), (120, 40), (160, 45), (200, 50)])
@pytest.mark.parametrize("wanted", [STORM, CALM])
def test_no_pane_is_pushed_off_the_screen(layout: str, size: tuple[int, int], wanted: RoomNeeds) -> None:
    """Whatever is wanted, five lines are left for the services between incidents and machine."""
    room = share(layout, *size, 3, wanted)
    assert room.upper >= 3 and size[1] - 3 - room.upper - room.bottom >= 5
    assert 0 <= room.side <= size[0] // 2


def test_calm_machine_shrinks_to_its_title_where_trouble_needs_the_lines() -> None:
    """80x24 in a storm: one line for a calm machine; where something of it is warm it keeps its pane."""
    assert share("auto", 80, 24, 3, STORM).bottom == 1
    busy = RoomNeeds(incidents=9, services=24, machine=12, has_alerts=True)
    assert share("auto", 80, 24, 3, busy).bottom >= 4


def test_machine_takes_no_more_lines_than_it_fills() -> None:
    """On a tall calm screen the lines that it cannot use go to services and selection."""
    assert share("auto", 200, 50, 3, CALM).bottom == 14


def test_layouts_give_the_room_to_what_they_are_named_for() -> None:
    """services and wall have no pane beside the services; machine has the tallest bottom; wall none."""
    rooms = {layout: share(layout, 120, 40, 3, STORM) for layout in LAYOUTS}
    assert rooms["services"].side == rooms["wall"].side == 0 and rooms["wall"].bottom == 0
    assert max(rooms, key=lambda layout: rooms[layout].bottom) == "machine"
    assert share("incident", 120, 40, 3, RoomNeeds(incidents=30, services=24, machine=12)).upper == 18


def test_lines_that_nobody_needs_go_to_what_ended_and_to_the_machine() -> None:
    """First to what ended lately, below the services; then to the machine, as many as its graph and the processes can use."""
    usual = RoomNeeds(incidents=3, services=10, machine=11, recent=6, most=17)
    before = share("auto", 160, 45, 3, RoomNeeds(incidents=3, services=10, machine=11))
    room = share("auto", 160, 45, 3, usual)
    assert before.bottom < room.bottom <= 17 + 2 and 42 - room.upper - room.bottom >= 10 + 2 + 6
    assert share("auto", 120, 40, 3, STORM).bottom == share("auto", 120, 40, 3, replace(STORM, recent=6, most=18)).bottom
