"""The theme that a user has chosen in the palette: one word in `theme` beside the user's configuration, for every machine's dashboard."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from tui_monitor.platform.paths import config_home

LONGEST = 40


class UserTheme:
    """Reads and keeps the choice. It is the user's own: the configuration is often the system's and not theirs to write."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.path: Path = config_home(environ) / "theme"

    def read(self) -> str:
        """The name of the chosen theme; "" where none was chosen, or the file cannot be read."""
        try:
            return self.path.read_text(encoding="utf-8", errors="replace")[:LONGEST].strip()
        except OSError:
            return ""

    def keep(self, name: str) -> bool:
        """Keep a choice, or forget it ("": the configuration's again). False where the file cannot be written."""
        try:
            if not name:
                with contextlib.suppress(FileNotFoundError):
                    self.path.unlink()
                return True
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(f"{name}\n", encoding="utf-8")
        except OSError:
            return False
        return True
