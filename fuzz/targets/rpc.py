"""Answers of JSON-RPC servers."""

from __future__ import annotations

from fuzz.fences import unfenced
from fuzz.target import Target
from fuzz.targets.answers import driven
from tests.support.settings import made
from tui_monitor.sources.http.exchange import Answer
from tui_monitor.sources.json.values import ValueReader
from tui_monitor.sources.jsonrpc.envelope import rpc_number
from tui_monitor.sources.jsonrpc.node import calls_of, node_state
from tui_monitor.sources.jsonrpc.reader import RpcReader
from tui_monitor.sources.jsonrpc.settings import JsonRpcCheck

NOW = 1_790_000_000.0
_NODE = made(JsonRpcCheck, name="a", url="http://a/", max_block_age="1m", chain_id=1, min_peers=2, values=[{"metric": "m", "path": "@"}])


def _rpc(data: bytes) -> bool:
    """The first byte says with which status."""
    reader = RpcReader(calls_of(_NODE), 20_000)
    answer = Answer(500 if data[:1] == b"!" else 200, "HTTP/1.1", [], data.removeprefix(b"!"), False, False)
    fault = driven(reader.fault(answer))
    state = node_state(_NODE, reader.replies, NOW)
    for reply in reader.replies.values():
        ValueReader(_NODE.values[0], rpc_number).read(reply.result)
    return not fault and not state.faults


_WORDS = (
    '{"jsonrpc":"2.0","id":1,"result":"0x10"}', '{"id":2,"result":{"timestamp":"0x6ab13b80"}}', '{"id":3,"result":false}', '"error":',
    '{"id":4,"result":"0x1"}', '{"id":5,"result":"0x7"}', '{"code":-32601,"message":"x"}', '"0x', "null", "[", "]", "{", "}", ",", "!",
    '"id":1.0', '"id":true', "1e400", "NaN", '"currentBlock":"0x1"', '"highestBlock":"0xzz"', "-1",
)  # fmt: skip

TARGETS = (Target(name="jsonrpc-answer", kind="bytes", call=_rpc, words=_WORDS, fence=lambda: unfenced(RpcReader._fault)),)
