"""Hosts over ssh end to end: real daemons, a real sshd, one monitor that watches the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.peers.fixtures import present
from tests.support.peers.ssh_logins import SshLogins, in_path, ssh_logins
from tests.support.processes import Installation, installation, until
from tests.support.receivers import receiver


@pytest.fixture
def logins() -> Iterator[SshLogins]:
    with present(ssh_logins) as made, in_path(made):
        yield made


@pytest.fixture
def places(tmp_path: Path) -> Iterator[list[Installation]]:
    """A hub and two hosts."""
    with ExitStack() as stack:
        yield [stack.enter_context(installation(tmp_path / name)) for name in ("hub", "web-1", "web-2")]


def status_of(hub: Installation) -> dict[str, dict[str, Any]]:
    """The hub's checks by name."""
    found = hub.run("status", "--json")
    return {one["name"]: one for one in json.loads(found.stdout)["checks"]} if found.stdout else {}


async def test_a_host_that_goes_down_is_told_by_the_hub_and_its_own_alerts_are_not(logins: SshLogins, places: list[Installation]) -> None:
    """Host-down goes through rules and outbox; an alert that a host tells itself does not make the hub tell it again."""
    hub, first, second = places
    async with receiver() as hook:
        for host in (first, second):
            host.configure(f'host = "{host.place.name}"\ndefault_rules = []\n[[rules]]\nalert = "Always"\nexpr = "vector(1)"\n')
            logins.add_monitor(host.place.name, host.state)
        hub.configure(
            f"""
            host = "hub"
            default_rules = ["CheckUnhealthy"]
            [[hosts]]
            name = "web-1"
            interval = "1s"
            [[hosts]]
            name = "web-2"
            interval = "1s"
            labels = {{ team = "shop" }}
            [[notifiers]]
            name = "hook"
            type = "webhook"
            url = "{hook.url}"
            [routing]
            info = ["hook"]
            """
        )
        daemon = await first.start()
        await second.start()
        await hub.start()
        await until(lambda: all(one["status"] == "healthy" for one in status_of(hub).values()) and len(status_of(hub)) == 2)
        shown = status_of(hub)["web-2"]
        assert shown["facts"]["host"] == "web-2" and "1 firing" in shown["facts"]["alerts"]
        assert shown["figures"]["host_up"] == 1.0
        await daemon.kill()
        await until(lambda: status_of(hub)["web-1"]["status"] == "unhealthy")
        assert "its monitor does not run" in status_of(hub)["web-1"]["reason"]
        await until(lambda: hook.requests)
        alerts = [alert["labels"] for request in hook.requests for alert in request.json()["alerts"]]
        assert {(one["alertname"], one["check"], one["host"]) for one in alerts} == {("CheckUnhealthy", "web-1", "hub")}
        await first.start()
        await until(lambda: status_of(hub)["web-1"]["status"] == "healthy")
