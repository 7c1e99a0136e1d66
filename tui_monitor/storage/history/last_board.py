"""One look at the newest stored board, with nothing but sqlite3: for the first paint."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def last_facts(path: Path) -> bytes | None:
    """The newest board's bytes, None where there is none. Raises sqlite3.Error and OSError."""
    if not path.exists():
        return None
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        row = db.execute("SELECT data FROM facts").fetchone()
        return None if row is None else bytes(row[0])
    finally:
        db.close()
