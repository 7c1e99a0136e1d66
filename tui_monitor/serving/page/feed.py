"""The incidents as an Atom feed (RFC 4287): what fires and what has ended, the newest change first."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from html import escape

from tui_monitor.board.values import AlertView, Board
from tui_monitor.serving.page.words import Words, alert_link, subject, tidy

MOST_ENTRIES = 50
_SPACE = uuid.UUID("7f1b6c52-6f8e-4f0c-9f5b-0d0a6c2f9b11")
"""The name space of our ids; any other would do, but it must stay."""


def feed_xml(board: Board, ended: Sequence[AlertView], words: Words) -> str:
    """The document. Links are relative to the feed's own address: the Host header of a request is never used to build one."""
    alerts = [alert for alert in board.alerts if alert.state == "firing" and alert.severity != "info"]
    alerts = sorted([*alerts, *(alert for alert in ended if alert.severity != "info")], key=lambda alert: -_changed(alert))[:MOST_ENTRIES]
    updated = max((_changed(alert) for alert in alerts), default=board.at)
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{words.t.language}">'
        f"<title>{escape(tidy(f'{board.host}: {words.t.incidents}', 200))}</title><id>{_id(board.host)}</id>"
        f"<updated>{words.iso(updated)}</updated><author><name>tui-monitor</name></author>"
        f'<link rel="self" href="/feed.xml"/><link href="/history"/>'
        f"{''.join(_entry(alert, board.host, words) for alert in alerts)}</feed>\n"
    )


def _changed(alert: AlertView) -> int:
    return alert.ends_at or max(alert.starts_at or alert.active_at, alert.acknowledged_at)


def _id(*parts: str) -> str:
    return f"urn:uuid:{uuid.uuid5(_SPACE, '/'.join(parts).encode('utf-8', 'replace').decode())}"


def _entry(alert: AlertView, host: str, words: Words) -> str:
    t = words.t
    state = f"[{t.over}]" if alert.ends_at else f"[{words.severity(alert.severity)}]"
    said = [tidy(alert.summary)]
    if alert.ends_at:
        said.append(words.say(t.lasted, time=words.span((alert.ends_at - (alert.starts_at or alert.active_at)) / 1000)))
    if alert.acknowledged_by:
        said.append(words.say(t.acknowledged_by, by=tidy(alert.acknowledged_by, 60)))
    title = f"{state} {tidy(subject(alert), 80)}: {tidy(alert.name, 80)}"
    return (
        f"<entry><title>{escape(title)}</title><id>{_id(host, alert.id)}</id><updated>{words.iso(_changed(alert))}</updated>"
        f'<published>{words.iso(alert.starts_at or alert.active_at)}</published><link href="{escape(alert_link(alert.id))}"/>'
        f'<category term="{escape(tidy(alert.severity, 20))}"/><summary>{escape("; ".join(said))}</summary></entry>'
    )
