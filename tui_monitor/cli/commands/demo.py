"""`demo`: the dashboard over a made-up shop, in which something fails every two minutes; it leaves nothing behind."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

from tui_monitor.cli.options import Refused, wall_ms
from tui_monitor.core.exit_codes import USAGE
from tui_monitor.platform.import_trimming import trim_imports
from tui_monitor.platform.state_directory import StateDirectory, open_directory

FIRST_STORM_S = 8
"""Seconds until the first failure: the calm board is seen before it."""


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `demo`."""
    parser.add_argument("--colors", choices=["auto", "16", "256", "true"], default="auto", help="auto asks the terminal")


def run(given: Namespace) -> int:
    """Exit code: 0 after `q`, 64 without a terminal."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused("the demo needs a terminal", USAGE)
    if given.config or given.state:
        raise Refused("the demo has its own configuration and state: leave --config and --state out", USAGE)
    trim_imports("textual")
    with _temporary_state() as directory:
        return _show(directory, given.colors)


@contextmanager
def _temporary_state() -> Iterator[StateDirectory]:
    """A state directory of its own, removed at the end; SIGTERM and SIGHUP end the program by way of it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    path = Path(tempfile.mkdtemp(prefix="tui-monitor-demo-"))
    try:
        yield open_directory(path / "state")
    finally:
        rmtree(path, ignore_errors=True)


def _show(directory: StateDirectory, colors: str) -> int:
    from tui_monitor.cli.demo.past import write_past
    from tui_monitor.cli.demo.probes import Shop
    from tui_monitor.cli.demo.shop import CYCLE_S, configuration
    from tui_monitor.config.child import load_in_child
    from tui_monitor.core.clock import SystemClock
    from tui_monitor.platform.acting_user import acting_user
    from tui_monitor.runtime.runtime import Runtime
    from tui_monitor.tui.app import run_app

    log, access_log = (directory.path.parent / name for name in ("app.log", "access.log"))
    log.touch()
    access_log.touch()
    config = directory.path.parent / "config.toml"
    config.write_text(configuration(str(log), str(access_log)))
    loaded = load_in_child(config, {})
    asyncio.run(write_past(directory, loaded.settings.checks, wall_ms()))
    clock = SystemClock()
    shop = Shop(clock, wall_ms() - (CYCLE_S - FIRST_STORM_S) * 1000, log, access_log)
    runtime = Runtime(
        directory, lambda: load_in_child(config, {}), clock, "dashboard", acting_user(), config=config, build_probe=shop.build
    )
    return run_app(runtime, now=wall_ms, colors=colors)
