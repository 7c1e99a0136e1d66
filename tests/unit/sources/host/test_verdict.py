"""The verdict on another host, and the words for why it is not reached."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tui_monitor.config.hosts import check_ssh_name
from tui_monitor.core.values import HealthStatus
from tui_monitor.sources.host.command_line import _options, ssh_environment
from tui_monitor.sources.host.link import LinkView
from tui_monitor.sources.host.probe import alert_counts, usage, verdict
from tui_monitor.sources.host.reasons import LinkFault, fault_of

AT = 1_000_000
BOARD = {"at": AT - 3000, "status": "unhealthy", "leader": {"alive": True}}
GOOD = LinkView(connected=True, hello={}, board=BOARD)
DOWN = LinkFault("connection refused")


@pytest.mark.parametrize(
    ("view", "status", "reason"),
    [
        (LinkView(), HealthStatus.UNKNOWN, "connecting"),
        (GOOD, HealthStatus.HEALTHY, ""),
        (replace(GOOD, connected=False, fault=DOWN, failures=1), HealthStatus.HEALTHY, ""),
        (replace(GOOD, connected=False, fault=DOWN, failures=2), HealthStatus.UNHEALTHY, "unreachable: connection refused"),
        (LinkView(fault=DOWN, failures=1), HealthStatus.UNHEALTHY, "unreachable: connection refused"),
        (
            replace(GOOD, board={**BOARD, "leader": {"alive": False}}),
            HealthStatus.UNHEALTHY,
            "its monitor does not run; its last board is of ",
        ),
        (replace(GOOD, board=None, remark="no monitor has run here"), HealthStatus.UNHEALTHY, "no monitor has run here"),
    ],
)
def test_a_host_is_judged_by_its_link_and_its_leader(view: LinkView, status: HealthStatus, reason: str) -> None:
    """The far board's status is no part of it; a connection that has just ended is tried once more."""
    found = verdict(view, AT)
    assert found[0] is status
    assert found[1].startswith(reason) if reason else found[1] == ""


@pytest.mark.parametrize(
    "board", [{}, {"alerts": 5, "resources": []}, {"alerts": [1], "resources": {"mounts": [5, {"usage": "x"}], "cpu": True}}]
)
def test_a_board_of_any_shape_gives_no_figures(board: dict[str, Any]) -> None:
    """A peer of another version or a hostile one cannot break the check."""
    assert alert_counts(board) == (0, 0)
    assert usage(board) == (None, None, None)
    verdict(replace(GOOD, board=board), AT)


def test_figures_of_a_board() -> None:
    alerts = [{"state": "firing"}, {"state": "firing", "acknowledged_by": "kim"}, {"state": "pending"}]
    mounts = [{"usage": 0.5}, {"usage": 0.9}, {"usage": None}]
    assert alert_counts({"alerts": alerts}) == (1, 1)
    assert usage({"resources": {"cpu": 0.1, "memory": 0.2, "mounts": mounts}}) == (0.1, 0.2, 0.9)


@pytest.mark.parametrize("name", ["web-1", "kim@web-1", "192.0.2.1", "2001:db8::1", "fe80::1%eth0"])
def test_destinations(name: str) -> None:
    assert check_ssh_name(name) == name


@pytest.mark.parametrize("name", ["", "-oProxyCommand=x", "web 1", "web;ls", "$(id)", "web\n1", "a/b", "`x`", "웹"])
def test_nothing_can_become_an_option_or_reach_a_shell(name: str) -> None:
    with pytest.raises(ValueError, match="not a destination of ssh"):
        check_ssh_name(name)


def test_limits_are_set_only_where_the_user_has_none() -> None:
    """`ssh -G` of OpenSSH 9: "none" and 0 mean unset."""
    assert _options("connecttimeout none\nserveraliveinterval 0\n") == [
        "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=2",
    ]  # fmt: skip
    assert _options("connecttimeout 3\nserveraliveinterval 30\nserveralivecountmax 9\n") == []


def test_ssh_asks_nobody_and_gets_no_secret() -> None:
    found = ssh_environment({"SSH_AUTH_SOCK": "/run/agent", "TELEGRAM_TOKEN": "x", "SSH_ASKPASS": "/bin/x", "DISPLAY": ":0"})
    assert found["SSH_AUTH_SOCK"] == "/run/agent" and found["SSH_ASKPASS_REQUIRE"] == "never"
    assert not {"TELEGRAM_TOKEN", "SSH_ASKPASS", "DISPLAY"} & set(found)


def test_escape_sequences_of_a_server_are_not_shown() -> None:
    assert fault_of("x", 255, "\x1b[31mssh: odd\x07\r\n").text == "ssh: odd"
