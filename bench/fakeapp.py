"""The dashboard on a fake backend with 10 checks and 15 alerts, one new board a second: for measuring and for pictures.

python -m bench.fakeapp [busy|empty|loading|quiet|broken|hostile|korean|failing]   (from the root of the repository)
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))


def main() -> int:
    from tests.support.board_backend import FakeBackend
    from tui_monitor.tui.app import run_app

    kind = sys.argv[1] if len(sys.argv) > 1 else "busy"
    backend = FakeBackend("busy" if kind == "failing" else kind, every=1.0)
    if kind == "failing":
        backend.fault = RuntimeError("the backend broke")
    return run_app(backend, now=backend.now)


if __name__ == "__main__":
    sys.exit(main())
