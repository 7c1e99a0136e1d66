"""What belongs together on a board."""

from __future__ import annotations

from dataclasses import replace

from tests.support import sample_boards as boards
from tui_monitor.board.service import service_at, service_headed_by, services_of
from tui_monitor.board.values import Board, MemberView
from tui_monitor.core.values import HealthStatus

DOWN, SLOW, WELL = HealthStatus.UNHEALTHY, HealthStatus.DEGRADED, HealthStatus.HEALTHY


def board() -> Board:
    """A database on which an API depends, on which a page depends; two checks of one labelled service; a group of a group."""
    make = boards.check
    checks = (
        make("db", "postgres", DOWN, "refused", category="infrastructure"),
        make("api", status=DOWN, depends_on=("db",), labels={"service": "shop"}),
        make("page", depends_on=("api",), labels={"service": "shop"}),
        make("inner", "group", WELL, members=(MemberView("page", WELL),)),
        make("all", "group", SLOW, members=(MemberView("inner", WELL), MemberView("db", DOWN), MemberView("gone", WELL))),
    )
    alerts = (
        boards.alert(1, "CheckUnhealthy", "critical", "db is down", 4, labels={"check": "db"}),
        boards.alert(2, "Late", "warning", "orders wait", 4, labels={"service": "shop"}),
    )
    return replace(boards.empty(), checks=checks, alerts=alerts)


def test_services_are_groups_labels_dependents_and_layers() -> None:
    """Each with its checks: the head first, then the gravest; groups within a group are opened; who depends through others counts."""
    found = [(one.key, [check.name for check in one.checks]) for one in services_of(board())]
    assert found == [
        ("group:inner", ["inner", "page"]),
        ("group:all", ["all", "db", "inner", "page"]),
        ("label:shop", ["api", "page"]),
        ("dependents:db", ["db", "api", "page"]),
        ("dependents:api", ["api", "page"]),
        ("layer:infrastructure", ["db"]),
        ("layer:application", ["api", "all", "page", "inner"]),
    ]


def test_a_service_has_the_status_the_reason_and_the_alerts_of_its_checks() -> None:
    """A group judges by its own shares; a labelled service also has alerts with its label."""
    whole = {service.key: service for service in services_of(board())}
    assert whole["group:all"].status is SLOW and whole["group:all"].reason == "db: refused" and whole["group:all"].firing == 1
    assert whole["dependents:db"].status is DOWN
    assert [alert.name for alert in whole["label:shop"].alerts] == ["Late"]
    assert whole["group:inner"].reason == "" and whole["group:inner"].alerts == ()


def test_a_head_leads_to_its_service() -> None:
    """A group, or a check that others depend on; any other check leads to its details."""
    known = {check.name: check for check in board().checks}
    assert (headed := service_headed_by(board(), known["all"])) is not None and headed.key == "group:all"
    assert (headed := service_headed_by(board(), known["db"])) is not None and headed.key == "dependents:db"
    assert service_headed_by(board(), known["page"]) is None


def test_checks_that_depend_on_each_other_in_a_circle_end() -> None:
    """A configuration refuses circles; a board of another version may have one."""
    first, second = boards.check("a", depends_on=("b",)), boards.check("b", depends_on=("a",))
    circle = replace(boards.empty(), checks=(first, second))
    assert [one.key for one in services_of(circle)] == ["dependents:a", "dependents:b", "layer:application"]


def test_a_service_that_is_gone_is_not_found() -> None:
    """A reload may take it away while its page is open."""
    assert service_at(board(), "group:all") is not None and service_at(boards.empty(), "group:all") is None
