"""The servers that tests share; tests that stop or pause one start their own (servers.py, smtp_server.py)."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support.cli_tools import command_line  # noqa: F401  a fixture
from tests.support.servers import PostgresServer, RedisServer, postgres_server, redis_server
from tests.support.smtp_server import SmtpServer
from tests.support.smtp_server import smtp_server as run_smtp_server

pytest_plugins = ("tests.support.peers.fixtures",)


@pytest.fixture(autouse=True)
def same_umask() -> Iterator[None]:
    """Opening a state directory sets the umask of the process: the next test begins with its own again."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.fixture(scope="session")
def shared_postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL for the whole run: leave it as it was found."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_dsn(shared_postgres: PostgresServer) -> str:
    """The superuser's DSN of the shared PostgreSQL."""
    return shared_postgres.dsn()


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL that this test may stop, pause and change."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[RedisServer]:
    """One Redis for the whole run."""
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis_url(shared_redis: RedisServer) -> str:
    """The address of the shared Redis."""
    return shared_redis.url()


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A Redis that this test may stop, pause and fill."""
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def shared_smtp() -> Iterator[SmtpServer]:
    """One SMTP server with STARTTLS and optional AUTH for the whole run."""
    with run_smtp_server() as server:
        yield server


@pytest.fixture
def smtp_server(shared_smtp: SmtpServer) -> SmtpServer:
    """The shared SMTP server, emptied of earlier messages."""
    shared_smtp.clear()
    return shared_smtp
