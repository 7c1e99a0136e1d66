"""How far each kind of document has been exported, and the documents that follow."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from tui_monitor.core.frozen import frozen
from tui_monitor.delivery.export.ecs import Exported, ExportOrigin, act_document, alert_document, delivery_document
from tui_monitor.storage.records import OutboxRow
from tui_monitor.storage.repository import State

AT_ONCE = 200
"""Documents of one request, and rows that are read at once."""
MOST_OPEN = 2_000
"""Messages whose outcome is waited for; of more the oldest are not exported."""


@frozen
class ExportPosition:
    """The numbers of the last exported event, act, message and block of log lines; ``open``: messages that were still on their way."""

    event: int = 0
    act: int = 0
    message: int = 0
    block: int = 0
    open: tuple[int, ...] = ()

    def to_text(self) -> str:
        """For the state."""
        return json.dumps({name: getattr(self, name) for name in ("event", "act", "message", "block", "open")})


def position_from(text: str) -> ExportPosition:
    """The inverse of `ExportPosition.to_text`; the beginning for anything else."""
    try:
        raw = json.loads(text)
        return ExportPosition(
            int(raw["event"]), int(raw["act"]), int(raw["message"]), int(raw["block"]), tuple(int(each) for each in raw["open"])
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return ExportPosition()


def next_of_state(state: State, position: ExportPosition, origin: ExportOrigin, now: int) -> tuple[list[Exported], ExportPosition]:
    """The documents of alerts, acts and deliveries behind a position, about AT_ONCE, and the position behind them."""
    events = state.alerts.events_after(position.event, AT_ONCE)
    acts = state.audit.after(position.act, AT_ONCE)
    new = state.outbox.after(position.message, AT_ONCE)
    rows = [*state.outbox.numbered(position.open), *new]
    found = [alert_document(one.number, one.event, one.alert, origin) for one in events]
    found += [act_document(number, act, origin) for number, act in acts]
    found += [delivery_document(number, row, _ended_at(row, now), origin) for number, row in rows if _has_outcome(row)]
    waiting = tuple(number for number, row in rows if not _has_outcome(row) and row.merged_into is None)
    return found, replace(
        position,
        event=events[-1].number if events else position.event,
        act=acts[-1][0] if acts else position.act,
        message=new[-1][0] if new else position.message,
        open=waiting[-MOST_OPEN:],
    )


def _has_outcome(row: OutboxRow) -> bool:
    return row.state in ("sent", "failed", "unknown") and row.next_try is None and row.merged_into is None


def _ended_at(row: OutboxRow, now: int) -> int:
    """When it was sent or tried for the last time; it decides nothing, so that the document's id stays."""
    return row.sent_at or row.claimed_at or min(now, row.created_at)


def parts(documents: Sequence[Exported]) -> list[Sequence[Exported]]:
    """The documents in requests."""
    return [documents[start : start + AT_ONCE] for start in range(0, len(documents), AT_ONCE)]
