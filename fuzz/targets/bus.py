"""Messages of a D-Bus daemon: framing, reading, and the units and properties in them."""

from __future__ import annotations

from collections.abc import Sequence

from jeepney import DBusAddress, new_error, new_method_call, new_method_return

from fuzz.fences import unfenced
from fuzz.target import Target
from tui_monitor.sources.systemd import messages
from tui_monitor.sources.systemd.messages import MalformedMessage, MessageBuffer, read_reply
from tui_monitor.sources.systemd.units import details_of, listed, rows_of

_PATH = "/org/freedesktop/systemd1/unit/a_2eservice"
_PROPERTIES = ("NRestarts", "CPUUsageNSec", "Result", "TriggeredBy", "Unit", "NextElapseUSecMonotonic", "StateChangeTimestamp", "Type")


def _messages(data: bytes) -> bool:
    """Whether every message of these bytes could be read."""
    try:
        replies = [read_reply(message) for message in MessageBuffer().feed(data)]
    except MalformedMessage:
        return False
    for reply in replies:
        if reply is not None:
            listed(reply.values), rows_of(reply.values, 2)
            value = reply.values[0][1] if reply.values and isinstance(reply.values[0], tuple) else reply.values
            details_of(dict.fromkeys(_PROPERTIES, value), 1.0, 1_700_000_000_000)
    return bool(replies)


def _seeds() -> Sequence[bytes]:
    call = new_method_call(DBusAddress("/a", "a.b", "a.b"), "Get")
    call.header.serial = 3
    row = ("a.service", "A", "loaded", "active", "running", "", _PATH, 0, "", "/")
    replies = [
        new_method_return(call, "a(ssssssouso)", ([row, row],)),
        new_method_return(call, "a(ss)", ([("/etc/a.service", "enabled")],)),
        new_method_return(call, "s", (":1.7",)),
        new_error(call, "org.freedesktop.DBus.Error.AccessDenied", "s", ("no",)),
        *(
            new_method_return(call, "v", (value,))
            for value in (("u", 5), ("t", 2**64 - 1), ("s", "exit-code"), ("as", ["a.timer"]), ("b", True))
        ),
    ]
    return [reply.serialise(serial=number) for number, reply in enumerate(replies, 1)] + [call.serialise(serial=9)]


TARGETS = (
    Target(
        name="bus-messages", kind="bytes", call=_messages, seeds=_seeds, fence=lambda: unfenced(messages.read_reply), longest=4000,
        words=("a()", "()", "a(y)", "av", "vvvv", "aaaaaaaa", "\0\0\0\0", "l\1\0\1", "B\2\0\1", "\xff\xff\xff\xff", _PATH),
    ),
)  # fmt: skip
