"""The identity of an alert: labels, fingerprint and id from a sample. Standard library only."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping

from tui_monitor.core.values import METRIC_NAME, Labels

ALERT_NAME = "alertname"
NO_DATA = "no_data"
"""The label that tells an alert about missing data from the alert about the value."""


def without_name(labels: Labels) -> Labels:
    """The label set without the metric's name."""
    return tuple([pair for pair in labels if pair[0] != METRIC_NAME])


def alert_labels(
    sample: Labels, rule_labels: Mapping[str, str], alert: str, host: str, checks: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """All labels of an alert: the sample's, under the rule's own; `host` is added and a sample's own becomes `exported_host`.

    ``checks``: check name → its labels type and category, filled in where an aggregation has dropped them.
    """
    labels = {key: value for key, value in sample if key != METRIC_NAME}
    if "host" in labels:
        labels["exported_host"] = labels.pop("host")
    for key, value in checks.get(labels.get("check", ""), {}).items():
        if value:
            labels.setdefault(key, value)
    labels["host"] = host
    labels.update(rule_labels)
    labels[ALERT_NAME] = alert
    return {key: _sound(value) for key, value in labels.items() if value}


def _sound(text: str) -> str:
    """The text without surrogates, which stand for undecodable bytes (a mount's name): they can be neither written nor sent."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def fingerprint_of(labels: Mapping[str, str]) -> str:
    """16 hex digits that stay the same for the same labels, in any order, on any machine."""
    text = "\0".join(f"{key}\0{labels[key]}" for key in sorted(labels))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def new_id(fingerprint: str, active_at: int, taken: Container[str]) -> str:
    """8 hex digits of the fingerprint and the episode's begin; never one of ``taken``."""
    attempt = 0
    while True:
        ident = hashlib.sha256(f"{fingerprint}:{active_at}:{attempt}".encode()).hexdigest()[:8]
        if ident not in taken:
            return ident
        attempt += 1
