"""The table added_rules of state.db."""

from __future__ import annotations

import json
import sqlite3

from tui_monitor.core.added_rule import AddedRule
from tui_monitor.storage.records import MOST_ADDED_RULES, TooManyAddedRules

MIGRATION = """
CREATE TABLE added_rules (
    name TEXT PRIMARY KEY, condition TEXT NOT NULL, expr TEXT NOT NULL, for_s REAL NOT NULL, severity TEXT NOT NULL,
    receivers TEXT NOT NULL, cooldown_s REAL NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
"""
_COLUMNS = "name, condition, expr, for_s, severity, receivers, cooldown_s, by, at"


class SqliteAddedRules:
    """`AddedRuleTable` in state.db."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add(self, rule: AddedRule) -> bool:
        if self._db.execute("SELECT count(*) FROM added_rules").fetchone()[0] >= MOST_ADDED_RULES:
            raise TooManyAddedRules
        row = (
            rule.name, rule.condition, rule.expr, rule.for_s, rule.severity, json.dumps(rule.to), rule.cooldown_s, rule.by, rule.at,
        )  # fmt: skip
        insert = f"INSERT OR IGNORE INTO added_rules ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        return self._db.execute(insert, row).rowcount > 0

    def remove(self, name: str) -> bool:
        return self._db.execute("DELETE FROM added_rules WHERE name = ?", (name,)).rowcount > 0

    def all(self) -> list[AddedRule]:
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM added_rules ORDER BY name")
        return [
            AddedRule(name, condition, expr, for_s, severity, tuple(json.loads(to)), cooldown_s, by, at)
            for name, condition, expr, for_s, severity, to, cooldown_s, by, at in rows
        ]
