"""Which hosts `--hosts` opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_monitor.cli.commands.dashboard import hosts_of
from tui_monitor.cli.main import parser
from tui_monitor.cli.options import Refused

CONFIG = '[[hosts]]\nname = "db"\nssh = "kim@192.0.2.1"\nlabels = { team = "pay" }\n[[hosts]]\nname = "web-1"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with two hosts."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return path


def test_named_hosts_need_no_configuration() -> None:
    """A name is what one types after ssh; one that is given twice is one."""
    found = hosts_of("web-1, kim@192.0.2.9,web-1", None)
    assert [(host.name, host.ssh) for host in found] == [("web-1", "web-1"), ("kim@192.0.2.9", "kim@192.0.2.9")]
    assert hosts_of("", None) == []


def test_the_configuration_says_more_of_named_hosts(config: Path) -> None:
    """Without names all of it; with names those, also where the rest of the file cannot be used."""
    assert [host.name for host in hosts_of("", config)] == ["db", "web-1"]
    (found,) = hosts_of("db", config)
    assert (found.ssh, found.labels) == ("kim@192.0.2.1", {"team": "pay"})
    config.write_text(CONFIG + "[heartbeat]\nurl = 5\n")
    assert hosts_of("db,new", config)[1].ssh == "new"
    with pytest.raises(Refused, match="heartbeat"):
        hosts_of("", config)


def test_nothing_of_a_name_becomes_an_option_of_ssh() -> None:
    """It is refused before ssh is started."""
    with pytest.raises(Refused, match="not a destination of ssh"):
        hosts_of("web-1,-oProxyCommand=x", None)


def test_the_option_stands_with_and_without_names() -> None:
    known = parser()
    assert [known.parse_args(words).hosts for words in ([], ["--hosts"], ["--hosts", "a,b"], ["--hosts=a"])] == [None, "", "a,b", "a"]
