"""The recipes for exchanges and nodes, as they stand in the documentation, in the real daemon: only the addresses are the test's."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.support.httpserver import HttpServer
from tests.support.paths import ROOT
from tests.support.peers.anvil import Anvil
from tests.support.processes import Installation, installation, until

FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a recipe in one language."""
    return [text for kind, text in FENCE.findall((ROOT / "docs/recipes" / page).read_text()) if kind == language]


def configured(where: Installation, page: str, rules: str, addresses: Mapping[str, str]) -> None:
    """The recipe's configuration and rule file with the test's addresses; a quicker pace, so that the test is short."""
    (text,) = blocks(page, "toml")
    for address, own in addresses.items():
        assert address in text, address
        text = text.replace(address, own)
    (where.place / "rules").mkdir()
    (where.place / "rules" / rules).write_text(blocks(page, "yaml")[0].replace("interval: 5s", "interval: 1s"))
    text = re.sub(r'^interval = "\w+"\n', "", text, flags=re.MULTILINE)
    where.configure(re.sub(r"^(?=type = )", 'interval = "300ms"\n', text, flags=re.MULTILINE))


async def shown(where: Installation, wanted: Mapping[str, float]) -> None:
    """As soon as every expression has its value."""

    def values() -> dict[str, float]:
        done = where.run("query", "-", "--json", stdin="\n".join(wanted) + "\n")
        assert done.returncode == 0, done.stderr
        answers = [json.loads(line)["data"]["result"] for line in done.stdout.splitlines()]
        return {expr: round(float(answer[0]["value"][1]), 6) for expr, answer in zip(wanted, answers, strict=True) if answer}

    await until(lambda: values() == wanted, what=str(wanted))


async def statuses(where: Installation) -> dict[str, str]:
    """The checks' statuses."""
    done = await asyncio.to_thread(where.run, "status", "--json")
    return {check["name"]: check["status"] for check in json.loads(done.stdout)["checks"]}


async def firing(where: Installation, alert: str) -> None:
    """As soon as the alert is there, pending or firing."""
    await until(lambda: alert in where.run("alerts", "--json").stdout, what=alert)


@contextlib.asynccontextmanager
async def feed(message: str) -> AsyncIterator[str]:
    """An exchange's feed: answers the subscription, then sends a trade each 100 ms."""

    async def trades(connection: ServerConnection) -> None:
        asked = json.loads(await connection.recv())
        assert asked == {"op": "subscribe", "channel": "trades"}
        await connection.send('{"event": "subscribed"}')
        for number in range(10_000):
            sent = {**json.loads(message), "time": round(time.time() * 1000), "seq": number}
            await connection.send(json.dumps(sent))
            await asyncio.sleep(0.1)

    async with serve(trades, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"


async def test_exchanges(tmp_path: Path) -> None:
    """Tickers as series with the spread recorded, a feed that is fresh, and the group; a wide spread is an alert."""
    ticker, trade = blocks("exchanges.md", "json")
    async with HttpServer() as api, feed(trade) as stream:
        api.behave(body=ticker)
        with installation(tmp_path / "home") as where:
            addresses = {"https://exchange.example.com/api/ticker": api.url, "wss://stream.example.com/ws": stream}
            configured(where, "exchanges.md", "exchange.yml", addresses)
            daemon = await where.start()
            await shown(
                where,
                {
                    'ticker_last{symbol="BTCUSDT"}': 64000.5,
                    'ticker_volume{symbol="BTCUSDT"}': 1201.7,
                    'round(ticker_spread_percent{symbol="BTCUSDT"}, 0.0001)': 0.0019,
                    "websocket_messages_total > bool 3": 1,
                    "websocket_message_age_seconds < bool 30": 1,
                    "websocket_lag_seconds < bool 5": 1,
                    "websocket_gaps_total": 0,
                    'group_healthy_ratio{check="exchanges"}': 1,
                },
            )
            assert await statuses(where) == dict.fromkeys(("ticker", "trades", "exchanges"), "healthy")
            document = json.loads(ticker)
            document["tickers"][0]["ask"] = "66000"
            api.behave(body=json.dumps(document))
            await firing(where, "SpreadWide")
            api.behave(status=503)
            await until(lambda: '"degraded"' in where.run("check", "exchanges", "--json").stdout)
            assert await daemon.terminate() == 0


TRON: dict[str, Any] = {
    "blockID": "0000000003e8",
    "block_header": {"raw_data": {"number": 1000, "version": 31, "txTrieRoot": "00", "witness_address": "41", "parentHash": "00"}},
}
"""The members of a block as TRON's HTTP API names them (wallet/getnowblock); the time is in ms."""


def tron_block(age: float) -> str:
    """The newest block of a TRON node."""
    header = {"raw_data": {**TRON["block_header"]["raw_data"], "timestamp": round((time.time() - age) * 1000)}, "witness_signature": "00"}
    return json.dumps({**TRON, "block_header": header})


@pytest.mark.parametrize("age", [3.0, 600.0])
async def test_nodes(tmp_path: Path, anvil_peer: Anvil, age: float) -> None:
    """A real EVM node with a wallet, and a node like TRON's whose newest block is young, or too old."""
    async with HttpServer() as tron:
        tron.at("/wallet/getnowblock", body=tron_block(age))
        with installation(tmp_path / "home") as where:
            addresses = {
                "http://127.0.0.1:8545/": anvil_peer.url,
                "https://rpc.example.com/": anvil_peer.url,
                "chain_id = 1\n": "chain_id = 31337\n",
                "http://127.0.0.1:8090": tron.url,
            }
            configured(where, "nodes.md", "nodes.yml", addresses)
            daemon = await where.start()
            await shown(
                where,
                {
                    "jsonrpc_block_height > bool 0": 1,
                    "jsonrpc_block_age_seconds < bool 120": 1,
                    "jsonrpc_block_lag < bool 10": 1,
                    "wallet_balance_wei / 1e18": 10_000,
                    "tron_block_height": 1000,
                    "tron_block_age_seconds > bool 500": float(age > 500),
                },
            )
            assert await statuses(where) == dict.fromkeys(("evm-node", "hot-wallet", "tron-node"), "healthy")
            assert tron.requests[-1].method == "POST"
            if age > 500:
                await firing(where, "TronNodeStuck")
            assert "WalletLow" not in where.run("alerts", "--json").stdout
            assert await daemon.terminate() == 0
