"""Reading the configuration: every fault is told with its place and advice; nothing is half taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_monitor.config import ConfigurationError, find_config, find_state, load

CHECK = '[[checks]]\nname = "api"\ntype = "http"\nurl = "http://127.0.0.1/"\n'

WRONG = {
    "bel = true\n": (1, "bel", 'did you mean "bell"?'),
    '[system]\nintervall = "1s"\n': (2, "system.intervall", 'did you mean "interval"?'),
    '[system]\ninterval = "soon"\n': (2, "system.interval", '"soon" is not a duration'),
    '[[checks]]\nname = "a"\ntype = "htp"\n': (3, "checks[1].type", 'did you mean "http"?'),
    '[[checks]]\nname = "a"\n': (1, "checks[1].type", "is missing"),
    '[[checks]]\nname = "a"\ntype = "http"\n': (1, "checks[1].url", "is missing"),
    CHECK + 'ulr = "x"\n': (5, "checks[1].ulr", 'did you mean "url"?'),
    CHECK + "interval = 0\n": (5, "checks[1].interval", "greater than 0"),
    CHECK + 'depends_on = ["apl"]\n': (5, "checks[1].depends_on", 'there is no check "apl"; did you mean "api"?'),
    CHECK + CHECK: (6, "checks[2].name", 'the name "api" is used twice'),
    '[[checks]]\nname = "db"\ntype = "postgres"\ndsn = "${NOT_SET}"\n': (4, "checks[1].dsn", "NOT_SET is not set"),
    '[routing]\nwarning = ["ops"]\n': (2, "routing.warning", 'there is no notifier "ops"'),
    '[[rules]]\nalert = "X"\nexpr = "up"\nseverity = "grave"\n': (4, "rules[1].severity", "one of info, warning, error, critical"),
    '[[notifiers]]\nname = "m"\ntype = "email"\nhost = "x"\nfrom = "a@b"\nto = ["c"]\ntls = "ssl"\n': (
        7,
        "notifiers[1].tls",
        "one of starttls",
    ),
    CHECK + 'expect_regex = "("\n': (5, "checks[1].expect_regex", "not a regular expression"),
    CHECK + 'degraded_above = "2s"\nunhealthy_above = "1s"\n': (6, "checks[1].unhealthy_above", "below degraded_above"),
    '[[checks]]\nname = "a"\ntype = "http"\nurl = "http://"\n': (4, "checks[1].url", "names no host"),
    '[[checks]]\nname = "a"\ntype = "http"\nurl = "http://a:99999/"\n': (4, "checks[1].url", "port out of range"),
    '[[checks]]\nname = "d"\ntype = "postgres"\ndsn = "mysql://a"\n': (4, "checks[1].dsn", "begins with postgresql:// or postgres://"),
    '[[checks]]\nname = "r"\ntype = "redis"\nurl = "http://a"\n': (4, "checks[1].url", "begins with redis://"),
    '[[notifiers]]\nname = "n"\ntype = "webhook"\nurl = "hook"\n': (4, "notifiers[1].url", "begins with http:// or https://"),
    "host = \n": (1, "", "not valid TOML"),
}


@pytest.mark.parametrize(("text", "fault"), WRONG.items(), ids=[fault[1] or "toml" for fault in WRONG.values()])
def test_a_wrong_key_is_named_with_line_and_advice(tmp_path: Path, text: str, fault: tuple[int, str, str]) -> None:
    """One message per fault: file, line, key, and the nearest valid name."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as raised:
        load(path, {})
    line, key, advice = fault
    said = [str(entry) for entry in raised.value.faults]
    assert any(entry.startswith(f"{path}:{line}: {key}") and advice in entry for entry in said), said


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """Three faults give three messages."""
    path = tmp_path / "config.toml"
    path.write_text('bel = 1\n[system]\nintervall = 1\n[[checks]]\nname = "a"\ntype = "no"\n')
    with pytest.raises(ConfigurationError) as raised:
        load(path, {})
    assert len(raised.value.faults) == 3


def test_strings_take_variables_from_the_environment(tmp_path: Path) -> None:
    """${NAME} is replaced, $${ is a literal ${, a secret may stand in a file."""
    (tmp_path / "dsn").write_text("postgresql://u:p@localhost/app\n")
    path = tmp_path / "config.toml"
    path.write_text('host = "${WHO}-$${x}"\n[[checks]]\nname = "db"\ntype = "postgres"\ndsn_file = "dsn"\n')
    settings = load(path, {"WHO": "me"}).settings
    assert settings.host == "me-${x}"
    assert settings.checks[0].dsn.get_secret_value() == "postgresql://u:p@localhost/app"  # type: ignore[union-attr]


def test_environment_beats_file_and_flag_beats_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """file < environment < flags."""
    path = tmp_path / "config.toml"
    path.write_text('host = "file"\n[system]\ninterval = "1s"\nmounts = ["/"]\n')
    env = {"TUI_MONITOR_HOST": "env", "TUI_MONITOR_SYSTEM__INTERVAL": "5s"}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    settings = load(path, env).settings
    assert (settings.host, settings.system.interval, settings.system.mounts) == ("env", 5.0, ["/"])
    assert load(path, env, host="flag").settings.host == "flag"


def test_a_readable_file_with_secrets_is_warned_about(tmp_path: Path) -> None:
    """A literal secret in a world-readable file gives a warning, a variable does not."""
    path = tmp_path / "config.toml"
    path.write_text('[[notifiers]]\nname = "t"\ntype = "telegram"\ntoken = "12:ab"\nchat_id = 1\n')
    path.chmod(0o644)
    assert "chmod o-r" in load(path, {}).warnings[0]
    path.chmod(0o600)
    assert load(path, {}).warnings == ()
    path.write_text('[[notifiers]]\nname = "t"\ntype = "telegram"\ntoken = "${T}"\nchat_id = 1\n')
    path.chmod(0o644)
    assert load(path, {"T": "x"}).warnings == ()


def test_secrets_do_not_stand_in_messages(tmp_path: Path) -> None:
    """A wrong value of a secret key is not repeated."""
    path = tmp_path / "config.toml"
    path.write_text('[[notifiers]]\nname = "t"\ntype = "telegram"\ntoken = ["hush"]\nchat_id = 1\n')
    with pytest.raises(ConfigurationError) as raised:
        load(path, {})
    assert "hush" not in str(raised.value)


def test_without_a_file_the_defaults_run() -> None:
    """No configuration: this machine, default rules, no notifier."""
    settings = load(None, {}).settings
    assert (settings.default_rules, settings.checks, settings.notifiers, settings.system.interval) == (True, [], [], 1.0)


def test_where_files_are_looked_for(tmp_path: Path) -> None:
    """Flag, variable, XDG in this order; a relative XDG value is ignored; the state follows $STATE_DIRECTORY."""
    (tmp_path / "tui-monitor").mkdir()
    (tmp_path / "tui-monitor/config.toml").touch()
    xdg = {"XDG_CONFIG_HOME": str(tmp_path), "HOME": "/nowhere"}
    assert find_config("/a", {"TUI_MONITOR_CONFIG": "/b"}) == Path("/a")
    assert find_config(None, {"TUI_MONITOR_CONFIG": "/b", **xdg}) == Path("/b")
    assert find_config(None, xdg) == tmp_path / "tui-monitor/config.toml"
    assert find_state(None, {"STATE_DIRECTORY": "/s:/t"}, None) == Path("/s")
    assert find_state(None, {"HOME": "/h", "XDG_STATE_HOME": "rel"}, None) == Path("/h/.local/state/tui-monitor")
    assert find_state(None, {}, Path("/etc/tui-monitor/config.toml")) == Path("/var/lib/tui-monitor")


def test_an_unreadable_file_is_an_error_not_the_defaults(tmp_path: Path) -> None:
    """A named file that is missing or a directory ends with a message that names it."""
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ConfigurationError, match=str(path)):
            load(path, {})
