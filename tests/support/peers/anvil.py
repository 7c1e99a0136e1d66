"""Anvil (npm package @foundry-rs/anvil-linux-amd64, `npm ci` in tests/support/npm): a real EVM node with JSON-RPC."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.support.peers.base import Peer, program, running
from tests.support.servers import free_port

_INSTALLED = Path(__file__).resolve().parents[1] / "npm/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"


def anvil_binary() -> str:
    """npm's anvil, else one on PATH (ServerMissing: neither)."""
    return str(_INSTALLED) if _INSTALLED.exists() else program("anvil", "run `npm ci` in tests/support/npm")


class Anvil(Peer):
    """Anvil: chain id 31337 and a new block every ``block_time`` seconds unless ``options`` say otherwise."""

    def __init__(self, directory: Path, block_time: int, options: tuple[str, ...]) -> None:
        port = free_port()
        argv = [anvil_binary(), "--host", "127.0.0.1", "--port", str(port), "--block-time", str(block_time), "--silent", *options]
        super().__init__(argv, directory, port)


def anvil(block_time: int = 1, *options: str) -> contextlib.AbstractContextManager[Anvil]:
    """A running node."""
    return running(lambda directory: Anvil(directory, block_time, options))
