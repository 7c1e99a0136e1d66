"""Callback data of our message buttons."""

from __future__ import annotations

from tui_monitor.core.sanitize import clean

CALLBACK_LIMIT = 64
"""Bytes (source: Bot API, callback_data)."""


def press_data(alert_id: str, host: str) -> str:
    """Callback data of a button: alert id and host of its monitor, at most 64 bytes (source: Bot API, callback_data)."""
    head = f"ack:{alert_id}:"
    return head + host_in_press(alert_id, host) if host else head[:-1]


def host_in_press(alert_id: str, host: str) -> str:
    """The host's name, cut to fit beside the alert's id."""
    room = CALLBACK_LIMIT - len(f"ack:{alert_id}:".encode())
    return clean(host).encode()[: max(0, room)].decode(errors="ignore")
