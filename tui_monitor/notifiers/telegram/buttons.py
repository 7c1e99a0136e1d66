"""What a button of ours sends back when it is pressed."""

from __future__ import annotations

from tui_monitor.core.sanitize import clean

CALLBACK_LIMIT = 64
"""Bytes (source: Bot API, callback_data)."""


def press_data(alert_id: str, host: str) -> str:
    """What a button sends back: the alert and the host whose monitor knows it, at most 64 bytes (source: Bot API, callback_data)."""
    head = f"ack:{alert_id}:"
    return head + host_in_press(alert_id, host) if host else head[:-1]


def host_in_press(alert_id: str, host: str) -> str:
    """As much of the host's name as fits beside the alert's id."""
    room = CALLBACK_LIMIT - len(f"ack:{alert_id}:".encode())
    return clean(host).encode()[: max(0, room)].decode(errors="ignore")
