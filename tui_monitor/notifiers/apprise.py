"""Apprise: any of the hundred services that it knows, an optional extra."""

from __future__ import annotations

import asyncio
from typing import Any

from tui_monitor.config.fields import SecretText
from tui_monitor.config.section import key
from tui_monitor.core.clock import Clock
from tui_monitor.dispatch.message import Message
from tui_monitor.notifiers.api import NotifierSettings, RateLimit, SendError
from tui_monitor.notifiers.layout import headline, lines_of, plain

_KINDS = {"critical": "failure", "error": "failure", "warning": "warning", "info": "info"}
_REMEMBERED = 100


class AppriseNotifier(NotifierSettings):
    """Any of the services that Apprise knows (pip install 'tui-monitor[apprise]')."""

    urls: list[SecretText] = key(doc="Apprise addresses", min_length=1, example=["${APPRISE_URL}"])


class AppriseChannel:
    """Sends to each address by itself; a retry leaves out those that have taken the message."""

    def __init__(self, settings: AppriseNotifier, _: Clock | None = None) -> None:
        try:
            import apprise
        except ImportError:
            raise ValueError(f"notifier \"{settings.name}\" needs Apprise: pip install 'tui-monitor[apprise]'") from None
        self.name = settings.name
        self.timeout = settings.timeout
        self.rate_limit = RateLimit.parse(settings.rate_limit)
        self._services: list[Any] = []
        for number, url in enumerate(settings.urls, start=1):
            service = apprise.Apprise()
            if not service.add(url.reveal()):
                raise ValueError(f'notifier "{settings.name}": address {number} of urls is none that Apprise knows')
            self._services.append(service)
        self._taken: dict[str, set[int]] = {}

    async def send(self, message: Message, note: str = "", possible_repeat: bool = False) -> str:
        """Notify all addresses that have not taken this message. Raises SendError."""
        taken = self._taken.setdefault(message.key, set())
        kind = "success" if message.kind == "resolved" else _KINDS.get(message.severity, "info")
        body = plain(lines_of(message, note, possible_repeat)[1:]) or message.title
        failed, silent = [], []
        for number, service in enumerate(self._services):
            if number in taken:
                continue
            try:
                async with asyncio.timeout(self.timeout):
                    good = await service.async_notify(body=body, title=headline(message, possible_repeat), notify_type=kind)
            except TimeoutError:
                silent.append(str(number + 1))
                continue
            if good:
                taken.add(number)
            else:
                failed.append(str(number + 1))
        while len(self._taken) > _REMEMBERED:
            del self._taken[next(iter(self._taken))]
        if silent:
            raise SendError(f"no answer in {self.timeout:g} s from address {', '.join(silent)}", maybe_delivered=True)
        if failed:
            raise SendError(f"Apprise could not deliver to address {', '.join(failed)} of {len(self._services)}")
        self._taken.pop(message.key, None)
        return ""

    async def close(self) -> None:
        """Nothing is kept open."""
