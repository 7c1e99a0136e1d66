"""Apprise: any of the hundred services that it knows, an optional extra."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from tui_monitor.config.models import AppriseNotifier
from tui_monitor.dispatch.message import Message
from tui_monitor.notifiers.base import RateLimit, SendError, failure_of, receivers_of
from tui_monitor.notifiers.layout import headline, lines_of, plain

_KINDS = {"critical": "failure", "error": "failure", "warning": "warning", "info": "info"}


class AppriseChannel:
    """Sends to each address by itself; its receivers are "address 1" and so on, for the addresses are secret."""

    def __init__(self, settings: AppriseNotifier) -> None:
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
            if not service.add(url.get_secret_value()):
                raise ValueError(f'notifier "{settings.name}": address {number} of urls is none that Apprise knows')
            self._services[f"address {number}"] = service
        self.receivers = tuple(self._services)

    async def send(self, message: Message, note: str = "", possible_repeat: bool = False) -> str:
        """Notify the addresses that the message is for. Raises SendError, and PartlySent where they fare differently."""
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
            return SendError(f"no answer in {self.timeout:g} s", maybe_delivered=True)
        return None if good else SendError("Apprise could not deliver")

    async def close(self) -> None:
        """Nothing is kept open."""
