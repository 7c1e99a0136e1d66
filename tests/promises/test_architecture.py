"""docs/architecture.md tells the truth about rooms and files, and names mean one thing."""

from __future__ import annotations

import re

from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text()
SOURCE = ROOT / "tui_monitor"


def test_every_file_that_the_page_names_is_there() -> None:
    """The four journeys lead through existing files."""
    named = re.findall(r"`((?:\w+/)+\w+)(?:\.py|\.\w+)`", PAGE)
    assert len(named) > 30
    assert [name for name in named if not (SOURCE / f"{name}.py").is_file()] == []


def test_the_page_lists_every_room() -> None:
    """Each package below tui_monitor stands in the table, and nothing lies loose beside them."""
    rooms = {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    table = PAGE.partition("| room |")[2].partition("\n\n")[0]
    assert {room for row in table.splitlines() for room in re.findall(r"`(\w+)`", row.split("|")[1])} == rooms
    assert sorted(path.name for path in SOURCE.glob("*.py")) == ["__init__.py", "__main__.py", "client.py"]


def test_tests_mirror_the_rooms() -> None:
    """Every folder below tests/unit is named as a room, or as the tools beside the program."""
    units = {path.name for path in (ROOT / "tests" / "unit").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert units - {path.name for path in SOURCE.iterdir()} <= {"bench", "fuzz"}


def test_the_glossary_has_each_word_once() -> None:
    """About thirty words, none twice."""
    words = re.findall(r"^\| \*\*(.+?)\*\*", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    assert 30 <= len(words) <= 45 and len(words) == len(set(words))
