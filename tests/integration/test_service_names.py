"""The names that discovery gives to what listens on this machine."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from tests.support.peers.hostile import hostile
from tui_monitor.platform.service_discovery import discover


def page(title: str, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\n\r\n<html><title>{title}</title>".encode()


def answers(text: bytes) -> Any:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()
        writer.close()

    return talk


async def test_pages_of_one_process_are_told_apart_by_their_titles() -> None:
    """Then by the process and the port; the title of a page that reports an error names nothing."""
    pages = [page("Billing shop"), page("Cart"), page("Welcome to nginx!"), page("\uacb0\uc81c v2"), page("Not found", "404 Not Found")]
    async with AsyncExitStack() as stack:
        ports = [(await stack.enter_async_context(hostile(answers(each)))).port for each in pages]
        found = await discover([("127.0.0.1", port) for port in ports], dict.fromkeys(ports, "srv"))
    assert [one.name for one in found] == ["billing-shop", "cart", "srv", f"srv-{ports[3]}", f"srv-{ports[4]}"]
