"""A group from outside: one outage of its members is one message, `check` probes them, a wrong group is refused with its line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.support.httpserver import HttpServer
from tests.support.processes import eventually, installation, told, until
from tests.support.receivers import receiver

CONFIG = """
default_rules = ["CheckUnhealthy"]
[[checks]]
name = "one"
type = "http"
url = "{url}/one"
interval = "200ms"
failures = 1
category = "exchange"
[[checks]]
name = "two"
type = "http"
url = "{url}/two"
interval = "200ms"
failures = 1
category = "exchange"
[[checks]]
name = "exchanges"
type = "group"
select = ['category="exchange"']
[[checks]]
name = "orders"
type = "http"
url = "{other}/"
interval = "200ms"
failures = 1
depends_on = ["exchanges"]
[[notifiers]]
name = "hook"
type = "webhook"
url = "{hook}"
[[routes]]
notifiers = ["hook"]
group_wait = "6s"
"""


async def test_one_outage_is_one_message_with_the_group(tmp_path: Path) -> None:
    """Both members fail: one message tells of them and of the group; what depends on the group is explained by it."""
    async with HttpServer() as target, HttpServer() as other, receiver() as hook:
        with installation(tmp_path / "place") as where:
            where.configure(CONFIG.format(url=target.url, other=other.url, hook=hook.url))
            daemon = await where.start()
            await other.wait_for(lambda server: len(server.requests) >= 2, 60)
            target.behave(status=500)
            await until(lambda: told(hook, "CheckUnhealthy", "firing"))
            other.behave(status=500)
            [message] = hook.requests
            assert sorted(alert["labels"]["check"] for alert in message.json()["alerts"]) == ["exchanges", "one", "two"]
            summary = next(a["annotations"]["summary"] for a in message.json()["alerts"] if a["labels"]["check"] == "exchanges")
            assert summary == "exchanges is unhealthy: 0% up, 50% wanted: unhealthy: one, two"

            def explained() -> bool:
                listed = json.loads(where.run("alerts", "--json").stdout)
                return any(a["labels"]["check"] == "orders" and a["suppressed_by"] == ["depends_on:exchanges"] for a in listed)

            await eventually(lambda: asyncio.to_thread(explained), what="the dependent's alert is explained by the group")
            row = json.loads((await asyncio.to_thread(where.run, "check", "exchanges", "--json")).stdout)
            assert [(entry["name"], entry["status"]) for entry in row] == [("exchanges", "unhealthy")]
            assert await daemon.terminate() == 0
        assert len(hook.requests) == 1


def test_a_wrong_group_is_refused_with_its_line(tmp_path: Path) -> None:
    """A member that is not there (any more), and a circle."""
    with installation(tmp_path / "place") as where:
        where.configure('[[checks]]\nname = "shop"\ntype = "group"\nmembers = [\n  "gone",\n]\n')
        refused = where.run("config", "check")
        assert refused.returncode != 0
        assert 'config.toml:4: checks[1].members: there is no check "gone"' in refused.stdout + refused.stderr
        where.configure('[[checks]]\nname = "shop"\ntype = "group"\nmembers = ["shop"]\n')
        refused = where.run("config", "check")
        assert "config.toml:4: checks[1].members: the group contains itself: shop → shop" in refused.stdout + refused.stderr
