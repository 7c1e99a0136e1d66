"""Libraries load less than they would by themselves, and still work."""

from __future__ import annotations

import subprocess
import sys


def run(code: str) -> str:
    """What a fresh process prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_pydantic_looks_for_no_plugins() -> None:
    """A configuration is read without the modules that pydantic needs only to look for plugins."""
    code = (
        "import sys\nfrom tui_monitor.lean import without_pydantic_plugins\nwithout_pydantic_plugins()\n"
        "from tui_monitor.config import load\nload(None, {})\n"
        "print([name for name in ('importlib.metadata', 'zipfile', 'email', 'csv') if name in sys.modules])"
    )
    assert run(code) == "[]"


def test_the_stand_in_gives_way_to_the_real_module() -> None:
    """Whoever wants anything else of the replaced module gets the real one's."""
    code = (
        "from tui_monitor.lean import without_pydantic_plugins\nwithout_pydantic_plugins()\n"
        "from pydantic.plugin._loader import PYDANTIC_ENTRY_POINT_GROUP\nprint(PYDANTIC_ENTRY_POINT_GROUP)"
    )
    assert run(code) == "pydantic"
