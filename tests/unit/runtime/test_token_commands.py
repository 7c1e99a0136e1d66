"""Access tokens by command: a name once, known scopes only, gone when revoked."""

from __future__ import annotations

from tui_monitor.core.commands import AddToken, RevokeToken
from tui_monitor.runtime.token_commands import TokenCommands
from tui_monitor.storage.in_memory.repository import InMemoryRepository


async def test_tokens_are_added_and_revoked() -> None:
    """The digest is stored under its name, with who made it; each refusal says why."""
    store = InMemoryRepository()
    commands = TokenCommands(store)
    assert (await commands.add(AddToken("grafana", ("read",), "d1"), "kim", 5)).text == 'added the token "grafana" (read)'
    assert "already" in (await commands.add(AddToken("grafana", ("act",), "d2"), "kim", 6)).text
    for wrong in (AddToken("", ("read",), "d"), AddToken("x", (), "d"), AddToken("x", ("root",), "d")):
        assert "at least one scope of read, act" in (await commands.add(wrong, "kim", 7)).text
    (stored,) = await store.read(lambda state: state.tokens.all())
    assert (stored.name, stored.digest, stored.by, stored.created_at) == ("grafana", "d1", "kim", 5)
    assert (await commands.revoke(RevokeToken("grafana"))).ok and not (await commands.revoke(RevokeToken("grafana"))).ok
