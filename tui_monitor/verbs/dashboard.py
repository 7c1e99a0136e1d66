"""The dashboard: a backend that leads or looks on, and the screen over it."""

from __future__ import annotations

import os
import time
from argparse import Namespace

from tui_monitor.lean import lean_screen
from tui_monitor.places import find_config, find_state
from tui_monitor.statedir import StateUnusable, open_directory
from tui_monitor.verbs.common import complain, parse_time


def run_dashboard(given: Namespace) -> int:
    """Exit 0 after `q`; 2 for a configuration or state directory that cannot be used."""
    try:
        at = parse_time(given.at, time.time_ns() // 1_000_000) if given.at else None
    except ValueError as error:
        complain(f"--at: {error}")
        return 2
    path = find_config(given.config, os.environ)
    try:
        directory = open_directory(find_state(given.state, os.environ, path))
    except StateUnusable as error:
        complain(str(error))
        return 2
    lean_screen()
    from tui_monitor.app import run_app
    from tui_monitor.backend import LateRuntime

    return run_app(LateRuntime(directory, path), bell=False, now=lambda: time.time_ns() // 1_000_000, at=at)
