"""The dispatcher's stages exchange values: only its memory changes tracked alerts, groups and counts."""

from __future__ import annotations

import ast
from pathlib import Path

import tui_monitor
from tests.support.planner_world import World
from tui_monitor.core.mute_reason import MuteReason, parse_mute_reason
from tui_monitor.dispatch.state import tracked_of

ROOM = Path(tui_monitor.__file__).parent / "dispatch"


def test_only_the_memory_changes_what_is_remembered() -> None:
    """No module of the room but memory.py assigns an attribute of another object."""
    found = []
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
            for target in targets:
                for one in target.elts if isinstance(target, ast.Tuple) else [target]:
                    if isinstance(one, ast.Attribute) and ast.unparse(one.value) != "self" and path.name != "memory.py":
                        found.append(f"{path.name}: {ast.unparse(one)}")
    assert found == []


def test_a_look_at_a_group_changes_nothing() -> None:
    """Asked twice at the same moment, the flusher decides the same; the memory applies it once."""
    world = World()
    alert_id = world.fire(check="api")
    world.plan()
    memory, flusher = world.planner._memory, world.planner._flusher
    (group,) = memory.groups.values()
    rows = group.row(), memory.tracked[alert_id].row()
    later = world.now + 3_600_000 * 24
    first, second = (flusher.decide(group, memory.tracked, memory.rates, memory.refires, later, world.live) for _ in range(2))
    assert first == second and first.message is not None
    assert (group.row(), memory.tracked[alert_id].row()) == rows


def test_mute_reasons_and_tracked_alerts_survive_their_stored_form() -> None:
    """A reason is read back from its text; a tracked alert from its row."""
    for reason in (MuteReason("silence", "7f3a"), MuteReason("depends_on", "a:b"), MuteReason("inactive")):
        assert parse_mute_reason(str(reason)) == reason
    world = World()
    alert_id = world.fire(check="api")
    world.plan()
    row = world.planner._memory.tracked[alert_id].row()
    assert tracked_of(row).row() == row
