"""Each peer of tests/support/peers starts, answers as the real program does, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import imaplib
import json
import os
import smtplib
import socket
import ssl
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.peers import cgroups
from tests.support.peers.alertmanager import Alertmanager
from tests.support.peers.anvil import Anvil
from tests.support.peers.base import program, run, udp_answer, wait_until
from tests.support.peers.caddy import Caddy
from tests.support.peers.chronyd import REQUEST, Chronyd, chronyd
from tests.support.peers.dnsmasq import arguments, asked_in, dnsmasq
from tests.support.peers.dockerd import Dockerd
from tests.support.peers.dovecot import PASSWORD as IMAP_PASSWORD
from tests.support.peers.dovecot import USER as IMAP_USER
from tests.support.peers.dovecot import Dovecot
from tests.support.peers.gnutls import gnutls_server
from tests.support.peers.grpc_health import GrpcHealth, grpc_health
from tests.support.peers.hostile import BEHAVIOURS, hostile, unanswered_port
from tests.support.peers.knot import Knot
from tests.support.peers.mariadb import MariaDb
from tests.support.peers.namespaces import FAR, far_host, in_namespace, run_inside, use_resolver
from tests.support.peers.nginx import nginx
from tests.support.peers.node_exporter import NodeExporter
from tests.support.peers.openssl import openssl_server
from tests.support.peers.pgbouncer import pgbouncer
from tests.support.peers.programs import faketime_environment, logrotate, nagios_plugin
from tests.support.peers.prometheus import Prometheus, promtool
from tests.support.peers.require import allowed_skips, peers_needed, require_or_skip
from tests.support.peers.smtp_answers import smtp_answers
from tests.support.peers.snmpd import AUTH_PASSWORD, GET_UPTIME, PRIVACY_PASSWORD, USER, Snmpd
from tests.support.peers.squashfuse import squashfuse_mount
from tests.support.peers.sshd import Sshd
from tests.support.peers.systemd import Systemd, systemd
from tests.support.servers import ServerMissing, postgres_server


def page(url: str, **headers: str) -> tuple[bytes, Any]:
    """The body and the header fields of a GET."""
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
        return answer.read(), answer.headers


def rpc(url: str, method: str) -> Any:
    """The result of a JSON-RPC call without parameters."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": []}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["result"]


def dns_query(name: str, kind: int, udp_size: int = 0) -> bytes:
    """A DNS query; with ``udp_size`` an OPT record that asks for signatures (DO)."""
    labels = b"".join(bytes((len(label),)) + label.encode() for label in name.split("."))
    extra = b"\x00" + struct.pack("!HHIH", 41, udp_size, 0x8000, 0) if udp_size else b""
    return struct.pack("!6H", 7, 0x0100, 1, 0, 0, 1 if udp_size else 0) + labels + b"\x00" + struct.pack("!HH", kind, 1) + extra


# --- skipping


def test_missing_peer_skips_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing peer skips with the message that says what to install, and fails the test where the run demands everything."""
    monkeypatch.delenv("TUI_MONITOR_TEST_REQUIRE", raising=False)
    with pytest.raises(pytest.skip.Exception, match="install the package"), peers_needed():
        raise ServerMissing("no knotd for the tests: install the package `knot`")
    monkeypatch.setenv("TUI_MONITOR_TEST_REQUIRE", "1")
    with pytest.raises(pytest.fail.Exception, match="allowed_skips"):
        require_or_skip("no knotd")


def test_listed_skip_is_allowed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A test that allowed_skips.txt lists with a reason may skip even where the run demands everything."""
    listed = tmp_path / "allowed_skips.txt"
    listed.write_text(os.environ["PYTEST_CURRENT_TEST"].rpartition(" (")[0] + "  # it says so itself\n")
    monkeypatch.setattr("tests.support.peers.require.ALLOWED", listed)
    monkeypatch.setenv("TUI_MONITOR_TEST_REQUIRE", "1")
    with pytest.raises(pytest.skip.Exception, match="no such hardware"):
        require_or_skip("no such hardware")
    with pytest.raises(ValueError, match="reason"):
        allowed_skips("tests/x.py::test_without_reason")


# --- contained: systemd, docker


def test_systemd_runs_units_and_a_journal(systemd_peer: Systemd) -> None:
    """A failing unit is failed, a running one active, its words stand in the journal, and the bus accepts connections from outside."""
    systemd_peer.write_unit("peer-good.service", "[Service]\nExecStart=/bin/sh -c 'echo peer is well; exec sleep 600'\n")
    systemd_peer.write_unit("peer-bad.service", "[Service]\nExecStart=/bin/false\n")
    systemd_peer.systemctl("start", "peer-good.service", "peer-bad.service")
    assert systemd_peer.systemctl("show", "-P", "ActiveState", "peer-good.service").strip() == "active"
    wait_until(lambda: systemd_peer.systemctl("show", "-P", "ActiveState", "peer-bad.service").strip() == "failed")
    wait_until(lambda: "peer is well" in systemd_peer.journalctl("-u", "peer-good.service"))
    with socket.socket(socket.AF_UNIX) as bus:
        bus.connect(str(systemd_peer.bus))
        bus.sendall(b"\x00AUTH EXTERNAL 30\r\n")
        assert bus.recv(100).startswith(b"OK ")


def test_systemd_leaves_nothing() -> None:
    """After the end no process, mount or control group of a contained server is left."""
    with peers_needed(), systemd() as peer:
        group, inside = peer.group, psutil.Process(peer.pid).children(recursive=True)
    assert not [process for process in inside if process.is_running()]
    assert not [hierarchy for hierarchy in cgroups.hierarchies() if (hierarchy / group).exists()]
    assert group.rpartition("-")[0] not in Path("/proc/mounts").read_text()


def test_dockerd_runs_containers(dockerd_peer: Dockerd) -> None:
    """Containers run, end with their exit code and are listed by the API at the socket."""
    dockerd_peer.run("peer-up", "sleep", "600", options=("--memory=32m",))
    dockerd_peer.run("peer-down", "sh", "-c", "exit 3")
    assert dockerd_peer.docker("wait", "peer-down") == "3"
    with socket.socket(socket.AF_UNIX) as api:
        api.connect(str(dockerd_peer.socket))
        api.sendall(b"GET /containers/peer-up/json HTTP/1.0\r\nHost: docker\r\n\r\n")
        with api.makefile("rb") as answer:
            body = answer.read().partition(b"\r\n\r\n")[2]
    state = json.loads(body)
    assert (state["State"]["Status"], state["HostConfig"]["Memory"]) == ("running", 32 << 20)
    dockerd_peer.docker("rm", "-f", "peer-up", "peer-down")


# --- databases


def test_mariadb_answers_sql_over_tls(mariadb_peer: MariaDb) -> None:
    """MariaDB answers statements and announces TLS (CLIENT_SSL, bit 11 of the capabilities) in its greeting."""
    assert mariadb_peer.sql("select 6 * 7, @@have_ssl").split() == ["42", "YES"]
    with socket.create_connection((mariadb_peer.host, mariadb_peer.port), 5) as connection:
        greeting = connection.recv(1024)
    version, _, rest = greeting[5:].partition(b"\x00")
    assert b"MariaDB" in version
    assert int.from_bytes(rest[13:15], "little") & 1 << 11


async def test_pgbouncer_passes_and_refuses() -> None:
    """PgBouncer passes queries on, and refuses a wrong password and an unknown database in its own words."""
    import asyncpg

    with postgres_server() as server, peers_needed(), pgbouncer(server) as pool:
        connection = await asyncpg.connect(pool.dsn(), statement_cache_size=0, ssl=False)
        assert await connection.fetchval("select 1 + 1") == 2
        await connection.close()
        for dsn in (pool.dsn(password="wrong"), pool.dsn(database="nowhere")):
            with pytest.raises((asyncpg.PostgresError, OSError)):
                await asyncpg.connect(dsn, ssl=False)


# --- the Prometheus family and web servers


def test_nginx_serves_its_status() -> None:
    """nginx serves the test's own locations and its stub_status page."""
    with peers_needed(), nginx("location /status { stub_status; } location /moved { return 302 /상태; }") as server:
        assert page(f"{server.url}/status")[0].startswith(b"Active connections: 1")
        with socket.create_connection((server.host, server.port), 5) as connection:
            connection.sendall(b"GET /moved HTTP/1.0\r\n\r\n")
            assert "/상태".encode() in connection.recv(4096)


def test_caddy_speaks_openmetrics(caddy_peer: Caddy) -> None:
    """Caddy answers a request for OpenMetrics with `# EOF`, inflates on request, and logs as JSON lines."""
    body, headers = page(f"{caddy_peer.url}/metrics", Accept="application/openmetrics-text;version=1.0.0")
    assert headers["Content-Type"].startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
    packed, _ = page(f"{caddy_peer.url}/metrics", **{"Accept-Encoding": "gzip"})
    assert b"# TYPE" in gzip.decompress(packed)
    wait_until(lambda: "/metrics" in caddy_peer.access_log.read_text())
    assert json.loads(caddy_peer.access_log.read_text().splitlines()[0])["status"] == 200


def test_node_exporter_has_the_load(node_exporter_peer: NodeExporter) -> None:
    """node_exporter answers the text format 0.0.4 even to a request for OpenMetrics."""
    body, headers = page(node_exporter_peer.metrics_url, Accept="application/openmetrics-text;version=1.0.0")
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert b"\nnode_load1 " in body


def test_prometheus_answers_queries(prometheus_peer: Prometheus) -> None:
    """Prometheus answers a query, and promtool is beside it."""
    assert prometheus_peer.get("/api/v1/query", query="1 + 1")["result"][1] == "2"
    with peers_needed():
        assert "promtool" in run([promtool(), "--version"])


def test_alertmanager_takes_alerts(alertmanager_peer: Alertmanager) -> None:
    """An alert that was added with amtool is active."""
    alertmanager_peer.amtool("alert", "add", "PeerAlert", "severity=warning")
    (alert,) = json.loads(alertmanager_peer.amtool("alert", "query", "-o", "json", "PeerAlert"))
    assert (alert["labels"]["severity"], alert["status"]["state"]) in {("warning", "active"), ("warning", "unprocessed")}


# --- names, time, management


def test_knot_signs_and_truncates(knot_peer: Knot) -> None:
    """Knot answers with addresses and signatures (RRSIG, type 46), and says "truncated" over UDP where TCP has the whole answer."""
    addresses = udp_answer(knot_peer.port, dns_query("www.example.test", 1, 1232))
    assert socket.inet_aton("192.0.2.10") in addresses
    assert b"\x00\x2e\x00\x01" in addresses
    query = dns_query("big.example.test", 16)
    assert udp_answer(knot_peer.port, query)[2] & 2
    with socket.create_connection((knot_peer.host, knot_peer.port), 5) as connection, connection.makefile("rb") as stream:
        connection.sendall(struct.pack("!H", len(query)) + query)
        whole = stream.read(struct.unpack("!H", stream.read(2))[0])
    assert len(whole) > 2400
    assert not whole[2] & 2


def test_dnsmasq_says_what_it_was_asked() -> None:
    """dnsmasq answers the names it knows, NXDOMAIN (3) for others, and lists the names of all queries."""
    with peers_needed(), dnsmasq({"svc.peer.test": "192.0.2.9"}) as server:
        assert socket.inet_aton("192.0.2.9") in udp_answer(server.port, dns_query("svc.peer.test", 1))
        assert udp_answer(server.port, dns_query("other.peer.test", 1))[3] & 15 == 3
        assert server.asked() == [("A", "svc.peer.test"), ("A", "other.peer.test")]


@in_namespace
def test_resolver_with_search_domains(tmp_path: Path) -> None:
    """With `search` and `ndots` the C library asks for another name than it was given, but not with a trailing dot."""
    use_resolver(tmp_path, "nameserver 127.0.0.1\nsearch corp.test\noptions ndots:5\n")
    argv = arguments(tmp_path, 53, {"svc.peer.test": "192.0.2.9", "svc.peer.test.corp.test": "192.0.2.66"})
    process = subprocess.Popen(argv)
    try:
        wait_until(lambda: bool(udp_answer(53, dns_query("ready.test", 1))))
        ask = "import socket, sys; print(socket.getaddrinfo(sys.argv[1], 80, socket.AF_INET, socket.SOCK_STREAM)[0][4][0])"
        assert run([sys.executable, "-c", ask, "svc.peer.test"]).strip() == "192.0.2.66"
        assert run([sys.executable, "-c", ask, "svc.peer.test."]).strip() == "192.0.2.9"
        assert [name for _, name in asked_in(tmp_path / "asked.log")] == ["svc.peer.test.corp.test", "svc.peer.test"]
    finally:
        process.kill()
        process.wait()


def test_tls_servers_that_are_old() -> None:
    """gnutls-serv without secure renegotiation and s_server with TLS 1.1 refuse a client of today, each in its own way."""
    with peers_needed(), gnutls_server() as gnutls, openssl_server("-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0") as openssl:
        for port, reason in ((gnutls.port, "UNSAFE_LEGACY_RENEGOTIATION_DISABLED"), (openssl.port, "TLSV1_ALERT_PROTOCOL_VERSION")):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with socket.create_connection(("127.0.0.1", port)) as plain, pytest.raises(ssl.SSLError, match=reason):
                context.wrap_socket(plain)


def test_chronyd_tells_time_and_trouble(chronyd_peer: Chronyd) -> None:
    """chronyd says stratum 8, or leap indicator 3 and stratum 0 while it is not synchronised."""
    answer = udp_answer(chronyd_peer.port, REQUEST)
    assert (answer[0] >> 6, answer[1]) == (0, 8)
    seconds = struct.unpack("!I", answer[40:44])[0] - 2_208_988_800
    assert abs(seconds - time.time()) < 5
    with chronyd(stratum=None) as lost:
        answer = udp_answer(lost.port, REQUEST)
        assert (answer[0] >> 6, answer[1]) == (3, 0)


def test_snmpd_answers_v2c(snmpd_peer: Snmpd) -> None:
    """snmpd answers a v2c GET with the same request id and TimeTicks (tag 0x43)."""
    answer = udp_answer(snmpd_peer.port, GET_UPTIME, 5)
    assert bytes.fromhex("020412345678") in answer
    assert answer[-6] == 0x43 or 0x43 in answer[-7:]


def test_snmpd_answers_v3(snmpd_peer: Snmpd) -> None:
    """snmpd answers the v3 user with authentication and privacy, through Net-SNMP's own client."""
    with peers_needed():
        client = program("snmpget", "install the package `snmp`")
    secrets = ["-a", "SHA-256", "-A", AUTH_PASSWORD, "-x", "AES", "-X", PRIVACY_PASSWORD]
    argv = [client, "-v3", "-l", "authPriv", "-u", USER, *secrets, "-On", f"udp:127.0.0.1:{snmpd_peer.port}", ".1.3.6.1.2.1.1.5.0"]
    assert "peer.test" in run(argv)


# --- login and mail


def test_sshd_has_a_banner(sshd_peer: Sshd) -> None:
    """sshd sends its version line, then its key exchange message (type 20)."""
    with socket.create_connection((sshd_peer.host, sshd_peer.port), 5) as connection, connection.makefile("rb") as stream:
        assert stream.readline().startswith(b"SSH-2.0-OpenSSH_")
        connection.sendall(b"SSH-2.0-test\r\n")
        assert stream.read(6)[5] == 20


def test_dovecot_logs_in_over_tls(dovecot_peer: Dovecot) -> None:
    """Dovecot upgrades with STARTTLS, speaks TLS at once on its other port, and logs the user in on both."""
    context = ssl.create_default_context(cafile=dovecot_peer.ca_file)
    with imaplib.IMAP4("127.0.0.1", dovecot_peer.port, timeout=10) as client:
        assert "STARTTLS" in client.capabilities
        client.starttls(context)
        assert client.login(IMAP_USER, IMAP_PASSWORD)[0] == "OK"
    with imaplib.IMAP4_SSL("127.0.0.1", dovecot_peer.tls_port, ssl_context=context, timeout=10) as client:
        assert client.login(IMAP_USER, IMAP_PASSWORD)[0] == "OK"


def test_smtp_answers_each_receiver() -> None:
    """One receiver is put off once, one is refused for ever, one is taken: in the same transfer."""
    answers = {"later@x.test": ["451 4.3.0 later", "250 ok"], "never@x.test": ["550 5.1.1 no such user"]}
    with smtp_answers(answers) as server, smtplib.SMTP("127.0.0.1", server.port, timeout=10) as client:
        refused = client.sendmail("a@x.test", ["later@x.test", "never@x.test", "b@x.test"], "Subject: 1\r\n\r\nx\r\n")
        assert {address: code for address, (code, _) in refused.items()} == {"later@x.test": 451, "never@x.test": 550}
        assert client.sendmail("a@x.test", ["later@x.test"], "Subject: 2\r\n\r\nx\r\n") == {}
        assert [receivers for receivers, _ in server.taken] == [("b@x.test",), ("later@x.test",)]


# --- nodes and streams


def test_anvil_makes_blocks(anvil_peer: Anvil) -> None:
    """Anvil answers JSON-RPC as chain 31337 and its height grows."""
    assert int(rpc(anvil_peer.url, "eth_chainId"), 16) == 31337
    first = int(rpc(anvil_peer.url, "eth_blockNumber"), 16)
    wait_until(lambda: int(rpc(anvil_peer.url, "eth_blockNumber"), 16) > first)


def _health(channel: Any, service: str = "") -> str:
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


def test_grpc_health_changes(grpc_peer: GrpcHealth) -> None:
    """The gRPC server tells the status that was set."""
    import grpc

    with grpc.insecure_channel(f"127.0.0.1:{grpc_peer.port}") as channel:
        assert _health(channel) == "SERVING"
        grpc_peer.set_status("shop", "NOT_SERVING")
        assert _health(channel, "shop") == "NOT_SERVING"
        with pytest.raises(grpc.RpcError, match="NOT_FOUND"):
            _health(channel, "nobody")


def test_grpc_over_tls_without_health() -> None:
    """Over TLS, a server without the health service answers UNIMPLEMENTED."""
    with peers_needed(), grpc_health(tls=True, health=False) as server:
        import grpc

        trusted = grpc.ssl_channel_credentials(Path(server.ca_file).read_bytes())
        with grpc.secure_channel(f"localhost:{server.port}", trusted) as channel, pytest.raises(grpc.RpcError, match="UNIMPLEMENTED"):
            _health(channel)


def test_websocket_answers_by_path(websocket_url: str) -> None:
    """The WebSocket server greets, echoes, sends what compresses well, and closes with the code that was asked for."""
    from websockets.exceptions import ConnectionClosedOK
    from websockets.sync.client import connect

    with connect(f"{websocket_url}/hello") as client:
        assert json.loads(client.recv(10)) == {"hello": "world"}
        client.send("again")
        assert client.recv(10) == "again"
    with connect(f"{websocket_url}/large/3000000", max_size=None) as client:
        assert len(client.recv(10)) == 3_000_000
    with connect(f"{websocket_url}/close/1001") as client, pytest.raises(ConnectionClosedOK) as closed:
        client.recv(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001


# --- programs


def test_faketime_shifts_a_child() -> None:
    """libfaketime shifts a child's wall clock by 90 days and leaves its monotonic clock alone."""
    with peers_needed():
        environment = faketime_environment("+90d")
    told = run([sys.executable, "-c", "import time; print(time.time(), time.monotonic())"], environment=environment).split()
    assert abs(float(told[0]) - time.time() - 90 * 86400) < 60
    assert abs(float(told[1]) - time.monotonic()) < 60


def test_faketime_can_jump_back(tmp_path: Path) -> None:
    """The shift is read anew from a file, so that a running child's clock can be set back."""
    shift = tmp_path / "shift"
    with peers_needed():
        environment = faketime_environment("+90d", shift)
    ask = "import sys, time\nfor line in sys.stdin: print(time.time(), flush=True)"
    with subprocess.Popen([sys.executable, "-c", ask], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdin is not None and child.stdout is not None
        times = []
        for text in ("+90d", "-1d"):
            shift.write_text(text)
            child.stdin.write("\n")
            child.stdin.flush()
            times.append(float(child.stdout.readline()))
        child.stdin.close()
    assert 90 * 86400 < times[0] - times[1] < 92 * 86400


def test_logrotate_rotates(tmp_path: Path) -> None:
    """logrotate renames a log and makes a new one, and copies and empties one with copytruncate."""
    tmp_path.chmod(0o755)
    log = tmp_path / "app.log"
    log.write_text("one\n")
    with peers_needed():
        logrotate(tmp_path, f"{log} {{ su root root\nrotate 3\ncreate 0644\n}}" if os.geteuid() == 0 else f"{log} {{ rotate 3\ncreate\n}}")
    assert ((tmp_path / "app.log.1").read_text(), log.read_text()) == ("one\n", "")


def test_nagios_plugin_has_perfdata() -> None:
    """A real monitoring plugin prints its state and performance data."""
    with peers_needed():
        told = run([nagios_plugin("check_load"), "-w", "999,999,999", "-c", "999,999,999"])
    assert "OK" in told
    assert "load1=" in told


@pytest.mark.parametrize("subtype", ["", "nvim.appimage"])
def test_squashfuse_mount_is_full_and_read_only(subtype: str) -> None:
    """An image mounted through FUSE is read-only, has no free block, and carries its type's name; it is unmounted at the end."""
    with peers_needed(), squashfuse_mount(subtype) as mount:
        (row,) = [line.split() for line in Path("/proc/mounts").read_text().splitlines() if line.split()[1] == str(mount)]
        assert row[2] == f"fuse.{subtype or 'squashfuse'}"
        assert "ro" in row[3].split(",")
        assert os.statvfs(mount).f_bavail == 0
    assert str(mount) not in Path("/proc/mounts").read_text()


# --- namespaces


def _ping(address: str, timeout: float = 5.0) -> bytes:
    """The answer to one echo request through a ping socket; OSError with the kernel's reason."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as sender:
        sender.settimeout(timeout)
        sender.connect((address, 0))
        sender.send(struct.pack("!BBHHH", 8, 0, 0, 0, 1) + b"nonce")
        return sender.recv(1024)


@in_namespace
def test_ping_sockets_need_no_root() -> None:
    """In a namespace ping sockets work on loopback for IPv4 and IPv6."""
    assert _ping("127.0.0.1").endswith(b"nonce")
    socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, socket.getprotobyname("ipv6-icmp")).close()


@in_namespace
def test_second_host_answers_and_refuses() -> None:
    """A second host answers pings, refuses a network with a reason at once, and can be told to be silent."""
    with far_host("203.0.113.0/24") as host:
        assert _ping(FAR).endswith(b"nonce")
        host.refuse("prohibit", "203.0.113.0/24")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as sender:
            sender.setsockopt(socket.IPPROTO_IP, 11, 1)  # IP_RECVERR
            sender.settimeout(5)
            sender.connect(("203.0.113.5", 0))
            sender.send(struct.pack("!BBHHH", 8, 0, 0, 0, 1))
            with pytest.raises(OSError, match="host"):
                sender.recv(100)
        host.answer_pings(False)
        with pytest.raises(TimeoutError):
            _ping(FAR, 0.2)


def test_snippet_runs_inside() -> None:
    """A snippet sees an empty network: loopback alone."""
    with peers_needed():
        assert run_inside("import socket; print(socket.if_nameindex())").strip() == "[(1, 'lo')]"


# --- hostile servers

_SHORT: dict[str, Callable[[bytes], bool]] = {
    "hang up": lambda got: got == b"",
    "close at once": lambda got: got == b"",
    "cut body": lambda got: got.endswith(b"x" * 100),
    "garbage": lambda got: got.startswith(bytes(range(256))),
    "bomb": lambda got: len(gzip.decompress(got.partition(b"\r\n\r\n")[2])) == 64 << 20,
}


@pytest.mark.parametrize("behaviour", sorted(BEHAVIOURS))
async def test_hostile_server_does_as_told(behaviour: str) -> None:
    """Each hostile behaviour ends the connection, hangs or floods as its name says."""
    async with hostile(behaviour) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        if behaviour != "close at once":  # closing with an unread request would be a reset
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
        if behaviour in _SHORT:
            assert _SHORT[behaviour](await reader.read())
        elif behaviour == "reset":
            with pytest.raises(ConnectionResetError):
                await reader.read()
        elif behaviour == "hang":
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.1)
        else:
            least = {"drip": 20, "hang in body": 100}.get(behaviour, 1 << 20)
            await reader.readexactly(least)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        assert server.connections == 1


async def test_unanswered_port_hangs_at_connect() -> None:
    """Connecting to a port whose queue is full neither succeeds nor fails."""
    with unanswered_port() as port, pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), 0.2)
