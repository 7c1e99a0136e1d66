"""A gRPC server of the C core (pip: grpcio, grpcio-health-checking) with the standard health service, plain or over TLS."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.peers.base import scratch
from tests.support.peers.certificates import certificate_files
from tests.support.servers import ServerMissing


@dataclass(frozen=True, slots=True)
class GrpcHealth:
    """A running server: set the status of a service by its word in grpc.health.v1."""

    port: int
    ca_file: str
    _servicer: Any

    def set_status(self, service: str, status: str) -> None:
        """Status is "SERVING", "NOT_SERVING", "UNKNOWN"; the service "" is the whole server."""
        from grpc_health.v1 import health_pb2

        self._servicer.set(service, health_pb2.HealthCheckResponse.ServingStatus.Value(status))


@contextlib.contextmanager
def grpc_health(tls: bool = False, health: bool = True) -> Iterator[GrpcHealth]:
    """A running gRPC server; with ``health`` off it knows no health service and answers UNIMPLEMENTED."""
    try:
        import grpc
        from grpc_health.v1 import health as service
        from grpc_health.v1 import health_pb2_grpc
    except ImportError:
        raise ServerMissing("no gRPC server for the tests: `pip install grpcio grpcio-health-checking`") from None
    with scratch() as directory, ThreadPoolExecutor(4) as threads:
        server, servicer = grpc.server(threads), service.HealthServicer()
        if health:
            health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
        files = certificate_files(directory)
        if tls:
            pair = (Path(files.key).read_bytes(), Path(files.chain).read_bytes())
            port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
        else:
            port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield GrpcHealth(port, files.ca, servicer)
        finally:
            server.stop(None).wait(10)
