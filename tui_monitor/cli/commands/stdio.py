"""The command `stdio`: the far end of a connection over ssh (protocol 1, docs/hosts.md)."""

from __future__ import annotations

import argparse
import os
import socket
from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tui_monitor.cli.options import Refused, state_path, wall_ms
from tui_monitor.core.exit_codes import OK, USAGE
from tui_monitor.core.version import VERSION
from tui_monitor.fleet.far_end import Answering, FarEnd
from tui_monitor.platform.acting_user import acting_user
from tui_monitor.platform.import_trimming import trim_imports
from tui_monitor.platform.state_directory import StateDirectory, StateUnusable, open_directory
from tui_monitor.runtime.stored_view import NO_STATE, StoredView
from tui_monitor.sources.host.protocol import PROTOCOL

if TYPE_CHECKING:
    from tui_monitor.board.backend import Backend
    from tui_monitor.config.faults import Configuration


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--read-only`, for a forced command of an ssh key."""
    parser.add_argument("--read-only", action="store_true", help="refuse every command: this connection may only look")


def run(given: Namespace) -> int:
    """Serve on standard input and output until the other end closes."""
    if os.isatty(0):
        raise Refused("stdio speaks with another tui-monitor over ssh; on a terminal use tui-monitor --hosts", USAGE)
    path, by = state_path(given), acting_user()

    def existing() -> StateDirectory:
        if not path.is_dir():
            raise StateUnusable(NO_STATE)
        return open_directory(path)

    view = StoredView(existing, by, wall_ms)
    FarEnd(_hello(by, given.read_only), view, lambda send: _answering(existing, by, send), read_only=given.read_only).run()
    return OK


def _hello(by: str, read_only: bool) -> Mapping[str, Any]:
    name, _, rest = by.partition(" (ssh ")
    return {
        "protocol": PROTOCOL,
        "version": VERSION,
        "host": socket.gethostname(),
        "user": name,
        "from": rest.rstrip(")"),
        "may": ["read"] if read_only else ["read", "act"],
    }


def _answering(existing: Callable[[], StateDirectory], by: str, send: Callable[[Mapping[str, Any]], None]) -> Answering:
    """Load what answers questions, which doubles the process."""
    trim_imports("stdio")
    from tui_monitor.core.clock import SystemClock
    from tui_monitor.fleet.answering import AnsweringThread
    from tui_monitor.runtime.runtime import Runtime

    def load() -> Configuration:
        raise NotImplementedError  # a viewer reads no configuration

    def backend(on_role: Callable[[str], None]) -> Backend:
        return Runtime(existing(), load, SystemClock(), "stdio", by, on_role=on_role, may_lead=False)

    return AnsweringThread(backend, send)
