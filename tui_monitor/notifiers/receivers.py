"""Notifiers with several receivers: who a message is for, and what to raise where they fare differently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_monitor.dispatch.message import Message
from tui_monitor.notifiers.api import SendError


class PartlySent(SendError):
    """Not every receiver of a message has it: ``taken`` have, each of ``failures`` has its own reason and meaning.

    For who only asks whether the send went well it is an ordinary failure, final where every single one is.
    """

    def __init__(self, taken: Sequence[str], failures: Mapping[str, SendError], provider_id: str = "") -> None:
        reason = "not taken for " + ", ".join(f"{receiver} ({error.reason})" for receiver, error in failures.items())
        super().__init__(reason, permanent=all(error.permanent for error in failures.values()), answered=True)
        self.taken = tuple(taken)
        self.failures = dict(failures)
        self.provider_id = provider_id


def receivers_of(message: Message, configured: Sequence[str]) -> tuple[str, ...]:
    """Who of the configured receivers a message is for. SendError where none of them is a receiver any more."""
    wanted = tuple(receiver for receiver in dict.fromkeys(configured) if not message.to or receiver in message.to)
    if not wanted:
        raise SendError(f"no longer a receiver: {', '.join(message.to)}", permanent=True)
    return wanted


def failure_of(taken: Mapping[str, str], failures: Mapping[str, SendError]) -> SendError:
    """What to raise: one failure where it means the same for every receiver, else PartlySent. ``taken``: receiver -> the provider's id."""
    errors = list(failures.values())
    if taken or len({(error.permanent, error.maybe_delivered) for error in errors}) > 1:
        return PartlySent(list(taken), failures, " ".join(ident for ident in dict.fromkeys(taken.values()) if ident))
    if len({error.reason for error in errors}) == 1:
        reason = errors[0].reason if len(errors) > 1 else f"{next(iter(failures))}: {errors[0].reason}"
    else:
        reason = "nobody was accepted: " + ", ".join(f"{receiver} ({error.reason})" for receiver, error in failures.items())
    return SendError(
        reason,
        permanent=errors[0].permanent,
        maybe_delivered=errors[0].maybe_delivered,
        answered=all(error.answered for error in errors),
        retry_after=max((error.retry_after for error in errors if error.retry_after is not None), default=None),
    )
