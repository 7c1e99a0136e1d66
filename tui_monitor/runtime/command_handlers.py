"""The commands that are not about alerts, silences or messages: annotations, panels, access tokens, added rules, reload, leadership."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tui_monitor.core.commands import (
    AddRule,
    AddToken,
    Annotate,
    Command,
    CommandResult,
    DropPanel,
    Reload,
    RemoveRule,
    ReportRefusal,
    ReportSignal,
    RevokeToken,
    SavePanel,
    YieldLeadership,
)
from tui_monitor.core.sanitize import clean
from tui_monitor.runtime.added_rules import AddedRules
from tui_monitor.runtime.panel_commands import PanelCommands
from tui_monitor.runtime.token_commands import TokenCommands
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.interface import HistoryStore


class StopRequest:
    """A request that the leader ends; ``yielded``: because a daemon takes over."""

    def __init__(self) -> None:
        self.yielded = False
        self._event = asyncio.Event()

    def set(self, *, yielded: bool = False) -> None:
        """Request the end."""
        self.yielded = self.yielded or yielded
        self._event.set()

    async def wait(self) -> None:
        """Wait for the request."""
        await self._event.wait()


class CommandHandlers:
    """The handlers, called before the alert engine's own; ``reload`` reads and applies the configuration."""

    def __init__(
        self,
        kind: str,
        recorder: HistoryStore,
        panels: PanelCommands,
        tokens: TokenCommands,
        rules: AddedRules,
        stop: StopRequest,
        reload: Callable[[], Awaitable[CommandResult]],
    ) -> None:
        self._kind = kind
        self._recorder = recorder
        self._panels = panels
        self._tokens = tokens
        self._rules = rules
        self._stop = stop
        self._reload = reload

    async def __call__(self, command: Command, by: str, now: int) -> CommandResult | None:
        """Apply a command of a person at a time (UTC ms); None: it is not one of these."""
        match command:
            case Annotate():
                return await self._annotate(command, by, now)
            case SavePanel():
                return await self._panels.save(command, by, now)
            case DropPanel():
                return await self._panels.drop(command)
            case AddToken():
                return await self._tokens.add(command, by, now)
            case RevokeToken():
                return await self._tokens.revoke(command)
            case AddRule():
                return await self._rules.add(command, by, now)
            case RemoveRule():
                return await self._rules.remove(command)
            case ReportRefusal() | ReportSignal():
                return CommandResult(True, clean(command.text))
            case Reload():
                return await self._reload()
            case YieldLeadership():
                return self._yield()
            case _:
                return None

    async def _annotate(self, command: Annotate, by: str, now: int) -> CommandResult:
        text = clean(command.text)
        try:
            await self._recorder.annotate(command.at or now, text, by)
        except StorageFault as error:
            return CommandResult(False, f"the history cannot be written: {error}")
        return CommandResult(True, f'marked "{text}"')

    def _yield(self) -> CommandResult:
        if self._kind != "dashboard":
            return CommandResult(False, "a daemon leads, and only a dashboard yields")
        self._stop.set(yielded=True)
        return CommandResult(True, "the dashboard stops leading and becomes a viewer")
