"""The dashboard on a fake backend with 10 checks and 15 alerts, one new board a second: for measuring and for pictures.

python -m bench.fakeapp [busy|empty|loading|quiet|broken|hostile|korean|failing] [telemetry]   (from the root of the repository)

With "telemetry" there are log lines, requests and traces.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))


def main() -> int:
    from tests.support.board_backend import FakeBackend
    from tui_monitor.tui.app import run_app

    kind = sys.argv[1] if len(sys.argv) > 1 else "busy"
    backend = FakeBackend("busy" if kind == "failing" else kind, every=1.0)
    if kind == "failing":
        backend.fault = RuntimeError("the backend broke")
    if "telemetry" in sys.argv[2:]:
        from tempfile import mkdtemp

        from tests.support.telemetry_file import example_requests, write_example

        backend.telemetry = Path(mkdtemp()) / "telemetry.db"
        backend.example = replace(backend.example, requests=example_requests())
        write_example(backend.telemetry, backend.now())
    return run_app(backend, now=backend.now)


if __name__ == "__main__":
    sys.exit(main())
