"""A program that follows a log and commits lines and position together, as the monitor does; killed and started again by tests.

python log_reader.py LOG DATABASE POLL_SECONDS; ends when the file DATABASE.stop is there and nothing more comes.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time

from tui_monitor.sources.log.position import positions_from
from tui_monitor.sources.log.tailer import Tailer


def main(log: str, database: str, poll: float) -> None:
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE IF NOT EXISTS lines (line TEXT)")
    db.execute("CREATE TABLE IF NOT EXISTS notes (note TEXT)")
    db.execute("CREATE TABLE IF NOT EXISTS position (id INTEGER PRIMARY KEY, value TEXT)")
    row = db.execute("SELECT value FROM position").fetchone()
    tailer = Tailer([log], saved=positions_from(json.loads(row[0])) if row else None)
    stopping = 0.0
    while True:
        batch = tailer.poll(time.monotonic(), 200_000)
        lines = [(event.decode(),) for block in batch.blocks for event in block.events]
        db.execute("BEGIN")
        db.executemany("INSERT INTO lines VALUES (?)", lines)
        db.executemany("INSERT INTO notes VALUES (?)", [(note,) for note in batch.notes])
        db.execute("REPLACE INTO position VALUES (1, ?)", (json.dumps(batch.positions.to_json()),))
        db.execute("COMMIT")
        if os.path.exists(database + ".stop"):
            stopping = time.monotonic() if lines or not stopping else stopping
            if time.monotonic() - stopping > 3:
                return
        if not batch.more:
            time.sleep(poll)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
