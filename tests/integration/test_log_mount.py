"""A log on a mount whose server stands still: one row is unknown, and nothing else waits."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import psutil

from tests.support.clocks import ManualClock
from tests.support.peers.require import peers_needed
from tests.support.peers.squashfuse import squashfuse_mount
from tui_monitor.core.values import HealthStatus
from tui_monitor.sources.log.feed import FileFeed
from tui_monitor.sources.log.pipeline import Pipeline, PipelineOptions


async def test_l17_a_mount_that_stands_still_costs_one_row() -> None:
    """L17: with its FUSE server stopped, the check on the mount is unknown with advice, another goes on, and afterwards it is healthy."""
    with peers_needed(), squashfuse_mount() as mount:
        server = next(child for child in psutil.Process().children(recursive=True) if child.name() == "squashfuse")
        stuck = FileFeed([str(mount / "file")], Pipeline(PipelineOptions()), ManualClock())
        well = FileFeed([os.devnull], Pipeline(PipelineOptions()), ManualClock())
        await stuck.step()
        assert stuck.result().status is HealthStatus.HEALTHY
        server.send_signal(signal.SIGSTOP)
        try:
            end = time.monotonic() + 30
            while stuck.result().status is not HealthStatus.UNKNOWN and time.monotonic() < end:
                await stuck.step(0.2)
                await well.step(5)
                await asyncio.sleep(0.05)  # the kernel remembers what it knows of the file for a second
            assert "look at the mount" in stuck.result().reason
            assert "not a regular file" in well.result().reason
        finally:
            server.send_signal(signal.SIGCONT)
        await stuck.step(30)
        assert stuck.result().status is HealthStatus.HEALTHY
        stuck.close()
        well.close()
