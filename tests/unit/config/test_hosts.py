"""The section [[hosts]]: each host is a check of type host."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_monitor.config.faults import ConfigurationError
from tui_monitor.config.load import load

FILE = """
[[checks]]
name = "port"
type = "tcp"
host = "192.0.2.1"
port = 1
depends_on = ["web-1"]
[[hosts]]
name = "web-1"
[[hosts]]
name = "{name}"
ssh = "{ssh}"
labels = {{ team = "shop" }}
"""


def read(tmp_path: Path, name: str = "web-2", ssh: str = "kim@web-2") -> list[tuple[str, str, object]]:
    path = tmp_path / "config.toml"
    path.write_text(FILE.format(name=name, ssh=ssh))
    return [(check.name, check.type, getattr(check, "ssh", None)) for check in load(path, {}).settings.checks]


def test_each_host_is_a_check_that_others_can_depend_on(tmp_path: Path) -> None:
    """The destination is the name where it is not given."""
    assert read(tmp_path) == [("port", "tcp", None), ("web-1", "host", "web-1"), ("web-2", "host", "kim@web-2")]


@pytest.mark.parametrize(
    ("name", "ssh", "fault"),
    [
        ("port", "x", "hosts[2].name: the name"),
        ("web-1", "x", "hosts[2].name: the name"),
        ("web-2", "-oX=y", "hosts[2].ssh: not a destination"),
    ],
)
def test_faults_name_the_host(tmp_path: Path, name: str, ssh: str, fault: str) -> None:
    """Nothing in the file can become an option of ssh."""
    with pytest.raises(ConfigurationError) as raised:
        read(tmp_path, name, ssh)
    assert fault in str(raised.value)
