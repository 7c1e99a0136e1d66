"""What only building the parts can see is told before anything runs: with file, line and key, and without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_monitor.assembly import problems_of
from tui_monitor.config import load

HTTP = '[[checks]]\nname = "a"\ntype = "http"\nurl = "http://localhost/"\n'
MAIL = (
    '[[notifiers]]\nname = "m"\ntype = "email"\nhost = "h"\nfrom = "a@b"\nto = ["c@d"]\ntls = "none"\nusername = "u"\npassword = "hidden"\n'
)
WRONG = {
    '[[rules]]\nalert = "A"\nexpr = "sum("\n': (3, "rule A: expr: "),
    '[[rules]]\nalert = "A"\nexpr = "up"\nsummary = "{{ $value | frob }}"\n': (4, "rule A: summary: "),
    '[[routes]]\nnotifiers = []\n[[routes]]\nmatch = ["a=~[("]\n': (4, "routes[2].match: "),
    'rule_files = ["none/*.yml"]\n': (1, "rule_files: none/*.yml names no file"),
    HTTP + 'expect_json = { "a.[" = 1 }\n': (5, "checks[1].expect_json: "),
    HTTP + 'headers = { X = "hidden\\nY: 1" }\n': (1, "checks[1].method or headers: "),
    MAIL: (1, "notifiers[1]: "),
}


@pytest.mark.parametrize(("text", "told"), WRONG.items(), ids=[told[1] for told in WRONG.values()])
def test_a_fault_that_shows_in_building_is_told_with_its_place(tmp_path: Path, text: str, told: tuple[int, str]) -> None:
    """One message with file, line and key; a value that may be a secret is not in it."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    problems = problems_of(load(path, {}))
    assert len(problems) == 1
    assert problems[0].startswith(f"{path}:{told[0]}: {told[1]}")
    assert "hidden" not in problems[0]


def test_a_sound_configuration_has_no_problems(tmp_path: Path) -> None:
    """Neither the defaults nor a check of each kind are refused."""
    path = tmp_path / "config.toml"
    path.write_text(
        HTTP
        + '[[checks]]\nname = "d"\ntype = "postgres"\ndsn = "postgresql://localhost/app"\n'
        + '[[checks]]\nname = "r"\ntype = "redis"\nurl = "redis://localhost"\n'
        + '[[checks]]\nname = "t"\ntype = "tcp"\nhost = "localhost"\nport = 1\n'
    )
    assert problems_of(load(path, {})) == []
    assert problems_of(load(None, {})) == []
