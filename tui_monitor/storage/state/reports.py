"""The table reports of state.db: what became of each period of a report for each recipient."""

from __future__ import annotations

import sqlite3

from tui_monitor.storage.records import ReportOutcome

MIGRATION = """
CREATE TABLE reports (
    report TEXT NOT NULL, recipient TEXT NOT NULL, period TEXT NOT NULL, outcome TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (report, recipient, period)) WITHOUT ROWID;
"""
MOST = 1000
"""Rows that are read of one report, the newest: more than a year of a daily one."""


class SqliteReports:
    """`ReportTable` in state.db."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add(self, row: ReportOutcome) -> bool:
        insert = "INSERT OR IGNORE INTO reports (report, recipient, period, outcome, at) VALUES (?, ?, ?, ?, ?)"
        return self._db.execute(insert, row).rowcount > 0

    def of(self, report: str) -> list[ReportOutcome]:
        sql = "SELECT report, recipient, period, outcome, at FROM reports WHERE report = ? ORDER BY period = '' DESC, period DESC LIMIT ?"
        return [ReportOutcome(*row) for row in self._db.execute(sql, (report, MOST))]
