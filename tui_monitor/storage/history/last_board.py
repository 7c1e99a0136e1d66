"""The newest stored board, read with only sqlite3 loaded, for the first paint."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tui_monitor.storage.faults import StorageFault


def last_board(path: Path) -> bytes | None:
    """The newest board's bytes, None where there is none. Raises StorageFault."""
    try:
        if not path.exists():
            return None
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            row = db.execute("SELECT data FROM facts").fetchone()
    except (sqlite3.Error, OSError) as error:
        raise StorageFault(str(error)) from error
    return None if row is None else bytes(row[0])
