"""`config init | check | show` and `check` on a machine on which real servers listen."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests.support.cli_tools import Cli
from tests.support.httpserver import serve_in_thread
from tests.support.peers.fixtures import present
from tests.support.peers.nginx import nginx
from tests.support.peers.node_exporter import NodeExporter
from tests.support.servers import postgres_server, redis_server
from tui_monitor.cli import first_run as configure
from tui_monitor.platform.container_sockets import FoundSocket
from tui_monitor.platform.service_discovery import listening_ports

SECRETS = ("hush1", "hush2", "hush3", "hush4", "hush5", "hush6")


async def no_sockets() -> list[FoundSocket]:
    """No container engine."""
    return []


def only(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    """Of what listens on this machine, `config init` asks only these: the servers of tests that run beside are left in peace."""
    monkeypatch.setattr(configure, "listening_ports", lambda: [place for place in listening_ports() if place[1] in ports])
    monkeypatch.setattr(configure, "discover_sockets", no_sockets)


def test_init_fills_in_what_listens_here(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be healthy as it stands becomes a check, named after its program; what lacks a user is a comment with the reason."""
    path = tmp_path / "new" / "config.toml"
    with postgres_server() as postgres, redis_server() as redis, serve_in_thread() as web:
        only(monkeypatch, postgres.port, redis.port, web.port)
        assert cli("config", "init", "--config", path).code == 0
        text = path.read_text()
        found = {entry["name"]: entry["type"] for entry in tomllib.loads(text)["checks"] if entry["type"] != "log"}
        assert sorted(found.values()) == ["http", "redis"] and not any(name.startswith(("http-", "redis-")) for name in found)
        assert f'# dsn = "postgresql://monitor@127.0.0.1:{postgres.port}/postgres"' in text and "needs a user `monitor`" in text
        assert cli("--config", path, "config", "check").code == 0
        said = cli("check", *found, "--json", "--config", path)
        assert {row["name"]: row["status"] for row in json.loads(said.out)} == dict.fromkeys(found, "healthy")
    before = path.read_text()
    again = cli("config", "init", "--config", path)
    assert again.code == 1 and "--force" in again.err and path.read_text() == before


def test_init_finds_the_status_page_of_nginx(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an nginx shows its connections, that page is a check beside the site's own; it is healthy as it is written."""
    path = tmp_path / "config.toml"
    with present(lambda: nginx("location = /nginx_status { stub_status; }")) as web:
        only(monkeypatch, web.port)
        assert cli("config", "init", "--config", path).code == 0
        found = {entry["name"]: entry for entry in tomllib.loads(path.read_text())["checks"]}
        assert found["nginx-status"]["url"] == f"http://127.0.0.1:{web.port}/nginx_status"
        said = cli("check", "nginx-status", "--json", "--config", path)
        assert [row["status"] for row in json.loads(said.out)] == ["healthy"]


def test_init_writes_where_the_next_start_looks(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """$XDG_CONFIG_HOME counts for root too."""
    only(monkeypatch)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert cli("config", "init").code == 0
    assert (tmp_path / "xdg" / "tui-monitor" / "config.toml").exists()
    assert "fine (checks: 0, own rules: 0, " in cli("config", "check").out


def test_show_hides_every_secret(cli: Cli, tmp_path: Path) -> None:
    """Passwords, tokens, headers, users of addresses and their queries: none is shown, everything else is."""
    path = tmp_path / "config.toml"
    path.write_text(
        '[[checks]]\nname = "api"\ntype = "http"\nurl = "http://user:hush1@127.0.0.1/x?key=hush2"\n'
        'headers = { Authorization = "hush3" }\nbearer = "hush4"\n'
        '[[checks]]\nname = "db"\ntype = "postgres"\ndsn = "postgresql://u:hush5@localhost/app"\n'
        '[[notifiers]]\nname = "hook"\ntype = "webhook"\nurl = "https://example.com/hush6"\n'
        '[[notifiers]]\nname = "chat"\ntype = "telegram"\ntoken = "hush1"\nchat_id = 1\napi_url = "http://me:hush2@localhost"\n'
    )
    said = cli("config", "show", "--config", path)
    assert said.code == 0 and "127.0.0.1/x" in said.out
    assert not [secret for secret in SECRETS if secret in said.out + said.err]


def test_check_refuses_what_cannot_be_built(cli: Cli, tmp_path: Path) -> None:
    """`check` and `config check` tell the same fault and end with 78."""
    path = tmp_path / "config.toml"
    path.write_text('[[checks]]\nname = "api"\ntype = "http"\nurl = "http://localhost/"\nexpect_json = { "a.[" = 1 }\n')
    for words in (("check",), ("config", "check")):
        said = cli(*words, "--config", path)
        assert (said.code, said.out) == (78, "") and f"{path}:5: checks[1].expect_json" in said.err


def test_init_finds_a_page_of_metrics(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, node_exporter_peer: NodeExporter) -> None:
    """An exporter becomes a check that scrapes it, beside the one that tests its address; it is healthy."""
    path, port = tmp_path / "config.toml", node_exporter_peer.port
    only(monkeypatch, port)
    assert cli("config", "init", "--config", path).code == 0
    said = cli("check", "--json", "--config", path)
    assert {row["name"]: row["status"] for row in json.loads(said.out)} == {
            "node-exporter": "healthy", "node-exporter-metrics": "healthy",
        }  # fmt: skip
