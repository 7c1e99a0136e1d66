"""Advice by reason: what helps, with the target's own port and unit, in both languages."""

from __future__ import annotations

import pytest

from tui_monitor.core.catalogue.remedies import REMEDIES, notifier_remedy, remedy


@pytest.mark.parametrize(
    ("kind", "reason", "target", "part"),
    [
        ("postgres", "connection refused", "127.0.0.1:5432/app", "systemctl status postgresql; ss -ltnp 'sport = :5432'"),
        ("http", "connection refused", "http://127.0.0.1:18998/", "sport = :18998"),
        ("postgres", "timed out after 5s (connect)", "127.0.0.1:5432/app", "No connection is made"),
        ("http", "timed out after 5s (processing)", "https://shop.example.com/health", "does not answer in time"),
        ("http", "401 Unauthorized", "https://shop.example.com/", "credentials"),
        ("http", "503 Service Unavailable", "https://shop.example.com/", "log"),
        ("http", "certificate refused (expired)", "https://shop.example.com/", "openssl s_client -connect shop.example.com:443"),
        ("redis", "memory 93.1% of maxmemory", "127.0.0.1:6379", "INFO memory"),
        ("heartbeat", "no heartbeat for 26h", "", "systemctl list-timers"),
        ("http", "slow: 506ms (limit 250ms)", "https://shop.example.com/", "phases"),
        ("http", "503 Service Unavailable: out of memory", "https://shop.example.com/", "log"),
    ],
)
def test_the_advice_fits_the_reason(kind: str, reason: str, target: str, part: str) -> None:
    """Refused, timed out in connect, timed out in the answer, forbidden, failed: each has other advice."""
    assert part in remedy(kind, reason, target, "en")
    assert remedy(kind, reason, target, "ko") not in ("", remedy(kind, reason, target, "en"))


@pytest.mark.parametrize(
    ("reason", "target"), [("connection refused", "unix:/run/x.sock"), ("strange", "h:1"), ("refused", "$(reboot):80")]
)
def test_nothing_is_advised_where_the_place_is_not_known_or_not_harmless(reason: str, target: str) -> None:
    """A command is proposed only with a plain host and port; else the general advice stays."""
    assert remedy("tcp", reason, target, "en") == ""


def test_a_dead_notifier_is_not_helped_by_free_disk() -> None:
    """MonitorTrouble about a notifier names the command that shows its error."""
    assert "tui-monitor notify test ops-mail" in notifier_remedy("ops-mail", "en")
    assert "tui-monitor notify test ops-mail" in notifier_remedy("ops-mail", "ko")


def test_every_advice_can_be_filled_in() -> None:
    """No text has a place that is never filled."""
    place = {"host": "h", "port": "1", "unit": "u"}
    assert all(one.english.format_map(place) and one.korean.format_map(place) for one in REMEDIES)
