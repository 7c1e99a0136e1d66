"""The table of kinds: each entry leads somewhere, says where its target is, and the public interface is what it says."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from tests.support.settings import made
from tui_monitor.config.entries import CheckSettings, NotifierSettings
from tui_monitor.config.kinds import resolve
from tui_monitor.notifiers import kinds as notifiers
from tui_monitor.sources import kinds as checks
from tui_monitor.sources.api import Kind
from tui_monitor.sources.kinds import kind_of, target_of

TARGETS = [
    ("http", {"url": "https://u:hush@api.example.com:8443/health?key=hush#x"}, "https://api.example.com:8443/health", False),
    ("http", {"url": "http://127.0.0.2/"}, "http://127.0.0.2/", True),
    ("http", {"url": "http://[::1]:80/"}, "http://[::1]:80/", True),
    ("tcp", {"host": "mail.example.com", "port": 25}, "mail.example.com:25", False),
    ("tcp", {"host": "LOCALHOST", "port": 25}, "LOCALHOST:25", True),
    ("postgres", {"dsn": "postgresql://u:hush@db/app"}, "db:5432/app", False),
    ("postgres", {"dsn": "postgresql:///app"}, "localhost:5432/app", True),
    ("postgres", {"dsn": "postgresql://u:hush@[2001:db8::1]:6543/app"}, "[2001:db8::1]:6543/app", False),
    ("postgres", {"dsn": "postgresql://a:1,b:2/app"}, "postgres", False),
    ("mysql", {"dsn": "mysql://u:hush@db/shop"}, "db:3306/shop", False),
    ("mysql", {"dsn": "mariadb://127.0.0.1:3307"}, "127.0.0.1:3307", True),
    ("sqlite", {"path": "/var/lib/shop.db"}, "/var/lib/shop.db", True),
    ("redis", {"url": "rediss://u:hush@cache/0"}, "cache:6379", False),
    ("dns", {"server": "127.0.0.53", "query": "a.test"}, "127.0.0.53:53", True),
    ("icmp", {"host": "gateway"}, "gateway", False),
    ("tls", {"host": "mail.example.com", "port": 25, "starttls": "smtp"}, "mail.example.com:25", False),
    ("tls", {"file": "/etc/ssl/own.pem"}, "/etc/ssl/own.pem", True),
    ("ssh", {"host": "::1"}, "::1:22", True),
    ("smtp", {"host": "mail", "tls": True}, "mail:465", False),
    ("imap", {"host": "mail"}, "mail:143", False),
    ("ntp", {"server": "ntp"}, "ntp:123", False),
    ("grpc", {"host": "localhost", "port": 50051}, "localhost:50051", True),
    ("websocket", {"url": "wss://u:hush@feed.example.com/ws?key=hush"}, "wss://feed.example.com/ws", False),
    ("domain", {"domain": "example.com"}, "example.com", False),
    ("jsonrpc", {"url": "https://u:hush@node.example.com/v3/key"}, "https://node.example.com", False),
    ("snmp", {"host": "switch", "community": "hush"}, "switch:161", False),
    ("process", {"process": "nginx", "user": "www-data"}, "nginx of www-data", True),
    ("process", {"pid_file": "/run/x.pid"}, "/run/x.pid", True),
    ("systemd", {"units": ["nginx", "app@*"]}, "nginx, app@*", True),
]


@pytest.mark.parametrize(("kind", "keys", "text", "local"), TARGETS)
def test_each_kind_says_its_target_and_whether_that_is_here(kind: str, keys: dict[str, Any], text: str, local: bool) -> None:
    """Without user, password and query; what is on this machine is never explained by the network."""
    record = resolve(checks.KINDS[kind].settings)
    check = made(record, {"name": "x", **keys})
    assert target_of(check) == (text, local)


def test_a_kind_without_a_target_cannot_be_made() -> None:
    """There is no default: an unknown target would count as local, and our own network's fault would be told as the target's."""
    with pytest.raises(TypeError, match="target"):
        Kind("dns", CheckSettings, print)  # type: ignore[arg-type, call-arg]


def test_each_entry_of_the_tables_leads_somewhere() -> None:
    """Records, makers and examples are there, under the name of their key."""
    for name, kind in checks.KINDS.items():
        assert kind.name == name and issubclass(resolve(kind.settings), CheckSettings) and kind.example["name"]
        assert callable(resolve(kind.probe)) and callable(resolve(kind.target))
    for name, channel in notifiers.KINDS.items():
        assert channel.name == name and issubclass(resolve(channel.settings), NotifierSettings) and channel.example["name"]
        assert callable(resolve(channel.notifier))


def test_a_kind_that_is_gone_is_a_value_error() -> None:
    """A package that was removed while the program runs: a reason, no crash."""
    with pytest.raises(ValueError, match='there is no kind of check "gone"'):
        kind_of(CheckSettings(name="x", type="gone"))


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("tui_monitor.sources.api", {"CheckSettings", "Kind", "OwnTrouble", "Probe", "ProbeResult"}),
        ("tui_monitor.notifiers.api", {"Message", "Notifier", "NotifierKind", "NotifierSettings", "SendError"}),
    ],
)
def test_the_public_interface_is_sorted_and_complete(module: str, names: set[str]) -> None:
    """`__all__` is sorted, has what the contract names, and names nothing that is not there."""
    api = importlib.import_module(module)
    assert list(api.__all__) == sorted(api.__all__) and names <= set(api.__all__)
    assert all(hasattr(api, name) for name in api.__all__)
