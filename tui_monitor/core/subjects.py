"""The subject of an alert: the label that says which check, mount or interface it is about."""

from __future__ import annotations

from collections.abc import Mapping

SUBJECT_LABELS = ("check", "mount", "interface", "device", "instance", "job", "reason", "report")

_NOTIFIER = "notifier-"
"""The beginning of the label "reason" where the monitor's own trouble is a notifier."""


def subject_of(labels: Mapping[str, str]) -> str:
    """Subject of an alert with these labels: its check, mount, interface, notifier ..., else ""."""
    found = next((labels[key] for key in SUBJECT_LABELS if labels.get(key)), "")
    return found.removeprefix(_NOTIFIER) if found == labels.get("reason") else found
