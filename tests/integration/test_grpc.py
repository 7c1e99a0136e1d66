"""The gRPC kind against the C core's health server."""

from __future__ import annotations

from typing import Any

from tests.support.peers.fixtures import present
from tests.support.peers.grpc_health import GrpcHealth, grpc_health
from tests.support.servers import free_port
from tests.support.settings import made
from tui_monitor.core.values import METRIC_NAME, HealthStatus, ProbeResult, label
from tui_monitor.sources.grpc.probe import GrpcProbe
from tui_monitor.sources.grpc.settings import GrpcCheck

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus


async def probe(port: int, **keys: Any) -> ProbeResult:
    """One probe."""
    return await GrpcProbe(made(GrpcCheck, {"name": "rpc", "host": "127.0.0.1", "port": port, **keys})).probe()


def code(result: ProbeResult) -> float | None:
    """The status code's series."""
    return next((value for labels, value in result.samples if label(labels, METRIC_NAME) == "probe_grpc_status_code"), None)


async def test_each_service_has_a_status(grpc_peer: GrpcHealth) -> None:
    """The whole server, a service that serves, one that does not, one that nobody knows."""
    grpc_peer.set_status("", "SERVING")
    grpc_peer.set_status("shop.Orders", "NOT_SERVING")
    whole, orders = await probe(grpc_peer.port), await probe(grpc_peer.port, service="shop.Orders")
    none = await probe(grpc_peer.port, service="shop.None", metadata={"authorization": "Bearer hush-hush"})
    assert (whole.status, code(whole)) == (HEALTHY, 0)
    assert (orders.status, orders.reason, code(orders)) == (UNHEALTHY, 'service "shop.Orders" is NOT_SERVING', 0)
    assert (none.status, code(none)) == (UNHEALTHY, 5) and 'does not know service "shop.None"' in none.reason
    grpc_peer.set_status("shop.Orders", "SERVING")
    assert (await probe(grpc_peer.port, service="shop.Orders")).status is HEALTHY


async def test_a_server_without_a_health_service_is_not_down() -> None:
    """UNIMPLEMENTED is advice."""
    with present(lambda: grpc_health(health=False)) as peer:
        result = await probe(peer.port)
    assert (result.status, code(result)) == (DEGRADED, 12) and "has no health service" in result.reason


async def test_tls_needs_trust_and_is_named_where_it_is_missing() -> None:
    """HTTP/2 is agreed on by ALPN; a plain client on a TLS port is told what to set, and the other way round."""
    with present(lambda: grpc_health(tls=True)) as peer:
        well = await probe(peer.port, tls=True, ca_file=peer.ca_file, server_name="localhost")
        untrusted = await probe(peer.port, tls=True)
        plain = await probe(peer.port)
    assert well.status is HEALTHY, well
    assert any(label(labels, METRIC_NAME) == "probe_ssl_earliest_cert_expiry" for labels, _ in well.samples)
    assert untrusted.status is UNHEALTHY and "authority" in untrusted.reason + "authority" * ("self-signed" in untrusted.reason)
    assert plain.status is UNHEALTHY and "tls = true" in plain.reason


async def test_a_plain_server_has_no_tls(grpc_peer: GrpcHealth) -> None:
    """And a port where nothing listens is refused."""
    assert (await probe(grpc_peer.port, tls=True)).status is UNHEALTHY
    refused = await probe(free_port())
    assert refused.status is UNHEALTHY and "connection refused" in refused.reason
