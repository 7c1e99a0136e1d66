"""Lock files pin by hash and hold no addresses: where packages are downloaded from is up to the machine that installs them."""

from __future__ import annotations

import json
import re

from tests.support.paths import ROOT

ADDRESS = re.compile(r"https?://|git\+|file:")


def test_lock_files_hold_hashes_and_no_addresses() -> None:
    """Neither download addresses nor those of funding pages; for npm take `resolved` and `funding` out of the lock."""
    npm = ROOT / "tests/support/npm/package-lock.json"
    for path in (ROOT / "requirements.txt", ROOT / "requirements-dev.txt", npm):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert [f"{path.name}:{number}" for number, line in enumerate(lines, 1) if ADDRESS.search(line)] == []
    packages = json.loads(npm.read_text(encoding="utf-8"))["packages"]
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []
