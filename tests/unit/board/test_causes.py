"""Which alerts of a past moment others explain."""

from __future__ import annotations

from dataclasses import replace

from tests.support import sample_boards as boards
from tui_monitor.alerts.alert import Alert
from tui_monitor.board.causes import affected_by, ancestors, explained_then
from tui_monitor.board.values import CheckView
from tui_monitor.core.values import HealthStatus

CHECK = boards.storm().checks[0]
NEEDS = {"db": (), "cart": ("db",), "shop": ("cart",), "geo": ()}


def checks(**statuses: HealthStatus) -> list[CheckView]:
    return [replace(CHECK, name=name, status=statuses.get(name, HealthStatus.HEALTHY), depends_on=NEEDS[name]) for name in NEEDS]


def alert(check: str) -> Alert:
    return Alert(check, check, "CheckUnhealthy", "firing", "critical", {"check": check, "alertname": "CheckUnhealthy"}, {}, 2.0, 1, 1)


def test_the_past_names_the_cause_as_the_present_did() -> None:
    """A firing alert of a past moment is muted by the failed check at the root of what its check depends on, which counts it."""
    down = HealthStatus.UNHEALTHY
    then = explained_then([alert(name) for name in NEEDS], checks(db=down, cart=down, shop=down, geo=down))
    assert {one.id: one.suppressed_by for one in then} == {
        "db": (), "cart": ("depends_on:db",), "shop": ("depends_on:db",), "geo": ()
    }  # fmt: skip
    assert affected_by(then) == {"db": ("cart", "shop")}


def test_a_check_that_is_only_slow_explains_nothing() -> None:
    """Only a failed check explains failures, as for live alerts; a pending alert is never explained."""
    slow = explained_then([alert("cart")], checks(db=HealthStatus.DEGRADED))
    pending = explained_then([replace(alert("cart"), state="pending")], checks(db=HealthStatus.UNHEALTHY))
    assert [one.suppressed_by for one in (*slow, *pending)] == [(), ()]


def test_circles_end() -> None:
    """Checks that depend on each other are not their own ancestors, and names without a check are left out."""
    assert ancestors({"a": ("b",), "b": ("a", "gone")}) == {"a": frozenset({"b"}), "b": frozenset({"a"})}
