"""The JSON-RPC kind against servers that answer as nodes do, as they should not, and not at all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from tests.support.clocks import ManualClock
from tests.support.httpserver import HttpServer
from tests.support.peers.hostile import hostile
from tests.support.rpc_server import RpcServer
from tests.support.settings import made
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.core.values import METRIC_NAME, HealthStatus, ProbeResult, label
from tui_monitor.sources.jsonrpc.probe import JsonRpcProbe
from tui_monitor.sources.jsonrpc.settings import JsonRpcCheck, target

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus
NOW = 1_790_000_000
FRESH = {"number": "0x10", "timestamp": hex(NOW - 5)}
WELL: Mapping[str, Any] = {
    "eth_blockNumber": "0x10",
    "eth_getBlockByNumber": FRESH,
    "eth_syncing": False,
    "eth_chainId": "0x1",
    "net_peerCount": "0x7",
}


@pytest.fixture
async def node() -> AsyncIterator[RpcServer]:
    async with RpcServer(WELL) as running:
        yield running


async def probe(url: str, **keys: Any) -> ProbeResult:
    """One probe at the time NOW."""
    prober = JsonRpcProbe(made(JsonRpcCheck, {"name": "node", "url": url, **keys}), ManualClock(NOW * 1000))
    try:
        return await prober.probe()
    finally:
        await prober.close()


def found(result: ProbeResult) -> dict[str, float]:
    """The values that are no HTTP probe's."""
    named = {label(labels, METRIC_NAME): value for labels, value in result.samples}
    return {name: value for name, value in named.items() if not name.startswith("probe_")}


async def test_a_node_in_one_batch(node: RpcServer) -> None:
    """Height, age, chain and peers in one request; hexadecimal quantities are numbers."""
    result = await probe(node.url, max_block_age="1m", chain_id=1, min_peers=3)
    assert (result.status, result.reason) == (HEALTHY, "")
    assert found(result) == {"jsonrpc_block_height": 16, "jsonrpc_block_age_seconds": 5, "jsonrpc_peers": 7}
    assert node.bodies == 1


@pytest.mark.parametrize(
    ("answers", "keys", "status", "reason"),
    [
        ({"eth_getBlockByNumber": {"timestamp": hex(NOW - 700)}}, {"max_block_age": "2m"}, UNHEALTHY, "newest block is 11m old"),
        ({"eth_getBlockByNumber": None}, {"max_block_age": "2m"}, UNHEALTHY, "the age of the newest block is not known"),
        ({"eth_getBlockByNumber": ValueError("no")}, {"max_block_age": "2m"}, UNHEALTHY, "is not known: error -32000: no"),
        ({"eth_getBlockByNumber": ValueError("no")}, {}, HEALTHY, ""),
        ({"eth_blockNumber": "0x0"}, {}, UNHEALTHY, "is at block 0"),
        ({"eth_blockNumber": "many"}, {}, UNHEALTHY, 'eth_blockNumber is "many", no number of a block'),
        ({"eth_blockNumber": ValueError("down")}, {}, UNHEALTHY, "error -32000: down"),
        ({"eth_syncing": {"currentBlock": "0x5", "highestBlock": "0x10"}}, {}, DEGRADED, "is synchronising: block 5 of 16"),
        ({"eth_syncing": {}}, {}, HEALTHY, ""),
        ({"eth_chainId": "0x5"}, {"chain_id": 1}, UNHEALTHY, "is on another chain: chain_id is 5, not 1"),
        ({"net_peerCount": "0x1"}, {"min_peers": 3}, DEGRADED, "1 peers, min_peers is 3"),
        ({"net_peerCount": ValueError("off")}, {"min_peers": 3}, DEGRADED, "the number of peers is not known"),
    ],
)
async def test_what_is_wrong_with_a_node(
    node: RpcServer, answers: Mapping[str, Any], keys: Mapping[str, Any], status: HealthStatus, reason: str
) -> None:
    """The age of the newest block decides, whatever eth_syncing says; a figure that nobody configured is no fault where it is missing."""
    node.answers = {**WELL, **answers}
    result = await probe(node.url, **keys)
    assert result.status is status and reason in result.reason, result


async def test_a_server_without_batches_is_asked_one_by_one(node: RpcServer) -> None:
    """Found out once; then each call is a request of its own."""
    node.batches = False
    prober = JsonRpcProbe(made(JsonRpcCheck, {"name": "node", "url": node.url, "chain_id": 1}), ManualClock(NOW * 1000))
    first, second = await prober.probe(), await prober.probe()
    await prober.close()
    assert first.status is second.status is HEALTHY, (first, second)
    assert found(second)["jsonrpc_block_age_seconds"] == 5
    assert node.bodies == 1 + 4 + 4


async def test_the_lag_behind_references(node: RpcServer) -> None:
    """The highest reference counts; one that fails is a fact, and where all fail nothing is known of the lag."""
    async with RpcServer({"eth_blockNumber": "0x1a"}) as ahead, RpcServer({}) as broken:
        keys: dict[str, Any] = {"references": [ahead.url, broken.url], "bearer": "hush-hush"}
        behind = await probe(node.url, max_lag=5, **keys)
        near = await probe(node.url, max_lag=10, **keys)
        blind = await probe(node.url, max_lag=10, references=[broken.url])
        assert "hush-hush" not in str(ahead.heads) and "hush-hush" in str(node.heads)
    assert (behind.status, behind.reason) == (UNHEALTHY, "is 10 blocks behind the references, max_lag is 5")
    assert near.status is HEALTHY and found(near)["jsonrpc_block_lag"] == 10 and "26" in near.facts["references"]
    assert blind.status is UNKNOWN and "no reference returned its height" in blind.reason and found(blind)["jsonrpc_block_height"] == 16


async def test_any_method_with_values_and_expectations() -> None:
    """Paths begin at the result; "0x..." is a number."""
    values = [{"metric": "wallet_balance", "path": "@"}]
    async with RpcServer({"eth_getBalance": "0xde0b6b3a7640000", "getinfo": {"state": "ok", "peers": 8}}) as server:
        balance = await probe(server.url, method="eth_getBalance", params=["0xabc", "latest"], values=values)
        info = await probe(server.url, method="getinfo", expect_json={"state": "ok"}, values=[{"metric": "peers", "path": "peers"}])
        wrong = await probe(server.url, method="getinfo", expect_json={"state": "busy"})
        none = await probe(server.url, method="getinfo", values=[{"metric": "m", "path": "gone"}])
    assert found(balance) == {"wallet_balance": 1e18} and found(info) == {"peers": 8}
    assert (wrong.status, wrong.reason) == (UNHEALTHY, '$.state is "ok", not "busy"')
    assert (none.status, none.reason) == (UNHEALTHY, "m: missing or null")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"body": '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no such method"}}'}, "error -32601: no such method"),
        ({"body": '{"error":"busy"}'}, 'error: "busy"'),
        ({"body": '{"id":1,"error":{"code":-28,"message":"Loading"}}', "status": 500}, "500 Internal Server Error: error -28: Loading"),
        ({"body": '{"jsonrpc":"2.0","id":7,"result":"0x1"}'}, "answers another call (id 7)"),
        ({"body": '{"ok":true}'}, "the answer is JSON, but not JSON-RPC"),
        ({"body": "[1]"}, "the answer is JSON, but not JSON-RPC"),
        ({"body": "<html>"}, "answer is a web page, not JSON-RPC: is this the node's address?"),
        ({"body": ""}, "answer is empty, not JSON"),
        ({"body": "[" * 2000}, "answer is not JSON"),
        ({"body": "x", "status": 403}, "403 Forbidden"),
        ({"body": json.dumps({"id": 1, "result": "x" * 3000})}, "answer is larger than max_body = 2KiB: not read; raise it"),
    ],
)
async def test_answers_that_are_none(answer: dict[str, Any], reason: str) -> None:
    """With status 200 too; the server's own words are told."""
    async with HttpServer() as server:
        server.behave(**answer)
        result = await probe(server.url, method="getinfo", max_body=2048)
    assert (result.status, result.reason, found(result)) == (UNHEALTHY, reason, {})


async def test_a_key_in_the_address_is_not_shown(node: RpcServer) -> None:
    """Providers of nodes have it in the path; neither target nor facts have it."""
    url = f"{node.url}/v3/0123456789abcdef0123456789abcdef"
    assert target(made(JsonRpcCheck, {"name": "n", "url": url})) == (node.url, True)
    node.answers = {"eth_blockNumber": ValueError("project 0123456789abcdef0123456789abcdef is over its limit")}
    result = await probe(url)
    assert "over its limit" in result.reason and "0123456789abcdef" not in result.reason + str(result.facts)


@pytest.mark.parametrize("behaviour", ["garbage", "bomb", "cut body", "reset", "endless head"])
async def test_hostile_targets_are_unhealthy(behaviour: str) -> None:
    """No number, a reason, and nothing raised."""
    async with hostile(behaviour) as server:
        result = await probe(f"http://127.0.0.1:{server.port}/")
    assert result.status is UNHEALTHY and result.reason and found(result) == {}


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"method": "getinfo", "max_block_age": "1m"}, "has a meaning for method"),
        ({"max_lag": 3}, "needs references"),
        ({"references": ["http://a/"]}, "needs max_lag"),
        ({"method": ""}, "method"),
    ],
)
def test_keys_that_cannot_be_are_refused(keys: dict[str, Any], text: str) -> None:
    """By the reader."""
    with pytest.raises(ConfigurationError, match=text):
        made(JsonRpcCheck, {"name": "x", "url": "http://x/", **keys})
