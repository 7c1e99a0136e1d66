"""The worked examples of CONTRIBUTING.md are complete: applied to a copy of the repository, each works, in few files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text()
SECTIONS = dict(re.findall(r"^## Add an? ([^\n]+)\n(.*?)(?=^## Add |\Z)", PAGE, re.DOTALL | re.MULTILINE))
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```", re.DOTALL | re.MULTILINE)
MOST_FILES = 5
"""Module or kind folder, registration, test, documentation, changelog; a default rule has its Korean texts besides."""


def test_every_kind_of_addition_has_an_example() -> None:
    """The six that newcomers ask for."""
    assert list(SECTIONS) == ["source", "notifier", "screen", "command", "PromQL function", "default rule"]


@pytest.mark.slow
@pytest.mark.parametrize("what", list(SECTIONS))
def test_the_example_works_and_touches_few_files(what: str, tmp_path: Path) -> None:
    """After `make docs` the named tests, and those of documentation and types, pass on a copy with the example in it."""
    copy = tmp_path / "repository"
    _copy(copy)
    blocks = BLOCK.findall(SECTIONS[what])
    touched = {_apply(copy, kind, name, text) for kind, name, text in blocks if name}
    assert len(touched) <= MOST_FILES + (what == "default rule"), touched
    (command,) = [text for kind, _, text in blocks if kind == "sh"]
    _run(copy, "python -m tests.support.generated_docs")
    _run(copy, command.strip())
    added = [name for kind, name, _ in blocks if kind == "python"]
    _run(copy, f"python -m ruff check {' '.join(added)}")
    _run(copy, f"python -m mypy {' '.join(name for name in added if name.startswith('tui_monitor/')) or 'tui_monitor/core'}")


def _copy(copy: Path) -> None:
    known = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in known.splitlines():
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)


def _apply(copy: Path, kind: str, name: str, text: str) -> str:
    """Write the file, or put its `+` lines below the block's first line and its `-` lines above it; the answer is what counts as one
    file: a kind's folder does."""
    path = copy / name
    if kind == "diff":
        place, *added = text.splitlines()
        lines = path.read_text().splitlines()
        at = lines.index(place) + (0 if added[0].startswith("-") else 1)
        path.write_text("\n".join([*lines[:at], *(line[1:] for line in added), *lines[at:]]) + "\n")
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(Path(name).parent) if re.match(r"tui_monitor/sources/\w+/", name) else name


def _run(copy: Path, command: str) -> None:
    words = [sys.executable if word == "python" else word for word in command.split()]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(words, cwd=copy, capture_output=True, text=True, env=environment, timeout=300, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
