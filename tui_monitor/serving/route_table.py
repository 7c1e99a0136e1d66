"""The routes, a module per subject; the table below is all that is served."""

from __future__ import annotations

from tui_monitor.serving.endpoint import Endpoint
from tui_monitor.serving.routes import alertmanager, events, health, notify

ENDPOINTS: tuple[Endpoint, ...] = (*health.ENDPOINTS, *events.ENDPOINTS, *notify.ENDPOINTS, *alertmanager.ENDPOINTS)
