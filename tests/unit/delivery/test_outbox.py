"""The outbox's workers: retries, unknown sends, order, rate limits, merging, stopping, and a store that cannot be written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.outbox_tools import (
    T0,
    Events,
    FakeNotifier,
    HandClock,
    MemoryState,
    StateDb,
    message,
    resolved,
    settle,
    snapshot,
)
from tui_monitor.delivery.merging import late_pair, merge_pair, summarise
from tui_monitor.delivery.outbox import Outbox
from tui_monitor.notifiers.api import RateLimit, SendError
from tui_monitor.storage.records import SendResult


class Bench:
    """An outbox under test with all its collaborators."""

    def __init__(self, state: MemoryState | StateDb, *notifiers: FakeNotifier) -> None:
        self.state = state
        self.clock = HandClock()
        self.events = Events()
        self.notifiers = notifiers
        self.outbox = Outbox(self.state, {n.name: n for n in notifiers}, self.clock, self.events, jitter=lambda: 0.5)

    def put(self, *messages: object) -> list[str]:
        """Enqueue and wake, as the runtime does after its commit."""
        idents = self.state.put(*messages, now=self.clock.wall_ms())  # type: ignore[arg-type]
        self.outbox.wake()
        return idents

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Bench]:
        """The workers at work."""
        task = asyncio.create_task(self.outbox.run())
        await settle()
        try:
            yield self
        finally:
            await self.outbox.close(0.2)
            await task


@pytest.fixture(params=["sqlite", "memory"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Bench]:
    """Makes benches over one state of either kind."""

    memory = MemoryState()

    def make(*notifiers: FakeNotifier) -> Bench:
        state = StateDb(tmp_path / "state.db") if request.param == "sqlite" else memory
        return Bench(state, *(notifiers or (FakeNotifier(),)))

    return make


async def test_messages_go_out_in_order_and_are_recorded(bench: Callable[..., Bench]) -> None:
    """What is committed is sent in order, and the row says when and with which provider id."""
    async with bench().running() as b:
        idents = b.put(*(message(f"k{n}") for n in range(5)))
        await b.events.until(5)
        assert [m.key for m in b.notifiers[0].sent] == [f"k{n}" for n in range(5)]
        entry = b.state.entry(idents[4])
        assert (entry.state, entry.provider_id, entry.sent_at) == ("sent", "id-5", T0)


async def test_retries_back_off_and_the_order_holds(bench: Callable[..., Bench]) -> None:
    """2 s, 4 s, 8 s ... between tries of the first message; the second follows only after it."""
    down = SendError("cannot connect")
    async with bench(FakeNotifier(plan=[down, down, down])).running() as b:
        first, second = b.put(message("k1"), message("k2", thread="t2"))
        for tries, pause in ((1, 2), (2, 4), (3, 8)):
            await b.events.until(tries)
            entry = b.state.entry(first)
            assert (entry.state, entry.next_try, entry.error) == ("retrying", b.clock.wall_ms() + pause * 1000, "cannot connect")
            await b.clock.turn(pause - 0.01)
            assert len(b.events.all) == tries
            await b.clock.turn(0.02)
        await b.events.until(5)
        assert [m.key for m in b.notifiers[0].sent] == ["k1", "k2"]
        assert b.state.entry(first).attempts == 4 and b.state.entry(second).attempts == 1


async def test_a_timeout_after_writing_gets_exactly_one_marked_retry(bench: Callable[..., Bench]) -> None:
    """Unknown, once more with the mark, then unknown for good."""
    lost = SendError("no answer in 10s", maybe_delivered=True)
    async with bench(FakeNotifier(always=lost)).running() as b:
        (ident,) = b.put(message())
        await b.events.until(1)
        assert b.state.entry(ident).state == "unknown" and b.state.entry(ident).next_try == T0 + 5000
        await b.clock.turn(6)
        await b.events.until(2)
        await b.clock.turn(4000)
        assert b.notifiers[0].repeats == [False, True]
        assert (b.state.entry(ident).state, b.state.entry(ident).next_try) == ("unknown", None)


async def test_what_cannot_help_is_not_tried_again(bench: Callable[..., Bench]) -> None:
    """A permanent refusal is failed at once, visible, and the next message goes on."""
    async with bench(FakeNotifier(plan=[SendError("HTTP 404: no_service", permanent=True)])).running() as b:
        first, second = b.put(message("k1"), message("k2"))
        await b.events.until(2)
        assert (b.state.entry(first).state, b.state.entry(first).error) == ("failed", "HTTP 404: no_service")
        assert b.state.entry(second).state == "sent"


async def test_retry_after_is_obeyed_to_the_second_and_survives_a_restart(bench: Callable[..., Bench], tmp_path: Path) -> None:
    """429 with Retry-After: nothing goes out before, also not from a new process."""
    limited = SendError("HTTP 429", retry_after=30.0)
    async with bench(FakeNotifier(plan=[limited])).running() as b:
        (ident,) = b.put(message())
        await b.events.until(1)
        due = b.state.entry(ident).next_try
        assert due is not None and T0 + 30_000 <= due <= T0 + 30_500
    async with bench().running() as later:
        await later.clock.turn(29.9)
        assert later.notifiers[0].tried == []
        await later.clock.turn(1)
        await later.events.until(1)
        assert later.notifiers[0].repeats == [False]


async def test_a_service_that_asks_for_no_pause_is_not_asked_more_often(bench: Callable[..., Bench]) -> None:
    """Retry-After: 0 (or a date that has passed) does not switch the back-off off: 2 s, 4 s, 8 s all the same."""
    async with bench(FakeNotifier(always=SendError("HTTP 429", retry_after=0.0))).running() as b:
        (ident,) = b.put(message())
        for tries, pause in ((1, 2), (2, 4), (3, 8)):
            await b.events.until(tries)
            assert b.state.entry(ident).next_try == b.clock.wall_ms() + pause * 1000
            await b.clock.turn(pause)


async def test_it_gives_up_after_a_day_visibly(bench: Callable[..., Bench]) -> None:
    """24 hours of failures end as failed with the last reason."""
    async with bench(FakeNotifier(always=SendError("cannot connect"))).running() as b:
        (ident,) = b.put(message())
        await b.events.until(1)
        for _ in range(400):
            await b.clock.turn(300)
        entry = b.state.entry(ident)
        assert entry.state == "failed" and entry.error.startswith("gave up after") and entry.error.endswith("cannot connect")


async def test_one_notifier_that_hangs_or_fails_delays_no_other(bench: Callable[..., Bench]) -> None:
    """Each notifier has its own worker."""
    stuck, broken, fine = (
        FakeNotifier("stuck", gate=asyncio.Event()),
        FakeNotifier("broken", always=SendError("down")),
        FakeNotifier("fine"),
    )
    async with bench(stuck, broken, fine).running() as b:
        b.put(*(message(f"k{n}", notifier=name) for n in range(3) for name in ("stuck", "broken", "fine")))
        await b.events.until(4)
        assert [m.key for m in fine.sent] == ["k0", "k1", "k2"]
        assert len(stuck.tried) == 1 and len(broken.tried) == 1


async def test_a_faulty_notifier_is_a_failed_message_not_a_dead_worker(bench: Callable[..., Bench]) -> None:
    """An exception that a channel does not expect is recorded by its class only (its text may hold secrets)."""
    async with bench(FakeNotifier(plan=[KeyError("token-123")])).running() as b:
        first, second = b.put(message("k1"), message("k2"))
        await b.events.until(2)
        assert (b.state.entry(first).state, b.state.entry(first).error) == ("failed", "internal error: KeyError")
        assert b.state.entry(second).state == "sent"


async def test_a_kill_between_send_and_record_repeats_once_and_says_so(bench: Callable[..., Bench]) -> None:
    """What a dead process left in sending goes out once more with the mark; nothing else is repeated."""
    b = bench()
    sent, stuck, queued = b.state.put(message("k1"), message("k2"), message("k3"))
    b.state.now(lambda db: db.outbox.claim_next("hook", T0))
    b.state.now(lambda db: db.outbox.record(sent, SendResult("sent"), T0))
    b.state.now(lambda db: db.outbox.claim_next("hook", T0))
    async with b.running():
        await b.events.until(2)
        assert [(m.key, repeat) for m, repeat in zip(b.notifiers[0].sent, b.notifiers[0].repeats, strict=True)] == [
            ("k2", True),
            ("k3", False),
        ]
    assert [b.state.entry(ident).state for ident in (sent, stuck, queued)] == ["sent"] * 3


async def test_a_firing_and_its_resolve_that_both_wait_become_one_late_message(bench: Callable[..., Bench]) -> None:
    """After an outage of the channel the pair is told once, with its times, and both rows are sent."""
    async with bench(FakeNotifier(plan=[SendError("down")] * 2)).running() as b:
        (firing,) = b.put(message("k1"))
        await b.events.until(1)
        (end,) = b.put(message("k2", kind="resolved", created_at=T0 + 1000, alerts=(resolved(ends_at=T0 + 720_000),)))
        await b.clock.turn(2.5)
        await b.events.until(2)
        await b.clock.turn(10)
        await b.events.until(3)
        (late,) = b.notifiers[0].sent
        assert (late.key, late.kind, [alert.status for alert in late.alerts]) == ("k2", "resolved", ["resolved"])
        assert "was down" in late.note and "delivered" in b.notifiers[0].notes[-1]
        assert [b.state.entry(ident).state for ident in (firing, end)] == ["sent", "sent"]


async def test_a_firing_that_was_told_keeps_its_resolve(bench: Callable[..., Bench]) -> None:
    """Nothing merges when the firing is out: the resolve is a message of its own."""
    async with bench().running() as b:
        b.put(message("k1"))
        await b.events.until(1)
        b.put(message("k2", kind="resolved", alerts=(resolved(),)))
        await b.events.until(2)
        assert [m.kind for m in b.notifiers[0].sent] == ["firing", "resolved"]


async def test_a_burst_beyond_the_rate_limit_is_one_summary_that_loses_no_resolve(bench: Callable[..., Bench]) -> None:
    """3 in a minute: two go out alone, the third speaks for all the rest, resolves among them; the next minute is free again."""
    async with bench(FakeNotifier(rate_limit=RateLimit(3, 60.0))).running() as b:
        burst = [message(f"k{n}", thread=f"t{n}", alerts=(snapshot(f"a{n}"),)) for n in range(40)]
        ends = [message(f"r{n}", kind="resolved", thread=f"t{n}", alerts=(resolved(f"a{n}"),)) for n in (0, 1)]
        idents = b.put(*burst, *ends)
        await b.events.until(3)
        await settle()
        one, two, rest = b.notifiers[0].sent
        assert (one.key, two.key, rest.key) == ("k2", "k3", "r1")
        told = {alert.id: alert.status for m in (one, two, rest) for alert in m.alerts}
        assert len(told) == 40 and (told["a0"], told["a1"], told["a39"]) == ("resolved", "resolved", "firing")
        assert {entry.state for entry in b.state.entries()} == {"sent"} and len(idents) == 42
        b.put(message("k99"))
        await b.clock.turn(30)
        assert len(b.notifiers[0].sent) == 3
        await b.clock.turn(31)
        await b.events.until(4)
        assert b.notifiers[0].sent[-1].key == "k99"


async def test_a_late_message_says_so(bench: Callable[..., Bench]) -> None:
    """More than 60 s after the event the message carries since when, fixed at its first try."""
    b = bench(FakeNotifier(plan=[SendError("down")]))
    b.state.put(message())
    b.clock.now += 600_000
    async with b.running():
        await b.events.until(1)
        await b.clock.turn(3)
        await b.events.until(2)
        first, second = b.notifiers[0].tried
        assert first.note.startswith("since ") and first == second
        assert all(note.startswith("since ") for note in b.notifiers[0].notes)


async def test_stopping_finishes_what_is_being_sent(bench: Callable[..., Bench]) -> None:
    """close() within its grace lets the send end; the rest stays queued."""
    gate = asyncio.Event()
    b = bench(FakeNotifier(gate=gate))
    async with b.running():
        first, second = b.put(message("k1"), message("k2"))
        await settle()
        closing = asyncio.create_task(b.outbox.close(5.0))
        await settle()
        gate.set()
        await closing
    assert (b.state.entry(first).state, b.state.entry(second).state) == ("sent", "queued")
    assert b.notifiers[0].closed


async def test_stopping_in_the_middle_leaves_one_marked_retry(bench: Callable[..., Bench]) -> None:
    """What does not end within the grace is unknown, at once due for the next process."""
    b = bench(FakeNotifier(gate=asyncio.Event()))
    async with b.running():
        (ident,) = b.put(message())
        await settle()
        await b.outbox.close(0.01)
    entry = b.state.entry(ident)
    assert (entry.state, entry.possible_repeat, entry.next_try) == ("unknown", True, T0)


async def test_a_store_that_cannot_be_written_does_not_silence(bench: Callable[..., Bench]) -> None:
    """From memory, marked as not recorded; when the store is well again the queued rows go on."""
    async with bench().running() as b:
        b.state.broken = True
        b.outbox.send_unrecorded([message("k1")])
        (event,) = await b.events.until(1)
        assert event.state == "sent" and not event.recorded
        assert b.notifiers[0].notes == ["not recorded, may repeat"]
        b.state.broken = False
        b.put(message("k2"))
        await b.clock.turn(11)
        await b.events.until(2)
        assert b.events.all[1].recorded


async def test_an_outcome_that_cannot_be_written_is_not_sent_twice(bench: Callable[..., Bench]) -> None:
    """The disk fills between claim and record: the outcome is kept and written when there is room."""
    gate = asyncio.Event()
    async with bench(FakeNotifier(gate=gate)).running() as b:
        (ident,) = b.put(message())
        await settle()
        b.state.broken = True
        gate.set()
        await b.events.until(1)
        await b.clock.turn(5)
        assert b.state.entry(ident).state == "sending"
        b.state.broken = False
        await b.clock.turn(5)
        assert b.state.entry(ident).state == "sent" and len(b.notifiers[0].sent) == 1


async def test_a_storm_in_memory_is_bounded(bench: Callable[..., Bench]) -> None:
    """With the store gone and the channel busy, a thousand alerts become few messages, none lost."""
    gate = asyncio.Event()
    async with bench(FakeNotifier(gate=gate, rate_limit=RateLimit(20, 60.0))).running() as b:
        b.state.broken = True
        b.outbox.send_unrecorded([message("k0", alerts=(snapshot("a0"),))])
        await settle()
        b.outbox.send_unrecorded([message(f"k{n}", thread=f"t{n}", alerts=(snapshot(f"a{n}"),)) for n in range(1, 1000)])
        gate.set()
        async with asyncio.timeout(60):
            while len({alert.id for m in b.notifiers[0].sent for alert in m.alerts}) < 1000:
                await settle()
        assert len(b.notifiers[0].sent) <= 22


async def test_reconfiguring_swaps_notifiers_without_losing_a_message(bench: Callable[..., Bench]) -> None:
    """A send under way ends on the old notifier, which is then closed; the next goes through the new one."""
    gate = asyncio.Event()
    old, new, other = FakeNotifier(gate=gate), FakeNotifier(), FakeNotifier("other")
    async with bench(old).running() as b:
        b.put(message("k1"), message("k2"), message("k3", notifier="other"))
        await settle()
        b.outbox.reconfigure({"hook": new, "other": other})
        gate.set()
        await b.events.until(3)
        assert [m.key for m in old.sent] == ["k1"] and old.closed
        assert [m.key for m in new.sent] == ["k2"] and [m.key for m in other.sent] == ["k3"]


async def test_progress_is_visible_to_the_watchdog(bench: Callable[..., Bench]) -> None:
    """progressed_at moves while workers idle, and stands while one is stuck."""
    async with bench(FakeNotifier(gate=asyncio.Event()), FakeNotifier("other")).running() as b:
        before = b.outbox.progressed_at
        for _ in range(3):
            await b.clock.turn(11)
        assert b.outbox.progressed_at > before
        b.put(message())
        await settle()
        stuck_at = b.outbox.progressed_at
        for _ in range(3):
            await b.clock.turn(11)
        assert b.outbox.progressed_at == stuck_at


def test_a_pair_merges_only_when_everything_ended() -> None:
    """A group of two needs both resolves."""
    firing = message(alerts=(snapshot("a1"), snapshot("a2")))
    first, second = message("r1", kind="resolved", alerts=(resolved("a1"),)), message("r2", kind="resolved", alerts=(resolved("a2"),))
    assert late_pair(firing, [first]) == 0
    assert late_pair(firing, [first, second]) == 2
    merged = merge_pair([firing, first, second])
    assert (merged.key, merged.merged, [(a.id, a.status) for a in merged.alerts]) == ("r2", 2, [("a1", "resolved"), ("a2", "resolved")])


def test_a_summary_is_gravest_first_with_resolves_last() -> None:
    """Every alert once, in its newest state."""
    parts = [
        message("k1", alerts=(snapshot("a1", severity="warning"), snapshot("a2"))),
        message("k2", alerts=(snapshot("a3", severity="critical"),)),
        message("k3", kind="resolved", alerts=(resolved("a2"),)),
    ]
    summary = summarise(parts)
    assert [(a.id, a.status) for a in summary.alerts] == [("a3", "firing"), ("a1", "firing"), ("a2", "resolved")]
    assert (summary.kind, summary.severity, summary.merged, summary.title) == ("firing", "critical", 2, "2 firing, 1 resolved · web-1")


async def test_an_idle_notifier_is_closed_when_it_is_replaced(bench: Callable[..., Bench]) -> None:
    """A reload leaves no connections open, whether the notifier was replaced or removed."""
    replaced, removed, new = FakeNotifier(), FakeNotifier("other"), FakeNotifier()
    async with bench(replaced, removed).running() as b:
        b.outbox.reconfigure({"hook": new})
        await settle()
        assert (replaced.closed, removed.closed, new.closed) == (True, True, False)


async def test_a_storm_of_a_thousand_alerts_is_few_messages(bench: Callable[..., Bench]) -> None:
    """20 in a minute: twenty messages tell of all thousand, at once; every row is sent."""
    async with bench(FakeNotifier(rate_limit=RateLimit(20, 60.0))).running() as b:
        b.put(*(message(f"k{n}", thread=f"t{n}", alerts=(snapshot(f"a{n}"),)) for n in range(1000)))
        await b.events.until(20)
        assert len({alert.id for m in b.notifiers[0].sent for alert in m.alerts}) == 1000
        assert b.notifiers[0].sent[-1].text.endswith("and 961 more")
        assert {entry.state for entry in b.state.entries()} == {"sent"}


async def test_new_messages_are_announced_as_queued(bench: Callable[..., Bench]) -> None:
    """The board knows a message before a worker has tried it: "sent" is said only where it is."""
    here = bench()
    here.outbox.announce([message("k1")])
    assert [(event.notifier, event.id, event.state, event.attempts) for event in here.events.all] == [("hook", "k1", "queued", 0)]
