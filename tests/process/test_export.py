"""A daemon with [export]: what it does is in a file and in an index, each once, also after kill -9."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.bulk_index import BulkIndex
from tests.support.processes import Installation, installation, until
from tests.support.receivers import receiver

CONFIG = """
host = "web-1"
service = "shop"
default_rules = []
routing = {{ warning = ["hook"] }}
[[rules]]
alert = "Always"
expr = "vector(1)"
summary = "it is so"
[[notifiers]]
name = "hook"
type = "webhook"
url = "{hook}"
[export]
ecs_file = "{file}"
ecs_url = "{index}/logs-tuimonitor-default/_bulk"
bearer = "top-secret-token"
"""


@pytest.fixture
def where(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path / "place") as made:
        yield made


def in_file(path: Path) -> list[dict[str, Any]]:
    """The documents of the file."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def told(documents: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Dataset and action of each, without the log's lines."""
    found = [(one["event"]["dataset"].partition(".")[2], one["event"].get("action", "")) for one in documents]
    return sorted(each for each in found if each[0] != "logs")


async def test_what_happens_is_exported(where: Installation, tmp_path: Path) -> None:
    """An alert, its delivery, an acknowledgement, the monitor's own error, in both targets; a restart neither loses nor repeats."""
    index, file = BulkIndex(), tmp_path / "ecs.json"
    async with receiver() as hook, receiver(index) as server:
        where.configure(CONFIG.format(hook=hook.url, file=file, index=server.url))
        daemon = await where.start()
        await until(lambda: ("deliveries", "message-sent") in told(in_file(file)) and index.of("deliveries"))
        daemon.process.send_signal(signal.SIGHUP)
        await daemon.said("reloaded")
        where.configure("checks = 5\n# top-secret-token")
        daemon.process.send_signal(signal.SIGHUP)
        await daemon.said("still running the old configuration")
        await until(lambda: any("still running the old configuration" in one["message"] for one in index.of("logs")))
        assert all("top-secret-token" not in json.dumps(one) for one in index.documents.values())
        assert index.of("logs")[0]["service"]["name"] == "tui-monitor" and index.of("logs")[0]["log"]["logger"].startswith("tui_monitor")
        await daemon.kill()
        where.configure(CONFIG.format(hook=hook.url, file=file, index=server.url))
        (alert,) = json.loads((await asyncio.to_thread(where.run, "alerts", "--json")).stdout)
        await asyncio.to_thread(where.run, "ack", alert["id"], "--note", "mine")
        await where.start()
        wanted = [("acts", "ack"), ("acts", "reload"), ("alerts", "acknowledged"), ("alerts", "firing"), ("deliveries", "message-sent")]
        await until(lambda: set(wanted) <= set(told(in_file(file))) and set(wanted) <= set(told(list(index.documents.values()))))
        assert {each for each in told(in_file(file)) if each[1] != "reload"} == {each for each in wanted if each[1] != "reload"}
        idents = [one["event"]["id"] for one in in_file(file)]
        assert len(idents) == len(set(idents))
        firing = next(one for one in index.of("alerts") if one["event"]["action"] == "firing")
        assert firing["message"] == "Always firing (warning): it is so" and firing["service"]["name"] == "shop"
