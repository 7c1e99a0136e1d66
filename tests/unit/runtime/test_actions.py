"""Actions: for which alerts a program runs, how often, and what becomes of its result."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.clocks import ManualClock
from tests.support.settings import made
from tui_monitor.config.load import load
from tui_monitor.config.operation import ActionSettings
from tui_monitor.core.audit import Audit
from tui_monitor.core.commands import Acknowledge, AddSilence, Resolve
from tui_monitor.platform.redaction import Redaction
from tui_monitor.platform.state_directory import open_directory
from tui_monitor.runtime.actions import ActionRunner
from tui_monitor.runtime.leader import Leader
from tui_monitor.runtime.leader_assembly import open_leader
from tui_monitor.storage.in_memory.repository import InMemoryRepository
from tui_monitor.storage.state.reader import StateReader

CONFIG = """
default_rules = false
[[rules]]
alert = "Hot"
expr = "label_replace(vector(1), 'room', 'a', '', '') or label_replace(vector(2), 'room', 'b', '', '')"
"""
SAY = "import sys, os; print(os.environ['TUI_MONITOR_ALERT_NAME'], sys.stdin.read(), file=open(sys.argv[1], 'a')); print('token=abc done')"


class World:
    """A leader of two firing alerts and a runner beside it; `turn` looks once and waits for the programs."""

    def __init__(self, leader: Leader, clock: ManualClock, place: Path) -> None:
        self.leader, self.clock, self.place = leader, clock, place
        self.store = InMemoryRepository()
        self.runner = ActionRunner(leader.engine, self.store, clock, Redaction([r"token=(\w+)"]))

    def configure(self, **keys: Any) -> None:
        """One action that notes each run in a file."""
        argv = [sys.executable, "-c", SAY, str(self.place / "runs")]
        action = made(ActionSettings, **{"name": "note", "match": ["alertname=Hot"], "argv": argv, **keys})
        self.runner.configure([action])

    async def turn(self, seconds: float = 0.0) -> None:
        """Time passes, the rules are evaluated, actions run to their end."""
        await self.clock.advance(seconds)
        await self.leader.tick()
        async with asyncio.TaskGroup() as group:
            await self.runner._contained_step(group)

    @property
    def runs(self) -> list[dict[str, Any]]:
        """The alerts that the program was given."""
        file = self.place / "runs"
        return [json.loads(line.partition(" ")[2]) for line in file.read_text().splitlines() if line] if file.exists() else []

    @property
    def results(self) -> dict[str, str]:
        """Room → the result that its alert has."""
        return {alert.labels["room"]: alert.actions.get("note", "-") for alert in self.leader.engine.alerts}


@asynccontextmanager
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Two alerts fire."""
    (tmp_path / "c.toml").write_text(CONFIG)
    clock, directory = ManualClock(), open_directory(tmp_path / "state")
    leader = await open_leader(load(tmp_path / "c.toml", {}), directory, clock, "headless", os.getpid(), lambda board: None)
    try:
        yield World(leader, clock, tmp_path)
    finally:
        await leader.close()


async def test_it_runs_once_for_each_firing_and_its_result_is_in_events_and_audit(tmp_path: Path) -> None:
    """The alert comes as JSON and in the environment; parts to hide are hidden in what the program said."""
    async with world(tmp_path) as here:
        here.configure()
        await here.turn()
        await here.turn(5)
        assert sorted(run["labels"]["room"] for run in here.runs) == ["a", "b"]
        assert all(text.startswith("exit 0 after ") and text.endswith(": token=*** done") for text in here.results.values())
        ident = here.runs[0]["id"]
        reader = StateReader(tmp_path / "state" / "state.db")
        changes = [(event.change, event.by, event.note) for event in reader.read(lambda state: state.alerts.events(ident))]
        audit = reader.read(lambda state: state.audit.newest())
        reader.close()
        assert [(change, by) for change, by, _ in changes] == [("firing", ""), ("action", "note"), ("action", "note")]
        assert changes[1][2] == "started" and changes[2][2].endswith("token=*** done")
        assert sorted((line.by, line.verb) for line in audit) == [("tui-monitor", "ended")] * 2 + [("tui-monitor", "started")] * 2
        assert audit[0].subject.startswith("note for ") and audit[0].subject.endswith(" Hot")


async def test_it_waits_and_leaves_alone_what_somebody_has_taken_or_muted(tmp_path: Path) -> None:
    """`after` counts from the firing; an acknowledged and a silenced alert start nothing; other alerts do not match."""
    async with world(tmp_path) as here:
        here.configure(after="1m")
        await here.turn()
        await here.turn(59)
        assert here.runs == []
        await here.leader.engine.apply(Acknowledge((here.leader.engine.alerts[0].id,)), "kim")
        await here.leader.engine.apply(AddSilence(("room=b",), 3600), "kim")
        await here.turn(5)
        assert here.runs == []
        here.configure(match=["alertname=Cold"])
        await here.turn(120)
        assert here.runs == []


async def test_a_limit_holds_over_all_alerts_and_over_a_restart(tmp_path: Path) -> None:
    """What is not run says why; earlier runs are known from the audit log; a new firing is a new chance once the window is over."""
    async with world(tmp_path) as here:
        here.configure(limit="1/1h")
        await here.turn()
        assert len(here.runs) == 1
        assert sorted(text.partition(" ")[0] for text in here.results.values()) == ["exit", "not"]
        assert "not run: it has run 1 times within 1h (limit)" in here.results.values()
        await here.store.transaction(
            lambda state: state.audit.add(Audit(here.clock.wall_ms() - 5, "tui-monitor", "started", "note for 1 Hot"))
        )
        again = ActionRunner(here.leader.engine, here.store, here.clock, Redaction())
        assert await again._earlier_runs() == {"note": [here.clock.wall_ms() - 5]}


async def test_a_program_that_fails_hangs_or_is_missing_says_so(tmp_path: Path) -> None:
    """The exit code with its complaint, the time limit, and what cannot be run."""
    cases: list[tuple[dict[str, Any], Callable[[str], bool]]] = [
        (
            {"argv": ["/bin/sh", "-c", "echo all is well; echo broken >&2; exit 3"]},
            lambda text: text.startswith("exit 3") and text.endswith(": broken"),
        ),
        ({"argv": ["/bin/sleep", "60"], "timeout": "100ms"}, lambda text: text == "stopped at the time limit of 100ms"),
        ({"argv": ["/nowhere/at-all"]}, lambda text: text == "cannot run /nowhere/at-all: No such file or directory"),
    ]
    for number, (keys, right) in enumerate(cases):
        place = tmp_path / str(number)
        place.mkdir()
        async with world(place) as here:
            here.configure(**keys)
            await here.turn()
            assert all(map(right, here.results.values())), here.results


async def test_the_result_is_in_the_next_message(tmp_path: Path) -> None:
    """In the message about the end too, also where the program ended after the alert."""
    (tmp_path / "c.toml").write_text(
        CONFIG + '[[notifiers]]\nname = "hook"\ntype = "webhook"\nurl = "http://127.0.0.1:9/"\n[routing]\ninfo = ["hook"]\n'
    )
    clock, directory = ManualClock(), open_directory(tmp_path / "state")
    leader = await open_leader(load(tmp_path / "c.toml", {}), directory, clock, "headless", os.getpid(), lambda board: None)
    here = World(leader, clock, tmp_path)
    here.configure()
    await here.turn()
    for alert in leader.engine.alerts:
        await leader.engine.apply(Resolve((alert.id,)), "kim")
    await here.turn(10)
    reader = StateReader(tmp_path / "state" / "state.db")
    texts = reader.read(lambda state: [message.text for message in state.outbox.messages([row.id for row in state.outbox.newest(10)])])
    reader.close()
    await leader.close()
    assert any("Action note: exit 0 after " in text for text in texts)


async def test_a_crash_while_it_runs_does_not_run_it_again(tmp_path: Path) -> None:
    """The start is stored before the program begins; after a restart the same firing counts as served."""
    async with world(tmp_path) as here:
        await here.turn()
        for alert in here.leader.engine.alerts:
            assert await here.leader.engine.record_action(
                alert.id, "note", "", Audit(here.clock.wall_ms(), "tui-monitor", "started", "note")
            )
    async with world(tmp_path) as here:
        here.configure()
        await here.turn()
        assert here.results == {"a": "", "b": ""} and here.runs == []
