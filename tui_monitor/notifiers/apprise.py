"""The Apprise notifier: about a hundred services through the Apprise library, an optional extra."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from tui_monitor.config.fields import SecretText
from tui_monitor.config.section import key
from tui_monitor.core.clock import Clock
from tui_monitor.dispatch.message import Message
from tui_monitor.notifiers.api import NotifierSettings, RateLimit, SendError
from tui_monitor.notifiers.layout import headline, lines_of, plain
from tui_monitor.notifiers.receivers import failure_of, receivers_of

_KINDS = {"critical": "failure", "error": "failure", "warning": "warning", "info": "info"}


class AppriseNotifier(NotifierSettings):
    """Any service that Apprise supports (pip install 'tui-monitor[apprise]')."""

    urls: list[SecretText] = key(doc="Apprise addresses", min_length=1, example=["${APPRISE_URL}"])


class AppriseChannel:
    """Sender to each address separately; receivers are named "address 1" and so on, since addresses contain secrets."""

    def __init__(self, settings: AppriseNotifier, _: Clock | None = None) -> None:
        try:
            import apprise
        except ImportError:
            raise ValueError(f"notifier \"{settings.name}\" needs Apprise: pip install 'tui-monitor[apprise]'") from None
        self.name = settings.name
        self.timeout = settings.timeout
        self.rate_limit = RateLimit.parse(settings.rate_limit)
        self._services: dict[str, Any] = {}
        for number, url in enumerate(settings.urls, start=1):
            service = apprise.Apprise()
            if not service.add(url.reveal()):
                raise ValueError(f'notifier "{settings.name}": address {number} of urls is not one that Apprise supports')
            self._services[f"address {number}"] = service
        self.receivers = tuple(self._services)

    async def send(self, message: Message, note: str = "", possible_repeat: bool = False) -> str:
        """Notify the message's addresses. Raises SendError, and PartlySent where results differ."""
        kind = "success" if message.kind == "resolved" else _KINDS.get(message.severity, "info")
        texts = {"body": plain(lines_of(message, note, possible_repeat)[1:]) or message.title, "notify_type": kind}
        texts["title"] = headline(message, possible_repeat)
        receivers = receivers_of(message, self.receivers)
        errors = await asyncio.gather(*(self._notify(self._services[receiver], texts) for receiver in receivers))
        failures = {receiver: error for receiver, error in zip(receivers, errors, strict=True) if error is not None}
        if failures:
            raise failure_of(dict.fromkeys((one for one in receivers if one not in failures), ""), failures)
        return ""

    async def _notify(self, service: Any, texts: Mapping[str, str]) -> SendError | None:
        try:
            async with asyncio.timeout(self.timeout):
                good = await service.async_notify(**texts)
        except TimeoutError:
            return SendError(f"no answer in {self.timeout:g}s", maybe_delivered=True)
        return None if good else SendError("Apprise could not deliver")

    async def close(self) -> None:
        """Nothing to close."""
