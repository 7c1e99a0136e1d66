"""The keys of a JSON-RPC check."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import urlsplit

from tui_monitor.config.fields import Duration, HttpAddress, Size
from tui_monitor.config.section import key
from tui_monitor.sources.http.settings import METRICS as HTTP_METRICS
from tui_monitor.sources.http.settings import HttpKeys
from tui_monitor.sources.json.settings import JsonValueSettings
from tui_monitor.sources.target import is_local

HEIGHT, AGE, LAG, PEERS = "jsonrpc_block_height", "jsonrpc_block_age_seconds", "jsonrpc_block_lag", "jsonrpc_peers"
BLOCK_NUMBER = "eth_blockNumber"
_OF_EVM_NODES = ("max_block_age", "chain_id", "min_peers")


class JsonRpcCheck(HttpKeys):
    """A JSON-RPC server over HTTP, by default a node of an EVM chain."""

    url: HttpAddress = key(doc="the server's address", example="http://127.0.0.1:8545/")
    method: str = key(default=BLOCK_NUMBER, doc="the RPC method", min_length=1)
    params: list[Any] | dict[str, Any] = key(default=[], doc="the method's parameters", example=["latest", False])
    headers: dict[str, str] = key(default={}, doc="request headers", example={"X-Api-Key": "${KEY}"}, hide=True)
    expect_json: dict[str, Any] = key(
        default={}, doc="JMESPath (jmespath.org) in the result = value, several at once", example={"status": "ok"}
    )
    values: list[JsonValueSettings] = key(
        default=[], doc="numbers of the result as series: [[checks.values]] of json; a text such as 0x1f is a number too"
    )
    max_block_age: Duration | None = key(default=None, doc="EVM node: unhealthy where its newest block is older", gt=0, example="2m")
    max_lag: int | None = key(default=None, doc="unhealthy where it is more blocks behind the references", ge=0, example=5)
    references: list[HttpAddress] = key(
        default=[],
        doc="other nodes of the same chain, asked the same method without the check's credentials",
        example=["http://node2:8545/"],
    )
    chain_id: int | None = key(default=None, doc="EVM node: the chain that it must be on", ge=0, example=1)
    min_peers: int | None = key(default=None, doc="EVM node: degraded with fewer peers", ge=0, example=3)
    max_body: Size = key(default=4 * 2**20, doc="a larger answer is refused", gt=0)
    keep_alive: bool = key(default=False, doc="keep the connection between probes (tests less: no DNS, TCP, TLS)")

    @property
    def is_evm(self) -> bool:
        """Whether it asks an EVM node for its newest block."""
        return self.method == BLOCK_NUMBER

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Keys of nodes for a method that asks for something else; a lag without references."""
        yield from super().problems(given)
        for name in _OF_EVM_NODES:
            if name in given and not self.is_evm:
                yield name, f'has a meaning for method = "{BLOCK_NUMBER}" only; give other methods a check of their own'
        if self.max_lag is not None and not self.references:
            yield "max_lag", 'needs references = ["http://..."]: the nodes that it is compared with'
        if self.references and self.max_lag is None:
            yield "references", "needs max_lag: the number of blocks that the node may be behind them"


def metrics(check: JsonRpcCheck) -> tuple[str, ...]:
    """The names of its series, beside those of every check."""
    return (*HTTP_METRICS, HEIGHT, AGE, LAG, PEERS, *(value.metric for value in check.values))


def target(check: JsonRpcCheck) -> tuple[str, bool]:
    """The server without the path, which often holds a key."""
    parts = urlsplit(check.url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", is_local(parts.hostname or "")
