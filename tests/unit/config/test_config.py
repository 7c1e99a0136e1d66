"""Reading the configuration: every fault is told with its place and advice; nothing is half taken."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tui_monitor.config.faults import ConfigurationError
from tui_monitor.config.load import load
from tui_monitor.platform.paths import find_config, find_state
from tui_monitor.runtime.wiring import completed

CHECK = '[[checks]]\nname = "api"\ntype = "http"\nurl = "http://127.0.0.1/"\n'

RULES = 'groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up == 0\n    annotations: {summary: "멈춤"}\n'
HOOK = '[[notifiers]]\nname = "w"\ntype = "webhook"\nurl = "http://h/"\n'
NTFY = '[[notifiers]]\nname = "n"\ntype = "ntfy"\n'
MAIL = '[[notifiers]]\nname = "m"\ntype = "email"\nhost = "h"\nfrom = "m@example.com"\n'
SMS = '[[notifiers]]\nname = "s"\ntype = "aligo"\nkey = "k"\nuser_id = "u"\nsender = "0212345678"\n'

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
    CHECK + 'expect_regex = "("\n': (5, "checks[1].expect_regex", "missing ): ( in"),
    CHECK + 'degraded_above = "2s"\nunhealthy_above = "1s"\n': (6, "checks[1].unhealthy_above", "below degraded_above"),
    '[[checks]]\nname = "a"\ntype = "http"\nurl = "http://"\n': (4, "checks[1].url", "names no host"),
    '[[checks]]\nname = "a"\ntype = "http"\nurl = "http://a:99999/"\n': (4, "checks[1].url", "port out of range"),
    '[[checks]]\nname = "d"\ntype = "postgres"\ndsn = "mysql://a"\n': (4, "checks[1].dsn", "begins with postgresql:// or postgres://"),
    '[[checks]]\nname = "r"\ntype = "redis"\nurl = "http://a"\n': (4, "checks[1].url", "begins with redis://"),
    '[[notifiers]]\nname = "n"\ntype = "webhook"\nurl = "hook"\n': (4, "notifiers[1].url", "begins with http:// or https://"),
    "host = \n": (1, "", "not valid TOML"),
    "[system]\ninterval = 0\n": (2, "system.interval", "greater than 0"),
    "[system]\ninterval = inf\n": (2, "system.interval", "at most 1000 years"),
    'host = "${a-b}"\n': (1, "host", "a literal ${ is written $${"),
    '[guard]\nreference = ["192.0.2.1"]\n': (2, "guard.reference[1]", "is not host:port"),
    "[routing]\nwarnin = []\n": (2, "routing.warnin", 'did you mean "warning"?'),
    "[routing]\nhigh = []\nerror = []\n": (1, "routing", '"error" is listed twice'),
    "default_rules = 3\n": (1, "default_rules", "true, false or a list of names"),
    CHECK + 'depends_on = ["API"]\n': (5, "checks[1].depends_on", 'did you mean "api"?'),
    CHECK + 'body = """\nbearer_file = "x"\n"""\nbearer_file = "none"\n': (8, "checks[1].bearer_file", "cannot be read"),
    CHECK + 'bearer = "x"\nbearer_file = "/dev/null"\n': (6, "checks[1].bearer_file", "keep one"),
    CHECK + "expect_status = [200, 2000]\n": (5, "checks[1].expect_status[2]", "less than or equal to 599"),
    '[[checks]]\nname = "d"\ntype = "postgres"\ndsn = "postgresql://u:hu/sh@h/d"\n': (4, "checks[1].dsn", "its port is no number"),
    '[[notifiers]]\nname = "n"\ntype = "ntfy"\ntopic = "t"\nrate_limit = "0/1m"\n': (5, "notifiers[1].rate_limit", 'for example "20/1m"'),
    MAIL + 'to = ["a@example.com", "b@example.com, c@example.com"]\n': (6, "notifiers[1].to[2]", "each as an entry of its own"),
    MAIL + 'to = ["ops@example.com"]\nehlo = "not a name"\n': (7, "notifiers[1].ehlo", "is not a domain"),
    SMS + 'receivers = ["01012345678;01087654321"]\n': (7, "notifiers[1].receivers[1]", "each as an entry of its own"),
    '[[notifiers]]\nname = "t"\ntype = "telegram"\ntoken = "1:a"\nchat_id = "-1, -2"\n': (5, "notifiers[1].chat_id", "a notifier for each"),
    HOOK + 'headers = { "X-Team" = "a\\nb" }\n': (5, "notifiers[1].headers", "the value of X-Team holds a line break"),
    HOOK + 'headers = { "X Team" = "a" }\n': (5, "notifiers[1].headers", "is not a header's name"),
    HOOK + 'headers = { "Content-Length" = "3" }\n': (5, "notifiers[1].headers", "set by the program itself"),
    NTFY + 'topic = "t"\nurl = "https://ntfy.sh/my-alerts"\n': (5, "notifiers[1].url", 'topic = "my-alerts"'),
    NTFY + 'topic = "https://ntfy.sh/t"\n': (4, "notifiers[1].topic", "is not a topic"),
    NTFY + 'topic = "t"\ntoken = "tk a"\n': (5, "notifiers[1].token", "without spaces and line breaks"),
    '[[notifiers]]\nname = "t"\ntype = "telegram"\ntoken = "1:a?b"\nchat_id = 1\n': (4, "notifiers[1].token", "not a bot's token"),
    '[[notifiers]]\nname = "t"\ntype = "telegram"\ntoken = "1:a"\nchat_id = 1\napi_url = "https://api.telegram.org/bot1:secret"\n': (
        6,
        "notifiers[1].api_url",
        "leave /bot1 out",
    ),
    '[[notifiers]]\nname = "a"\ntype = "alertmanager"\nurl = "http://h:9093/api/v2/alerts"\n': (
        4,
        "notifiers[1].url",
        "leave /api/v2/alerts out",
    ),
    '[[notifiers]]\nname = "c"\ntype = "command"\nargv = ["a\\u0000"]\n': (4, "notifiers[1].argv", "NUL"),
    '[[inhibit]]\nsource = []\ntarget = ["a"]\n': (2, "inhibit[1].source", "at least 1 item"),
}


def test_endless_brackets_are_a_fault_and_no_crash(tmp_path: Path) -> None:
    """What no program can read is told like every other fault, also where TOML itself would still take it."""
    path = tmp_path / "c.toml"
    for depth in (400, 5000):
        path.write_text(f"a = {'[' * depth}{']' * depth}\n")
        with pytest.raises(ConfigurationError):
            load(path, {})


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


def test_faults_of_every_kind_are_told_together(tmp_path: Path) -> None:
    """Keys, values, names, expressions, files and variables: each fault once, in the order of the file, and nothing that follows of one."""
    path = tmp_path / "config.toml"
    path.write_text(
        'host = "${NOT_SET}"\nrule_files = ["none/*.yml"]\n[system]\nintervall = "1s"\n'
        '[[checks]]\nname = "db"\ntype = "postgrs"\n'
        '[[checks]]\nname = "api"\ntype = "http"\nurl = "http://h/"\ndepends_on = ["db", "cach"]\ntimeout = "soon"\nca_file = "none.pem"\n'
        '[[rules]]\nalert = "A"\nexpr = "up =="\nseverity = "grave"\n'
        '[[notifiers]]\nname = "ops"\ntype = "webhook"\n'
        '[routing]\ncritical = ["ops", "obs"]\n[[routes]]\nmatch = ["a=~("]\n'
    )
    with pytest.raises(ConfigurationError) as raised:
        load(path, {})
    told = [str(fault).removeprefix(f"{path}:") for fault in completed(raised.value).faults]
    assert [line.split(": ")[0] for line in told] == ["1", "2", "4", "7", "12", "13", "14", "17", "18", "19", "23", "25"]
    for part, line in {"cach": 4, "soon": 5, "none.pem": 6, "up ==": 7, "obs": 10}.items():
        assert part in told[line] or part == "up ==", told[line]


@pytest.mark.parametrize(
    "text", ['[[notifiars]]\nname = "ops"\n', '[notifiers]\nname = "ops"\n', '[[notifiers]]\nname = "ops"\ntype = 3\n']
)
def test_what_follows_of_a_fault_is_not_told(tmp_path: Path, text: str) -> None:
    """A section or an entry that cannot be read does not make the names that refer to it wrong."""
    path = tmp_path / "config.toml"
    path.write_text(text + '[routing]\ncritical = ["ops"]\n')
    with pytest.raises(ConfigurationError) as raised:
        load(path, {})
    assert len(raised.value.faults) == 1 and raised.value.faults[0].line in (1, 3)


def test_a_faulty_variable_is_told_by_its_name(tmp_path: Path) -> None:
    """A wrong value in the environment names the variable, not a line of the file, and the file's own faults are told too."""
    path = tmp_path / "config.toml"
    path.write_text("bel = true\n")
    with pytest.raises(ConfigurationError) as raised:
        load(path, {"TUI_MONITOR_SYSTEM__INTERVAL": "soon"})
    said = [str(fault) for fault in raised.value.faults]
    assert said[0].startswith('TUI_MONITOR_SYSTEM__INTERVAL: "soon" is not a duration') and "bel: unknown key" in said[1]
    with pytest.raises(ConfigurationError, match="TUI_MONITOR_GUARD__DNS: cannot be read; a list is written as"):
        load(None, {"TUI_MONITOR_GUARD__DNS": "example.com"})


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """A path means the same wherever the program is started; a byte order mark at the file's begin is no fault."""
    path = tmp_path / "config.toml"
    path.write_text("\ufeff" + CHECK + 'log_file = "api.log"\nca_file = "/etc/ca.pem"\n')
    check = load(path, {}).settings.checks[0]
    assert (check.log_file, getattr(check, "ca_file", "")) == (str(tmp_path / "api.log"), "/etc/ca.pem")


def test_implicit_tls_has_its_own_port(tmp_path: Path) -> None:
    """465 for implicit TLS, 587 for STARTTLS, unless the file names another."""
    mail = '[[notifiers]]\nname = "m%d"\ntype = "email"\nhost = "h"\nfrom = "a@b"\nto = ["c@d"]\n'
    path = tmp_path / "config.toml"
    path.write_text(mail % 1 + mail % 2 + 'tls = "implicit"\n' + mail % 3 + 'tls = "implicit"\nport = 1465\n')
    assert [getattr(entry, "port", 0) for entry in load(path, {}).settings.notifiers] == [587, 465, 1465]


def test_strings_take_variables_from_the_environment(tmp_path: Path) -> None:
    """${NAME} is replaced, $${ is a literal ${, a secret may stand in a file."""
    (tmp_path / "dsn").write_text("postgresql://u:p@localhost/app\n")
    path = tmp_path / "config.toml"
    path.write_text('host = "${WHO}-$${x}"\n[[checks]]\nname = "db"\ntype = "postgres"\ndsn_file = "dsn"\n')
    settings = load(path, {"WHO": "me"}).settings
    assert settings.host == "me-${x}"
    check: Any = settings.checks[0]
    assert check.dsn.reveal() == "postgresql://u:p@localhost/app"


def test_the_environment_beats_the_file(tmp_path: Path) -> None:
    """file < environment, also for a key of a section, whose other keys stay."""
    path = tmp_path / "config.toml"
    path.write_text('host = "file"\n[system]\ninterval = "1s"\nmounts = ["/"]\n')
    env = {"TUI_MONITOR_HOST": "env", "TUI_MONITOR_SYSTEM__INTERVAL": "5s"}
    settings = load(path, env).settings
    assert (settings.host, settings.system.interval, settings.system.mounts) == ("env", 5.0, ["/"])


def test_a_readable_file_with_secrets_is_warned_about(tmp_path: Path) -> None:
    """A literal secret in a world-readable file gives a warning, a variable does not."""
    path = tmp_path / "config.toml"
    path.write_text('[[notifiers]]\nname = "t"\ntype = "telegram"\ntoken = "12:ab"\nchat_id = 1\n[routing]\ninfo = ["t"]\n')
    path.chmod(0o644)
    assert "chmod o-r" in load(path, {}).warnings[0]
    path.chmod(0o600)
    assert load(path, {}).warnings == ()
    path.write_text('[[notifiers]]\nname = "t"\ntype = "telegram"\ntoken = "${T}"\nchat_id = 1\n[routing]\ninfo = ["t"]\n')
    path.chmod(0o644)
    assert load(path, {"T": "x"}).warnings == ()


def test_notifiers_that_nothing_leads_to_are_warned_about(tmp_path: Path) -> None:
    """With neither routing nor routes nothing is sent: that is allowed, but said."""
    notifier = '[[notifiers]]\nname = "hook"\ntype = "webhook"\nurl = "http://h/x"\n'
    path = tmp_path / "config.toml"
    path.touch(0o600)
    path.write_text(notifier)
    assert ["no alert is sent" in warning for warning in load(path, {}).warnings] == [True]
    for way in ('[routing]\ninfo = ["hook"]\n', '[[routes]]\nnotifiers = ["hook"]\n'):
        path.write_text(notifier + way)
        assert load(path, {}).warnings == ()


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


def test_files_are_utf_8_whatever_the_locale_and_their_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    """A secret's file with EF BB BF and Hangul is the secret, also where the locale is ASCII; `config init` writes there, too."""
    (tmp_path / "secret").write_bytes(b"\xef\xbb\xbf" + "비밀\n".encode())
    (tmp_path / "config.toml").write_bytes(b"\xef\xbb\xbf" + (CHECK + 'username = "u"\npassword_file = "secret"\n').encode())
    snippet = (
        "import sys, pathlib; from tui_monitor.config.load import load\n"
        "print(ascii(load(pathlib.Path(sys.argv[1])).settings.checks[0].password.reveal()))\n"
        "from tui_monitor.cli.commands import config; config.listening_ports = lambda: []  # the servers of other tests are left in peace\n"
        "from tui_monitor.cli.main import main; main(['--config', sys.argv[2], 'config', 'init'])\n"
    )
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", snippet, str(tmp_path / "config.toml"), str(tmp_path / "new.toml")],
        env=environment, capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    assert done.stdout.splitlines()[0].decode() == ascii("비밀")
    assert (tmp_path / "new.toml").read_text(encoding="utf-8").startswith("# tui-monitor's configuration")


def test_rule_files_and_secrets_with_a_mark_are_read_in_a_c_locale(tmp_path: Path) -> None:
    """A secret's byte order mark is no part of it, and in a C locale Korean is read and written all the same."""
    (tmp_path / "password").write_bytes(b"\xef\xbb\xbf" + "비밀 1".encode() + b"\r\n")
    (tmp_path / "c.toml").write_text(CHECK + 'username = "u"\npassword_file = "password"\n', encoding="utf-8")
    (tmp_path / "r.yml").write_bytes(b"\xef\xbb\xbf" + RULES.encode())
    code = (
        "import sys; from pathlib import Path; from tui_monitor.config.load import load;"
        "from tui_monitor.promql.rulefiles import load_rule_files;"
        "found = load_rule_files([Path('r.yml')]);"
        "print(ascii(load(Path('c.toml'), {}).settings.checks[0].password.reveal()), len(found.rules), found.problems)"
    )
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert said.strip() == "'\\ube44\\ubc00 1' 1 []", said
