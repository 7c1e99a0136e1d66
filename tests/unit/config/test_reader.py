"""Tables become records: defaults, names and secrets in one place, and every fault keeps its path."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from tests.support.settings import made
from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.faults import ConfigurationError, Fault
from tui_monitor.config.fields import Duration, SecretText
from tui_monitor.config.reader import Reader
from tui_monitor.config.section import Section, key
from tui_monitor.core.secret import Secret
from tui_monitor.sources.tcp.settings import TcpCheck


class Inner(Section):
    """A table in a table."""

    at: Duration = key(doc="when", example="1s")


class Outer(Section):
    """A table with one of each."""

    word: str = "plain"
    from_: str = key(doc="where from", example="here")
    token: SecretText | None = key(default=None)
    inner: Inner | None = key(default=None)
    many: list[Inner] = key(default=[])


def read(raw: object) -> tuple[Outer | None, list[Fault]]:
    reader = Reader(Path("/etc"))
    return reader.section(Outer, raw), reader.faults


def test_a_record_has_its_defaults_and_its_keys() -> None:
    """A trailing underscore is no part of the key; tables and arrays of tables are records; a record is frozen."""
    found, faults = read({"from": "a", "inner": {"at": "1m"}, "many": [{"at": 2}, {"at": "500ms"}]})
    assert faults == [] and found == Outer(from_="a", inner=Inner(at=60.0), many=[Inner(at=2.0), Inner(at=0.5)])
    with pytest.raises(AttributeError):
        found.word = "x"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(found)) == found


@pytest.mark.parametrize(
    ("raw", "path", "text"),
    [
        ({}, ("from",), "is missing: where from"),
        ({"from": 3}, ("from",), "input should be a valid string (given: 3)"),
        ({"from": "a", "form": "a"}, ("form",), 'unknown key; did you mean "from"?'),
        ({"from": "a", "inner": 3}, ("inner",), "a table is wanted"),
        ({"from": "a", "many": {"at": 1}}, ("many",), "tables are wanted: [[many]]"),
        ({"from": "a", "many": [{"at": 1}, {}]}, ("many", 1, "at"), "is missing: when"),
        ({"from": "a", "token": 7}, ("token",), "input should be a valid string"),
        ({"from": "a", "token_file": "/no/such"}, ("token_file",), "/no/such cannot be read: No such file or directory"),
        ({"from": "a", "token_file": "~nosuchuser/x"}, ("token_file",), "cannot be expanded"),
    ],
)
def test_a_fault_keeps_its_path(raw: Any, path: tuple[str | int, ...], text: str) -> None:
    """One fault, at the key that is wrong; a secret's value is not in it; what could be read is there."""
    found, faults = read(raw)
    assert [fault.path for fault in faults] == [path] and text in faults[0].text
    assert found is not None and found.from_ in ("a", "here")


def test_a_secret_shows_itself_to_nobody() -> None:
    """repr, str and formatting hide it; only `reveal` gives it."""
    secret = Secret("hush")
    assert "hush" not in f"{secret} {secret!r} {Outer(from_='a', token=secret)!r}" and secret.reveal() == "hush"
    assert secret == Secret("hush") != Secret("other") and len(secret) == 4 and not Secret("")


TCP = {"name": "db", "host": "db.example.com", "port": 5432}


@pytest.mark.parametrize(
    ("keys", "advice"),
    [
        ({"host": "http://h"}, 'host: "http://h" is an address; a host name is wanted, for example "h"'),
        ({"host": "h:80"}, 'host: "h:80" holds a port; write host = "h" and port = 80'),
        ({"host": "[::1]:80"}, 'host: "[::1]:80" holds a port; write host = "[::1]" and port = 80'),
        ({"host": " h "}, 'host: " h " has spaces or control characters; write "h"'),
        ({"host": "a b"}, 'host: "a b" is not a host name'),
        ({"interval": 0.000001}, "interval: at least 50ms is wanted, for example 1s"),
        ({"retry_interval": "10ms"}, "retry_interval: at least 50ms is wanted"),
        ({"name": "a\x1b[2Jb"}, 'name: "ab" contains an invisible character; write it without'),
        ({"name": "a\u200bb"}, "contains an invisible character"),
        ({"name": " a"}, 'name: " a" has spaces around it; write "a"'),
        ({"name": "cafe\u0301"}, 'is written with combining characters (not NFC); write "caf\u00e9"'),
        ({"name": ""}, "name: string should have at least 1 character"),
        ({"labels": {"severity": "x"}}, 'labels: "severity" is a label that the monitor sets'),
        ({"labels": {"a-b": "x"}}, 'labels: "a-b" is not a label name'),
        ({"labels": {"a": 1}}, "labels.a: input should be a valid string"),
        ({"layer": "x", "category": "y"}, "layer: category is given too"),
        ({"log_file": "~nosuchuser/x"}, "log_file: "),
    ],
)
def test_what_cannot_be_right_is_refused_with_advice(keys: dict[str, Any], advice: str) -> None:
    """What would only show later as an outage is a fault of the configuration."""
    with pytest.raises(ConfigurationError) as raised:
        made(TcpCheck, {**TCP, **keys})
    assert advice in str(raised.value) and len(raised.value.faults) == 1


@pytest.mark.parametrize("host", ["h", "::1", "[::1]", "2001:db8::1", "192.0.2.1", "svc.example.", "bücher.example", "my_host"])
def test_names_and_addresses_of_hosts_are_taken(host: str) -> None:
    """Also with a trailing dot, in brackets, and in any script."""
    assert made(TcpCheck, {**TCP, "host": host}).host == host


def test_layer_is_another_word_for_category() -> None:
    """It is stored as the category."""
    check = made(TcpCheck, {**TCP, "layer": "business", "labels": {"team": "pay"}})
    assert (check.category, check.layer, check.labels) == ("business", "", {"team": "pay"})


def test_a_record_may_be_made_without_reading() -> None:
    """Code makes records by keyword; what stands in no file has its default."""
    assert CheckSettings(name="x") == CheckSettings(name="x", interval=10.0, depends_on=[])
