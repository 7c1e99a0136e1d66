"""What patterns match is hidden, of a pattern with groups only these."""

from __future__ import annotations

import json

from tui_monitor.platform.redaction import Redaction


def test_matches_and_groups_become_stars() -> None:
    """A whole match without groups, the groups of one with them; several patterns, several matches, any language."""
    redact = Redaction([r"sk-[a-z0-9]{4,}", r"(?i)password=(\S+)", r"card (\d{4})-(\d{4})", "비밀:(.)"])
    assert redact("key sk-abcd1 and sk-zzzz9!") == "key *** and ***!"
    assert redact("Password=hunter2 user=kim password=x") == "Password=*** user=kim password=***"
    assert redact("card 1234-5678 비밀:가나") == "card ***-*** 비밀:***나"
    assert redact("nothing here") == "nothing here" and Redaction()("sk-abcd1") == "sk-abcd1"


def test_a_line_that_hides_nothing_stays_as_it_is() -> None:
    """A line of another encoding is changed only where something is hidden in it."""
    redact = Redaction([r"token=(\w+)"])
    assert redact.line(b"caf\xe9 fine") == b"caf\xe9 fine" and redact.line(b"token=abc \xe9") == b"token=*** \xef\xbf\xbd"


def test_a_line_of_json_stays_json() -> None:
    """Hidden value by value, by name too, whatever a greedy pattern would swallow; numbers that are hidden become texts."""
    redact = Redaction([r"password\W+(\S+)", r"\b\d{16}\b", r'"pin":"([^"]+)"'])
    line = (
        b'{"level": "error", "message": "password=hunter2", "user": {"password": "x y", "pin":  "1234"}, "card": 1234567812345678, "n": 5}'
    )
    assert json.loads(redact.line(line)) == {
        "level": "error", "message": "password=***", "user": {"password": "*** y", "pin": "***"}, "card": "***", "n": 5,
    }  # fmt: skip
    assert redact.line(b'{"password": "broken') == b'{"password": "***'


def test_a_named_text_is_hidden_by_its_name() -> None:
    """Attributes of spans: a pattern may mean name and value together."""
    redact = Redaction([r"authorization=(.+)"])
    assert redact.member("authorization", "Bearer abc") == "***" and redact.member("path", "/a") == "/a"


def test_other_patterns_take_effect_for_all_that_hold_it() -> None:
    """A reload changes the one object that everybody has."""
    redact = Redaction()
    redact.configure(["abc"])
    assert redact.active and redact("xabcx") == "x***x"
