"""The leader's job of reports: makes what is due in a child process, and queues it once for each report, period and recipient.

State before send: the row that says so and the message are one transaction. A crash before it makes the report again, after it the outbox
has the message.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from tui_monitor.board.backend import CommandRefused
from tui_monitor.config.reports import ReportSettings
from tui_monitor.config.settings import Settings
from tui_monitor.core.clock import Clock
from tui_monitor.core.report_failures import ReportFailures
from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.routing import expand_recipients
from tui_monitor.reports.dues import KNOWN, QUEUED, QUIET, OwedReport, Sending, order_text, owed_report, unknown_recipients
from tui_monitor.reports.periods import next_due
from tui_monitor.runtime.report_messages import Sender, messages_of
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.records import ReportOutcome
from tui_monitor.storage.repository import State, StateRepository

log = logging.getLogger(__name__)
LOOK_S = 30.0
"""The longest pause between two looks: the clock may be set."""
AGAIN_MS = 3_600_000
"""A report that could not be made is tried again after so long."""
STORE_AGAIN_MS = 300_000
"""The same where only the state was in the way, which mends itself."""
Maker = Callable[[str, str], Awaitable[Mapping[str, Any]]]
"""Makes a report by its name and an order. Raises CommandRefused with the reason."""


class ReportJob:
    """The job for one configuration; `run` ends when it is cancelled. ``queued`` is called with messages that were committed."""

    def __init__(
        self,
        settings: Settings,
        sender: Sender,
        state: StateRepository,
        clock: Clock,
        failures: ReportFailures,
        make: Maker,
        queued: Callable[[Sequence[Message]], None],
    ) -> None:
        self._reports = settings.reports
        self._notifiers = {one.name: one for one in settings.notifiers}
        self._groups = settings.recipients
        self._sender = sender
        self._state = state
        self._clock = clock
        self._failures = failures
        self._make = make
        self._queued = queued
        self._not_before: dict[str, int] = {}
        self._reasons: dict[str, str] = {}

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            for report in self._reports:
                await self._contained(report)
            await self._clock.sleep(self._pause())

    def _pause(self) -> float:
        """Until the next report is due, at most LOOK_S."""
        now = self._clock.wall_ms()
        due = min((next_due(report, now) for report in self._reports), default=now + 60_000)
        return min(LOOK_S, max(0.05, (due - now) / 1000))

    async def _contained(self, report: ReportSettings) -> None:
        """The boundary of one report: an error in it is its failure, and the others are made."""
        try:
            await self.step(report)
        except CommandRefused as error:
            self._failed(report, str(error))
        except StorageFault as error:
            self._failed(report, f"the state cannot be read or written: {error}", STORE_AGAIN_MS)
        except Exception as error:
            log.exception("internal error in the report %s", report.name)
            self._failed(report, f"internal error: {type(error).__name__}: {error}")

    def _failed(self, report: ReportSettings, reason: str, again_ms: int = AGAIN_MS) -> None:
        log.error("the report %s cannot be made: %s", report.name, reason)
        self._not_before[report.name] = self._clock.wall_ms() + again_ms
        self._reasons[report.name] = reason
        self._failures.set(report.name, reason)

    async def step(self, report: ReportSettings) -> None:
        """Make and queue what is owed of a report. Raises CommandRefused and StorageFault."""
        now = self._clock.wall_ms()
        recipients = expand_recipients(report.to, self._groups, self._notifiers)
        if not recipients or (report.name in self._not_before and 0 <= self._not_before[report.name] - now <= AGAIN_MS):
            return
        rows = await self._state.read(lambda state: state.reports.of(report.name))
        if new := unknown_recipients(recipients, rows):
            await self._state.transaction(lambda state: _begin(state, report.name, new, now))
            rows = await self._state.read(lambda state: state.reports.of(report.name))
        owed = owed_report(report, recipients, rows, now)
        if owed is not None:
            await self._send(report, owed)
        self._not_before.pop(report.name, None)
        self._reasons.pop(report.name, None)
        self._failures.set(report.name, "")

    async def _send(self, report: ReportSettings, owed: OwedReport) -> None:
        sending = Sending(owed.late, owed.missed, owed.sign_of_life, self._reasons.get(report.name, ""))
        package = await self._make(report.name, order_text(report, owed.period, sending))
        quiet = report.only_if == "incidents" and not package.get("incidents") and not owed.sign_of_life
        now = self._clock.wall_ms()
        notifiers = [self._notifiers[name] for name in owed.recipients]
        try:
            messages = [] if quiet else messages_of(package, report.name, owed.period.key, notifiers, self._sender, now)
        except KeyError as error:
            raise CommandRefused(f"the report has another shape: {error}") from None
        sent = await self._state.transaction(lambda state: _queue(state, report.name, owed, messages, now))
        log.info("the report %s of %s: %s", report.name, owed.period.key, "quiet" if quiet else f"queued for {len(sent)}")
        self._queued(sent)


def _begin(state: State, report: str, recipients: Sequence[str], now: int) -> None:
    for name in recipients:
        state.reports.add(ReportOutcome(report, name, "", KNOWN, now))


def _queue(state: State, report: str, owed: OwedReport, messages: Sequence[Message], now: int) -> list[Message]:
    """The messages that are new; a recipient that already has this period gets none. ``messages`` empty: the period was quiet."""
    outcome = QUEUED if messages else QUIET
    fresh = {name for name in owed.recipients if state.reports.add(ReportOutcome(report, name, owed.period.key, outcome, now))}
    new = [message for message in messages if message.notifier in fresh]
    for message in new:
        state.outbox.enqueue(message, now)
    return new
