"""The JSON-RPC kind against anvil, a real EVM node."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest

from tests.support.clocks import ManualClock
from tests.support.peers.anvil import Anvil, anvil
from tests.support.peers.require import peers_needed
from tests.support.settings import made
from tui_monitor.core.clock import Clock, SystemClock
from tui_monitor.core.values import METRIC_NAME, HealthStatus, ProbeResult, label
from tui_monitor.sources.jsonrpc.probe import JsonRpcProbe
from tui_monitor.sources.jsonrpc.settings import JsonRpcCheck

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus
ACCOUNT = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
"""The first of anvil's own accounts, which has 10,000 ether."""


async def probe(url: str, clock: Clock | None = None, **keys: Any) -> ProbeResult:
    """One probe."""
    prober = JsonRpcProbe(made(JsonRpcCheck, {"name": "node", "url": url, **keys}), clock or SystemClock())
    try:
        return await prober.probe()
    finally:
        await prober.close()


def call(peer: Anvil, method: str, *params: Any) -> Any:
    """A call of the test's own."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    with urllib.request.urlopen(urllib.request.Request(peer.url, body, {"Content-Type": "application/json"}), timeout=10) as answer:
        return json.load(answer)["result"]


def found(result: ProbeResult) -> dict[str, float]:
    """The values that are no HTTP probe's."""
    named = {label(labels, METRIC_NAME): value for labels, value in result.samples}
    return {name: value for name, value in named.items() if not name.startswith("probe_")}


async def test_a_node_that_makes_blocks(anvil_peer: Anvil) -> None:
    """Healthy with height and age of the newest block, on the chain that is wanted; another chain is a fault."""
    call(anvil_peer, "evm_mine")
    height = int(call(anvil_peer, "eth_blockNumber"), 16)
    result = await probe(anvil_peer.url, max_block_age="10m", chain_id=31337, keep_alive=True)
    assert result.status is HEALTHY, result
    assert found(result)["jsonrpc_block_height"] >= height > 0 and found(result)["jsonrpc_block_age_seconds"] < 600
    wrong = await probe(anvil_peer.url, chain_id=1)
    assert (wrong.status, wrong.reason) == (UNHEALTHY, "is on another chain: chain_id is 31337, not 1")


async def test_the_age_of_the_newest_block_decides(anvil_peer: Anvil) -> None:
    """An hour later by the clock, with no newer block: unhealthy, though eth_syncing says false."""
    later = ManualClock(SystemClock().wall_ms() + 3_600_000)
    result = await probe(anvil_peer.url, later, max_block_age="2m")
    assert result.status is UNHEALTHY and "newest block is 1h old" in result.reason


async def test_a_node_that_has_not_begun_is_unhealthy() -> None:
    """Block 0 is the genesis block: nothing was received."""
    with peers_needed(), anvil(1000) as peer:
        result = await probe(peer.url)
    assert result.status is UNHEALTHY and "is at block 0" in result.reason


async def test_balances_errors_and_lag(anvil_peer: Anvil) -> None:
    """A balance in wei is a series; an error with HTTP 200 is unhealthy; a second node is the reference."""
    values = [{"metric": "wallet_balance_wei", "path": "@", "required": True}]
    balance = await probe(anvil_peer.url, method="eth_getBalance", params=[ACCOUNT, "latest"], values=values)
    assert balance.status is HEALTHY and found(balance) == {"wallet_balance_wei": 1e22}
    unknown = await probe(anvil_peer.url, method="no_suchMethod")
    assert unknown.status is UNHEALTHY and "error -3260" in unknown.reason
    with anvil(1000) as ahead:
        call(ahead, "anvil_mine", "0x3e8")
        behind = await probe(anvil_peer.url, max_lag=50, references=[ahead.url])
    assert behind.status is UNHEALTHY and "blocks behind the references, max_lag is 50" in behind.reason


@pytest.mark.parametrize("keys", [{}, {"min_peers": 1}])
async def test_a_lonely_node(anvil_peer: Anvil, keys: dict[str, Any]) -> None:
    """Peers are asked for where they are wanted only."""
    call(anvil_peer, "evm_mine")
    result = await probe(anvil_peer.url, **keys)
    assert result.status is (DEGRADED if keys else HEALTHY) and ("peers" in result.reason) == bool(keys)
