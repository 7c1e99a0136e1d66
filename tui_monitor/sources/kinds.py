"""The table of check kinds: source of the registry, configuration, example file, documentation and JSON schema.

A kind's modules and driver are imported when the configuration uses it. A new kind is a folder here and an entry in this table.
"""

from __future__ import annotations

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.kinds import plugin
from tui_monitor.config.settings import CHECKS
from tui_monitor.sources.api import Kind, Probe

_HERE = "tui_monitor.sources"
KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "http",
            settings=f"{_HERE}.http.settings:HttpCheck",
            probe=f"{_HERE}.http.probe:HttpProbe",
            target=f"{_HERE}.http.settings:target",
            metrics=f"{_HERE}.http.settings:METRICS",
            example={"name": "api"},
        ),
        Kind(
            "tcp",
            settings=f"{_HERE}.tcp.settings:TcpCheck",
            probe=f"{_HERE}.tcp.probe:TcpProbe",
            target=f"{_HERE}.tcp.settings:target",
            metrics=f"{_HERE}.tcp.settings:METRICS",
            example={"name": "port"},
        ),
        Kind(
            "postgres",
            settings=f"{_HERE}.postgres.settings:PostgresCheck",
            probe=f"{_HERE}.postgres.probe:build",
            target=f"{_HERE}.postgres.settings:target",
            metrics=f"{_HERE}.postgres.settings:METRICS",
            example={"name": "db"},
        ),
        Kind(
            "mysql",
            settings=f"{_HERE}.mysql.settings:MysqlCheck",
            probe=f"{_HERE}.mysql.probe:build",
            target=f"{_HERE}.mysql.settings:target",
            metrics=f"{_HERE}.mysql.settings:METRICS",
            example={"name": "shop-db"},
        ),
        Kind(
            "sqlite",
            settings=f"{_HERE}.sqlite.settings:SqliteCheck",
            probe=f"{_HERE}.sqlite.probe:SqliteProbe",
            target=f"{_HERE}.sqlite.settings:target",
            metrics=f"{_HERE}.sqlite.settings:METRICS",
            example={"name": "app-db"},
        ),
        Kind(
            "redis",
            settings=f"{_HERE}.redis.settings:RedisCheck",
            probe=f"{_HERE}.redis.probe:build",
            target=f"{_HERE}.redis.settings:target",
            metrics=f"{_HERE}.redis.settings:METRICS",
            example={"name": "cache"},
        ),
        Kind(
            "log",
            settings=f"{_HERE}.log.settings:LogCheck",
            probe=f"{_HERE}.log.probe:LogProbe",
            target=f"{_HERE}.log.settings:target",
            metrics=f"{_HERE}.log.settings:metrics",
            example={"name": "app-log"},
        ),
        Kind(
            "heartbeat",
            settings=f"{_HERE}.heartbeat.settings:HeartbeatCheck",
            probe=f"{_HERE}.heartbeat.probe:HeartbeatProbe",
            target=f"{_HERE}.heartbeat.settings:target",
            metrics=f"{_HERE}.heartbeat.settings:METRICS",
            example={"name": "backup"},
        ),
        Kind(
            "prometheus",
            settings=f"{_HERE}.prometheus.settings:PrometheusCheck",
            probe=f"{_HERE}.prometheus.probe:PrometheusProbe",
            target=f"{_HERE}.http.settings:target",
            example={"name": "node"},
        ),
        Kind(
            "command",
            settings=f"{_HERE}.command.settings:CommandCheck",
            probe=f"{_HERE}.command.probe:CommandProbe",
            target=f"{_HERE}.command.settings:target",
            metrics=f"{_HERE}.command.settings:metrics",
            example={"name": "load"},
        ),
        Kind(
            "systemd",
            settings=f"{_HERE}.systemd.settings:SystemdCheck",
            probe=f"{_HERE}.systemd.probe:SystemdProbe",
            target=f"{_HERE}.systemd.settings:target",
            metrics=f"{_HERE}.systemd.settings:METRICS",
            example={"name": "services"},
        ),
        Kind(
            "process",
            settings=f"{_HERE}.process.settings:ProcessCheck",
            probe=f"{_HERE}.process.probe:ProcessProbe",
            target=f"{_HERE}.process.settings:target",
            metrics=f"{_HERE}.process.settings:METRICS",
            example={"name": "workers"},
        ),
        Kind(
            "json",
            settings=f"{_HERE}.json.settings:JsonCheck",
            probe=f"{_HERE}.json.probe:JsonProbe",
            target=f"{_HERE}.http.settings:target",
            metrics=f"{_HERE}.json.settings:metrics",
            example={"name": "ticker"},
        ),
        Kind(
            "jsonrpc",
            settings=f"{_HERE}.jsonrpc.settings:JsonRpcCheck",
            probe=f"{_HERE}.jsonrpc.probe:JsonRpcProbe",
            target=f"{_HERE}.jsonrpc.settings:target",
            metrics=f"{_HERE}.jsonrpc.settings:metrics",
            example={"name": "chain-node"},
        ),
        Kind(
            "grpc",
            settings=f"{_HERE}.grpc.settings:GrpcCheck",
            probe=f"{_HERE}.grpc.probe:GrpcProbe",
            target=f"{_HERE}.grpc.settings:target",
            metrics=f"{_HERE}.grpc.settings:METRICS",
            example={"name": "orders-rpc"},
        ),
        Kind(
            "websocket",
            settings=f"{_HERE}.websocket.settings:WebSocketCheck",
            probe=f"{_HERE}.websocket.feed:WebSocketFeed",
            target=f"{_HERE}.websocket.settings:target",
            metrics=f"{_HERE}.websocket.settings:METRICS",
            example={"name": "price-feed"},
        ),
        Kind(
            "domain",
            settings=f"{_HERE}.domain.settings:DomainCheck",
            probe=f"{_HERE}.domain.feed:DomainFeed",
            target=f"{_HERE}.domain.settings:target",
            metrics=f"{_HERE}.domain.settings:METRICS",
            example={"name": "our-domain"},
        ),
        Kind(
            "group",
            settings=f"{_HERE}.group.settings:GroupCheck",
            probe=f"{_HERE}.group.probe:GroupProbe",
            target=f"{_HERE}.group.settings:target",
            metrics=f"{_HERE}.group.settings:METRICS",
            example={"name": "shop"},
        ),
        Kind(
            "docker",
            settings=f"{_HERE}.docker.settings:DockerCheck",
            probe=f"{_HERE}.docker.probe:DockerProbe",
            target=f"{_HERE}.docker.settings:target",
            metrics=f"{_HERE}.docker.settings:METRICS",
            example={"name": "containers"},
        ),
        Kind(
            "dns",
            settings=f"{_HERE}.dns.settings:DnsCheck",
            probe=f"{_HERE}.dns.probe:build",
            target=f"{_HERE}.dns.settings:target",
            metrics=f"{_HERE}.dns.settings:METRICS",
            example={"name": "www-record"},
        ),
        Kind(
            "icmp",
            settings=f"{_HERE}.icmp.settings:IcmpCheck",
            probe=f"{_HERE}.icmp.probe:IcmpProbe",
            target=f"{_HERE}.icmp.settings:target",
            metrics=f"{_HERE}.icmp.settings:METRICS",
            example={"name": "gateway"},
        ),
        Kind(
            "tls",
            settings=f"{_HERE}.tls.settings:TlsCheck",
            probe=f"{_HERE}.tls.probe:TlsProbe",
            target=f"{_HERE}.tls.settings:target",
            metrics=f"{_HERE}.tls.settings:METRICS",
            example={"name": "certificate"},
        ),
        Kind(
            "ssh",
            settings=f"{_HERE}.ssh.settings:SshCheck",
            probe=f"{_HERE}.ssh.probe:SshProbe",
            target=f"{_HERE}.ssh.settings:target",
            metrics=f"{_HERE}.ssh.settings:METRICS",
            example={"name": "login"},
        ),
        Kind(
            "host",
            settings=f"{_HERE}.host.settings:HostCheck",
            probe=f"{_HERE}.host.probe:HostProbe",
            target=f"{_HERE}.host.settings:target",
            metrics=f"{_HERE}.host.settings:METRICS",
            example={"name": "web-3"},
        ),
        Kind(
            "smtp",
            settings=f"{_HERE}.smtp.settings:SmtpCheck",
            probe=f"{_HERE}.smtp.probe:SmtpProbe",
            target=f"{_HERE}.smtp.settings:target",
            metrics=f"{_HERE}.smtp.settings:METRICS",
            example={"name": "mail-in"},
        ),
        Kind(
            "imap",
            settings=f"{_HERE}.imap.settings:ImapCheck",
            probe=f"{_HERE}.imap.probe:ImapProbe",
            target=f"{_HERE}.imap.settings:target",
            metrics=f"{_HERE}.imap.settings:METRICS",
            example={"name": "mailbox"},
        ),
        Kind(
            "storage",
            settings=f"{_HERE}.storage.settings:StorageCheck",
            probe=f"{_HERE}.storage.probe:StorageProbe",
            target=f"{_HERE}.storage.settings:target",
            metrics=f"{_HERE}.storage.settings:METRICS",
            example={"name": "uploads"},
        ),
        Kind(
            "ntp",
            settings=f"{_HERE}.ntp.settings:NtpCheck",
            probe=f"{_HERE}.ntp.probe:NtpProbe",
            target=f"{_HERE}.ntp.settings:target",
            metrics=f"{_HERE}.ntp.settings:METRICS",
            example={"name": "clock"},
        ),
        Kind(
            "snmp",
            settings=f"{_HERE}.snmp.settings:SnmpCheck",
            probe=f"{_HERE}.snmp.probe:SnmpProbe",
            target=f"{_HERE}.snmp.settings:target",
            metrics=f"{_HERE}.snmp.settings:metrics",
            example={"name": "switch"},
        ),
    )
}


def kind_of(check: CheckSettings) -> Kind:
    """The kind of a configured check, built in or of a plug-in. Raises ValueError where no installed package provides it."""
    kind = KINDS.get(check.type) or plugin(CHECKS.group, check.type, CheckSettings, Kind)
    if kind is None:
        raise ValueError(f'type: there is no kind of check "{check.type}"')
    return kind


def build_probe(check: CheckSettings) -> Probe:
    """Construct the probe of a configured check. Raises ValueError naming the key of an invalid setting.

    The driver is imported here, not in the first probe: importing blocks the loop, which other checks would measure as latency.
    """
    return kind_of(check).build(check)


def target_of(check: CheckSettings) -> tuple[str, bool]:
    """A check's target as text without secrets, and whether it is on this machine, where the network cannot be the cause."""
    return kind_of(check).target_of(check)
