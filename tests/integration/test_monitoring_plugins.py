"""The command probe with the real Monitoring Plugins (Debian: monitoring-plugins-basic), skipped where they are not installed."""

from __future__ import annotations

import asyncio
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui_monitor.core.values import METRIC_NAME, HealthStatus, ProbeResult, label
from tui_monitor.sources.command.probe import CommandProbe
from tui_monitor.sources.command.settings import CommandCheck

FOLDERS = ("/usr/lib/nagios/plugins", "/usr/lib/monitoring-plugins", "/usr/lib64/nagios/plugins", "/usr/libexec/monitoring-plugins")


async def plugin(name: str, *arguments: str) -> ProbeResult:
    """Probe with a plugin."""
    path = next((path for folder in FOLDERS if (path := Path(folder, name)).exists()), None)
    if path is None:
        if os.environ.get("TUI_MONITOR_TEST_REQUIRE"):
            pytest.fail(f"{name} is missing: install monitoring-plugins-basic")
        pytest.skip(f"{name} is missing: install monitoring-plugins-basic")
    return await CommandProbe(CommandCheck(name="plugin", argv=[str(path), *arguments], timeout=60.0), asyncio.Semaphore(4)).probe()


def values(result: ProbeResult) -> dict[str, float]:
    """The values by label."""
    return {label(s.labels, "label"): s.value for s in result.samples if label(s.labels, METRIC_NAME) == "command_value"}


@pytest.fixture
def web_port() -> Iterator[int]:
    """The port of a web server that answers 404 to everything."""
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


async def test_check_load() -> None:
    """Three values, with limits as facts."""
    result = await plugin("check_load", "-w", "5000,4000,3000", "-c", "10000,8000,6000")
    assert result.status is HealthStatus.HEALTHY and result.facts["output"].startswith("LOAD OK - ")
    assert set(values(result)) == {"load1", "load5", "load15"}
    assert result.facts["load5"].endswith("(warning 4000.000, critical 8000.000, least 0)")


async def test_check_disk() -> None:
    """Bytes, whatever unit the plugin's version writes."""
    result = await plugin("check_disk", "-w", "0%", "-c", "0%", "-p", "/")
    assert result.status is HealthStatus.HEALTHY
    used = os.statvfs("/")
    taken = (used.f_blocks - used.f_bfree) * used.f_frsize
    assert values(result)["/"] == pytest.approx(taken, rel=0.2)


async def test_check_procs_and_users() -> None:
    """Plain counts; a limit that is passed is a warning with its reason."""
    result = await plugin("check_procs", "-w", "0", "-c", "100000000")
    assert result.status is HealthStatus.DEGRADED and result.reason.startswith("PROCS WARNING: ")
    assert values(result)["procs"] >= 1


async def test_check_ping() -> None:
    """Milliseconds become seconds, per cent a ratio."""
    result = await plugin("check_ping", "-H", "127.0.0.1", "-w", "3000,80%", "-c", "5000,100%", "-p", "1")
    if result.status is HealthStatus.UNKNOWN:
        pytest.skip(f"no ping here: {result.reason}")
    found = values(result)
    assert 0 < found["rta"] < 3 and found["pl"] == 0
    assert result.facts["pl"] == "0% (warning 80, critical 100, least 0)"


async def test_check_http(web_port: int) -> None:
    """An answer of 501 is critical (the plugin's word), its time and size are values all the same."""
    result = await plugin("check_http", "-H", "127.0.0.1", "-p", str(web_port))
    assert result.status is HealthStatus.UNHEALTHY and "501" in result.reason
    result = await plugin("check_http", "-H", "127.0.0.1", "-p", str(web_port), "-e", "501")
    assert result.status is HealthStatus.HEALTHY
    assert 0 < values(result)["time"] < 60 and values(result)["size"] > 100


async def test_check_tcp_on_a_closed_port() -> None:
    """Critical with the plugin's own words."""
    result = await plugin("check_tcp", "-H", "127.0.0.1", "-p", "1")
    assert result.status is HealthStatus.UNHEALTHY and "refused" in result.reason


async def test_check_dummy_says_every_state() -> None:
    """The four states of the plugin interface."""
    statuses = [(await plugin("check_dummy", str(code), "said")).status for code in range(4)]
    assert statuses == [HealthStatus.HEALTHY, HealthStatus.DEGRADED, HealthStatus.UNHEALTHY, HealthStatus.UNKNOWN]
