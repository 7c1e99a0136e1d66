"""The headless monitor: a service that probes, evaluates and notifies. Never loads textual or rich."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import sys
from argparse import Namespace

from tui_monitor.config.child import load_in_child
from tui_monitor.config.faults import Configuration, ConfigurationError
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.commands import Reload
from tui_monitor.core.exit_codes import CONFIGURATION, FAILED
from tui_monitor.core.version import VERSION
from tui_monitor.daemon.json_log import hide_patterns, hide_secrets, name_origin, start_logging
from tui_monitor.daemon.log_files import LogFiles
from tui_monitor.daemon.systemd import Systemd
from tui_monitor.platform.acting_user import acting_user
from tui_monitor.platform.paths import find_config, find_state
from tui_monitor.platform.state_directory import StateUnusable, open_directory
from tui_monitor.runtime.runtime import Runtime
from tui_monitor.runtime.wiring import completed, secrets_of
from tui_monitor.serving.service import HttpService

log = logging.getLogger(__name__)
DESCRIPTORS = 8192
STUCK_AFTER = 30.0
"""Seconds without a finished tick or outbox step after which the watchdog is no longer fed."""


def run_headless(given: Namespace) -> int:
    """Run the service. Exit 0 after SIGTERM, 78 for an unusable configuration or state directory, else FAILED."""
    handler = start_logging(sys.stderr, _level(given.log_level or "info"))
    files = LogFiles(handler)
    raise_descriptor_limit()
    path = find_config(given.config, os.environ)
    warned: set[str] = set()

    def load_now() -> Configuration:
        loaded = load_in_child(path, os.environ)
        hide_secrets(handler, secrets_of(loaded.settings))
        hide_patterns(handler, loaded.settings.redact.patterns)
        logging.getLogger("tui_monitor").setLevel(_level(given.log_level or loaded.settings.log.level))
        files.use(loaded.settings.log)
        name_origin(handler, loaded.settings.service, loaded.settings.environment)
        for warning in set(loaded.warnings) - warned:
            log.warning("%s", warning)
        warned.clear()
        warned.update(loaded.warnings)
        return loaded

    try:
        directory = open_directory(find_state(given.state, os.environ, path))
        if not directory.writable and not directory.unrecorded:
            raise StateUnusable(f"{directory.path} cannot be written: {directory.why_read_only}")
        first = [load_now()]
    except (ConfigurationError, StateUnusable) as error:
        for line in str(completed(error) if isinstance(error, ConfigurationError) else error).splitlines():
            log.error("%s", line)
        return CONFIGURATION
    systemd = Systemd()

    def on_role(role: str) -> None:
        first.clear()  # a standby that leads later reads the file of that time
        log.info("tui-monitor %s is now %s", VERSION, role, extra={"data": {"role": role, "state": str(directory.path)}})
        systemd.ready(f"{role}, version {VERSION}")

    def load_first() -> Configuration:
        return first.pop() if first else load_now()

    clock = SystemClock()
    runtime = Runtime(
        directory, load_first, clock, "headless", acting_user(), config=path, on_role=on_role,
        service=lambda backend, report: HttpService(backend, directory, clock, report),
    )  # fmt: skip
    try:
        asyncio.run(_serve(runtime, systemd))
    except ConfigurationError as error:
        for line in str(error).splitlines():
            log.error("%s", line)
        return CONFIGURATION
    except Exception:
        log.exception("internal error: tui-monitor ends")
        return FAILED
    return 0


def _level(word: str) -> int:
    return int(getattr(logging, word.upper()))


async def _serve(runtime: Runtime, systemd: Systemd) -> None:
    loop = asyncio.get_running_loop()

    def end(name: str) -> None:
        log.info("%s: ending", name)
        systemd.stopping()
        runtime.stop()

    for name in ("SIGTERM", "SIGINT"):
        loop.add_signal_handler(getattr(signal, name), end, name)
    reloads: set[asyncio.Task[None]] = set()

    def reload() -> None:
        task = loop.create_task(_reload(runtime, systemd))
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)

    watchdog = asyncio.create_task(_feed_watchdog(runtime, systemd)) if systemd.watchdog_interval else None
    try:
        await runtime.run()
    finally:
        if watchdog is not None:
            watchdog.cancel()
    log.info("ended")


async def _reload(runtime: Runtime, systemd: Systemd) -> None:
    systemd.reloading()
    if runtime.leader is not None:
        await runtime.leader.engine.apply(Reload(), "SIGHUP")
    systemd.ready()


async def _feed_watchdog(runtime: Runtime, systemd: Systemd) -> None:
    while True:
        if runtime.progressing(STUCK_AFTER):
            systemd.watchdog()
        await asyncio.sleep(systemd.watchdog_interval)


def raise_descriptor_limit() -> None:
    """Raise the limit of file descriptors as far as many checks need and the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
