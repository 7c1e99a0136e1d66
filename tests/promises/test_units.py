"""One spelling for numbers with units: the unit stands at its number ("706ms", "51%"), on screens, in reasons, commands and the page."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tui_monitor.core import humanize as f
from tui_monitor.core.units import format_duration, format_size

APART = re.compile(r"(?:\d|\0) (?:ms|s|min|h|d|%|[KMGT]i?B)(?![\w/-])")
"""A number (or a value that is filled in) with a space before its unit."""
WORDS = {"tui_monitor/core/catalogue/english.py"}
"""Messages tell lengths of time in the words of their language: "answer within 1 h", "12분"."""
SPELLED = re.compile(r"-?[\d.,]+(?:ms|s|m|h|d|%|[BKMGTP]|[KMGT]iB)?(?:/s)?(?: ?\d+m?[mhds])*")


@pytest.mark.parametrize(
    "formatter", [f.percent, f.uptime_percent, f.size, f.rate, f.latency, f.length, f.exact_span, f.span_words, format_duration]
)
@pytest.mark.parametrize("value", [0, 0.0004, 0.519987355081676, 0.9999, 1.5, 59.9, 61, 3700, 90_061, 5_000_000_000])
def test_each_formatter_writes_the_unit_at_its_number(formatter: Callable[[float], str], value: float) -> None:
    """Few digits, no space before the unit, whatever the size of the value."""
    text = formatter(value)
    assert SPELLED.fullmatch(text) and not APART.search(text) and len(text) <= 17, text


def test_sizes_are_told_as_they_are_configured() -> None:
    """A limit in a reason can be pasted into the configuration."""
    assert [format_size(size) for size in (0, 1000, 1024, 64 << 10, 16 << 20, 3 << 30)] == ["0B", "1000B", "1KiB", "64KiB", "16MiB", "3GiB"]


def test_no_text_of_the_program_has_a_space_before_a_unit() -> None:
    """All texts of the code: reasons, errors, screens, help, the page, reports."""
    found = [f"{path}:{line}: {text}" for path, line, text in _texts() if str(path) not in WORDS and APART.search(text)]
    assert not found, "\n".join(found)


def test_no_screen_has_two_spellings() -> None:
    """The stored pictures of all screens."""
    pictures = sorted((ROOT / "tests/screens/__snapshots__").rglob("*.svg"))
    texts = {path.name: [unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", path.read_text("utf-8"))] for path in pictures}
    found = [f"{name}: {text}" for name, each in texts.items() for text in each if APART.search(text.replace("\u00a0", " "))]
    assert len(pictures) > 20 and not found, "\n".join(found)


def _texts() -> Iterator[tuple[Path, int, str]]:
    for path in sorted((ROOT / "tui_monitor").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                text = "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
                text = re.sub(r"\{\w+\}", "\0", node.value)
            else:
                continue
            yield path.relative_to(ROOT), node.lineno, text
