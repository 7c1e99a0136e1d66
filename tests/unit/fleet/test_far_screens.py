"""Screens by role of another host: definitions and panels over JSON are those of the host itself."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from tests.support.role_backend import RoleBackend
from tui_monitor.board import wire
from tui_monitor.board.backend import Backend
from tui_monitor.board.screen_reader import ScreenReader
from tui_monitor.fleet.questions import answer, read_answer


class Far:
    """Asks each question as JSON, both ways."""

    def __init__(self, backend: RoleBackend) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def ask(*given: Any) -> Any:
            names = ("expr", *{"query": ("at", "within"), "query_range": ("start", "end", "step", "within")}.get(name, ()))
            names = {"strips": ("checks", "bounds"), "log_lines": ("query",), "traces": ("query",)}.get(name, names)
            sent = {key: wire.plain(value) for key, value in zip(names, given, strict=False)}
            found = await answer(self._backend, name, json.loads(json.dumps(sent)))
            return read_answer(name, json.loads(json.dumps(found)), str(sent.get("expr", "")))

        return ask


@pytest.mark.parametrize("example", ["trading", "dispatch", "shop"])
async def test_a_far_hosts_screens_are_its_own(example: str) -> None:
    """Each panel of each screen has the same values as on the host."""
    backend = RoleBackend(example)
    far = cast(Backend, Far(backend))
    screens = await far.screens()
    assert list(screens) == backend.role_screens
    for screen in screens:
        here, there = ScreenReader(backend, screen), ScreenReader(far, screen)
        for reader in (here, there):
            await reader.refresh(backend.board)
        assert there.values(backend.board) == here.values(backend.board)
