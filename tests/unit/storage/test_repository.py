"""The interface of the state, held by SQLite and by memory alike: units of work, queries, pruning."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.alert_world import START, World, changes, rules_of
from tests.support.outbox_tools import message, snapshot
from tui_monitor.alerts.alert import Acknowledgement, Alert, Peak, Rung, Transition
from tui_monitor.core.access_token import AccessToken
from tui_monitor.core.added_rule import AddedRule
from tui_monitor.core.audit import Audit
from tui_monitor.core.commands import CommandResult
from tui_monitor.core.ping import Ping
from tui_monitor.dispatch.silences import make_silence
from tui_monitor.dispatch.state import NotifiedState, Plan
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.in_memory.repository import InMemoryRepository
from tui_monitor.storage.records import (
    MOST_ADDED_RULES,
    MOST_PANELS,
    MOST_TOKENS,
    FinishedCommand,
    LeaderRow,
    Panel,
    SendResult,
    TooManyAddedRules,
    TooManyPanels,
    TooManyTokens,
    UnitOfWork,
    ViewerRow,
)
from tui_monitor.storage.repository import KEEP_PINGS, KEEP_PINGS_MS, State, StateRepository, prune
from tui_monitor.storage.state.database import SqliteRepository

DAY = 86_400_000
FULL = Alert(
    id="0123abcd", fingerprint="f" * 16, rule="Hot", state="firing", severity="critical", labels={"alertname": "Hot", "room": "a"},
    annotations={"summary": "hot"}, value=1.5, active_at=START, starts_at=START + 1, keep_until=START + 9,
    acknowledged=Acknowledgement("kim", START + 2, "mine", START + 3), note="n", no_data=True, flaps=3,
    evidence={"reason": "x", "values": [[1, 2.0]]},
    suppressed_by=("silence:1",), rungs={"Hot/critical": Rung(START, True, START + 9, (("room", "a"),))}, digest="d",
    peak=Peak("critical", "hotter"),
)  # fmt: skip


@pytest.fixture(params=["sqlite", "memory"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StateRepository]:
    made: StateRepository = await SqliteRepository.open(tmp_path / "state.db") if request.param == "sqlite" else InMemoryRepository()
    yield made
    await made.close()


def ended(ident: str, at: int, *, held: bool = False) -> Transition:
    """An alert that ended at a moment."""
    return Transition(at, "resolved", replace(FULL, id=ident, state="resolved", ends_at=at, held=held))


async def test_an_alert_comes_back_as_it_was_saved(store: StateRepository) -> None:
    """Every field of a live alert survives."""
    await store.commit(UnitOfWork(START, [Transition(START, "firing", FULL)]))
    assert await store.read(lambda state: state.alerts.live()) == [FULL]
    odd = replace(FULL, id="00000001", value=float("inf"), evidence={"v": float("inf")})
    await store.commit(UnitOfWork(START, [Transition(START, "firing", odd)]))
    assert await store.read(lambda state: state.alerts.live()) == [odd, FULL]


async def test_history_events_and_ids(store: StateRepository) -> None:
    """Steps are kept, with the summary of then, but value updates are not; a dropped pending alert leaves nothing; prefixes find."""
    pending = replace(FULL, id="0aaaaaaa", state="pending", starts_at=0, acknowledged=None)
    steps = [
        Transition(START, "pending", pending), Transition(START + 1, "dropped", pending), Transition(START, "firing", FULL),
        Transition(START + 1, "updated", FULL), Transition(START + 2, "acknowledged", FULL, by="kim", note="mine"),
        ended("0123ffff", START + 50), ended("0bbbbbbb", START + 60, held=True),
    ]  # fmt: skip
    await store.commit(UnitOfWork(START, steps))

    def look(state: State) -> None:
        assert [alert.id for alert in state.alerts.live()] == ["0123abcd", "0bbbbbbb"]
        assert [alert.id for alert in state.alerts.history()] == ["0123abcd", "0bbbbbbb", "0123ffff"]
        assert [alert.id for alert in state.alerts.history(1)] == ["0123abcd"]
        found = [(step.change, step.by, step.note) for step in state.alerts.events("0123abcd")]
        assert found == [("firing", "", "hot"), ("acknowledged", "kim", "mine")]
        assert state.alerts.events("0aaaaaaa") == []
        assert [event.alert for event in state.alerts.events_between(START + 50, START + 60)] == ["0123ffff", "0bbbbbbb"]
        assert state.alerts.ids() == {"0123abcd", "0123ffff", "0bbbbbbb"}
        assert state.alerts.labels(["0123abcd", "9"]) == {"0123abcd": FULL.labels}
        assert [alert.id for alert in state.alerts.recently_resolved(START + DAY + 51)] == ["0bbbbbbb"]
        then = [(alert.id, [event.change for event in events]) for alert, events in state.alerts.live_at(START + 51)]
        assert then == [("0123abcd", ["firing", "acknowledged"]), ("0bbbbbbb", [])]
        assert [state.alerts.find(prefix).id for prefix in ("0123a", "0123", "0123ffff")] == ["0123abcd", "0123abcd", "0123ffff"]

    await store.read(look)
    await store.commit(UnitOfWork(START, [Transition(START, "firing", replace(FULL, id="0cccccc1"))]))
    for prefix, text in (("0", "several ids"), ("9", 'id "9"'), ("x%", 'id "x%"'), ("", 'id ""')):
        with pytest.raises(LookupError, match=text):
            await store.read(lambda state, prefix=prefix: state.alerts.find(prefix))  # type: ignore[misc]


async def test_retention_is_bounded(store: StateRepository) -> None:
    """Old and surplus ended alerts go with their events; live and held ones stay."""
    old = [ended(f"{number:08x}", START + number, held=number == 0) for number in range(30)]
    await store.commit(UnitOfWork(START, [*old, Transition(START, "firing", FULL)]))
    assert await store.transaction(lambda state: state.alerts.prune(START, keep=10)) == 19
    assert len(await store.read(lambda state: state.alerts.history())) == 12
    assert await store.transaction(lambda state: state.alerts.prune(START + 366 * DAY)) == 10
    assert {event.alert for event in await store.read(lambda state: state.alerts.events_between(0, START + DAY))} == {FULL.id, "0" * 8}
    await store.transaction(lambda state: prune(state, START), durable=False)


async def test_commands_are_applied_once(store: StateRepository) -> None:
    """A command waits until it is finished, and can be finished once only."""
    arguments = '{"ids": ["0123"], "note": "메모"}'
    ident = await store.transaction(lambda state: state.commands.add("kim", "ack", arguments, START))
    (waiting,) = await store.read(lambda state: state.commands.pending())
    assert (waiting.id, waiting.by, waiting.verb, waiting.arguments, waiting.at) == (ident, "kim", "ack", arguments, START)
    assert await store.read(lambda state: state.commands.result(ident)) is None
    await store.commit(UnitOfWork(START + 5, command=FinishedCommand(ident, CommandResult(True, "done"))))
    assert not await store.transaction(lambda state: state.commands.finish(FinishedCommand(ident, CommandResult(True, "again")), START + 6))
    assert await store.read(lambda state: state.commands.pending()) == []
    assert await store.read(lambda state: state.commands.result(ident)) == CommandResult(True, "done")
    assert await store.transaction(lambda state: state.commands.prune(START + 8 * DAY)) == 1
    with pytest.raises(LookupError):
        await store.read(lambda state: state.commands.result(ident))


async def test_the_audit_log_is_bounded_and_newest_first(store: StateRepository) -> None:
    """Entries come back newest first; those of two years ago, and those beyond the newest, go."""
    await store.commit(UnitOfWork(START, audit=[Audit(START + n, "kim", f"verb {n}", "0123 Hot", "note") for n in range(9)]))
    assert [entry.verb for entry in await store.read(lambda state: state.audit.newest(2))] == ["verb 8", "verb 7"]
    assert await store.transaction(lambda state: state.audit.prune(START, keep=5)) == 4
    assert await store.transaction(lambda state: state.audit.prune(START + 6 + 730 * DAY)) == 2
    assert [entry.at for entry in await store.read(lambda state: state.audit.newest())] == [START + 8, START + 7, START + 6]


async def test_leader_and_viewers(store: StateRepository) -> None:
    """One leader's row, that only its process clears; viewers count while their heartbeat is fresh."""
    row, viewer = LeaderRow(12, "dashboard", "0.1", "abc", START, START), ViewerRow(13, "dashboard", "lee", START, START)
    await store.transaction(lambda state: state.processes.save_leader(replace(row, pid=11)))
    await store.transaction(lambda state: state.processes.save_leader(row))
    await store.transaction(lambda state: state.processes.save_viewer(viewer))
    assert await store.read(lambda state: state.processes.leader()) == row
    assert await store.read(lambda state: state.processes.viewers(START + 14_000)) == [viewer]
    assert await store.read(lambda state: state.processes.viewers(START + 15_000)) == []
    await store.transaction(lambda state: state.processes.clear_leader(11))
    assert await store.read(lambda state: state.processes.leader()) == row
    await store.transaction(lambda state: state.processes.clear_leader(12))
    assert await store.read(lambda state: state.processes.leader()) is None
    assert await store.transaction(lambda state: state.processes.prune_viewers(START + 20_000)) == 1
    assert await store.read(lambda state: state.processes.viewers(START)) == []
    await store.transaction(lambda state: state.processes.save_viewer(viewer))
    await store.transaction(lambda state: state.processes.remove_viewer(13))
    assert await store.read(lambda state: state.processes.viewers(START)) == []


async def test_panels_are_replaced_by_name_and_bounded(store: StateRepository) -> None:
    """By name; one more than the limit is refused and changes nothing."""
    panels = [Panel(f"p{number:03}", "up", 60_000, "kim", START) for number in range(MOST_PANELS)]

    def save(state: State) -> None:
        for panel in panels[::-1]:
            state.panels.save(panel)

    await store.transaction(save)
    assert await store.read(lambda state: state.panels.all()) == panels
    with pytest.raises(TooManyPanels, match="delete one first"):
        await store.transaction(lambda state: state.panels.save(replace(panels[0], name="more")))
    await store.transaction(lambda state: state.panels.save(replace(panels[0], expr="up == 0")))
    assert (await store.read(lambda state: state.panels.all()))[0].expr == "up == 0"
    removed = await store.transaction(lambda state: (state.panels.remove("p000"), state.panels.remove("p000")))
    assert removed == (True, False) and len(await store.read(lambda state: state.panels.all())) == MOST_PANELS - 1


def everything(ident: int) -> UnitOfWork:
    """A unit of work with something of each kind."""
    silence = make_silence(['check=~"a|b"'], START, START + DAY, "kim")
    plan = Plan(notified={(FULL.id, "hook"): NotifiedState("critical", START, "g")}, silences={silence.id: silence})
    return UnitOfWork(
        START, [Transition(START, "firing", FULL)], plan, [message(alerts=(snapshot(FULL.id),))], (),
        [Audit(START, "kim", "silenced", "x")], FinishedCommand(ident, CommandResult(True, "done")),
    )  # fmt: skip


async def test_a_unit_of_work_is_all_or_nothing(store: StateRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Transition, dispatch rows, outbox row, audit entry and command's result are committed together, or none of them."""

    def look(state: State) -> tuple[int, ...]:
        remembered = state.dispatch.load()
        rows = (state.alerts.live(), remembered.notified, remembered.silences, state.outbox.newest(), state.audit.newest())
        return (*map(len, rows), len(state.commands.pending()))

    ident = await store.transaction(lambda state: state.commands.add("kim", "ack", "{}", START))

    def stop_before_the_end(state: State) -> None:
        unit = everything(ident)
        state.alerts.save(unit.transitions)
        state.dispatch.save(unit.plan or Plan())
        state.outbox.enqueue(unit.messages[0], START)
        state.audit.add(unit.audit[0])
        state.commands.finish(unit.command or FinishedCommand(0, CommandResult(True, "")), START)
        assert look(state) == (1, 1, 1, 1, 1, 0)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await store.transaction(stop_before_the_end)
    assert await store.read(look) == (0, 0, 0, 0, 0, 1)
    await store.commit(everything(ident))
    assert await store.read(look) == (1, 1, 1, 1, 1, 0)
    await store.commit(everything(ident))
    assert await store.read(look) == (1, 1, 1, 1, 2, 0), "the same message is taken once"


async def test_what_was_sent_from_memory_is_resumed(store: StateRepository) -> None:
    """A message that went to memory while nothing could be written is in `sending` from the next commit on, and a crash finds it."""
    told = message()
    await store.transaction(lambda state: state.outbox.enqueue(told, START))
    row = await store.transaction(lambda state: state.outbox.claim_next("hook", START))
    assert row is not None
    other = replace(row, id="ffff", payload=message("k2").to_json(), alerts=("a9",))
    await store.commit(UnitOfWork(START, resumed=[other, replace(row, alerts=("a1", "a7"))]))
    rows = {entry.id: entry for entry in await store.read(lambda state: state.outbox.newest())}
    assert {ident: (one.state, one.alerts) for ident, one in rows.items()} == {
        row.id: ("sending", ("a1", "a7")),
        "ffff": ("sending", ("a9",)),
    }
    assert [entry.id for entry in await store.read(lambda state: state.outbox.of_alert("a7"))] == [row.id]
    assert await store.transaction(lambda state: state.outbox.recover(START, ["ffff"])) == 1
    await store.transaction(lambda state: state.outbox.record("ffff", SendResult("sent"), START))
    assert await store.read(lambda state: state.outbox.notified("hook", ["a9", "a7"])) == ["a9"]


async def test_transactions_do_not_mix(store: StateRepository) -> None:
    """Many at once, durable and not, each sees what the one before has written; after the end there is nothing to ask."""

    def count(state: State) -> None:
        row = state.processes.leader() or LeaderRow(0, "headless", "", "", START, START)
        state.processes.save_leader(replace(row, pid=row.pid + 1))

    await asyncio.gather(*(store.transaction(count, durable=number % 2 == 0) for number in range(50)))
    leader = await store.read(lambda state: state.processes.leader())
    assert leader is not None and leader.pid == 50
    await store.close()
    with pytest.raises(StorageFault, match="closed"):
        await store.read(lambda state: state.processes.leader())


async def test_alerts_survive_a_restart(store: StateRepository) -> None:
    """What the evaluator saved is what the next one takes up: `for` progress, acknowledgement, ids."""
    rules = rules_of({"alert": "Hot", "expr": "heat > 10", "for": "60s"}, {"alert": "Warm", "expr": "heat > 5"})
    world = World(rules)
    world.step("heat", 11)
    await store.commit(UnitOfWork(START, world.seen))
    second = World(rules)
    second.now = world.now + 59_000
    live, taken = await store.read(lambda state: (state.alerts.live(), state.alerts.ids()))
    assert second.evaluator.restore(second.now, live, (), taken) == []
    assert second.step("heat", 11) == ["firing"]
    assert {alert.id for alert in second.evaluator.alerts()} == {alert.id for alert in world.evaluator.alerts()}
    assert changes(second.tick(3600)) == []


async def test_pings_are_numbered_stay_and_are_pruned_by_job(store: StateRepository) -> None:
    """Each reader goes on behind the number that it has had; the newest of each job stay whatever their age."""

    def add(state: State, name: str, at: int, count: int) -> None:
        for number in range(count):
            state.pings.add(Ping(name, "fail", at + number, "run", 3, "disk full", "kim"))

    await store.transaction(lambda state: add(state, "backup", START, 3))
    first, *others = await store.read(lambda state: state.pings.after(0))
    assert first.ping == Ping("backup", "fail", START, "run", 3, "disk full", "kim")
    assert await store.read(lambda state: state.pings.after(first.id)) == others
    assert len(await store.read(lambda state: state.pings.after(0, 2))) == 2
    await store.transaction(lambda state: add(state, "noisy", START, KEEP_PINGS + 5))
    later = START + KEEP_PINGS_MS + DAY
    assert await store.transaction(lambda state: state.pings.prune(START + 1000)) == 0
    assert await store.transaction(lambda state: state.pings.prune(later)) == 5
    left = await store.read(lambda state: state.pings.after(0))
    assert [stored.ping.name for stored in left].count("backup") == 3 and len(left) == KEEP_PINGS + 3
    await store.transaction(lambda state: add(state, "backup", START, 1))
    assert (await store.read(lambda state: state.pings.after(left[-1].id)))[0].id > left[-1].id


async def test_added_rules_are_unique_by_name_and_bounded(store: StateRepository) -> None:
    """A name is given once; all fields come back; beyond the bound a rule is refused."""
    rule = AddedRule("Hot", "cpu_usage > 90", "cpu_usage_ratio > 0.9", 300.0, "critical", ("ops", "mail"), 600.0, "kim", START)
    assert await store.transaction(lambda state: state.added_rules.add(rule))
    assert not await store.transaction(lambda state: state.added_rules.add(replace(rule, expr="up")))
    assert await store.read(lambda state: state.added_rules.all()) == [rule]
    assert await store.transaction(lambda state: (state.added_rules.remove("Hot"), state.added_rules.remove("Hot"))) == (True, False)
    for number in range(MOST_ADDED_RULES):
        await store.transaction(lambda state, number=number: state.added_rules.add(replace(rule, name=f"n{number}")))  # type: ignore[misc]
    with pytest.raises(TooManyAddedRules):
        await store.transaction(lambda state: state.added_rules.add(rule))


async def test_tokens_are_unique_by_name_bounded_and_links_end(store: StateRepository) -> None:
    """A name is given once; links and sessions are deleted when they expire, tokens of people stay to be seen."""
    lasting = AccessToken("grafana", ("read", "act"), "d1", "root", START, START + 1)
    link = AccessToken("link-1", ("act",), "d2", "kim", START, START + 1, "link")
    for token in (lasting, link):
        assert await store.transaction(lambda state, token=token: state.tokens.add(token))  # type: ignore[misc]
    assert not await store.transaction(lambda state: state.tokens.add(replace(lasting, digest="other")))
    assert await store.read(lambda state: state.tokens.all()) == [lasting, link]
    assert await store.transaction(lambda state: state.tokens.prune(START + 1)) == 1
    assert await store.transaction(lambda state: (state.tokens.remove("grafana"), state.tokens.remove("grafana"))) == (True, False)
    for number in range(MOST_TOKENS):
        await store.transaction(lambda state, number=number: state.tokens.add(replace(lasting, name=f"n{number}")))  # type: ignore[misc]
    with pytest.raises(TooManyTokens, match="revoke some"):
        await store.transaction(lambda state: state.tokens.add(lasting))
