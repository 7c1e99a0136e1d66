"""The verdict and the order of services: what is worst first, what explains what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support import sample_boards as boards
from tui_monitor.board.values import Board, CheckView
from tui_monitor.core.values import HealthStatus, worst
from tui_monitor.serving.page.services import ordered, split
from tui_monitor.serving.page.verdict import verdict, victims
from tui_monitor.serving.page.words import Words

DOWN, SLOW, FINE, UNKNOWN = HealthStatus.UNHEALTHY, HealthStatus.DEGRADED, HealthStatus.HEALTHY, HealthStatus.UNKNOWN
ENGLISH, KOREAN = Words("en"), Words("ko")


def check(name: str, status: HealthStatus = FINE, *depends_on: str, reason: str = "") -> CheckView:
    return boards.check(name, status=status, reason=reason, depends_on=depends_on)


def board(*checks: CheckView, **more: object) -> Board:
    return replace(boards.busy(), checks=checks, status=worst(one.status for one in checks), **{"alerts": (), **more})  # type: ignore[arg-type]


def test_a_cause_explains_what_depends_on_it() -> None:
    """Of a failed database and three services that need it the database is told, with what it takes down."""
    shown = board(
        check("billing", DOWN, "db"), check("db", DOWN, reason="no TCP connection in 5s"), check("cart", DOWN, "billing"), check("api")
    )
    said = verdict(shown, ENGLISH)
    assert (said.shade, said.lead, said.rest) == ("bad", "db is down", "for 4m")
    assert said.detail[0].startswith("No TCP connection in 5s, since ") and "It takes down billing, cart." in said.detail
    assert [one.name for one in victims(shown.checks[1], shown.checks)] == ["billing", "cart"]


def test_checks_that_depend_on_each_other_in_a_circle_are_told() -> None:
    """A circle has no cause; it is told nonetheless, and listed once each."""
    shown = board(check("a", DOWN, "b"), check("b", DOWN, "a"))
    assert verdict(shown, ENGLISH).lead == "a and b are down"
    assert sorted(row.check.name for row in ordered(shown.checks)) == ["a", "b"]


@pytest.mark.parametrize(
    ("shown", "shade", "lead"),
    [
        (board(check("a"), check("b")), "ok", "Everything is healthy"),
        (board(), "ok", "No services are watched yet"),
        (board(check("a", SLOW)), "warn", "a is degraded"),
        (board(check("a", SLOW), check("b", DOWN)), "bad", "b is down"),
        (board(*(check(name, DOWN) for name in "abcdef")), "bad", "a, b, c and 3 more are down"),
        (board(check("a", UNKNOWN)), "none", "a cannot be measured"),
        (boards.loading(), "none", "The monitor is starting"),
        (boards.broken(), "bad", "Nobody is monitoring"),
        (board(check("a"), alerts=boards.alerts()[5:6]), "warn", "DiskSpace /"),
        (board(check("a"), alerts=boards.alerts()[2:6]), "bad", "4 alerts"),
        (board(check("a"), alerts=boards.alerts()[7:9]), "ok", "Everything is healthy"),
        (board(check("a"), alerts=boards.alerts()[9:12]), "ok", "Everything is healthy"),
    ],
)
def test_the_worst_is_told(shown: Board, shade: str, lead: str) -> None:
    """Down before degraded before alerts before unknown; information, acknowledged and muted alerts are no verdict."""
    said = verdict(shown, ENGLISH)
    assert (said.shade, said.lead) == (shade, lead)
    korean = verdict(shown, KOREAN)
    assert (korean.shade == shade and korean.lead != lead) or shade in ("warn", "bad")


def test_the_verdict_says_who_takes_care() -> None:
    """An acknowledgement is named; a failed delivery says why; nobody told is said where there are notifiers."""
    alert = replace(boards.alerts()[0], labels={"check": "shop"})
    ill = check("shop", DOWN, reason="HTTP 500")
    taken = replace(alert, acknowledged_by="kim", deliveries=())
    assert "kim has acknowledged it." in verdict(board(ill, alerts=(taken,)), ENGLISH).detail
    assert "Nobody was told." in verdict(board(ill, alerts=(taken,)), ENGLISH).detail
    assert "kim 님이 확인함." in verdict(board(ill, alerts=(taken,)), KOREAN).detail
    told = verdict(board(ill, alerts=(alert,)), ENGLISH).detail
    assert told[1:] == ("Told ops-chat.", "ops-mail could not be told: 550 no such user.", "Nobody has acknowledged yet.")


def test_services_are_listed_worst_first_with_what_they_explain_below() -> None:
    """A service that a failed one explains stands below it; healthy ones keep the configuration's order."""
    rows = ordered(
        [check("z"), check("cart", DOWN, "db"), check("slow", SLOW), check("a"), check("db", DOWN), check("web", UNKNOWN, "cart")]
    )
    assert [(row.check.name, row.below) for row in rows] == [
        ("db", ""), ("cart", "db"), ("web", "cart"), ("slow", ""), ("z", ""), ("a", ""),
    ]  # fmt: skip


def test_many_healthy_services_are_named_only() -> None:
    """All that are ill have a row; of the healthy ones the first 25, unless naming the rest would save nothing."""
    rows = ordered([check(f"s{number}") for number in range(40)] + [check("x", DOWN)])
    shown, named = split(rows)
    assert (len(shown), len(named)) == (26, 15) and shown[0].check.name == "x"
    assert [len(part) for part in split(rows[:29])] == [29, 0]
