"""The leader's board: which alert is a cause, and who has been told."""

from __future__ import annotations

from dataclasses import replace

from tests.support.clocks import ManualClock
from tui_monitor.alerts.alert import Alert
from tui_monitor.board.causes import affected_by
from tui_monitor.board.values import Delivery
from tui_monitor.delivery.outbox import OutboxEvent
from tui_monitor.runtime.live_board import Deliveries

DOWN = Alert(
    id="a1", fingerprint="f1", rule="r", labels={"alertname": "CheckUnhealthy", "check": "db"}, annotations={},
    severity="critical", state="firing", value=2.0, active_at=0, starts_at=1,
)  # fmt: skip


def test_only_the_cause_has_affected_ones() -> None:
    """A figure of the same check that fires too mutes nobody: the number stands at the check's own alert."""
    figure = replace(DOWN, id="a2", labels={"alertname": "OrdersWait", "check": "db"})
    muted = [
        replace(DOWN, id=f"m{n}", labels={"alertname": "CheckUnhealthy", "check": name}, suppressed_by=("depends_on:db",))
        for n, name in enumerate(("shop", "cart"))
    ]
    assert affected_by([figure, DOWN, *muted]) == {"a1": ("cart", "shop")}


def test_inhibition_counts_too() -> None:
    """An alert that another one inhibits is affected by that one."""
    assert affected_by([DOWN, replace(DOWN, id="a3", labels={"mount": "/"}, suppressed_by=("inhibit:a1",))]) == {"a1": ("/",)}


def test_a_message_is_on_the_board_from_the_moment_it_is_queued() -> None:
    """What waits for a dead notifier is seen beside what the other one has delivered."""
    deliveries = Deliveries(ManualClock())
    for notifier in ("ops-chat", "ops-mail"):
        deliveries.on_event(OutboxEvent(notifier, "1", "firing", "queued", 0, ("a1",), "", "", True))
    deliveries.on_event(OutboxEvent("ops-chat", "1", "firing", "sent", 1, ("a1",), "", "", True))
    assert [(one.notifier, one.state) for one in deliveries.of("a1")] == [("ops-chat", "sent"), ("ops-mail", "queued")]
    assert all(isinstance(one, Delivery) for one in deliveries.of("a1"))
