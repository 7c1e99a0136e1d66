"""Alertmanager's JSON shapes of alerts, groups and silences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tui_monitor.board.json_shapes import silence_state
from tui_monitor.board.listings import ListedAlert
from tui_monitor.core.mute_reason import parse_mute_reason
from tui_monitor.core.units import rfc3339
from tui_monitor.promql.queryable import Matcher

Json = dict[str, Any]
HOLDS_MS = 300_000
"""How far ahead the end of a firing alert is told: it may be asked again until then."""
NO_RECEIVER = "none"


def alert_json(listed: ListedAlert, now: int) -> Json:
    """One firing alert. An acknowledgement is told as `silencedBy: ["ack:ID"]`, which karma and Grafana show."""
    alert = listed.alert
    promised = listed.promised_until
    return {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "receivers": [{"name": name} for name in listed.receivers or (NO_RECEIVER,)],
        "fingerprint": alert.fingerprint,
        "startsAt": rfc3339(alert.active_at if promised else alert.starts_at),
        "updatedAt": rfc3339(now),
        "endsAt": rfc3339(max(promised, now + HOLDS_MS)),
        "generatorURL": listed.generator_url,
        "status": status_of(listed),
    }


def status_of(listed: ListedAlert) -> Json:
    """What mutes it: suppressed where anything does, else active."""
    reasons = [parse_mute_reason(text) for text in listed.alert.suppressed_by]
    silenced = [reason.name for reason in reasons if reason.kind == "silence"]
    if listed.alert.acknowledged is not None:
        silenced.append(f"ack:{listed.alert.id}")
    inhibited = [reason.name for reason in reasons if reason.kind in ("inhibit", "depends_on", "waiting")]
    muted = [reason.name or reason.kind for reason in reasons if reason.kind in ("maintenance", "inactive")]
    state = "suppressed" if silenced or inhibited or muted else "active"
    return {"state": state, "silencedBy": silenced, "inhibitedBy": inhibited, "mutedBy": muted}


def groups_json(alerts: Sequence[ListedAlert], now: int) -> list[Json]:
    """The alerts by receiver and name, as the default `group_by` groups them."""
    groups: dict[tuple[str, str], list[ListedAlert]] = {}
    for listed in alerts:
        for receiver in listed.receivers or (NO_RECEIVER,):
            groups.setdefault((receiver, listed.alert.name), []).append(listed)
    return [_group(receiver, name, group, now) for (receiver, name), group in sorted(groups.items(), key=lambda pair: pair[0][::-1])]


def _group(receiver: str, name: str, alerts: Iterable[ListedAlert], now: int) -> Json:
    labels = {"alertname": name} if name else {}
    return {"labels": labels, "routeLabels": {}, "receiver": {"name": receiver}, "alerts": [alert_json(one, now) for one in alerts]}


def silence_json(silence: Any, now: int) -> Json:
    """One silence (dispatch.silences.Silence)."""
    return {
        "id": silence.id,
        "status": {"state": silence_state(silence, now)},
        "updatedAt": rfc3339(silence.starts_at),
        "comment": silence.comment,
        "createdBy": silence.by,
        "startsAt": rfc3339(silence.starts_at),
        "endsAt": rfc3339(silence.ends_at),
        "matchers": [matcher_json(matcher) for matcher in silence.matchers],
    }


def matcher_json(matcher: Matcher) -> Json:
    """One matcher of a silence."""
    return {"name": matcher.name, "value": matcher.value, "isRegex": "~" in matcher.op, "isEqual": not matcher.op.startswith("!")}


def config_text(receivers: Sequence[str]) -> str:
    """A configuration in Alertmanager's form with our notifiers' names and nothing else, which amtool reads before every command."""
    names = receivers or (NO_RECEIVER,)
    quoted = [_yaml_text(name) for name in names]
    return f"route:\n  receiver: {quoted[0]}\n  group_by: [alertname]\nreceivers:\n" + "".join(f"- name: {name}\n" for name in quoted)


def _yaml_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def status_json(started: int, receivers: Sequence[str], versions: Mapping[str, str]) -> Json:
    """The status of a server that stands alone."""
    return {
        "cluster": {"name": "", "status": "disabled", "peers": []},
        "versionInfo": dict(versions),
        "config": {"original": config_text(receivers)},
        "uptime": rfc3339(started),
    }
