"""Rules by HTTP: who may add and remove them, and what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.board_backend import FakeBackend
from tests.support.http_face import Face, face, token_of
from tui_monitor.core.added_rule import AddedRule
from tui_monitor.core.commands import AddRule, RemoveRule

ADMIN, ACT, READ = token_of("admin"), token_of("act", name="ci"), token_of("read", name="grafana")
RULE = AddedRule("Hot", "cpu_usage > 90", "cpu_usage_ratio > 0.9", 300.0, "critical", ("ops",), 600.0, "kim", 5)


@pytest.fixture
async def server() -> AsyncIterator[Face]:
    """One rule was added before."""
    backend = FakeBackend()
    backend.access_tokens, backend.rules_added = [ADMIN[1], ACT[1], READ[1]], [RULE]
    async with face(backend) as opened:
        yield opened


async def test_an_administrator_adds_lists_and_removes_rules(server: Face) -> None:
    """In the words of `rules add`; a rule's name is given once, so that an unknown one is 404."""
    body = {"name": "Slow", "condition": "response_time > 500", "for": "5m", "severity": "high", "to": ["ops"], "cooldown": "10m"}
    assert (await server.ask("POST", "/api/rules", body, token=ADMIN[0])).status == 201
    assert (await server.ask("POST", "/api/rules", {"name": "Up", "when": "up == 0"}, token=ADMIN[0])).status == 201
    (listed,) = (await server.get("/api/rules", token=READ[0])).json["rules"]
    assert (listed["name"], listed["when"], listed["expr"], listed["severity"]) == (
        "Hot",
        "cpu_usage > 90",
        "cpu_usage_ratio > 0.9",
        "critical",
    )
    assert (await server.ask("DELETE", "/api/rules/Hot", token=ADMIN[0])).status == 200
    assert (await server.ask("DELETE", "/api/rules/None", token=ADMIN[0])).status == 404
    assert [command for command in server.backend.commands if isinstance(command, AddRule | RemoveRule)] == [
        AddRule("Slow", "response_time > 500", 300.0, "error", ("ops",), 600.0), AddRule("Up", "up == 0"), RemoveRule("Hot"),
    ]  # fmt: skip


async def test_others_may_look_at_most(server: Face) -> None:
    """Scope act is not enough to add one; what is missing or of another kind is named."""
    for token in (ACT[0], READ[0]):
        assert (await server.ask("POST", "/api/rules", {"name": "A", "when": "up == 0"}, token=token)).status == 403
        assert (await server.ask("DELETE", "/api/rules/Hot", token=token)).status == 403
    for body, said in (
        ({"when": "up == 0"}, '"name"'),
        ({"name": "A"}, '"condition"'),
        ({"name": "A", "when": "x", "for": "soon"}, '"for"'),
    ):
        answer = await server.ask("POST", "/api/rules", body, token=ADMIN[0])
        assert answer.status == 400 and said in answer.json["error"]["message"]
