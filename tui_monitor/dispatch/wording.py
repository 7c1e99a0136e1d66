"""What the outbox adds to a message that comes late, in its language. Standard library only."""

from __future__ import annotations

from datetime import datetime, tzinfo

from tui_monitor.core.catalogue.languages import phrases
from tui_monitor.dispatch.message import AlertSnapshot, Message

LATE_AFTER_MS = 60_000


def late_note(message: Message, now_ms: int, zone: tzinfo | None = None) -> str:
    """What a message that comes more than 60 s after its event, or a merged one, says of it; else "".

    Times are in ``zone``, by default this machine's.
    """
    if now_ms - message.created_at <= LATE_AFTER_MS and not message.merged:
        return ""
    words = phrases(message.language)
    ended = [alert for alert in message.alerts if alert.ends_at is not None]
    starts = [alert.starts_at for alert in message.alerts if alert.starts_at]
    if starts and len(ended) == len(message.alerts):
        end = max(alert.ends_at or 0 for alert in ended)
        return words.late_after_end.format(**_clock_times(zone, start=min(starts), end=end, now=now_ms))
    start = min(starts) if starts else message.created_at
    return (words.late_since if starts else words.late_written).format(**_clock_times(zone, start=start, now=now_ms))


def is_resolved(alert: AlertSnapshot) -> bool:
    """Whether this snapshot tells an end."""
    return alert.status == "resolved"


def _clock_times(zone: tzinfo | None, **stamps: int) -> dict[str, str]:
    moments = {name: datetime.fromtimestamp(stamp / 1000, zone) for name, stamp in stamps.items()}
    same_day = len({moment.date() for moment in moments.values()}) == 1
    return {name: f"{moment:%H:%M}" if same_day else f"{moment:%Y-%m-%d %H:%M}" for name, moment in moments.items()}


def local_time(stamp_ms: int) -> str:
    """Hours and minutes of a stamp, in this machine's zone."""
    return f"{datetime.fromtimestamp(stamp_ms / 1000):%H:%M}"
