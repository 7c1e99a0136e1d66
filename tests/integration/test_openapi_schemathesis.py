"""schemathesis over every route of the real daemon, by its own description: no answer is a 5xx but the documented 503."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import installation
from tests.support.receivers import receiver
from tests.support.servers import free_port

CONFIG = """
host = "web-1"
[http]
listen = "127.0.0.1:{port}"
[push]
statsd = ""
[[checks]]
name = "job"
type = "heartbeat"
every = "1d"
[[checks]]
name = "own"
type = "tcp"
host = "127.0.0.1"
port = {port}
interval = "1s"
[[notifiers]]
name = "hook"
type = "webhook"
url = "{hook}"
[[routes]]
notifiers = ["hook"]
"""
NO_LIMIT = "import tui_monitor.serving.access as access; access.RATE = access.BURST = access.PUSH_RATE = access.PUSH_BURST = 1e9"
"""Else most answers would be 429."""
SETTINGS = """
[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "503"]
"""
CHECKS = "not_a_server_error,status_code_conformance,allow_header_conformance"


@pytest.mark.slow
async def test_every_route_withstands_schemathesis(tmp_path: Path) -> None:
    """Thousands of valid and invalid requests, with a token that may do everything; the monitor's log has no internal error."""
    port = free_port()
    (tmp_path / "schemathesis.toml").write_text(SETTINGS)
    async with receiver() as hook:
        with installation(tmp_path / "place") as where:
            where.configure(CONFIG.format(port=port, hook=hook.url))
            daemon = await where.start(prelude=NO_LIMIT)
            await daemon.said("HTTP listens")
            added = await asyncio.to_thread(where.run, "token", "add", "all", "--scope", "admin", "--scope", "alerts", "--scope", "push")
            program = [str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(tmp_path / "schemathesis.toml")]
            token = f"Authorization: Bearer {added.stdout.split()[-1]}"
            argv = [
                *program, "run", f"http://127.0.0.1:{port}/api/openapi.json", "--checks", CHECKS, "--max-examples", "20", "--seed", "7",
                "--exclude-path", "/api/events", "--header", token, "--phases", "coverage,fuzzing",
                "--request-timeout", "30", "--no-color",
            ]  # fmt: skip
            done = await asyncio.to_thread(subprocess.run, argv, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
            assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
            assert "internal error" not in daemon.text
