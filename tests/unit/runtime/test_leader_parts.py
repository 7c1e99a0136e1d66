"""The leader is assembled from parts: few, given to constructors, never changed from outside."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import tui_monitor
from tests.support.clocks import ManualClock
from tui_monitor.config.load import load
from tui_monitor.platform.state_directory import open_directory
from tui_monitor.runtime.leader_assembly import open_leader

RECORDS = {"recording_rules.py"}
"""Modules that change records of a class of their own."""


async def test_a_leader_has_few_parts(tmp_path: Path) -> None:
    """At most twenty attributes: what grows beyond is a part of its own."""
    leader = await open_leader(load(None, {}), open_directory(tmp_path), ManualClock(), "headless", 1, lambda board: None)
    try:
        assert len(vars(leader)) <= 20
    finally:
        await leader.close()
        await leader.recorder.reading.close()


def assigned_from_outside(path: Path) -> Iterator[str]:
    """Attributes of other objects than `self` that a module assigns."""
    for node in ast.walk(ast.parse(path.read_text())):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else []
        for target in targets:
            for one in target.elts if isinstance(target, ast.Tuple) else [target]:
                if isinstance(one, ast.Attribute) and not (isinstance(one.value, ast.Name) and one.value.id == "self"):
                    yield f"{path.name}: {ast.unparse(one)}"


def test_no_attribute_is_assigned_from_outside() -> None:
    """Parts of the runtime and of the delivery change only themselves; they call each other's methods."""
    rooms = [Path(tui_monitor.__file__).parent / room for room in ("runtime", "delivery")]
    files = [path for room in rooms for path in room.rglob("*.py") if path.name not in RECORDS]
    assert [found for path in files for found in assigned_from_outside(path)] == []
