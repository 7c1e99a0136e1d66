"""Decide what a failed send means for the next try."""

from __future__ import annotations

from tui_monitor.notifiers.api import SendError
from tui_monitor.storage.records import OutboxRow, SendResult

FIRST_RETRY_S = 2.0
UNKNOWN_RETRY_S = 5.0
"""The one retry of a send that may have been delivered: a little later, for it is the only one."""
LONGEST_RETRY_S = 300.0
GIVE_UP_MS = 24 * 3600 * 1000
GIVE_UP_ATTEMPTS = 10
"""Fewer tries than this never give up: after a long stop of the monitor the first try is already late."""
ASIDE_ATTEMPTS = 5
"""So many refusals by a service that answers let later messages of other threads pass."""


def outcome_of(entry: OutboxRow, error: SendError, now_ms: int, jitter: float) -> SendResult:
    """The outcome of a failed send for its row; ``jitter`` is a random number from 0 to 1.

    Unknown (maybe delivered) gets exactly one retry, marked as a possible repeat; a retry that certainly was not delivered does
    not use it up. A retry that cannot help is not made; the rest backs off from 2 s to 5 min, or waits as long as the service asked
    where that is longer: a service that asks for 0 s was tried 78 times in 20 s.
    """
    if error.maybe_delivered:
        if entry.possible_repeat:
            return SendResult("unknown", error=f"{error.reason} (after its one retry)", possible_repeat=True)
        return SendResult("unknown", now_ms + _milliseconds(UNKNOWN_RETRY_S, jitter), error=error.reason, possible_repeat=True)
    if error.permanent:
        return SendResult("failed", error=error.reason)
    if now_ms - entry.created_at > GIVE_UP_MS and entry.attempts >= GIVE_UP_ATTEMPTS:
        return SendResult("failed", error=f"gave up after {entry.attempts} tries: {error.reason}")
    pause = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** min(max(entry.attempts, 1) - 1, 10))
    own = _milliseconds(pause, jitter)
    if error.retry_after is not None:
        asked = round((error.retry_after + jitter * 0.5) * 1000)
        return SendResult("retrying", now_ms + max(own, asked), error=error.reason)
    aside = error.answered and entry.attempts >= ASIDE_ATTEMPTS
    return SendResult("retrying", now_ms + own, error=error.reason, aside=aside)


def _milliseconds(seconds: float, jitter: float) -> int:
    return round(seconds * (0.8 + 0.4 * jitter) * 1000)
