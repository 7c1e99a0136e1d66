"""The subject of an alert: the label that says which check, mount or interface it is about."""

from __future__ import annotations

from collections.abc import Mapping

SUBJECT_LABELS = ("check", "mount", "interface", "device", "instance", "job", "reason", "report")


def subject_of(labels: Mapping[str, str]) -> str:
    """Subject of an alert with these labels: its check, mount, interface ..., else ""."""
    return next((labels[key] for key in SUBJECT_LABELS if labels.get(key)), "")
