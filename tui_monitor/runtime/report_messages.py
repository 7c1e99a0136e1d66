"""The messages of a report: the forms that a child has made, each for the notifiers that show it best. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tui_monitor.config.entries import NotifierSettings
from tui_monitor.core.frozen import frozen
from tui_monitor.dispatch.message import Message
from tui_monitor.dispatch.origin import Origin

FORMS = {"email": "text", "command": "text", "aligo": "brief"}
"""The form of text by the notifier's type; every other one shows proportional type, a line a row."""


@frozen
class Sender:
    """What is the same in every message of this monitor."""

    host: str
    language: str
    link: str
    origin: Origin


def messages_of(
    package: Mapping[str, Any], report: str, period: str, notifiers: Sequence[NotifierSettings], sender: Sender, now: int
) -> list[Message]:
    """One message to each notifier. Raises KeyError for a package of another shape."""
    return [_message(package, f"report/{report}/{period}", one, sender, now) for one in notifiers]


def _message(package: Mapping[str, Any], key: str, notifier: NotifierSettings, sender: Sender, now: int) -> Message:
    mail = notifier.type == "email"
    return Message(
        key,
        notifier.name,
        "message",
        now,
        package["title"],
        package[FORMS.get(notifier.type, "chat")],
        package["severity"],
        sender.host,
        language=sender.language,
        link=sender.link,
        service=sender.origin.service,
        environment=sender.origin.environment,
        footer=sender.origin.footer,
        html=package["html"] if mail else "",
        images=dict(package["images"]) if mail else {},
        report=json.dumps(package["data"], ensure_ascii=False) if notifier.type == "webhook" else "",
    )
