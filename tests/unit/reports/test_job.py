"""The leader's job: what is due is made once and queued with its row, in one transaction; failures are told and tried again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.clocks import ManualClock, settle
from tests.support.report_world import MIDNIGHT, NOW
from tests.support.settings import made
from tui_monitor.board.backend import CommandRefused
from tui_monitor.config.settings import Settings
from tui_monitor.core.report_failures import ReportFailures
from tui_monitor.core.values import label
from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.origin import Origin
from tui_monitor.runtime.report_job import ReportJob
from tui_monitor.runtime.report_messages import Sender
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.in_memory.repository import InMemoryRepository

HOUR, DAY = 3_600_000, 86_400_000
PACKAGE = {
    "title": "Daily report", "severity": "info", "incidents": 0, "text": "table", "chat": "lines", "brief": "few", "html": "<p>page</p>",
    "images": {"chart0@x": "aGk="}, "data": {"incidents": 0},
}  # fmt: skip
MAIL = {"name": "mail", "type": "email", "host": "mail.example.com", "from": "a@example.com", "to": ["b@example.com"]}
CHAT = {"name": "chat", "type": "ntfy", "url": "https://ntfy.example.com", "topic": "x"}
HOOK = {"name": "hook", "type": "webhook", "url": "https://example.com/hook"}


class Desk:
    """A job in a world whose clock is turned by hand; ``faults`` are raised by the next makings."""

    def __init__(self, now: int = MIDNIGHT - 12 * HOUR, **report: Any) -> None:
        entry = {"name": "morning", "timezone": "Europe/Berlin", "to": ["team"], **report}
        keys = {"notifiers": [MAIL, CHAT, HOOK], "recipients": {"team": ["mail", "chat", "hook"]}, "reports": [entry]}
        self.settings = made(Settings, keys)
        self.clock = ManualClock(now)
        self.state = InMemoryRepository()
        self.failures = ReportFailures()
        self.failures.configure(["morning"])
        self.orders: list[dict[str, Any]] = []
        self.faults: list[Exception] = []
        self.queued: list[Message] = []
        self.package: dict[str, Any] = dict(PACKAGE)
        self.job = self.another()

    def another(self) -> ReportJob:
        """A job as another leader begins it, over the same state."""
        sender = Sender("web-1", "en", "ssh web-1", Origin("wallet", "", "wallet · web-1"))
        return ReportJob(self.settings, sender, self.state, self.clock, self.failures, self._make, self.queued.extend)

    async def _make(self, name: str, order: str) -> Mapping[str, Any]:
        self.orders.append({"name": name, **json.loads(order)})
        if self.faults:
            raise self.faults.pop(0)
        return self.package

    async def at(self, now: int) -> None:
        """One look at a moment."""
        self.clock.step_wall((now - self.clock.wall_ms()) / 1000)
        for report in self.settings.reports:
            await self.job._contained(report)

    @property
    def rows(self) -> Sequence[Any]:
        """The outbox."""
        return self.state.state.outbox.newest()

    def failed(self) -> float:
        """The value of the series."""
        return {label(sample.labels, "report"): sample.value for sample in self.failures.samples()}["morning"]


async def test_each_notifier_gets_one_message_in_its_own_form() -> None:
    """Mail has the page and its pictures, a chat the lines, a webhook the data; the key is the same on every try."""
    desk = Desk()
    await desk.at(MIDNIGHT)
    assert desk.orders == [] and desk.rows == []
    for _ in range(3):
        await desk.at(NOW)
    assert [order["day"] for order in desk.orders] == ["2026-03-02"]
    mail, chat, hook = (next(message for message in desk.queued if message.notifier == name) for name in ("mail", "chat", "hook"))
    assert (mail.key, mail.text, mail.html, list(mail.images)) == ("report/morning/2026-03-01", "table", "<p>page</p>", ["chart0@x"])
    assert (chat.text, chat.html, chat.images, chat.report) == ("lines", "", {}, "")
    assert json.loads(hook.report) == {"incidents": 0} and hook.kind == "message" and hook.footer == "wallet · web-1"
    assert len(desk.rows) == len(desk.queued) == 3


async def test_another_leader_does_not_send_it_again() -> None:
    """The row decides; the next day has its own."""
    desk = Desk()
    await desk.at(MIDNIGHT)
    await desk.at(NOW)
    desk.job = desk.another()
    await desk.at(NOW + HOUR)
    assert len(desk.orders) == 1
    await desk.at(NOW + DAY)
    assert [order["day"] for order in desk.orders] == ["2026-03-02", "2026-03-03"] and len(desk.queued) == 6


async def test_a_report_that_is_new_begins_with_the_next_period() -> None:
    """At ten in the morning nothing is sent for yesterday."""
    desk = Desk(NOW + 2 * HOUR)
    await desk.at(NOW + 2 * HOUR)
    await desk.at(NOW + 3 * HOUR)
    assert desk.orders == []
    await desk.at(NOW + DAY)
    assert len(desk.orders) == 1


async def test_a_report_that_cannot_be_made_is_told_and_tried_each_hour() -> None:
    """ReportFailed's series is 1 until it is made; the report then says why it comes late."""
    desk = Desk()
    await desk.at(MIDNIGHT)
    desk.faults = [CommandRefused("the history cannot be read"), RuntimeError("a bug")]
    await desk.at(NOW)
    assert desk.failed() == 1.0 and desk.failures.reason({"alertname": "ReportFailed", "report": "morning"}) == "the history cannot be read"
    await desk.at(NOW + HOUR // 2)
    assert len(desk.orders) == 1
    await desk.at(NOW + HOUR + 1)
    assert len(desk.orders) == 2 and "a bug" in desk.failures.reason({"alertname": "ReportFailed", "report": "morning"})
    await desk.at(NOW + 2 * HOUR + 2)
    assert desk.failed() == 0.0 and len(desk.queued) == 3
    assert desk.orders[-1]["late"] and "a bug" in desk.orders[-1]["failed"]


async def test_after_its_period_a_failed_report_is_over() -> None:
    """The next one is tried, and a failure of the old one is no longer told."""
    desk = Desk()
    await desk.at(MIDNIGHT)
    desk.faults = [CommandRefused("x")]
    await desk.at(NOW + 23 * HOUR)
    assert desk.failed() == 1.0
    await desk.at(NOW + DAY + HOUR)
    assert desk.failed() == 0.0 and [order["day"] for order in desk.orders] == ["2026-03-02", "2026-03-03"]
    assert desk.orders[-1]["missed"] == ["2026-03-01"]


async def test_a_state_that_cannot_be_written_loses_and_doubles_nothing() -> None:
    """A full disk while it is queued: nothing is half done; five minutes later it is queued."""
    desk = Desk()
    await desk.at(MIDNIGHT)
    add = desk.state.state.outbox.enqueue
    full = [StorageFault("database or disk is full")]

    def enqueue(message: Message, now: int) -> str:
        if message.notifier == "chat" and full:
            raise full.pop()
        return add(message, now)

    desk.state.state.outbox.enqueue = enqueue  # type: ignore[method-assign,assignment]
    await desk.at(NOW)
    assert desk.rows == [] and desk.queued == [] and desk.failed() == 1.0
    await desk.at(NOW + 301_000)
    assert sorted(row.notifier for row in desk.rows) == ["chat", "hook", "mail"] and len(desk.queued) == 3


async def test_nothing_is_sent_for_a_quiet_period_but_a_sign_of_life() -> None:
    """only_if = incidents: a week without incidents is silent, then one report; an incident is sent at once."""
    desk = Desk(NOW - 10 * HOUR, only_if="incidents", to=["mail"])
    await desk.at(NOW - 10 * HOUR)
    sent = []
    for day in range(9):
        desk.package["incidents"] = 1 if day == 8 else 0
        await desk.at(NOW + day * DAY)
        sent.append(len(desk.queued))
    assert sent == [0, 0, 0, 0, 0, 0, 0, 1, 2] and [order["calm"] for order in desk.orders].count(True) == 1


async def test_a_report_to_nobody_is_never_made() -> None:
    """It is only shown."""
    desk = Desk(to=[])
    await desk.at(MIDNIGHT)
    await desk.at(NOW)
    assert desk.orders == []


async def test_the_job_looks_when_the_report_is_due_and_after_the_clock_was_set() -> None:
    """It sleeps until eight, at most half a minute at a time, so that a clock that is set forward is noticed."""
    desk = Desk(MIDNIGHT)
    task = asyncio.create_task(desk.job.run())
    await settle()
    desk.clock.step_wall(8 * 3600 - 5)
    await desk.clock.advance(30)
    assert len(desk.orders) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("zone", "begin"),
    [
        ("Europe/Berlin", datetime(2026, 3, 27)), ("Europe/Berlin", datetime(2026, 10, 23)),
        ("America/New_York", datetime(2026, 3, 6)), ("America/New_York", datetime(2026, 10, 30)),
    ],
)  # fmt: skip
async def test_each_day_is_sent_once_when_the_clocks_change(zone: str, begin: datetime) -> None:
    """at = 02:30, both changes, five days in steps of twenty minutes: one report for each day, none late, none missed."""
    start = round(begin.replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000
    desk = Desk(start, timezone=zone, at="02:30", to=["mail"])
    for step in range(5 * 72):
        await desk.at(start + step * 1_200_000)
    days = [order["day"] for order in desk.orders]
    assert days == [(begin + timedelta(days=number)).date().isoformat() for number in range(5)]
    assert not any(order["late"] or order["missed"] for order in desk.orders) and len(desk.queued) == 5
