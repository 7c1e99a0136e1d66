"""The benches load and understand their arguments; nothing is measured here."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

BENCH = ROOT / "bench"
PROGRAMS = sorted(path.name for path in BENCH.glob("*.py") if path.name not in ("fakeapp.py", "farhost.py"))


def bench(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a bench answers."""
    environ = {**os.environ, "PYTHONPATH": str(BENCH.parent)}
    return subprocess.run([sys.executable, str(BENCH / name), *arguments], capture_output=True, text=True, timeout=60, env=environ)


@pytest.mark.parametrize("name", PROGRAMS)
def test_help_says_what_is_measured(name: str) -> None:
    """Each bench imports, and its --help ends with 0."""
    done = bench(name, "--help")
    assert done.returncode == 0 and "usage:" in done.stdout, done.stderr


def test_run_names_its_parts_and_refuses_others() -> None:
    """run.py --list names every part; a part that does not exist is a usage error."""
    parts = bench("run.py", "--list").stdout.split()
    assert {"dashboard", "headless", "latency", "rules", "outbox", "probes", "store"} <= set(parts)
    assert bench("run.py", "--only", "nothing").returncode == 2


def test_a_figure_says_whether_it_meets_its_target() -> None:
    """A figure is ok up to its target, missed beyond, and neither without one."""
    code = "from harness import figure; import json; print(json.dumps([figure(v, 'ms', t)['ok'] for v, t in ((1, 1), (2, 1), (1, None))]))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": f"{BENCH}:{BENCH.parent}"},
    )
    assert json.loads(done.stdout) == [True, False, None]
