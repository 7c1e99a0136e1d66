"""A week of a monitor's life, written once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.report_world import write_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of both stores; nothing may be written to it."""
    path = tmp_path_factory.mktemp("reports")
    asyncio.run(write_world(path))
    return path
