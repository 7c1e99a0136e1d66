"""The parts of the documentation that are made from the code, between markers. `python -m tests.support.generated_docs` writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tests.support.man_page import man_page
from tests.support.paths import ROOT
from tui_monitor.config.example import example_text
from tui_monitor.config.reference import filled
from tui_monitor.delivery.export.template import index_template
from tui_monitor.promql.names import functions_as_markdown
from tui_monitor.serving.openapi import openapi
from tui_monitor.serving.route_table import ENDPOINTS
from tui_monitor.tui.keymap import docs_table

PARTS: Mapping[str, tuple[str, Callable[[], str]]] = {
    "keys": ("docs/dashboard.md", docs_table),
    "functions": ("docs/promql.md", lambda: functions_as_markdown().strip("\n")),
}
"""Name of the markers, page, and what makes the text between them."""


def markers(name: str) -> re.Pattern[str]:
    """Matches the text between the markers of a part."""
    return re.compile(rf"(?<=<!-- generated: {name} -->\n\n).*?(?=\n\n<!-- end -->)", re.DOTALL)


def written(name: str) -> str:
    """The text that stands in the page. Raises LookupError where the markers are missing."""
    page = Path(ROOT, PARTS[name][0])
    found = markers(name).search(page.read_text())
    if found is None:
        raise LookupError(f"{page.name} has no markers for {name}")
    return found[0]


def _replaced(text: str, _: re.Match[str]) -> str:
    return text


def openapi_text() -> str:
    """docs/openapi.json."""
    return json.dumps(openapi(ENDPOINTS), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every part into its page, the tables of keys, the example configuration and the description of the HTTP interface."""
    for name, (page, make) in PARTS.items():
        path = Path(ROOT, page)
        path.write_text(markers(name).sub(partial(_replaced, make()), path.read_text(), count=1))
    for path in (ROOT / "docs").glob("*.md"):
        path.write_text(filled(path.read_text()))
    (ROOT / "config.example.toml").write_text(example_text())
    (ROOT / "docs" / "tui-monitor.1").write_text(man_page())
    (ROOT / "docs" / "openapi.json").write_text(openapi_text())
    (ROOT / "deploy" / "elastic" / "index-template.json").write_text(index_template())


if __name__ == "__main__":
    main()
