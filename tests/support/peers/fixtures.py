"""Fixtures of the peers; each skips with a reason (or fails, see require.py) where the machine lacks the peer.

The session's peers are shared by the tests of one pytest process: a test that stops, pauses or changes one starts its own with
the peer's context manager.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from tests.support.peers.alertmanager import Alertmanager, alertmanager
from tests.support.peers.anvil import Anvil, anvil
from tests.support.peers.caddy import Caddy, caddy
from tests.support.peers.chromium import Browser, chromium
from tests.support.peers.chronyd import Chronyd, chronyd
from tests.support.peers.dockerd import Dockerd, dockerd
from tests.support.peers.dovecot import Dovecot, dovecot
from tests.support.peers.grpc_health import GrpcHealth, grpc_health
from tests.support.peers.knot import Knot, knot
from tests.support.peers.mariadb import MariaDb, mariadb
from tests.support.peers.node_exporter import NodeExporter, node_exporter
from tests.support.peers.prometheus import Prometheus, prometheus
from tests.support.peers.require import peers_needed
from tests.support.peers.snmpd import Snmpd, snmpd
from tests.support.peers.sshd import Sshd, sshd
from tests.support.peers.systemd import Systemd, systemd
from tests.support.peers.websocket import websocket_server

T = TypeVar("T")


@contextlib.contextmanager
def present(start: Callable[[], contextlib.AbstractContextManager[T]]) -> Iterator[T]:
    """A peer for the block; a missing one skips or fails the test."""
    with contextlib.ExitStack() as stack:
        with peers_needed():
            peer = stack.enter_context(start())
        yield peer


@pytest.fixture(scope="session")
def systemd_peer() -> Iterator[Systemd]:
    with present(systemd) as peer:
        yield peer


@pytest.fixture(scope="session")
def dockerd_peer() -> Iterator[Dockerd]:
    with present(dockerd) as peer:
        yield peer


@pytest.fixture(scope="session")
def mariadb_peer() -> Iterator[MariaDb]:
    with present(mariadb) as peer:
        yield peer


@pytest.fixture(scope="session")
def knot_peer() -> Iterator[Knot]:
    with present(knot) as peer:
        yield peer


@pytest.fixture(scope="session")
def caddy_peer() -> Iterator[Caddy]:
    with present(caddy) as peer:
        yield peer


@pytest.fixture(scope="session")
def node_exporter_peer() -> Iterator[NodeExporter]:
    with present(node_exporter) as peer:
        yield peer


@pytest.fixture(scope="session")
def prometheus_peer() -> Iterator[Prometheus]:
    with present(prometheus) as peer:
        yield peer


@pytest.fixture(scope="session")
def alertmanager_peer() -> Iterator[Alertmanager]:
    with present(alertmanager) as peer:
        yield peer


@pytest.fixture(scope="session")
def chronyd_peer() -> Iterator[Chronyd]:
    with present(chronyd) as peer:
        yield peer


@pytest.fixture(scope="session")
def browser_peer() -> Iterator[Browser]:
    with present(chromium) as peer:
        yield peer


@pytest.fixture(scope="session")
def snmpd_peer() -> Iterator[Snmpd]:
    with present(snmpd) as peer:
        yield peer


@pytest.fixture(scope="session")
def sshd_peer() -> Iterator[Sshd]:
    with present(sshd) as peer:
        yield peer


@pytest.fixture(scope="session")
def dovecot_peer() -> Iterator[Dovecot]:
    with present(dovecot) as peer:
        yield peer


@pytest.fixture(scope="session")
def anvil_peer() -> Iterator[Anvil]:
    with present(anvil) as peer:
        yield peer


@pytest.fixture(scope="session")
def grpc_peer() -> Iterator[GrpcHealth]:
    with present(grpc_health) as peer:
        yield peer


@pytest.fixture(scope="session")
def websocket_url() -> Iterator[str]:
    with present(websocket_server) as peer:
        yield peer
