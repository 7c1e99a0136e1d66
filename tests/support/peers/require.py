"""The handling of a missing peer: the test skips with the reason, or fails where the run requires every peer."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.servers import ServerMissing

ALLOWED = Path(__file__).resolve().parents[2] / "allowed_skips.txt"


def allowed_skips(text: str) -> dict[str, str]:
    """{test id: reason} of lines "TEST_ID  # reason"; ValueError for a line without a reason."""
    allowed: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        test, mark, reason = line.partition("  # ")
        if not mark or not reason.strip():
            raise ValueError(f"allowed_skips.txt: write 'TEST_ID  # reason' instead of {line!r}")
        allowed[test.strip()] = reason.strip()
    return allowed


def _is_allowed(test: str) -> bool:
    return ALLOWED.exists() and test in allowed_skips(ALLOWED.read_text(encoding="utf-8"))


def require_or_skip(reason: str) -> NoReturn:
    """Skip the running test with this reason; fail it where TUI_MONITOR_TEST_REQUIRE=1 and allowed_skips.txt does not list it."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
    if os.environ.get("TUI_MONITOR_TEST_REQUIRE") == "1" and not _is_allowed(test):
        pytest.fail(f"{reason} (TUI_MONITOR_TEST_REQUIRE=1; a skip must be listed in tests/allowed_skips.txt)", pytrace=False)
    pytest.skip(reason)


@contextlib.contextmanager
def peers_needed() -> Iterator[None]:
    """A block in which ServerMissing means ``require_or_skip`` with its message."""
    try:
        yield
    except ServerMissing as missing:
        require_or_skip(str(missing))
