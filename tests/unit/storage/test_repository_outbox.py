"""The outbox's table: claims, order, recovery, pruning, and the contract's JSON."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.support.outbox_tools import T0, MemoryState, StateDb, StateTools, message, resolved, snapshot
from tui_monitor.board.json_shapes import notification_json
from tui_monitor.dispatch.message import State
from tui_monitor.storage.records import OutboxRow, SendResult
from tui_monitor.storage.repository import State as Tables


@pytest.fixture(params=["sqlite", "memory"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> StateTools:
    """An empty state."""
    return StateDb(tmp_path / "state.db") if request.param == "sqlite" else MemoryState()


def claim(at: int, state: Tables) -> OutboxRow | None:
    return state.outbox.claim_next("hook", at)


def record(ident: str, outcome: Literal["sent", "failed"], at: int, state: Tables) -> None:
    state.outbox.record(ident, SendResult(outcome), at)


def test_a_claim_is_exclusive(state: StateTools) -> None:
    """A row that one claimer has is not given to another, nor is a later one of the same notifier."""
    state.put(message("k1"), message("k2"))
    first = state.now(lambda state: state.outbox.claim_next("hook", T0))
    second = state.now(lambda state: state.outbox.claim_next("hook", T0))
    assert first is not None and first.state == "sending" and first.attempts == 1
    assert second is not None and second.id != first.id
    assert state.now(lambda state: state.outbox.claim_next("hook", T0)) is None
    assert state.now(lambda state: state.outbox.claim_next("other", T0)) is None


def test_the_same_key_is_taken_once(state: StateTools) -> None:
    """Enqueueing a message again, as after a crash of the caller, changes nothing."""
    assert state.put(message("k1")) == state.put(message("k1", title="again"))
    assert len(state.now(lambda state: state.outbox.newest())) == 1


def test_order_is_kept_behind_a_row_that_waits(state: StateTools) -> None:
    """While an earlier row waits for its retry, later ones wait too."""
    first, second = state.put(message("k1"), message("k2"))
    state.now(lambda state: state.outbox.claim_next("hook", T0))
    state.now(lambda state: state.outbox.record(first, SendResult("retrying", next_try=T0 + 2000, error="HTTP 503"), T0))
    assert state.now(lambda state: state.outbox.claim_next("hook", T0 + 1999)) is None
    assert state.now(lambda state: state.outbox.next_due_at("hook")) == T0 + 2000
    again = state.now(lambda state: state.outbox.claim_next("hook", T0 + 2000))
    assert again is not None and again.id == first and again.attempts == 2
    state.now(lambda state: state.outbox.record(first, SendResult("sent", provider_id="p1"), T0 + 2100))
    then = state.now(lambda state: state.outbox.claim_next("hook", T0 + 2100))
    assert then is not None and then.id == second


def test_a_row_that_steps_aside_lets_other_threads_pass_and_returns_after_a_success(state: StateTools) -> None:
    """A message that its service refuses again and again holds back only its own thread."""
    poison, follower, other = state.put(message("k1", thread="t1"), message("k2", thread="t1"), message("k3", thread="t2"))
    state.now(lambda state: state.outbox.claim_next("hook", T0))
    state.now(lambda state: state.outbox.record(poison, SendResult("retrying", next_try=T0 + 300_000, aside=True), T0))
    passed = state.now(lambda state: state.outbox.claim_next("hook", T0))
    assert passed is None, "the follower of the same thread stands before the other thread"
    state.now(lambda state: state.outbox.record(follower, SendResult("failed"), T0))
    passed = state.now(lambda state: state.outbox.claim_next("hook", T0))
    assert passed is not None and passed.id == other
    state.now(lambda state: state.outbox.record(other, SendResult("sent"), T0 + 10))
    back = state.now(lambda state: state.outbox.claim_next("hook", T0 + 10))
    assert back is not None and back.id == poison


def test_recovery_allows_one_marked_retry(state: StateTools) -> None:
    """What a dead process was sending is unknown and tried once more, marked; the second time it stays unknown."""
    (ident,) = state.put(message())
    state.now(lambda state: state.outbox.claim_next("hook", T0))
    assert state.now(lambda state: state.outbox.recover(T0 + 5000)) == 1
    entry = state.entry(ident)
    assert (entry.state, entry.possible_repeat, entry.next_try) == ("unknown", True, T0 + 5000)
    again = state.now(lambda state: state.outbox.claim_next("hook", T0 + 5000))
    assert again is not None and again.possible_repeat
    assert state.now(lambda state: state.outbox.recover(T0 + 9000)) == 1
    assert (state.entry(ident).state, state.entry(ident).next_try) == ("unknown", None)
    assert state.now(lambda state: state.outbox.claim_next("hook", T0 + 90_000)) is None


def test_recovery_ends_what_was_folded_into_a_row_too(state: StateTools) -> None:
    """A process that dies twice while it sends a merged message leaves nothing queued for ever."""
    firing, end = state.put(message("k1"), message("k2", kind="resolved"))
    state.now(lambda state: state.outbox.merge([firing], end, message("k2", kind="resolved")))
    for _ in range(2):
        assert state.now(lambda state: state.outbox.claim_next("hook", T0)) is not None
        state.now(lambda state: state.outbox.recover(T0))
    assert [state.entry(ident).state for ident in (firing, end)] == ["unknown", "unknown"]


def test_the_rate_is_counted_where_messages_arrive(state: StateTools) -> None:
    """The window begins when a send was answered, so that a slow first one lets the receiver count no more than was allowed."""
    slow, quick = state.put(message("k1"), message("k2"))
    for ident, claimed_at, sent_at in ((slow, T0, T0 + 3000), (quick, T0 + 3000, T0 + 3100)):
        assert state.now(partial(claim, claimed_at)) is not None
        state.now(partial(record, ident, "sent", sent_at))
    assert state.now(lambda state: state.outbox.tries_in_window("hook", T0 + 12_000, 10_000)) == (2, T0 + 3000)
    assert state.now(lambda state: state.outbox.tries_in_window("hook", T0 + 13_050, 10_000)) == (1, T0 + 3100)


def test_a_backward_clock_step_delays_nothing(state: StateTools) -> None:
    """Rows that were queued or tried "in the future" are due when the clock was set back."""
    (ident,) = state.put(message(), now=T0)
    hour = 3_600_000
    assert state.now(lambda state: state.outbox.claim_next("hook", T0 - hour)) is not None
    state.now(lambda state: state.outbox.record(ident, SendResult("retrying", next_try=T0 - hour + 2000), T0 - hour))
    assert state.now(lambda state: state.outbox.claim_next("hook", T0 - 2 * hour)) is not None


def test_json_is_the_contracts(state: StateTools) -> None:
    """`notifications --json` has exactly the contract's keys, times as RFC 3339 UTC."""
    (ident,) = state.put(message(alerts=(snapshot("a1"), snapshot("a2"))))
    state.now(lambda state: state.outbox.claim_next("hook", T0))
    state.now(lambda state: state.outbox.record(ident, SendResult("sent", provider_id="42"), T0 + 250))
    assert notification_json(state.entry(ident), message(title="T")) == {
        "id": ident,
        "notifier": "hook",
        "alerts": ["a1", "a2"],
        "kind": "firing",
        "state": "sent",
        "attempts": 1,
        "next_try": None,
        "created_at": "2026-09-21T14:13:20.000Z",
        "sent_at": "2026-09-21T14:13:20.250Z",
        "provider_id": "42",
        "error": None,
        "title": "T",
        "severity": "critical",
    }


def test_the_notifications_of_an_alert_are_found(state: StateTools) -> None:
    """Each alert knows the messages that told of it, oldest first, with the message itself on demand."""
    state.put(message("k1", alerts=(snapshot("a1"), snapshot("a2"))), message("k2", kind="resolved", alerts=(resolved("a1"),)))
    assert [entry.kind for entry in state.now(lambda state: state.outbox.of_alert("a1"))] == ["firing", "resolved"]
    assert [entry.message.key for entry in state.now(lambda state: state.outbox.of_alert("a2", payload=True))] == ["k1"]
    assert state.now(lambda state: state.outbox.of_alert("a3")) == []


def test_pruning_is_bounded_and_never_takes_what_waits(state: StateTools) -> None:
    """Sent rows go by number and age, failed ones by themselves, waiting ones never."""
    idents = state.put(*(message(f"k{n}") for n in range(20)))
    for ident in idents[:10]:
        state.now(partial(record, ident, "sent", T0))
    for ident in idents[10:15]:
        state.now(partial(record, ident, "failed", T0))
    pruned = state.now(lambda state: state.outbox.prune(T0, keep_rows=4, keep_ms=1000))
    assert (pruned.sent, pruned.unsent) == (6, 1)
    late = state.now(lambda state: state.outbox.prune(T0 + 2000, keep_rows=4, keep_ms=1000))
    assert (late.sent, late.unsent) == (4, 4)
    assert [entry.state for entry in state.now(lambda state: state.outbox.newest())] == ["queued"] * 5
    assert len(state.state.outbox.of_alert("a1")) == 5


def test_rows_of_a_notifier_that_is_gone_say_so_and_end(state: StateTools) -> None:
    """A renamed notifier's messages do not wait for ever unseen."""
    old, new = state.put(message("k1", created_at=T0 - 90_000_000), message("k2"))
    assert state.now(lambda state: state.outbox.fail_orphans(["other"], T0, 86_400_000)) == 1
    assert state.entry(old).state == "failed"
    assert (state.entry(new).state, state.entry(new).error) == ("queued", "no notifier of this name is configured")


def test_hostile_text_can_be_stored(state: StateTools) -> None:
    """Undecodable bytes in a label do not keep a message from being written."""
    (ident,) = state.put(message(title="x \udcff y", alerts=(snapshot(labels={"alertname": "A\ud800\x1b[31m"}),)))
    claimed = state.now(lambda state: state.outbox.claim_next("hook", T0))
    assert claimed is not None and claimed.id == ident and claimed.message.title == "x ? y"


def test_a_message_sent_past_the_outbox_is_kept(state: StateTools) -> None:
    """`notify test` records how it went; no worker ever sees the row."""
    good = state.now(lambda state: state.outbox.add_finished(message("k1", kind="test"), SendResult("sent", provider_id="7"), T0))
    bad = state.now(lambda state: state.outbox.add_finished(message("k2", kind="test"), SendResult("failed", error="HTTP 404"), T0))
    assert [(state.entry(i).state, state.entry(i).provider_id, state.entry(i).error) for i in (good, bad)] == [
        ("sent", "7", ""),
        ("failed", "", "HTTP 404"),
    ]
    assert state.now(lambda state: state.outbox.claim_next("hook", T0)) is None


def test_how_long_a_notifier_fails(state: StateTools) -> None:
    """From the first message that did not get through to the newest try, or to now where nothing more is tried; a success ends it."""
    minute = 60_000

    def failing(minutes: float) -> tuple[int, str]:
        return state.now(lambda state: state.outbox.failing("hook", T0 + round(minutes * minute)))

    def tried(ident: str, minutes: float, became: State, **more: Any) -> None:
        assert state.now(lambda state: state.outbox.claim_next("hook", T0 + round(minutes * minute))) is not None
        state.now(lambda state: state.outbox.record(ident, SendResult(became, **more), T0 + round(minutes * minute)))

    first, second = state.put(message("k1"), message("k2"))
    assert failing(20) == (0, ""), "what was never tried says nothing"
    tried(first, 0, "retrying", next_try=T0 + 4 * minute, error="HTTP 503")
    assert failing(3) == (3 * minute, "HTTP 503")
    assert failing(30) == (4 * minute, "HTTP 503"), "no monitor ran, so nobody tried: a short outage stays short"
    assert state.now(lambda state: state.outbox.claim_next("hook", T0 + 11 * minute)) is not None
    assert failing(11)[0] == 11 * minute, "it goes on while it is being tried again"
    state.now(lambda state: state.outbox.record(first, SendResult("failed", error="HTTP 401"), T0 + 11 * minute))
    assert failing(60) == (60 * minute, "HTTP 401"), "refused for good: nothing will be tried"
    state.now(lambda state: state.outbox.add_finished(message("t1", kind="test"), SendResult("failed", error="HTTP 500"), T0 + 61 * minute))
    assert failing(62) == (62 * minute, "HTTP 401"), "a test that fails is no message that did not get through"
    tried(second, 63, "sent")
    assert failing(90) == (0, "")
    (third,) = state.put(message("k3", created_at=T0))
    tried(third, 91, "failed", error="HTTP 400")
    assert failing(95)[0] == 32 * minute, "counted from the last success"
    state.now(lambda state: state.outbox.add_finished(message("t2", kind="test"), SendResult("sent"), T0 + 96 * minute))
    assert failing(97) == (0, "")


def test_a_pair_that_is_merged_goes_on_failing(state: StateTools) -> None:
    """A firing that was tried in vain and is folded into its resolve still counts while that one is tried for the first time."""
    firing, end = state.put(message("k1"), message("k2", kind="resolved", created_at=T0 + 700_000))
    state.now(lambda state: state.outbox.claim_next("hook", T0))
    state.now(lambda state: state.outbox.record(firing, SendResult("retrying", next_try=T0 + 700_000, error="HTTP 503"), T0))
    state.now(lambda state: state.outbox.merge([firing], end, message("k2", kind="resolved", created_at=T0 + 700_000)))
    state.now(lambda state: state.outbox.claim_next("hook", T0 + 700_000))
    assert state.now(lambda state: state.outbox.failing("hook", T0 + 701_000))[0] == 701_000
