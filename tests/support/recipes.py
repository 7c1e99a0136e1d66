"""The code blocks of the recipes' pages, as they stand there."""

from __future__ import annotations

import re

from tests.support.paths import ROOT

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a page of docs/recipes in one language, for example ``blocks("nginx.md", "toml")``."""
    return [text for kind, text in _FENCE.findall((ROOT / "docs/recipes" / page).read_text()) if kind == language]


def replaced(text: str, own: dict[str, str]) -> str:
    """The text with the test's own addresses; AssertionError where one that is to be replaced is not in it."""
    for address, other in own.items():
        assert address in text, f"{address!r} is not in the text"
        text = text.replace(address, other)
    return text


def sooner(text: str) -> str:
    """A configuration that asks each 300 ms and whose rules wait for 1 s at most, so that a test is short."""
    return "".join(_sooner_section(part) for part in re.split(r"^(?=\[)", text, flags=re.MULTILINE))


def _sooner_section(text: str) -> str:
    if text.startswith("[[checks]]"):
        text = re.sub(r"^(interval|retry_interval) = .*\n", "", text, flags=re.MULTILINE)
        return text.replace("\n", '\ninterval = "300ms"\nretry_interval = "200ms"\n', 1)
    text = re.sub(r'^interval = "\w+"', 'interval = "300ms"', text, flags=re.MULTILINE)
    if re.search(r'^alert = "High(CPU|Memory)"', text, re.MULTILINE):
        return text  # the machine that runs the tests is busy
    return re.sub(r'^(for|group_wait|group_interval) = "\w+"', r'\1 = "1s"', text, flags=re.MULTILINE)
