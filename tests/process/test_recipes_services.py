"""The recipes of services, as they stand in the documentation, in the real daemon against real servers: only addresses are the test's."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.support.examples import asked
from tests.support.httpserver import HttpServer
from tests.support.paths import ROOT
from tests.support.peers.dockerd import Dockerd
from tests.support.peers.fixtures import present
from tests.support.peers.nginx import nginx
from tests.support.peers.python_app import python_app
from tests.support.peers.systemd import Systemd
from tests.support.processes import Installation, environment, eventually, installation
from tests.support.recipes import blocks, replaced, sooner


def configured(where: Installation, page: str, own: Mapping[str, str]) -> None:
    """All configurations of a recipe with the test's addresses, sooner."""
    where.configure("default_rules = false\n" + sooner(replaced("\n".join(blocks(page, "toml")), dict(own))))


async def become(what: Callable[[], object], wanted: object) -> None:
    """As soon as what the commands say is as wanted."""
    await eventually(lambda: asyncio.to_thread(what), lambda found: found == wanted, f"{wanted!r}")


def statuses(where: Installation) -> Callable[[], dict[str, str]]:
    """The checks' statuses."""
    return lambda: {check["name"]: check["status"] for check in json.loads(where.run("status", "--json").stdout)["checks"]}


def firing(where: Installation) -> Callable[[], set[str]]:
    """The names of the alerts that fire."""
    return lambda: {
        alert["labels"]["alertname"] for alert in json.loads(where.run("alerts", "--json").stdout) if alert["state"] == "firing"
    }


def holds(where: Installation, *expressions: str) -> Callable[[], list[bool]]:
    """Whether each expression has an answer other than 0."""

    def values() -> list[bool]:
        done = where.run("query", "-", "--json", stdin="\n".join(expressions) + "\n")
        assert done.returncode == 0, done.stderr
        results = [json.loads(line)["data"]["result"] for line in done.stdout.splitlines()]
        return [bool(result) and float(result[0]["value"][1]) != 0 for result in results]

    return values


async def test_python_web_application(tmp_path: Path) -> None:
    """The page's middleware counts requests by route, and the page's rule fires at the page's own figure."""
    with present(python_app) as app, installation(tmp_path / "home") as where:
        configured(where, "python-web-application.md", {"http://127.0.0.1:8000": app.url})
        daemon = await where.start()
        await become(statuses(where), {"app": "healthy", "app-health": "healthy"})
        await asked(f"{app.url}/enqueue")
        await asked(f"{app.url}/orders/17", 3)
        questions = (
            'http_requests_total{check="app",method="GET",route="other",status_code="500"} == 3',
            'http_request_duration_seconds_count{check="app",method="GET",route="/enqueue"} == 1',
            'histogram_quantile(0.95, sum by (route, le) (http_request_duration_seconds_bucket{route="/health"})) > 0',
        )
        await become(holds(where, *questions), [True] * 3)
        await become(firing(where), {"JobsWaiting"})
        await asked(f"{app.url}/work")
        await become(firing(where), set())
        assert await daemon.terminate() == 0


async def test_nginx(tmp_path: Path) -> None:
    """The page's log format gives requests with times by route, its script the connections, and errors in the log degrade."""
    text, locations = blocks("nginx.md", "nginx")
    form, _, log = text.partition("access_log ")
    server = f"access_log {log}".replace("/var/log/nginx", "{directory}") + locations + 'location / { return 200 "ok"; }'
    (tmp_path / "error.log").write_text("")
    script = tmp_path / "nginx-status"
    script.write_text(blocks("nginx.md", "sh")[0])
    script.chmod(0o755)
    with present(lambda: nginx(server, form)) as web, installation(tmp_path / "home") as where:
        own = {
            "https://www.example.com": web.url,
            "/var/log/nginx/monitor.log": f"{web.directory}/monitor.log",
            "/var/log/nginx/error.log": str(tmp_path / "error.log"),
            "/usr/local/lib/tui-monitor/nginx-status": str(script),
            "http://127.0.0.1/nginx_status": f"{web.url}/nginx_status",
        }
        configured(where, "nginx.md", own)
        daemon = await where.start()
        await become(statuses(where), dict.fromkeys(("site", "access", "nginx-errors", "nginx"), "healthy"))
        await asked(f"{web.url}/orders/17")
        await asked(f"{web.url}/metrics")
        questions = (
            'http_requests_total{check="access",method="GET",route="/orders/:id",status_code="200"} == 1',
            'http_requests_total{check="access",route="/metrics",status_code="403"} == 1',
            'http_request_duration_seconds_count{check="access",route="/orders/:id"} == 1',
            "nginx_connections_active > 0",
            "nginx_connections_handled_total == nginx_connections_accepted_total",
        )
        await become(holds(where, *questions), [True] * 5)
        with (tmp_path / "error.log").open("a") as file:
            file.write("2026/11/21 09:22:28 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream\n" * 5)
        await become(lambda: statuses(where)()["nginx-errors"], "degraded")
        assert await daemon.terminate() == 0


async def test_docker_compose(tmp_path: Path, dockerd_peer: Dockerd) -> None:
    """Containers named as Compose names them: a health check, two workers, a job that has ended; a worker that is killed is told."""
    health = ("--health-cmd=true", "--health-interval=1s")
    names = ("shop-web-1", "shop-worker-1", "shop-worker-2", "shop-migrate-1")
    dockerd_peer.run(names[0], "sleep", "600", options=health)
    for name in names[1:3]:
        dockerd_peer.run(name, "sleep", "600")
    dockerd_peer.run(names[3], "true")
    try:
        async with HttpServer() as port:
            with installation(tmp_path / "home") as where:
                own = {"/var/run/docker.sock": str(dockerd_peer.socket), "http://127.0.0.1:8000": port.url}
                configured(where, "docker-compose.md", own)
                daemon = await where.start()
                await become(statuses(where), dict.fromkeys(("shop-web", "shop-workers", "shop-migrate", "shop-port"), "healthy"))
                dockerd_peer.docker("kill", "shop-worker-2")
                await become(lambda: statuses(where)()["shop-workers"], "unhealthy")
                assert await daemon.terminate() == 0
    finally:
        dockerd_peer.docker("rm", "-f", *names)


async def test_cron_backup(tmp_path: Path) -> None:
    """The crontab's own line, run by a shell: a run that ends well, one that fails, and a directory whose newest file is too old."""
    line = next(text for text in blocks("cron-backup.md", "") if "heartbeat" in text).removeprefix("0 3 * * *")
    backups = tmp_path / "backups"
    backups.mkdir()
    with installation(tmp_path / "home") as where:
        configured(where, "cron-backup.md", {"/srv/backups": str(backups)})
        daemon = await where.start()

        def job(script: str) -> None:
            program = f"{sys.executable} -m tui_monitor --config {where.config} --state {where.state}"
            words = line.replace("/usr/local/bin/backup.sh", script).replace("tui-monitor", program)
            done = subprocess.run(["sh", "-c", words], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
            assert (done.stdout, done.stderr) == ("", "")

        await become(lambda: statuses(where)()["backup-files"], "unhealthy")
        await asyncio.to_thread(job, f"(sleep 0.2; touch {backups}/today.dump)")
        await become(statuses(where), {"backup": "healthy", "backup-files": "healthy"})
        await become(holds(where, 'heartbeat_run_seconds{check="backup"} > 0.1'), [True])
        await asyncio.to_thread(job, "(exit 3)")
        await become(lambda: statuses(where)()["backup"], "unhealthy")
        os.utime(backups / "today.dump", (1_700_000_000, 1_700_000_000))
        await become(lambda: statuses(where)()["backup-files"], "unhealthy")
        assert await daemon.terminate() == 0


def journalctl_of(peer: Systemd, directory: Path) -> str:
    """A PATH whose journalctl reads the peer's journal."""
    program = directory / "journalctl"
    argv = [shutil.which(word) or word for word in peer.journalctl_argv()]  # by path: inside, this PATH leads here again
    program.write_text(f'#!/bin/sh\nexec {" ".join(argv)} "$@"\n')
    program.chmod(0o755)
    return f"{directory}:{os.environ['PATH']}"


async def test_systemd_service(tmp_path: Path, systemd_peer: Systemd) -> None:
    """Units of a real systemd, a journal, a port: all well; lines that tell of a lost database; a unit that is killed and stays down."""
    lines = systemd_peer.root / "run/shop.log"
    lines.write_text("ready\n")
    systemd_peer.write_unit("shop.service", "[Service]\nExecStart=/usr/bin/tail -n +1 -F /run/shop.log\n")
    systemd_peer.write_unit("shop-worker@.service", "[Service]\nExecStart=/bin/sleep 600\n")
    systemd_peer.systemctl("start", "shop.service", "shop-worker@1.service")
    async with HttpServer() as port:
        with installation(tmp_path / "home") as where:
            configured(where, "systemd-service.md", {"port = 8000": f"port = {port.port}"})
            environ = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={systemd_peer.bus}", "PATH": journalctl_of(systemd_peer, tmp_path)}
            daemon = await where.start(environ=environ)
            await become(statuses(where), dict.fromkeys(("shop-unit", "shop-journal", "shop-port"), "healthy"))
            with lines.open("a") as file:
                file.write("Lost connection to MySQL server during query\n" * 2)
            await become(lambda: statuses(where)()["shop-journal"], "degraded")
            systemd_peer.systemctl("kill", "--signal=KILL", "shop.service")
            await become(lambda: statuses(where)()["shop-unit"], "unhealthy")
            assert await daemon.terminate() == 0
    systemd_peer.systemctl("stop", "shop-worker@1.service")
    systemd_peer.systemctl("reset-failed", "shop.service")


RABBITMQ = """
rabbitmq_build_info{rabbitmq_version="3.13.7"} 1
rabbitmq_alarms_memory_used_watermark 1
rabbitmq_alarms_free_disk_space_watermark 0
rabbitmq_connections 3
erlang_vm_memory_bytes_total 1
"""
QUEUES = """
rabbitmq_detailed_queue_messages_ready{vhost="/",queue="mail"} 1200
rabbitmq_detailed_queue_messages_unacked{vhost="/",queue="mail"} 0
rabbitmq_detailed_queue_consumers{vhost="/",queue="mail"} 0
"""
KAFKA = """
kafka_brokers 2
kafka_consumergroup_lag{consumergroup="billing",topic="orders",partition="0"} 9000
kafka_consumergroup_lag{consumergroup="billing",topic="orders",partition="1"} 4000
kafka_topic_partition_under_replicated_partition{topic="orders",partition="1"} 1
"""


async def test_message_queues(tmp_path: Path) -> None:
    """Pages with the documented metrics of RabbitMQ and Kafka's exporter (no real ones): every rule of the page fires at them."""
    async with HttpServer() as page:
        page.at("/metrics", body=RABBITMQ)
        page.at("/metrics/detailed", body=QUEUES)
        page.at("/kafka", body=KAFKA)
        with installation(tmp_path / "home") as where:
            own = {"http://127.0.0.1:15692": page.url, "http://127.0.0.1:9308/metrics": f"{page.url}/kafka"}
            configured(where, "message-queues.md", own)
            daemon = await where.start()
            await become(statuses(where), dict.fromkeys(("rabbitmq", "rabbitmq-queues", "kafka"), "healthy"))
            assert "/metrics/detailed?family=queue_coarse_metrics&family=queue_consumer_count" in {each.path for each in page.requests}
            rabbit = {"QueueLong", "QueueWithoutConsumers", "BrokerBlocksPublishers"}
            await become(firing(where), rabbit | {"ConsumerLag", "PartitionsUnderReplicated", "BrokerMissing"})
            assert await daemon.terminate() == 0
