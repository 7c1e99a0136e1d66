"""What only building the parts can see is told before anything runs: with file, line and key, and without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_monitor.config.load import load
from tui_monitor.runtime.wiring import problems_of

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
    HTTP + 'headers = { X = "hidden\\nY: 1" }\n': (5, "checks[1].headers: "),
    HTTP + 'bearer = "hidden\\nY"\n': (5, "checks[1].bearer: "),
    HTTP + 'method = "GE T"\n': (5, "checks[1].method: "),
    HTTP + 'verify = true\nca_file = "none.pem"\n': (6, "checks[1].ca_file: "),
    HTTP + 'cert_file = "/none.pem"\n': (5, "checks[1].cert_file: "),
    HTTP + 'key_file = "/none.key"\n': (5, "checks[1].key_file: "),
    HTTP + 'password = "hidden"\n': (5, "checks[1].password: "),
    HTTP + 'bearer = "hidden"\nusername = "u"\n': (5, "checks[1].bearer: "),
    HTTP + 'depends_on = ["a"]\n': (5, "checks[1].depends_on: a circle"),
    MAIL.replace('"none"', '"starttls"') + 'ca_file = "none.pem"\n': (10, "notifiers[1].ca_file: "),
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
