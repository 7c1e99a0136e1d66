"""The commands about access tokens of the HTTP interface."""

from __future__ import annotations

from tui_monitor.core.access_token import SCOPES, AccessToken
from tui_monitor.core.commands import AddToken, CommandResult, RevokeToken
from tui_monitor.core.sanitize import clean
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.records import TooManyTokens
from tui_monitor.storage.repository import StateRepository


class TokenCommands:
    """Writes tokens to state.db."""

    def __init__(self, repository: StateRepository) -> None:
        self._repository = repository

    async def add(self, command: AddToken, by: str, now: int) -> CommandResult:
        """Store a new token; its secret was shown where it was made."""
        name = clean(command.name).strip()
        if not name or not command.scopes or not set(command.scopes) <= set(SCOPES):
            return CommandResult(False, f"a token needs a name and at least one scope of {', '.join(SCOPES)}")
        token = AccessToken(name, command.scopes, command.digest, by, now, command.expires_at, command.kind)
        try:
            if not await self._repository.transaction(lambda state: state.tokens.add(token)):
                return CommandResult(False, f'there is a token "{name}" already; revoke it first or choose another name')
        except (StorageFault, TooManyTokens) as error:
            return CommandResult(False, str(error))
        return CommandResult(True, f'added the {token.kind} "{name}" ({", ".join(token.scopes)})')

    async def revoke(self, command: RevokeToken) -> CommandResult:
        """Delete a token; it opens nothing from the next request on."""
        name = clean(command.name).strip()
        try:
            there = await self._repository.transaction(lambda state: state.tokens.remove(name))
        except StorageFault as error:
            return CommandResult(False, str(error))
        return CommandResult(True, f'revoked the token "{name}"') if there else CommandResult(False, f'there is no token "{name}"')
