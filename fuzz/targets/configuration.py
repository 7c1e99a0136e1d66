"""The configuration reader, and the addresses in it, which also go through the maker of the probe and the driver's own parser."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from fuzz.fences import replaced, unfenced
from fuzz.target import Target
from tui_monitor.config import load as reader
from tui_monitor.config.faults import Configuration, ConfigurationError
from tui_monitor.runtime import wiring
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.kinds import build_probe
from tui_monitor.sources.mysql.probe import MysqlProbe
from tui_monitor.sources.net import driver_common
from tui_monitor.sources.postgres.probe import PostgresProbe
from tui_monitor.sources.redis.probe import RedisProbe

ENVIRONMENT = {"HOME": "/nowhere", "SECRET": "s3cret"}


@cache
def _file() -> Path:
    return Path(tempfile.mkdtemp(prefix="fuzz-")) / "config.toml"


def loaded(text: str) -> Configuration | None:
    """What `config check` does with a file: None where it names faults."""
    if "default_rules" not in text:
        text = f"default_rules = false\n{text}"  # compiling them takes 4 ms, more than all the rest
    _file().write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        found = reader.load(_file(), ENVIRONMENT)
    except ConfigurationError as error:
        str(wiring.completed(error))
        return None
    return None if wiring.problems_of(found) else found


def _configuration(text: str) -> bool:
    return loaded(text) is not None


def quoted(text: str) -> str:
    """A TOML string of any text; lone surrogates, which TOML cannot hold, are replaced."""
    whole = text.encode("utf-8", "replace").decode()
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in whole) + '"'


def _probed(kind: str, key: str, guard: Callable[[], Any]) -> Callable[[str], bool]:
    def call(text: str) -> bool:
        found = loaded(f'[[checks]]\nname = "a"\ntype = "{kind}"\ntimeout = "0.2s"\n{key} = {quoted(text)}\n')
        if found is None:
            return False
        with guard():
            return _loop().run_until_complete(_verdict(build_probe(found.settings.checks[0])))

    return call


async def _verdict(probe: Any) -> bool:
    """The reader has accepted the address: whatever else is wrong with it is a verdict or the monitor's own trouble."""
    try:
        await asyncio.wait_for(probe.probe(), 1)
    except (OwnTrouble, TimeoutError):
        return True
    finally:
        await probe.close()
    return True


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


async def _refuse(*_: object, **__: object) -> Any:
    raise ConnectionRefusedError(111, "refused by the fuzzer")


async def _resolve_nothing(*_: object, **__: object) -> None:
    return None


@contextmanager
def _no_postgres() -> Iterator[None]:
    """The driver parses the DSN and then connects nowhere."""
    from asyncpg import connect_utils

    with ExitStack() as stack:
        stack.enter_context(replaced(driver_common, "resolve_in_time", _resolve_nothing))
        stack.enter_context(replaced(connect_utils, "_connect_addr", _refuse))
        yield


@contextmanager
def _no_mysql() -> Iterator[None]:
    from tui_monitor.sources.mysql.driver import GuardedConnection

    with ExitStack() as stack:
        stack.enter_context(replaced(driver_common, "resolve_in_time", _resolve_nothing))
        stack.enter_context(replaced(GuardedConnection, "_connect", _refuse))
        yield


@contextmanager
def _no_redis() -> Iterator[None]:
    from redis.asyncio import connection

    with ExitStack() as stack:
        stack.enter_context(replaced(driver_common, "resolve_in_time", _resolve_nothing))
        for kind in (connection.Connection, connection.SSLConnection, connection.UnixDomainSocketConnection):
            stack.enter_context(replaced(kind, "_connect", _refuse))
        yield


@contextmanager
def _no_http() -> Iterator[None]:
    from tui_monitor.sources.http import probe

    async def own(*_: object, **__: object) -> None:
        raise OwnTrouble("no network in the fuzzer")

    with replaced(probe, "open_stream", own):
        yield


_KEYS = (
    "name", "type", "interval", "timeout", "url", "dsn", "host", "port", "expect_json", "expect_regex", "headers", "queries", "sql",
    "metric", "rules", "alert", "expr", "for", "severity", "labels", "summary", "steps", "routes", "routing", "match", "to", "group_by",
    "notifiers", "token_file", "maintenance", "active", "cron", "duration", "inhibit", "source", "target", "equal", "depends_on",
    "log_file", "rule_files",
)  # fmt: skip
_TOML = (
    *_KEYS, "[[checks]]\n", "[[rules]]\n", "[[notifiers]]\n", "[[routes]]\n", "[[inhibit]]\n", "[[maintenance]]\n", "[system]\n",
    "[guard]\n", " = ", '"x"', "'x'", '"""', "1979-05-27T07:32:00Z", "07:32:00", "${SECRET}", "${MISSING}", "$${", "${", "~nosuchuser/x",
    "[a.b]", "a.b = 1\n", '"http"', '"postgres"', '"redis"', '"tcp"', '"email"', '"telegram"', '"webhook"', "10s", "-5s", "90%", "512MiB",
    "{ a = 1 }", "[1, 2]",
)  # fmt: skip
_ADDRESS = (
    "postgres://", "postgresql://", "redis://", "rediss://", "unix://", "http://", "https://", "//", "@", ":", "/", "?", "&", "=", "[",
    "]", "[::1]", "127.0.0.1", "localhost", "db.example.com", "user:p%40ss", "%2Fvar%2Frun", "sslmode=require",
    "target_session_attrs=read-write", "channel_binding=require", "connect_timeout=5", "passfile=/x", "service=x", "host=a,b", "port=1,2",
    ":65536", ":0", "xn--", "bücher.example", "options=-c%20a%3Db", "db=3", "socket_timeout=5", "ssl_cert_reqs=none",
    "health_check_interval=x", "protocol=9", "#fragment", ".", "..", "\\",
)  # fmt: skip

TARGETS = (
    Target(
        name="configuration",
        kind="text",
        call=_configuration,
        words=_TOML,
        fence=lambda: unfenced(reader.load),
    ),
    Target(
        name="postgres-dsn",
        kind="text",
        call=_probed("postgres", "dsn", _no_postgres),
        words=_ADDRESS,
        fence=lambda: unfenced(PostgresProbe.probe),
    ),
    Target(
        name="mysql-dsn",
        kind="text",
        call=_probed("mysql", "dsn", _no_mysql),
        words=(*_ADDRESS, "mysql://", "mariadb://", "ssl-mode=verify-ca", "ssl_ca=/x", "socket=/s"),
        fence=lambda: unfenced(MysqlProbe.probe),
    ),
    Target(
        name="redis-url",
        kind="text",
        call=_probed("redis", "url", _no_redis),
        words=_ADDRESS,
        fence=lambda: unfenced(RedisProbe.probe),
    ),
    Target(
        name="http-url",
        kind="text",
        call=_probed("http", "url", _no_http),
        words=_ADDRESS,
        fence=lambda: unfenced(wiring._unbuildable),
    ),
)
