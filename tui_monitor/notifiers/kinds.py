"""The only list of notifier kinds; each channel's module and driver load when the configuration uses them."""

from __future__ import annotations

from typing import assert_never

from tui_monitor.config.models import Notifier as Settings
from tui_monitor.core.clock import Clock, SystemClock
from tui_monitor.notifiers.base import Notifier


def build_notifier(settings: Settings, clock: Clock | None = None) -> Notifier:
    """The notifier of one `[[notifiers]]` table. Raises ValueError where its optional driver is not installed or a value is unusable."""
    clock = clock or SystemClock()
    match settings.type:
        case "webhook":
            from tui_monitor.notifiers.webhook import Webhook

            return Webhook(settings, clock)
        case "telegram":
            from tui_monitor.notifiers.telegram.notifier import Telegram

            return Telegram(settings, clock)
        case "slack":
            from tui_monitor.notifiers.slack import Slack

            return Slack(settings, clock)
        case "email":
            from tui_monitor.notifiers.email import Email

            return Email(settings)
        case "aligo":
            from tui_monitor.notifiers.aligo import Aligo

            return Aligo(settings, clock)
        case "alertmanager":
            from tui_monitor.notifiers.alertmanager import Alertmanager

            return Alertmanager(settings, clock)
        case "ntfy":
            from tui_monitor.notifiers.ntfy import Ntfy

            return Ntfy(settings, clock)
        case "command":
            from tui_monitor.notifiers.command import Command

            return Command(settings)
        case "apprise":
            from tui_monitor.notifiers.apprise import AppriseChannel

            return AppriseChannel(settings)
    assert_never(settings)
