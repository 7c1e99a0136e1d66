"""The routes, a module per subject; the table below is all that is served."""

from __future__ import annotations

from tui_monitor.serving.endpoint import Endpoint
from tui_monitor.serving.routes import (
    alertmanager,
    alerts,
    dashboard,
    description,
    events,
    health,
    login,
    metrics,
    monitoring,
    notify,
    records,
)

ENDPOINTS: tuple[Endpoint, ...] = (
    *health.ENDPOINTS,
    *metrics.ENDPOINTS,
    *alerts.ENDPOINTS,
    *notify.ENDPOINTS,
    *records.ENDPOINTS,
    *dashboard.ENDPOINTS,
    *events.ENDPOINTS,
    *monitoring.ENDPOINTS,
    *description.ENDPOINTS,
    *login.ENDPOINTS,
    *alertmanager.ENDPOINTS,
)
