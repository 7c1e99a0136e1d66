"""The job of [export]: what delivery/export needs of this process, loaded only where it is configured."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from tui_monitor.config.export import ExportSettings
from tui_monitor.config.settings import Settings
from tui_monitor.core.clock import Clock
from tui_monitor.core.troubles import Troubles
from tui_monitor.delivery.export.ecs import ExportOrigin
from tui_monitor.delivery.export.exporter import Exporter
from tui_monitor.delivery.export.targets import targets_of
from tui_monitor.runtime.export_lines import OwnLines, TelemetryLines
from tui_monitor.runtime.pushed_telemetry import PushedTelemetry
from tui_monitor.runtime.wiring import host_of, secrets_of
from tui_monitor.storage.repository import StateRepository

SHORTEST_SECRET = 4


async def export_documents(
    settings: Settings, export: ExportSettings, telemetry_db: Path, telemetry: PushedTelemetry, state: StateRepository, clock: Clock,
    troubles: Troubles,
) -> None:  # fmt: skip
    """Export until cancelled."""
    secrets = sorted({text for text in secrets_of(settings) if len(text) >= SHORTEST_SECRET}, key=len, reverse=True)

    def hide(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, "***")
        return text

    origin = ExportOrigin(host_of(settings), settings.service, settings.environment)
    level: int = getattr(logging, export.logs.upper())
    lines = TelemetryLines(telemetry_db, export.logs)
    with OwnLines(telemetry, level, hide, asyncio.get_running_loop()):
        await Exporter(targets_of(export, clock), origin, state, lines, clock, troubles).run()
