"""The heights of reference nodes: how far the tested node is behind them."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.http.probe import HttpProbe
from tui_monitor.sources.http.settings import HttpCheck
from tui_monitor.sources.jsonrpc.envelope import Call, quantity, request_body
from tui_monitor.sources.jsonrpc.reader import RpcReader
from tui_monitor.sources.jsonrpc.settings import JsonRpcCheck
from tui_monitor.sources.net.resolve import Resolver

SHARE = 0.4
"""The share of the check's timeout that references may take: they are asked first, and must leave time for the tested node."""


@frozen
class ReferenceHeight:
    """What one reference said: its height, or why there is none."""

    host: str
    height: int | None
    fault: str = ""


class References:
    """Asks all references side by side, without the check's credentials. None of their faults is the tested node's."""

    def __init__(self, settings: JsonRpcCheck, resolver: Resolver) -> None:
        self._limit = settings.timeout * SHARE
        call = Call(1, settings.method, settings.params)
        self._nodes = [(_host(url), *_node(settings, url, call, resolver)) for url in settings.references]
        self._method = settings.method

    async def heights(self) -> list[ReferenceHeight]:
        """Of each reference, in their order."""
        return await asyncio.gather(*(self._height(*node) for node in self._nodes))

    async def _height(self, host: str, reader: RpcReader, probe: HttpProbe) -> ReferenceHeight:
        try:
            async with asyncio.timeout(self._limit):
                result = await probe.probe()
        except OwnTrouble as trouble:
            return ReferenceHeight(host, None, str(trouble))
        except TimeoutError:
            return ReferenceHeight(host, None, "does not answer in time")
        reply = reader.replies.get(self._method)
        height = quantity(reply.result) if reply is not None else None
        return ReferenceHeight(host, height, "" if height is not None else result.reason or "its answer is no number")

    async def close(self) -> None:
        """Give back the connections."""
        for _, _, probe in self._nodes:
            await probe.close()


def _host(url: str) -> str:
    """Host and port; the path may hold a key."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _node(settings: JsonRpcCheck, url: str, call: Call, resolver: Resolver) -> tuple[RpcReader, HttpProbe]:
    reader = RpcReader([call], settings.max_body)
    check = HttpCheck(
        name=settings.name, url=url, timeout=settings.timeout, verify=settings.verify, ca_file=settings.ca_file,
        tls_expiry_warning=0.0, tls_min_version=settings.tls_min_version, method="POST",
        headers={"Content-Type": "application/json"}, body=request_body([call]), max_body=settings.max_body,
    )  # fmt: skip
    return reader, HttpProbe(check, reader=reader, resolver=resolver)
