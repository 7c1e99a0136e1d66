"""Documents of the Elastic Common Schema for alerts, acts, deliveries and log lines.

Source: elastic.co/docs/reference/ecs, field reference of version 9.3 (each field below is also in 8.11) and the allowed values of
event.kind, event.category, event.type and event.outcome. What the schema has no field for is a label.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from tui_monitor.alerts.alert import Alert
from tui_monitor.core.audit import Audit
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clip
from tui_monitor.core.units import rfc3339
from tui_monitor.core.values import SEVERITIES
from tui_monitor.core.version import VERSION
from tui_monitor.delivery.export.template import MODULE, VERSION_OF_ECS
from tui_monitor.storage.records import AlertEventRow, OutboxRow

Document = Mapping[str, Any]
MOST_TEXT = 8_000
MOST_LABELS = 50
MOST_LABEL = 1_000
_TYPES = {"firing": "start", "resolved": "end"}
_OUTCOMES = {"sent": "success", "failed": "failure", "unknown": "unknown"}


@frozen
class Exported:
    """A document, and the id that it has whenever it is made again."""

    id: str
    document: Document


@frozen
class ExportOrigin:
    """The monitor that exports: its host's name, and the service and environment of the configuration."""

    host: str
    service: str = ""
    environment: str = ""


@frozen
class LineToExport:
    """A kept log line. ``place``: what tells it from all others of its host, for its id."""

    at: int
    check: str
    service: str
    level: str
    message: str
    place: str
    path: str = ""
    logger: str = ""
    trace_id: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)


def alert_document(number: int, event: AlertEventRow, alert: Alert | None, origin: ExportOrigin) -> Exported:
    """A step of an alert; ``alert`` None: it has been deleted since."""
    labels = dict(alert.labels) if alert is not None else {}
    annotations = alert.annotations if alert is not None else {}
    summary = annotations.get("summary", "")
    name = labels.get("alertname", event.alert)
    ended = alert.ends_at if alert is not None and event.change == "resolved" else None
    began = alert.starts_at or alert.active_at if alert is not None else None
    return _exported(
        f"alert/{number}/{event.alert}/{event.change}/{event.at}",
        event.at,
        origin,
        f"{name} {event.change} ({event.severity}): {event.note or summary}".removesuffix(": "),
        {
            "event": {
                "kind": "alert", "dataset": f"{MODULE}.alerts", "action": event.change, "type": [_TYPES.get(event.change, "change")],
                "severity": _severity(event.severity), "reason": event.note,
                "start": rfc3339(began) if began else None, "end": rfc3339(ended) if ended else None,
                "duration": (ended - began) * 1_000_000 if ended and began else None,
            },
            "rule": {
                "name": name, "category": labels.get("category"), "description": annotations.get("description"),
                "reference": annotations.get("runbook_url"),
            },
            "log": {"level": event.severity},
            "host": {"name": labels.get("host") or origin.host},
            **_person(event.by),
        },
        {**labels, "alert_id": event.alert, "value": "" if event.value is None else f"{event.value:g}", "old_severity": event.old_severity},
    )  # fmt: skip


def act_document(number: int, act: Audit, origin: ExportOrigin) -> Exported:
    """An entry of the audit log."""
    return _exported(
        f"act/{number}/{act.at}/{act.verb}",
        act.at,
        origin,
        f"{act.by}: {act.verb} {act.subject} {act.note}".strip(),
        {
            "event": {
                "kind": "event", "dataset": f"{MODULE}.acts", "category": ["configuration"], "type": ["change"], "action": act.verb,
                "reason": act.note,
            },
            **_person(act.by),
        },
        {"subject": act.subject, "alert_id": act.alert_id},
    )  # fmt: skip


def delivery_document(number: int, row: OutboxRow, at: int, origin: ExportOrigin) -> Exported:
    """The outcome of a message; ``at``: when it was sent or given up (UTC ms)."""
    outcome = _OUTCOMES.get(row.state, "unknown")
    return _exported(
        f"delivery/{number}/{row.id}",
        at,
        origin,
        f"{row.kind} message to {row.notifier} {row.state}{f': {row.error}' if row.error else ''}",
        {
            "event": {
                "kind": "event", "dataset": f"{MODULE}.deliveries", "type": ["info"], "action": f"message-{row.state}", "outcome": outcome,
                "start": rfc3339(row.created_at), "end": rfc3339(at), "duration": max(0, at - row.created_at) * 1_000_000,
            },
            "error": {"message": row.error},
            "log": {"level": "info" if outcome == "success" else "error"},
        },
        {
            "notifier": row.notifier, "kind": row.kind, "notification_id": row.id, "provider_id": row.provider_id,
            "attempts": str(row.attempts), "alert_ids": " ".join(row.alerts),
        },
    )  # fmt: skip


def line_document(line: LineToExport, origin: ExportOrigin) -> Exported:
    """A kept log line."""
    return _exported(
        f"line/{line.place}",
        line.at,
        origin,
        line.message,
        {
            "event": {"kind": "event", "dataset": f"{MODULE}.logs", "type": ["info"]},
            "log": {"level": line.level, "logger": line.logger, "file": {"path": line.path}},
            "service": {"name": line.service or origin.service},
            "trace": {"id": line.trace_id},
        },
        {"check": line.check, **{name: value for name, value in line.fields.items() if isinstance(value, str | int | float)}},
    )


def _exported(place: str, at: int, origin: ExportOrigin, message: str, more: Mapping[str, Any], labels: Mapping[str, object]) -> Exported:
    """The document with what all have; what is empty is left out."""
    ident = hashlib.sha256(f"{origin.host}/{place}".encode(errors="replace")).hexdigest()[:32]
    event = {**more.get("event", {}), "id": ident, "module": MODULE, "provider": "tui-monitor"}
    document = {
        "@timestamp": rfc3339(at),
        "message": clip(message, MOST_TEXT),
        "ecs": {"version": VERSION_OF_ECS},
        "host": {"name": origin.host},
        "agent": {"type": "tui-monitor", "version": VERSION, "name": origin.host},
        "service": {"name": origin.service},
        **more,
        "event": event,
        "labels": _labels(labels),
    }
    document["service"] = {**document["service"], "environment": origin.environment}
    return Exported(ident, _without_empty(document))


def _without_empty(value: Mapping[str, Any]) -> dict[str, Any]:
    """The object without empty texts, None and objects in which nothing is left."""
    found: dict[str, Any] = {}
    for key, each in value.items():
        kept = _without_empty(each) if isinstance(each, Mapping) else clip(each, MOST_TEXT) if isinstance(each, str) else each
        if kept not in (None, "", {}, []):
            found[key] = kept
    return found


def _labels(labels: Mapping[str, object]) -> dict[str, str]:
    """Labels as keywords; a dot would make an object of a name."""
    given: Iterable[tuple[str, str]] = ((name.replace(".", "_"), clip(str(value), MOST_LABEL)) for name, value in labels.items())
    return dict(list((name, value) for name, value in given if name and value)[:MOST_LABELS])


def _severity(word: str) -> int:
    return SEVERITIES.index(word) + 1 if word in SEVERITIES else 0


def _person(by: str) -> dict[str, Any]:
    """Who acted: "kim" or "kim (ssh 203.0.113.7)"; "" is the rule itself."""
    name, _, place = by.partition(" (ssh ")
    address = place.rstrip(")")
    try:
        ip = str(ipaddress.ip_address(address))
    except ValueError:
        ip = ""
    return {"user": {"name": name}, "source": {"address": address, "ip": ip}}
