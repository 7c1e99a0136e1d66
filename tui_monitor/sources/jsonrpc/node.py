"""What an EVM node says of itself, and what is wrong with it. Pure.

Source: the Ethereum JSON-RPC API (execution-apis): quantities are hexadecimal texts, `eth_syncing` is false or an object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import span_words
from tui_monitor.sources.json.values import shown
from tui_monitor.sources.jsonrpc.envelope import Call, Reply, quantity
from tui_monitor.sources.jsonrpc.settings import BLOCK_NUMBER, JsonRpcCheck

NEWEST_BLOCK, SYNCING, CHAIN, PEERS = "eth_getBlockByNumber", "eth_syncing", "eth_chainId", "net_peerCount"
_MISSING = Reply(fault="not asked")


@frozen
class NodeState:
    """The figures of a node, None where they are not known; ``age``: seconds of its newest block.

    ``faults``: what makes it unhealthy; ``doubts``: what makes it degraded; ``notes``: what could not be found out.
    """

    height: int | None = None
    age: float | None = None
    peers: int | None = None
    faults: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)


def calls_of(settings: JsonRpcCheck) -> list[Call]:
    """The configured call first; of an EVM node also what the verdict needs."""
    wanted: list[tuple[str, Any]] = [(settings.method, settings.params)]
    if settings.is_evm:
        wanted += [(NEWEST_BLOCK, ["latest", False]), (SYNCING, [])]
        wanted += [(CHAIN, [])] if settings.chain_id is not None else []
        wanted += [(PEERS, [])] if settings.min_peers is not None else []
    return [Call(number, method, params) for number, (method, params) in enumerate(wanted, 1)]


def node_state(settings: JsonRpcCheck, replies: Mapping[str, Reply], now: float) -> NodeState:
    """The state by the replies to ``calls_of``; ``now``: Unix seconds."""
    height = quantity(replies.get(BLOCK_NUMBER, _MISSING).result)
    block = replies.get(NEWEST_BLOCK, _MISSING)
    age = _age(block, now)
    peers = quantity(replies.get(PEERS, _MISSING).result)
    faults = [*_height_faults(height, replies), *_age_faults(settings, age, block), *_chain_faults(settings, replies)]
    doubts = [*_syncing(replies), *_peer_doubts(settings, peers, replies)]
    return NodeState(height, age, peers, tuple(faults), tuple(doubts), _notes(replies))


def _age(block: Reply, now: float) -> float | None:
    stamp = quantity(block.result.get("timestamp")) if isinstance(block.result, dict) else None
    return max(0.0, now - stamp) if stamp is not None and stamp < 2**40 else None


def _height_faults(height: int | None, replies: Mapping[str, Reply]) -> Iterable[str]:
    if height is None:
        yield f"{BLOCK_NUMBER} is {shown(replies.get(BLOCK_NUMBER, _MISSING).result)}, no number of a block"
    elif height == 0:
        yield "is at block 0: the node has not begun to synchronise"


def _age_faults(settings: JsonRpcCheck, age: float | None, block: Reply) -> Iterable[str]:
    if settings.max_block_age is None:
        return
    if age is None:
        yield f"the age of the newest block is not known: {block.fault or 'the answer has no timestamp'}"
    elif age > settings.max_block_age:
        yield f"newest block is {span_words(age, most=1)} old, max_block_age is {span_words(settings.max_block_age, most=1)}"


def _chain_faults(settings: JsonRpcCheck, replies: Mapping[str, Reply]) -> Iterable[str]:
    if settings.chain_id is None:
        return
    reply = replies.get(CHAIN, _MISSING)
    found = quantity(reply.result)
    if found != settings.chain_id:
        said = reply.fault or (f"{found}" if found is not None else shown(reply.result))
        yield f"is on another chain: chain_id is {said}, not {settings.chain_id}"


def _syncing(replies: Mapping[str, Reply]) -> Iterable[str]:
    found = replies.get(SYNCING, _MISSING).result
    if found and isinstance(found, dict):
        current, highest = (quantity(found.get(name)) for name in ("currentBlock", "highestBlock"))
        known = current is not None and highest is not None
        yield f"is synchronising: block {current:,} of {highest:,}" if known else "is synchronising"
    elif found is True:
        yield "is synchronising"


def _peer_doubts(settings: JsonRpcCheck, peers: int | None, replies: Mapping[str, Reply]) -> Iterable[str]:
    if settings.min_peers is None:
        return
    if peers is None:
        yield f"the number of peers is not known: {replies.get(PEERS, _MISSING).fault or 'no number'}"
    elif peers < settings.min_peers:
        yield f"{peers} peers, min_peers is {settings.min_peers}"


def _notes(replies: Mapping[str, Reply]) -> Mapping[str, str]:
    return {method: reply.fault for method, reply in replies.items() if reply.fault}
