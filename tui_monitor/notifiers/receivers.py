"""Sends to several receivers: selection of a message's receivers, and the error for differing results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.routing import matches_any
from tui_monitor.notifiers.api import SendError


class PartlySent(SendError):
    """A message that some receivers did not get: ``taken`` did, each of ``failures`` has its own reason and permanence.

    Callers that do not distinguish receivers see an ordinary SendError, permanent if all failures are.
    """

    def __init__(self, taken: Sequence[str], failures: Mapping[str, SendError], provider_id: str = "") -> None:
        reason = "not accepted for " + ", ".join(f"{receiver} ({error.reason})" for receiver, error in failures.items())
        super().__init__(reason, permanent=all(error.permanent for error in failures.values()), answered=True)
        self.taken = tuple(taken)
        self.failures = dict(failures)
        self.provider_id = provider_id


def receivers_of(message: Message, configured: Sequence[str], allowed: Sequence[str] = ()) -> tuple[str, ...]:
    """The receivers of a message: configured ones, and those of a message by hand that a pattern of `allowed_addresses` allows.

    Raises SendError where none is left.
    """
    wanted = tuple(receiver for receiver in dict.fromkeys(configured) if not message.to or receiver in message.to)
    if message.kind == "message":
        wanted += tuple(one for one in message.to if one not in wanted and matches_any(one, allowed))
    if not wanted:
        raise SendError(f"no longer a receiver: {', '.join(message.to)}", permanent=True)
    return wanted


def failure_of(taken: Mapping[str, str], failures: Mapping[str, SendError]) -> SendError:
    """One SendError if all receivers failed alike, else PartlySent. ``taken``: provider id by receiver."""
    errors = list(failures.values())
    if taken or len({(error.permanent, error.maybe_delivered) for error in errors}) > 1:
        return PartlySent(list(taken), failures, " ".join(ident for ident in dict.fromkeys(taken.values()) if ident))
    if len({error.reason for error in errors}) == 1:
        reason = errors[0].reason if len(errors) > 1 else f"{next(iter(failures))}: {errors[0].reason}"
    else:
        reason = "no receiver was accepted: " + ", ".join(f"{receiver} ({error.reason})" for receiver, error in failures.items())
    return SendError(
        reason,
        permanent=errors[0].permanent,
        maybe_delivered=errors[0].maybe_delivered,
        answered=all(error.answered for error in errors),
        retry_after=max((error.retry_after for error in errors if error.retry_after is not None), default=None),
    )
