"""How the main screen shares its lines and columns out among its panes, by layout, size and what there is to say. Pure."""

from __future__ import annotations

from tui_monitor.core.frozen import frozen

LAYOUTS = ("auto", "incident", "services", "machine", "wall")
"""In the order in which the key shows them. auto: room goes where the trouble is; wall: incidents and services, to be read from afar."""
SIDE_FROM = 100
"""Columns from which the selection stands beside the services, and the processes beside the machine."""
FRAME_FROM = (100, 28)
"""Columns and lines from which panes have frames."""


@frozen
class RoomNeeds:
    """The lines that incidents, services and machine have to say something in, without frames; ``calm``: the machine has room enough.

    ``recent``: lines of what ended lately, below the services. ``most``: the lines that machine and processes can use.
    """

    incidents: int
    services: int
    machine: int
    recent: int = 0
    most: int = 0
    has_checks: bool = True
    has_alerts: bool = False
    calm: bool = False


@frozen
class Room:
    """The lines of incidents and of the bottom (1: a title only, 0: not shown), the columns of the right panes (0: not shown)."""

    upper: int
    bottom: int
    side: int


def framed_at(width: int, height: int) -> bool:
    """Whether panes have frames at a size in cells."""
    return width >= FRAME_FROM[0] and height >= FRAME_FROM[1]


def share(layout: str, width: int, height: int, bars: int, wanted: RoomNeeds) -> Room:
    """The room of each pane; ``bars``: the lines that are taken already. The services have what is left in the middle."""
    framed = framed_at(width, height)
    room, frame = height - bars, 2 if framed else 1
    most = max(5, room // (2 if layout == "incident" or not wanted.has_checks else 3))
    upper = min(wanted.incidents, most)
    side = max(40, min(76, width * 37 // 100)) if width >= SIDE_FROM else 0
    if layout == "incident":
        return Room(upper, 1, side)
    if layout == "services":
        return Room(min(upper, 4 + frame), 1, 0)
    if layout == "wall":
        return Room(upper, 0, 0)
    least, machine = max(5 if framed else 4, room // 4), wanted.machine + frame
    if layout == "machine":
        upper = min(upper, 3 + frame)
        return Room(upper, max(least, min(room - upper - 5, machine)), side)
    services = max(8, wanted.services + frame, 16 if framed and wanted.has_alerts else 0)
    left = room - upper - services
    if wanted.calm and left < least and wanted.has_alerts and room < 30:
        return Room(upper, 1, side)
    bottom = max(least, min(room // 2, left, max(least, machine)))
    spare = left - bottom - wanted.recent
    return Room(upper, bottom + max(0, min(spare, wanted.most + frame - bottom)), side)
