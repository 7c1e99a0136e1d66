"""The dashboard command: starts the runtime (as leader or viewer) and the Textual app on it."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui_monitor.cli.options import Refused, time_of, wall_ms
from tui_monitor.core.exit_codes import CONFIGURATION, USAGE
from tui_monitor.platform.import_trimming import trim_imports
from tui_monitor.platform.paths import find_config, find_state
from tui_monitor.platform.state_directory import StateUnusable, open_directory

if TYPE_CHECKING:
    from tui_monitor.config.faults import Configuration
    from tui_monitor.config.hosts import HostSettings


def run_dashboard(given: Namespace) -> int:
    """Exit code: 0 after `q`; 78 for an unusable configuration or state directory."""
    at = time_of(given.at, "--at", wall_ms()) if given.at else None
    path = find_config(given.config, os.environ)
    try:
        directory = open_directory(find_state(given.state, os.environ, path))
    except StateUnusable as error:
        raise Refused(str(error), CONFIGURATION) from None
    trim_imports("textual")
    from tui_monitor.core.clock import SystemClock
    from tui_monitor.platform.acting_user import acting_user
    from tui_monitor.runtime.runtime import Runtime
    from tui_monitor.serving.service import HttpService
    from tui_monitor.tui.app import run_app

    if path is None:
        from tui_monitor.cli.first_run import MachineSearch, first_path

    def load() -> Configuration:
        from tui_monitor.config.child import load_in_child  # after the first paint

        return load_in_child(find_config(given.config, os.environ), os.environ)

    clock = SystemClock()
    runtime = Runtime(
        directory, load, clock, "dashboard", acting_user(), config=path,
        service=lambda backend, report: HttpService(backend, directory, clock, report),
    )  # fmt: skip
    first_run = MachineSearch(first_path(given)) if path is None else None
    return run_app(runtime, now=wall_ms, at=at, colors=given.colors, screen=given.screen, first_run=first_run)


NO_HOSTS = """no hosts are configured; name them (tui-monitor --hosts web-1,web-2), or write into {path}, for each host:
[[hosts]]
name = "web-1"      # what you type after `ssh`"""


def hosts_of(named: str, config: Path | None) -> Sequence[HostSettings]:
    """The hosts of a list with commas, with what the configuration says of them; without a list those of the configuration.

    Raises Refused: a configuration that cannot be used matters only where no host is named.
    """
    from tui_monitor.config.child import load_in_child
    from tui_monitor.config.faults import ConfigurationError
    from tui_monitor.config.hosts import HostSettings, check_ssh_name

    names = list(dict.fromkeys(name.strip() for name in named.split(",") if name.strip()))
    known: Sequence[HostSettings] = ()
    try:
        known = load_in_child(config, os.environ).settings.hosts
    except ConfigurationError as error:
        if not names:
            raise Refused(str(error), CONFIGURATION) from None
        known = error.partial.settings.hosts if error.partial is not None else ()
    if not names:
        return known
    try:
        configured = {host.name: host for host in known}
        return [configured.get(name) or HostSettings(name=name, ssh=check_ssh_name(name)) for name in names]
    except ValueError as error:
        raise Refused(f"--hosts: {error}", USAGE) from None


def run_hosts(given: Namespace) -> int:
    """The dashboard of other hosts; 0 after `q`, 78 without any host or for an unusable configuration, 64 for what is no host."""
    path = find_config(given.config, os.environ)
    hosts = hosts_of(given.hosts, path)
    if not hosts:
        raise Refused(NO_HOSTS.format(path=path or "~/.config/tui-monitor/config.toml"), CONFIGURATION)
    trim_imports("textual")
    from tui_monitor.core.clock import SystemClock
    from tui_monitor.fleet.far_host import FarHost
    from tui_monitor.fleet.remote_backend import RemoteBackend
    from tui_monitor.sources.host.link import StartPace
    from tui_monitor.tui.app import run_app

    clock = SystemClock()
    pace = StartPace(clock)
    fleet = RemoteBackend([FarHost(host.name, host.ssh, host.labels, clock, pace) for host in hosts], clock)
    return run_app(fleet, now=wall_ms, colors=given.colors, fleet=fleet)
