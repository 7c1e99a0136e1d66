"""Sections from the records: messages that were sent and failed, marked changes, the monitor's own troubles."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.board.report import ReportSection
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.reports.context import ReportContext
from tui_monitor.storage.records import OutboxRow

MOST_MESSAGES = 10_000
MOST_CHANGES = 30


@frozen
class DeliveryCount:
    """The messages of one notifier."""

    sent: int
    failed: int
    error: str


def deliveries_of(rows: Sequence[OutboxRow], begin: int, end: int) -> dict[str, DeliveryCount]:
    """The counts by notifier of the messages made in a window; ``rows``: newest first."""
    found: dict[str, DeliveryCount] = {}
    for row in rows:
        if not begin <= row.created_at < end or row.merged_into is not None:
            continue
        known = found.get(row.notifier, DeliveryCount(0, 0, ""))
        failed = row.state in ("failed", "retrying")
        error = known.error or (clip(clean(row.error), 120) if failed else "")
        found[row.notifier] = DeliveryCount(known.sent + (row.state == "sent"), known.failed + failed, error)
    return found


def stored_messages(context: ReportContext) -> list[OutboxRow]:
    """The newest messages."""
    return context.once("messages", lambda: context.source.state(lambda state: state.outbox.newest(MOST_MESSAGES)))


def deliveries_section(context: ReportContext) -> ReportSection | None:
    """Sent and failed messages by notifier; None where there was none."""
    found = deliveries_of(stored_messages(context), context.period.begin, context.end)
    rows = [
        ((clean(name), float(one.sent), float(one.failed), one.error), "bad" if one.failed else "") for name, one in sorted(found.items())
    ]
    columns = (("notifier", "text"), ("sent", "count"), ("failed", "count"), ("error", "text", True))
    return context.section("deliveries", columns, rows) if rows else None


def changes_section(context: ReportContext) -> ReportSection | None:
    """The changes that were marked (`annotate`); None for none."""
    notes = context.history.annotations(context.period.begin - 1, context.end)
    rows = [((float(note.at), clip(clean(note.text), 200), clean(note.author)), "") for note in notes]
    return context.section("changes", (("at", "stamp"), ("text", "text"), ("by", "text", True)), rows, most=MOST_CHANGES) if rows else None


def trouble_section(context: ReportContext) -> ReportSection | None:
    """What hinders the monitor itself now; None for nothing."""
    rows = [((clip(clean(text), 300),), "warn") for text in context.source.board.trouble]
    return context.section("trouble", (("text", "text"),), rows) if rows else None
