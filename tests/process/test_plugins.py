"""Kinds of checks and notifiers from an installed package: found by their entry points, and no fault of theirs is ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.processes import Installation, environment, installation, until

EXAMPLE = ROOT / "tests" / "support" / "plugin_example"
CHECKS = """
[[checks]]
name = "number"
type = "lucky"
path = "number"
least = 7
interval = "200ms"
failures = 1
[[notifiers]]
name = "book"
type = "logbook"
path = "book.txt"
[routing]
info = ["book"]
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the example package as pip installs it; nothing is fetched."""
    place = tmp_path_factory.mktemp("packages")
    words = ["install", "-q", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(place), str(EXAMPLE)]
    done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True, env=os.environ, timeout=120)
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture
def where(tmp_path: Path, packages: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """A monitor's place, with the packages on Python's path."""
    monkeypatch.setenv("PYTHONPATH", str(packages))
    with installation(tmp_path) as found:
        yield found


async def test_a_plugins_check_and_notifier_work_as_ours(where: Installation, packages: Path) -> None:
    """The daemon probes with the one, tells through the other, and its series are there to be asked for."""
    where.configure(CHECKS)
    (where.place / "number").write_text("3")
    daemon = await where.start(environ={"PYTHONPATH": str(packages)})
    await daemon.leads()
    book = where.place / "book.txt"
    await until(lambda: book.exists() and "number" in book.read_text())
    status = json.loads(where.run("status", "--json").stdout)
    assert (status["checks"][0]["type"], status["checks"][0]["reason"]) == ("lucky", "3, least 7")
    assert await daemon.terminate() == 0


BROKEN = {
    "raise RuntimeError('boom \\x1b[31m')": "cannot be used: RuntimeError: boom",
    "import no_such_module": "cannot be used: ModuleNotFoundError: No module named 'no_such_module'",
    "raise SystemExit(3)": "cannot be used: SystemExit: 3",
    "x = 1": "cannot be used: AttributeError: ",
    "KIND = 'lucky'": "cannot be used: it is of type str, not Kind",
    "from tui_monitor.sources.api import Kind, CheckSettings\nKIND = Kind('other', CheckSettings, print, print)": 'its own name is "other"',
    "from tui_monitor.sources.api import Kind\nKIND = Kind('lucky', dict, print, print)": "its settings are no CheckSettings",
    "from tui_monitor.sources.api import Kind, CheckSettings\nKIND = Kind('lucky', CheckSettings, 3, print)": "its probe cannot be called",
    "from tui_monitor.sources.api import Kind, CheckSettings\nKIND = Kind('lucky', CheckSettings, print)": "TypeError: ",
}


@pytest.mark.parametrize(("code", "said"), BROKEN.items(), ids=[said[:40] for said in BROKEN.values()])
def test_a_broken_plugin_is_a_fault_of_the_line_that_names_it(tmp_path: Path, packages: Path, code: str, said: str) -> None:
    """An import error, another type, a part that is missing: one message with file, line and key; no traceback."""
    found = next(packages.glob("*.dist-info"))
    own = tmp_path / "packages" / found.name
    own.mkdir(parents=True)
    (own / "METADATA").write_text((found / "METADATA").read_text())
    (own / "entry_points.txt").write_text("[tui_monitor.checks]\nlucky = broken_plugin:KIND\n")
    (own.parent / "broken_plugin.py").write_text(code)
    config = tmp_path / "config.toml"
    config.write_text('[[checks]]\nname = "number"\ntype = "lucky"\n')
    words = [sys.executable, "-m", "tui_monitor", "--config", str(config), "config", "check"]
    done = subprocess.run(words, capture_output=True, text=True, env={**environment(), "PYTHONPATH": str(own.parent)}, timeout=60)
    assert done.returncode == 78 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f'tui-monitor: {config}:3: checks[1].type: the plug-in "lucky" (broken_plugin:KIND) ') and said in line


def test_a_type_that_nobody_offers_names_the_nearest(tmp_path: Path) -> None:
    """Where neither we nor a package has the kind, the known ones are told."""
    config = tmp_path / "config.toml"
    config.write_text('[[notifiers]]\nname = "n"\ntype = "slak"\n')
    words = [sys.executable, "-m", "tui_monitor", "--config", str(config), "config", "check"]
    done = subprocess.run(words, capture_output=True, text=True, env=environment(), timeout=60)
    assert 'unknown type "slak"; did you mean "slack"?; known: webhook, ' in done.stderr
