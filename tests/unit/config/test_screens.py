"""The section [[screens]]: what is wrong with a panel is named with its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_monitor.board.screen_settings import screens_of
from tui_monitor.board.screens import decode_screens, encode_screens, find_screen, own_first
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.config.load import load
from tui_monitor.runtime.wiring import problems_of

HEAD = '[[screens]]\nname = "business"\n'


def faults(tmp_path: Path, text: str) -> str:
    """The faults of a file, those too that only building shows."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    try:
        return "\n".join(problems_of(load(path, {})))
    except ConfigurationError as error:
        return str(error)


@pytest.mark.parametrize(
    ("panel", "key", "said"),
    [
        ('kind = "gauge"', "kind", '"gauge" is not possible; one of stat, chart'),
        ('kind = "stat"', "query", "is missing: a panel of kind stat shows the answer of PromQL"),
        ('kind = "chart"\nquery = ["up", "rate(up"]', "query", "rate(up"),
        ('kind = "checks"\nquery = "up"', "query", "has no meaning for kind checks"),
        ('kind = "checks"\nselect = "category=="', "select", "is not a matcher"),
        ('kind = "resources"\nselect = "a=1"', "select", "has no meaning for kind resources"),
        ('kind = "text"', "text", "is missing"),
        ('kind = "stat"\nquery = "up"\nwidth = 13', "width", "the screen has 12 columns"),
        ('kind = "stat"\nquery = "up"\nthresholds = { warn = 1 }', "thresholds", 'is not a threshold; did you mean "warning"?'),
        ('kind = "stat"\nquery = "up"\nlegend = ["a", "b"]', "legend", "2 entries for 1 queries"),
        ('kind = "chart"\nquery = "up"\nspan = "10s"', "span", "greater than or equal to 60"),
        ('kind = "stat"\nquerry = "up"', "querry", 'did you mean "query"?'),
    ],
)
def test_a_wrong_panel_is_named_with_its_line_and_key(tmp_path: Path, panel: str, key: str, said: str) -> None:
    """`config check` says where and what to change."""
    found = faults(tmp_path, f"{HEAD}[[screens.panels]]\n{panel}\n")
    assert f"screens[1].panels[1].{key}: " in found and said in found and "config.toml:" in found, found


def test_a_screen_has_panels_and_a_name_of_its_own(tmp_path: Path) -> None:
    """Two screens of one name, and one without panels."""
    text = '[[screens.panels]]\nkind = "alerts"\n'
    assert 'the name "business" is used twice' in faults(tmp_path, (HEAD + text) * 2)
    assert "write at least one [[screens.panels]]" in faults(tmp_path, HEAD)


def test_definitions_take_defaults_by_kind_and_come_back_from_the_store(tmp_path: Path) -> None:
    """One query needs no brackets; a viewer reads what the leader has stored."""
    path = tmp_path / "config.toml"
    panels = (
        '[[screens.panels]]\nkind = "stat"\nquery = "up"\nthresholds = { warning = 0.3, critical = 0.1 }\n'
        '[[screens.panels]]\nkind = "chart"\nquery = ["a", "b"]\nunit = "bytes/s"\nspan = "1d"\n'
        '[[screens.panels]]\nkind = "text"\ntext = "Call 1234"\n'
    )
    path.write_text(f'{HEAD}groups = ["managers"]\n{panels}[[screens]]\nname = "Own"\n[[screens.panels]]\nkind = "alerts"\n')
    screens = screens_of(load(path, {}).settings.screens)
    stat, chart, text = screens[0].panels
    assert (stat.queries, stat.width, stat.height, stat.span) == (("up",), 3, 5, 3_600_000)
    assert [stat.severity(value) for value in (0.05, 0.2, 0.5)] == ["critical", "warning", ""]
    assert (chart.queries, chart.unit, chart.width, text.width) == (("a", "b"), "bytes_per_second", 6, 12)
    assert decode_screens(encode_screens(screens)) == screens
    assert decode_screens(b"{") == () and encode_screens(()) == b""
    assert find_screen(screens, "own") is screens[1] and find_screen(screens, "x") is None
    assert [one.name for one in own_first([screens[1], screens[0]], frozenset({"managers"}))] == ["business", "Own"]
