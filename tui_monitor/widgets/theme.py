"""The one theme: dark, calm, a single accent; monitor.tcss uses it by these names."""

from __future__ import annotations

from textual.theme import Theme

NIGHT = Theme(
    name="tui-monitor",
    primary="#6cb6ff",
    accent="#6cb6ff",
    foreground="#c3ccd6",
    background="#12161b",
    surface="#1f262e",
    panel="#1a2027",
    warning="#e3b341",
    error="#ff6b68",
    success="#6bc46d",
    dark=True,
    variables={
        "strong": "#eef2f6",
        "dim": "#8a96a3",
        "faint": "#55606c",
        "bar": "#4f8fcc",
        "fine": "#6bc46d",
        "note": "#93a1b0",
        "caution": "#e3b341",
        "grave": "#f0883e",
        "critical": "#ff6b68",
        "band": "#1c232b",
        "band-focus": "#22324a",
        "chosen": "#20303f",
    },
)
