"""All tables of state.db on one connection, and the schema step by step."""

from __future__ import annotations

import sqlite3

from tui_monitor.storage.records import FiringHistory
from tui_monitor.storage.repository import FOREVER_MS
from tui_monitor.storage.sqlite import Migration
from tui_monitor.storage.state import (
    added_rules,
    alerts,
    audit,
    commands,
    cursors,
    dispatch,
    outbox,
    panels,
    pings,
    processes,
    reports,
    tokens,
)
from tui_monitor.storage.state.firing_history import firing_history

MIGRATIONS: tuple[Migration, ...] = (
    alerts.MIGRATION + commands.MIGRATION + audit.MIGRATION + processes.MIGRATION,
    outbox.MIGRATION,
    dispatch.MIGRATION,
    panels.MIGRATION,
    processes.DROP_FACTS,
    pings.MIGRATION,
    tokens.MIGRATION,
    dispatch.REFIRES,
    added_rules.MIGRATION,
    cursors.MIGRATION,
    reports.MIGRATION,
    dispatch.UNTIL_RESOLVED,
)
"""Released steps never change; their number is the version of the schema."""


class SqliteState:
    """`State` on a connection."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.alerts = alerts.SqliteAlerts(db)
        self.outbox = outbox.SqliteOutbox(db)
        self.dispatch = dispatch.SqliteDispatch(db)
        self.commands = commands.SqliteCommands(db)
        self.audit = audit.SqliteAudit(db)
        self.panels = panels.SqlitePanels(db)
        self.pings = pings.SqlitePings(db)
        self.processes = processes.SqliteProcesses(db)
        self.tokens = tokens.SqliteTokens(db)
        self.added_rules = added_rules.SqliteAddedRules(db)
        self.cursors = cursors.SqliteCursors(db)
        self.reports = reports.SqliteReports(db)

    def firing_history(self, since_ms: int, until_ms: int = FOREVER_MS) -> FiringHistory:
        return firing_history(self._db, since_ms, until_ms)
