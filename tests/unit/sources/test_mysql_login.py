"""The MySQL check against a scripted server: logins that MariaDB 10 does not have, and answers that no server should give."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator

import pytest
import trustme

from tests.support.mysql_script import EOF, LOCAL_FILES, MULTI_STATEMENTS, MysqlScript, column, rows
from tests.support.peers.hostile import hostile
from tests.support.settings import made
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.mysql.probe import MysqlProbe
from tui_monitor.sources.mysql.settings import MysqlCheck
from tui_monitor.sources.queries import QuerySettings

FULL_LOGIN = b"\x01\x04"
"""caching_sha2_password: the server does not know the password's hash any more and wants the password."""


def switch_to(plugin: str) -> bytes:
    """The packet that asks for another way of login."""
    return b"\xfe" + plugin.encode() + b"\0" + b"x" * 20 + b"\0"


def answers(sql: str) -> list[bytes]:
    """SELECT 1 has a row, figures have none."""
    return rows(["1"], [["1"]]) if sql == "SELECT 1" else rows(["Variable_name", "Value"], [])


@contextlib.asynccontextmanager
async def probing(script: MysqlScript, rest: str = "") -> AsyncIterator[MysqlProbe]:
    """A probe of a server with this script."""
    async with script.serving() as port:
        probe = MysqlProbe(made(MysqlCheck, name="db", dsn=f"mysql://me:hush%20%EB%B9%84@127.0.0.1:{port}/{rest}", timeout="20s"))
        try:
            yield probe
        finally:
            await probe.close()


async def verdict(script: MysqlScript, rest: str = "") -> ProbeResult:
    """What one probe says, within five seconds."""
    async with probing(script, rest) as probe, asyncio.timeout(5):
        return await probe.probe()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def with_tls(authority: trustme.CA, **more: object) -> MysqlScript:
    """A server with a certificate for 127.0.0.1."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return MysqlScript(tls=context, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("login", [[FULL_LOGIN], [switch_to("caching_sha2_password"), FULL_LOGIN], []])
async def test_caching_sha2_works_over_tls(authority: trustme.CA, login: list[bytes]) -> None:
    """The login of MySQL 8 in all three forms; the password goes in the session's secrecy, in UTF-8."""
    script = with_tls(authority, login=login, answer=answers)
    result = await verdict(script)
    assert (result.status, result.reason) == (HealthStatus.HEALTHY, "")
    if login:
        assert script.heard[len(login)] == "hush 비".encode() + b"\0"


@pytest.mark.parametrize(("plugin", "login"), [("caching_sha2_password", [FULL_LOGIN]), ("sha256_password", [b"\x01key"])])
async def test_no_password_is_encrypted_with_a_key_that_anybody_could_have_sent(plugin: str, login: list[bytes]) -> None:
    """Without TLS the full login is not gone through with: the reason says what to change."""
    script = MysqlScript(plugin=plugin, login=login)
    result = await verdict(script)
    assert (result.status, result.reason) == (
        HealthStatus.UNHEALTHY, f"the login ({plugin}) needs TLS: write ssl_mode=required, and give the server a certificate",
    )  # fmt: skip
    assert len(script.heard) == 1 and b"hush" not in script.heard[0]


@pytest.mark.parametrize("plugin", ["mysql_clear_password", "caching_sha2_password"])
@pytest.mark.parametrize("encrypted", [True, False])
async def test_a_password_in_clear_text_goes_to_a_proven_server_only(authority: trustme.CA, plugin: str, encrypted: bool) -> None:
    """A server that asks for it, in its greeting or later, and may be anybody, does not get it."""
    login = [] if plugin == "mysql_clear_password" else [switch_to("mysql_clear_password")]
    script = with_tls(authority, login=login, plugin=plugin) if encrypted else MysqlScript(plugin=plugin, login=login)
    result = await verdict(script)
    assert result.reason.startswith("the server wants the password in clear text: write ssl_mode=verify_identity")
    assert not any(b"hush" in heard for heard in script.heard)
    if encrypted:
        with authority.cert_pem.tempfile() as path:
            good = with_tls(authority, login=login, plugin=plugin, answer=answers)
            assert (await verdict(good, f"?ssl_ca={path}")).status is HealthStatus.HEALTHY


@pytest.mark.parametrize("plugin", ["mysql_old_password", "auth_gssapi_client", "dialog"])
async def test_another_way_of_login_is_named(plugin: str) -> None:
    """What the monitor cannot do is said with what to change."""
    result = await verdict(MysqlScript(login=[switch_to(plugin)]))
    assert result.reason.startswith(f"this account logs in by {plugin}, which the monitor cannot: give it a password")


async def test_the_session_cannot_take_several_statements_or_files() -> None:
    """The flags for both are not offered to the server, and its session is read-only and limited before the first question."""
    script = MysqlScript(answer=answers)
    assert (await verdict(script)).status is HealthStatus.HEALTHY
    assert not script.flags & (MULTI_STATEMENTS | LOCAL_FILES)
    said = [heard[1:].decode() for heard in script.heard[1:]]
    assert said[: said.index("SELECT 1")][-2:] == ["SET SESSION TRANSACTION READ ONLY", "SET SESSION sql_select_limit = 1001"]


@pytest.mark.parametrize(
    ("version", "statement"),
    [
        (b"5.7.44-log", "SHOW SLAVE STATUS"),
        (b"8.0.36", "SHOW REPLICA STATUS"),
        (b"9.1.0", "SHOW REPLICA STATUS"),
        (b"5.5.5-10.11.6-MariaDB", "SHOW ALL SLAVES STATUS"),
    ],
)
async def test_replication_is_asked_for_in_the_servers_words(version: bytes, statement: str) -> None:
    """The statement was renamed; MariaDB knows several sources."""
    script = MysqlScript(version=version, answer=answers)
    await verdict(script)
    assert any(heard[1:].decode() == statement for heard in script.heard[1:])


@pytest.mark.parametrize(
    ("version", "setting"), [(b"8.0.36", "max_execution_time = 2500"), (b"10.6-MariaDB", "max_statement_time = 2.500")]
)
async def test_the_server_ends_a_query_at_its_limit(version: bytes, setting: str) -> None:
    """MySQL's setting is in milliseconds, MariaDB's in seconds; a server without it is asked all the same."""
    refused = b"\xff" + struct.pack("<H", 1193) + b"#HY000Unknown system variable"
    for answer in (rows(["value"], [["7"]]), [refused]):
        script = MysqlScript(version=version, answer=lambda sql, answer=answer: answer if "max_" in sql else rows(["value"], [["7"]]))  # type: ignore[misc]
        async with probing(script) as probe:
            (sample,), wrong = await probe.run_query(QuerySettings(metric="m", sql="select 7 as value", timeout=2.5))
        assert (sample.value, wrong) == (7, "") and any(setting in heard[1:].decode() for heard in script.heard[1:])


BROKEN = {
    "a row with letters for a number": rows(["1"], [["x"]]),
    "a bit that is text": [b"\x01", column("1", 16).replace(b"\x3f\x00", b"\x2d\x00"), EOF, b"\x011", EOF],
    "columns without an end": [b"\xfc\xff\xff", *[column("x")] * 3, EOF],
    "a file of ours is wanted": [b"\xfb/etc/passwd"],
    "an empty packet": [b""],
    "a cell longer than its packet": [b"\x01", column("1"), EOF, b"\xfd\xff\xff\xff1", EOF],
    "a cut error": [b"\xff"],
}


@pytest.mark.parametrize("packets", BROKEN.values(), ids=BROKEN)
async def test_a_broken_answer_is_unhealthy(packets: list[bytes]) -> None:
    """What breaks the protocol is a verdict with the address, whatever it is; a file of ours is never sent."""
    script = MysqlScript(answer=lambda sql: packets if sql == "SELECT 1" else answers(sql))
    result = await verdict(script)
    assert result.status is HealthStatus.UNHEALTHY or packets == BROKEN["columns without an end"]
    assert not any(b"root" in heard for heard in script.heard)


@pytest.mark.parametrize(
    "greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n", b"\x00\x00\x00\x00", b"\xff\xff\xff\x00" * 9, b"", bytes(99)]
)
async def test_what_is_not_mysql_is_unhealthy(greeting: bytes) -> None:
    """A port where something else speaks, or hangs up, is unhealthy with the address."""

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)

    async with hostile(talk) as server:
        probe = MysqlProbe(made(MysqlCheck, name="db", dsn=f"mysql://me:hush@127.0.0.1:{server.port}/"))
        async with asyncio.timeout(5):
            result = await probe.probe()
        assert result.status is HealthStatus.UNHEALTHY
        assert f"127.0.0.1:{server.port}" in result.reason or "too long" in result.reason


async def test_an_endless_answer_is_cut() -> None:
    """A server that never ends its columns, its rows or one cell costs at most 4 MiB, and its check only."""
    for packets in ([b"\xfd\xff\xff\xff", *[column("x")] * 200_000], [b"\x01", column("x"), EOF, *[b"\x011"] * 2_000_000]):
        script = MysqlScript(answer=lambda sql, packets=packets: packets if sql == "SELECT 1" else answers(sql))  # type: ignore[misc]
        async with probing(script) as probe:
            with contextlib.suppress(OwnTrouble):
                result = await probe.probe()
        assert result.reason in ("the answer is too long", "")
