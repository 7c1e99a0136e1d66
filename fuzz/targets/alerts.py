"""What Alertmanager's clients send: alerts, silences, filters."""

from __future__ import annotations

import json

from fuzz.fences import unfenced
from fuzz.target import Target
from tui_monitor.alerts.received import ReceivedAlerts
from tui_monitor.serving.alertmanager import reading
from tui_monitor.serving.alertmanager.reading import alerts_of, filters_of, silence_of
from tui_monitor.serving.answers import ApiError
from tui_monitor.serving.body import parsed_json

AT = 1_790_000_000_000
_ALERT = b'[{"labels": {"alertname": "Down", "severity": "page"}, "annotations": {"summary": "s"}, "startsAt": "2026-09-21T10:00:00.5Z",'
_MORE = b' "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://p/graph?g0.expr=up"}]'
_SILENCE = b'{"matchers": [{"name": "check", "value": "a\\"b", "isRegex": false, "isEqual": true}], "startsAt": "2026-09-21T10:00:00Z",'
_REST = b' "endsAt": "2099-01-01T00:00:00+09:00", "createdBy": "kim", "comment": "release", "id": ""}'


def _alerts(given: bytes | str) -> bool:
    """Taken alerts can be stored and shown, and refused ones have a reason."""
    try:
        found, faults = alerts_of(parsed_json(given if isinstance(given, bytes) else given.encode("utf-8", "replace")), AT)
    except ApiError as error:
        assert error.status == 400 and error.text
        return False
    assert all(faults) and all(one.labels for one in found)
    desk = ReceivedAlerts(set())
    for now in (AT, AT + 60_000, AT + 900_000):
        transitions, _ = desk.receive(now, "fuzz", found)
        json.dumps([dict(step.alert.labels) | dict(step.alert.annotations) for step in [*transitions, *desk.step(now)]]).encode()
    return bool(found)


def _silence(given: bytes | str) -> bool:
    try:
        wanted = silence_of(parsed_json(given if isinstance(given, bytes) else given.encode("utf-8", "replace")), AT)
    except ApiError as error:
        assert error.status == 400 and error.text
        return False
    assert wanted.command.seconds > 0
    return True


def _filter(given: str) -> bool:
    try:
        [matcher] = filters_of([given])
    except ApiError as error:
        assert error.status == 400 and error.text
        return False
    matcher.matches("text")
    return True


TARGETS = (
    Target(
        name="alertmanager-alerts", kind="json", call=_alerts, longest=4000, seeds=lambda: [_ALERT + _MORE],
        fence=lambda: unfenced(alerts_of),
    ),
    Target(
        name="alertmanager-silence", kind="json", call=_silence, longest=4000, seeds=lambda: [_SILENCE + _REST],
        fence=lambda: unfenced(silence_of),
    ),
    Target(
        name="alertmanager-filter", kind="text", call=_filter, longest=500, words=["=~", "!~", "!=", "=", '"', "\\", "alertname"],
        seeds=lambda: [b"alertname=Down", b'check=~"a|b"', b'"a b"!=c'], fence=lambda: unfenced(reading._filter),
    ),
)  # fmt: skip
