"""The table of notifier kinds: source of the registry, configuration, example file, documentation and JSON schema.

A kind's module and driver are imported when the configuration uses it. A new kind is a module here and an entry in this table.
"""

from __future__ import annotations

from tui_monitor.config.entries import NotifierSettings
from tui_monitor.config.kinds import plugin
from tui_monitor.config.settings import NOTIFIERS
from tui_monitor.core.clock import Clock, SystemClock
from tui_monitor.notifiers.api import Notifier, NotifierKind

_HERE = "tui_monitor.notifiers"


def _kind(name: str, settings: str, notifier: str, example: str, module: str = "") -> NotifierKind:
    place = f"{_HERE}.{module or name}"
    return NotifierKind(name, f"{place}:{settings}", f"{place}:{notifier}", {"name": example})


KINDS = {
    kind.name: kind
    for kind in (
        _kind("webhook", "WebhookNotifier", "Webhook", "my-webhook"),
        _kind("telegram", "TelegramNotifier", "Telegram", "ops-chat", "telegram.notifier"),
        _kind("slack", "SlackNotifier", "Slack", "my-slack"),
        _kind("email", "EmailNotifier", "Email", "ops-mail"),
        _kind("aligo", "AligoNotifier", "Aligo", "ops-sms"),
        _kind("alertmanager", "AlertmanagerNotifier", "Alertmanager", "my-alertmanager"),
        _kind("ntfy", "NtfyNotifier", "Ntfy", "my-ntfy"),
        _kind("command", "CommandNotifier", "Command", "my-command"),
        _kind("apprise", "AppriseNotifier", "AppriseChannel", "my-apprise"),
    )
}


def build_notifier(settings: NotifierSettings, clock: Clock | None = None) -> Notifier:
    """Construct the notifier of one `[[notifiers]]` table. Raises ValueError for a missing driver or an unusable value."""
    kind = KINDS.get(settings.type) or plugin(NOTIFIERS.group, settings.type, NotifierSettings, NotifierKind)
    if kind is None:
        raise ValueError(f'type: there is no kind of notifier "{settings.type}"')
    return kind.build(settings, clock or SystemClock())
