"""The outbox's table: claims, order, recovery, pruning, and the contract's JSON."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.support.outbox_tools import T0, StateDb, message, resolved, snapshot
from tui_monitor.dispatch.message import State
from tui_monitor.storage.state import outbox as rows


@pytest.fixture
def state(tmp_path: Path) -> StateDb:
    """An empty state.db."""
    return StateDb(tmp_path / "state.db")


def test_a_claim_is_exclusive(state: StateDb) -> None:
    """A row that one claimer has is not given to another, nor is a later one of the same notifier."""
    state.put(message("k1"), message("k2"))
    first = state.now(lambda db: rows.claim(db, "hook", T0))
    second = state.now(lambda db: rows.claim(db, "hook", T0))
    assert first is not None and first.state == "sending" and first.attempts == 1
    assert second is not None and second.id != first.id
    assert state.now(lambda db: rows.claim(db, "hook", T0)) is None
    assert state.now(lambda db: rows.claim(db, "other", T0)) is None


def test_the_same_key_is_taken_once(state: StateDb) -> None:
    """Enqueueing a message again, as after a crash of the caller, changes nothing."""
    assert state.put(message("k1")) == state.put(message("k1", title="again"))
    assert len(rows.list_entries(state.db)) == 1


def test_order_is_kept_behind_a_row_that_waits(state: StateDb) -> None:
    """While an earlier row waits for its retry, later ones wait too."""
    first, second = state.put(message("k1"), message("k2"))
    state.now(lambda db: rows.claim(db, "hook", T0))
    state.now(lambda db: rows.record(db, first, "retrying", T0, next_try=T0 + 2000, error="HTTP 503"))
    assert state.now(lambda db: rows.claim(db, "hook", T0 + 1999)) is None
    assert rows.wakes_at(state.db, "hook") == T0 + 2000
    again = state.now(lambda db: rows.claim(db, "hook", T0 + 2000))
    assert again is not None and again.id == first and again.attempts == 2
    state.now(lambda db: rows.record(db, first, "sent", T0 + 2100, provider_id="p1"))
    then = state.now(lambda db: rows.claim(db, "hook", T0 + 2100))
    assert then is not None and then.id == second


def test_a_row_that_steps_aside_lets_other_threads_pass_and_returns_after_a_success(state: StateDb) -> None:
    """A message that its service refuses again and again holds back only its own thread."""
    poison, follower, other = state.put(message("k1", thread="t1"), message("k2", thread="t1"), message("k3", thread="t2"))
    state.now(lambda db: rows.claim(db, "hook", T0))
    state.now(lambda db: rows.record(db, poison, "retrying", T0, next_try=T0 + 300_000, aside=True))
    passed = state.now(lambda db: rows.claim(db, "hook", T0))
    assert passed is None, "the follower of the same thread stands before the other thread"
    state.now(lambda db: rows.record(db, follower, "failed", T0))
    passed = state.now(lambda db: rows.claim(db, "hook", T0))
    assert passed is not None and passed.id == other
    state.now(lambda db: rows.record(db, other, "sent", T0 + 10))
    back = state.now(lambda db: rows.claim(db, "hook", T0 + 10))
    assert back is not None and back.id == poison


def test_recovery_allows_one_marked_retry(state: StateDb) -> None:
    """What a dead process was sending is unknown and tried once more, marked; the second time it stays unknown."""
    (ident,) = state.put(message())
    state.now(lambda db: rows.claim(db, "hook", T0))
    assert state.now(lambda db: rows.recover(db, T0 + 5000)) == 1
    entry = state.entry(ident)
    assert (entry.state, entry.possible_repeat, entry.next_try) == ("unknown", True, T0 + 5000)
    again = state.now(lambda db: rows.claim(db, "hook", T0 + 5000))
    assert again is not None and again.possible_repeat
    assert state.now(lambda db: rows.recover(db, T0 + 9000)) == 1
    assert (state.entry(ident).state, state.entry(ident).next_try) == ("unknown", None)
    assert state.now(lambda db: rows.claim(db, "hook", T0 + 90_000)) is None


def test_recovery_ends_what_was_folded_into_a_row_too(state: StateDb) -> None:
    """A process that dies twice while it sends a merged message leaves nothing queued for ever."""
    firing, end = state.put(message("k1"), message("k2", kind="resolved"))
    state.now(lambda db: rows.fold(db, [firing], end, message("k2", kind="resolved")))
    for _ in range(2):
        assert state.now(lambda db: rows.claim(db, "hook", T0)) is not None
        state.now(lambda db: rows.recover(db, T0))
    assert [state.entry(ident).state for ident in (firing, end)] == ["unknown", "unknown"]


def test_the_rate_is_counted_where_messages_arrive(state: StateDb) -> None:
    """The window begins when a send was answered, so that a slow first one lets the receiver count no more than was allowed."""
    slow, quick = state.put(message("k1"), message("k2"))
    for ident, sent_at in ((slow, T0 + 3000), (quick, T0 + 3100)):
        assert state.now(lambda db, at=sent_at: rows.claim(db, "hook", T0 if at == T0 + 3000 else T0 + 3000)) is not None
        state.now(lambda db, ident=ident, at=sent_at: rows.record(db, ident, "sent", at))
    assert rows.usage(state.db, "hook", T0 + 12_000, 10_000) == (2, T0 + 3000)
    assert rows.usage(state.db, "hook", T0 + 13_050, 10_000) == (1, T0 + 3100)


def test_a_backward_clock_step_delays_nothing(state: StateDb) -> None:
    """Rows that were queued or tried "in the future" are due when the clock was set back."""
    (ident,) = state.put(message(), now=T0)
    hour = 3_600_000
    assert state.now(lambda db: rows.claim(db, "hook", T0 - hour)) is not None
    state.now(lambda db: rows.record(db, ident, "retrying", T0 - hour, next_try=T0 - hour + 2000))
    assert state.now(lambda db: rows.claim(db, "hook", T0 - 2 * hour)) is not None


def test_json_is_the_contracts(state: StateDb) -> None:
    """`notifications --json` has exactly the contract's keys, times as RFC 3339 UTC."""
    (ident,) = state.put(message(alerts=(snapshot("a1"), snapshot("a2"))))
    state.now(lambda db: rows.claim(db, "hook", T0))
    state.now(lambda db: rows.record(db, ident, "sent", T0 + 250, provider_id="42"))
    assert rows.entry_to_json(state.entry(ident)) == {
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
    }


def test_the_notifications_of_an_alert_are_found(state: StateDb) -> None:
    """Each alert knows the messages that told of it, oldest first, with the message itself on demand."""
    state.put(message("k1", alerts=(snapshot("a1"), snapshot("a2"))), message("k2", kind="resolved", alerts=(resolved("a1"),)))
    assert [entry.kind for entry in rows.for_alert(state.db, "a1")] == ["firing", "resolved"]
    assert [entry.message.key for entry in rows.for_alert(state.db, "a2", payload=True)] == ["k1"]
    assert rows.for_alert(state.db, "a3") == []


def test_pruning_is_bounded_and_never_takes_what_waits(state: StateDb) -> None:
    """Sent rows go by number and age, failed ones by themselves, waiting ones never."""
    idents = state.put(*(message(f"k{n}") for n in range(20)))
    for ident in idents[:10]:
        state.now(lambda db, ident=ident: rows.record(db, ident, "sent", T0))
    for ident in idents[10:15]:
        state.now(lambda db, ident=ident: rows.record(db, ident, "failed", T0))
    pruned = state.now(lambda db: rows.prune(db, T0, keep_rows=4, keep_ms=1000))
    assert (pruned.sent, pruned.unsent) == (6, 1)
    late = state.now(lambda db: rows.prune(db, T0 + 2000, keep_rows=4, keep_ms=1000))
    assert (late.sent, late.unsent) == (4, 4)
    assert [entry.state for entry in rows.list_entries(state.db)] == ["queued"] * 5
    assert state.db.execute("SELECT COUNT(*) FROM notification_alerts").fetchone()[0] == 5


def test_rows_of_a_notifier_that_is_gone_say_so_and_end(state: StateDb) -> None:
    """A renamed notifier's messages do not wait for ever unseen."""
    old, new = state.put(message("k1", created_at=T0 - 90_000_000), message("k2"))
    assert state.now(lambda db: rows.orphan(db, ["other"], T0, 86_400_000)) == 1
    assert state.entry(old).state == "failed"
    assert (state.entry(new).state, state.entry(new).error) == ("queued", "no notifier of this name is configured")


def test_hostile_text_can_be_stored(state: StateDb) -> None:
    """Undecodable bytes in a label do not keep a message from being written."""
    (ident,) = state.put(message(title="x \udcff y", alerts=(snapshot(labels={"alertname": "A\ud800\x1b[31m"}),)))
    claimed = state.now(lambda db: rows.claim(db, "hook", T0))
    assert claimed is not None and claimed.id == ident and claimed.message.title == "x ? y"


def test_the_claim_uses_its_index(state: StateDb) -> None:
    """Finding the next row costs what waits, not what the table holds."""
    plan = state.db.execute(
        "EXPLAIN QUERY PLAN SELECT seq FROM notifications WHERE notifier = 'hook' AND next_try IS NOT NULL ORDER BY seq LIMIT 1"
    ).fetchall()
    assert any("notifications_waiting" in str(row) for row in plan), plan
    assert isinstance(state.db, sqlite3.Connection)


def test_a_message_sent_past_the_outbox_is_kept(state: StateDb) -> None:
    """`notify test` records how it went; no worker ever sees the row."""
    good = state.now(lambda db: rows.put_done(db, message("k1", kind="test"), "sent", T0, provider_id="7"))
    bad = state.now(lambda db: rows.put_done(db, message("k2", kind="test"), "failed", T0, error="HTTP 404"))
    assert [(state.entry(i).state, state.entry(i).provider_id, state.entry(i).error) for i in (good, bad)] == [
        ("sent", "7", ""),
        ("failed", "", "HTTP 404"),
    ]
    assert state.now(lambda db: rows.claim(db, "hook", T0)) is None


def test_how_long_a_notifier_fails(state: StateDb) -> None:
    """From the first message that did not get through to the newest try, or to now where nothing more is tried; a success ends it."""
    minute = 60_000

    def failing(minutes: float) -> tuple[int, str]:
        return rows.failing(state.db, "hook", T0 + round(minutes * minute))

    def tried(ident: str, minutes: float, became: State, **more: Any) -> None:
        assert state.now(lambda db: rows.claim(db, "hook", T0 + round(minutes * minute))) is not None
        state.now(lambda db: rows.record(db, ident, became, T0 + round(minutes * minute), **more))

    first, second = state.put(message("k1"), message("k2"))
    assert failing(20) == (0, ""), "what was never tried says nothing"
    tried(first, 0, "retrying", next_try=T0 + 4 * minute, error="HTTP 503")
    assert failing(3) == (3 * minute, "HTTP 503")
    assert failing(30) == (4 * minute, "HTTP 503"), "no monitor ran, so nobody tried: a short outage stays short"
    assert state.now(lambda db: rows.claim(db, "hook", T0 + 11 * minute)) is not None
    assert failing(11)[0] == 11 * minute, "it goes on while it is being tried again"
    state.now(lambda db: rows.record(db, first, "failed", T0 + 11 * minute, error="HTTP 401"))
    assert failing(60) == (60 * minute, "HTTP 401"), "refused for good: nothing will be tried"
    state.now(lambda db: rows.put_done(db, message("t1", kind="test"), "failed", T0 + 61 * minute, error="HTTP 500"))
    assert failing(62) == (62 * minute, "HTTP 401"), "a test that fails is no message that did not get through"
    tried(second, 63, "sent")
    assert failing(90) == (0, "")
    (third,) = state.put(message("k3", created_at=T0))
    tried(third, 91, "failed", error="HTTP 400")
    assert failing(95)[0] == 32 * minute, "counted from the last success"
    state.now(lambda db: rows.put_done(db, message("t2", kind="test"), "sent", T0 + 96 * minute))
    assert failing(97) == (0, "")


def test_a_pair_that_is_merged_goes_on_failing(state: StateDb) -> None:
    """A firing that was tried in vain and is folded into its resolve still counts while that one is tried for the first time."""
    firing, end = state.put(message("k1"), message("k2", kind="resolved", created_at=T0 + 700_000))
    state.now(lambda db: rows.claim(db, "hook", T0))
    state.now(lambda db: rows.record(db, firing, "retrying", T0, next_try=T0 + 700_000, error="HTTP 503"))
    state.now(lambda db: rows.fold(db, [firing], end, message("k2", kind="resolved", created_at=T0 + 700_000)))
    state.now(lambda db: rows.claim(db, "hook", T0 + 700_000))
    assert rows.failing(state.db, "hook", T0 + 701_000)[0] == 701_000
