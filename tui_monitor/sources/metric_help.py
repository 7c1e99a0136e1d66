"""Type and help of the metrics that this program itself makes, as /metrics and the metadata of the HTTP API give them.

A name that ends in ``_total`` is a counter, those in ``_HISTOGRAMS`` are histograms, everything else is a gauge.
"""

from __future__ import annotations

from functools import lru_cache

from tui_monitor.promql.exposition_comment import Metadata

_HISTOGRAMS = frozenset({"http_request_duration_seconds", "span_duration_seconds"})
_HELP = """
ALERTS Pending and firing alerts, 1 while they last.
ALERTS_FOR_STATE When the condition of a pending or firing alert became true, in Unix seconds.
check_health Judged status of the check: 0 healthy, 1 degraded, 2 unhealthy; none while it is unknown.
command_exit_code Exit code of the command.
command_value A value that the command printed.
container_cpu_usage_ratio CPU use of the container as a ratio of one core.
container_health Health check of the container: 0 healthy, 1 starting, 2 unhealthy.
container_memory_limit_bytes Memory limit of the container.
container_memory_usage_bytes Memory use of the container without page cache that can be freed.
container_restarts_total Restarts of the container by its engine.
container_state State of the container: 1 for the state that it is in.
cpu_core_usage_ratio Use of one CPU core.
cpu_count Number of CPUs.
cpu_mode_ratio Share of CPU time in each mode.
cpu_quota_usage_ratio Use of the CPU limit of the container that the monitor runs in.
cpu_usage_ratio Use of all CPUs; stolen time counts as used.
disk_free_bytes Free bytes of the file system.
disk_inodes_usage_ratio Used share of the inodes of the file system.
disk_io_ratio Share of time in which the block device was busy.
disk_read_bytes_per_second Bytes read from the block device per second.
disk_total_bytes Size of the file system.
disk_usage_ratio Used share of the file system.
disk_used_bytes Used bytes of the file system.
disk_write_bytes_per_second Bytes written to the block device per second.
domain_expiry_timestamp_seconds When the registration of the domain ends, in Unix seconds.
gpu_memory_total_bytes Memory of the GPU.
gpu_memory_used_bytes Used memory of the GPU.
gpu_power_watts Power draw of the GPU.
gpu_temperature_celsius Temperature of the GPU.
gpu_usage_ratio Use of the GPU.
group_healthy_ratio Share of healthy members among those that are known, by weight.
group_members Members of the group by status.
hardware_temperature_celsius Temperature of a sensor.
heartbeat_age_seconds Time since the last success.
heartbeat_pings_total Pings received, by kind.
heartbeat_run_seconds Duration of the last run, from its start ping to its end.
host_alerts Alerts of the host by state.
host_board_age_seconds Age of the newest board of the host.
host_cpu_usage_ratio Use of all CPUs of the host.
host_disk_usage_ratio Used share of the fullest file system of the host.
host_link_seconds Round trip over the connection to the host.
host_memory_usage_ratio Used share of the memory of the host.
host_status Overall status on the board of the host: 0 healthy, 1 degraded, 2 unhealthy, 3 unknown.
host_up Whether the host answers and is monitored: 1 or 0.
http_request_duration_seconds Durations of requests in an access log.
http_requests_total Requests in an access log.
jsonrpc_block_age_seconds Age of the newest block by its own stamp.
jsonrpc_block_height Number of the newest block.
jsonrpc_block_lag Blocks by which the node is behind its references.
jsonrpc_peers Peers of the node.
load1 Load average over 1 minute.
load15 Load average over 15 minutes.
load5 Load average over 5 minutes.
log_burst_lines Lines of a match within its window.
log_lag_bytes Bytes of the log that have not been read yet.
log_lines_total Log lines by level.
log_match_total Log lines that a match of the check has found.
log_suppressed_total Messages that journald dropped by its rate limit.
log_unmatched_total Log lines that are not in the configured format.
memory_available_bytes Memory available without swapping.
memory_cached_bytes Memory used as page cache.
memory_total_bytes Memory of this machine, or the limit of its container.
memory_usage_ratio Used share of the memory.
memory_used_bytes Used memory.
mysql_connections Open connections.
mysql_connections_max Limit of open connections.
mysql_connections_usage_ratio Used share of the limit of connections.
mysql_queries_total Statements executed.
mysql_replication_lag_seconds Lag of the slowest replication source.
mysql_slow_queries_total Statements that took longer than long_query_time.
mysql_threads_running Threads that are not sleeping.
network_connections TCP connections by state.
network_receive_bytes_per_second Bytes received per second.
network_receive_bytes_total Bytes received since the interface is up.
network_transmit_bytes_per_second Bytes sent per second.
network_transmit_bytes_total Bytes sent since the interface is up.
ntp_leap Leap indicator: 0 none, 1 one second more, 2 one second less, 3 not synchronised.
ntp_offset_seconds Clock of the server less the clock of this machine.
ntp_root_distance_seconds How wrong the server may be, the way to it included.
ntp_stratum Steps to a reference clock; 1 has a clock of its own.
pgbouncer_clients Clients of a pool by state.
pgbouncer_servers Server connections of a pool by state.
postgres_blocked_sessions Sessions that wait for a lock.
postgres_cache_hit_ratio Share of recent reads that were answered from the cache.
postgres_connections Open connections.
postgres_connections_max Limit of open connections.
postgres_connections_usage_ratio Used share of the limit of connections.
postgres_database_size_bytes Size of the database.
postgres_deadlocks_total Deadlocks.
postgres_longest_transaction_seconds Age of the oldest open transaction.
postgres_queries_total Executions of a normalised statement since the monitor's start.
postgres_query_seconds_total Time spent in a normalised statement since the monitor's start.
postgres_replication_lag_seconds Lag of the replication.
postgres_sessions Sessions by state.
postgres_transactions_total Committed and rolled back transactions.
pressure_ratio Share of time in which some task waited for cpu, memory or io (PSI).
probe_dns_answers Records of the wanted type in the answer.
probe_dns_lookup_time_seconds Time from the question sent to the whole answer.
probe_dns_serial Serial number of the zone.
probe_dns_ttl_seconds Smallest TTL of the answers.
probe_duration_seconds Duration of the probe.
probe_grpc_status_code Status code of the gRPC call; 0 is OK.
probe_http_status_code Status code of the last HTTP answer.
probe_icmp_duration_seconds Duration of a phase of the ping.
probe_icmp_jitter_seconds Mean difference between one round trip and the next.
probe_icmp_loss_ratio Share of packets without a good reply.
probe_phase_seconds Duration of a phase of the probe.
probe_ssl_earliest_cert_expiry When the first certificate of the chain ends, in Unix seconds.
probe_ssl_expiry_warning_seconds How long before the end of a certificate a warning is given.
probe_ssl_leaf_cert_expiry When the certificate of the server ends, in Unix seconds.
probe_success Whether the probe succeeded: 1 or 0; none when that is unknown.
process_count Processes that match.
process_cpu_ratio CPU use of the matching processes as a ratio of one core.
process_memory_bytes Resident memory of the matching processes.
process_open_files File descriptors that the matching processes have open.
process_start_time_seconds When the longest running of the matching processes started, in Unix seconds.
push_time_seconds When the group was pushed, in Unix seconds.
redis_blocked_clients Clients that wait in a blocking call.
redis_commands_per_second Commands executed per second.
redis_connected_clients Connected clients.
redis_evicted_keys_total Keys evicted because of maxmemory.
redis_hit_ratio Share of recent lookups that found a key.
redis_keys Number of keys.
redis_memory_max_bytes Memory limit (maxmemory).
redis_memory_usage_ratio Used share of the memory limit.
redis_memory_used_bytes Used memory.
redis_replication_lag_seconds Lag of the replication.
scrape_duration_seconds Duration of the scrape.
scrape_samples_scraped Samples on the scraped page.
smart_healthy Whether the disk says of itself that it is healthy: 1 or 0.
smart_temperature_celsius Temperature of the disk.
smart_used_ratio Used share of the disk's expected life.
span_duration_seconds Durations of spans by service and operation.
spans_total Spans by service, operation and status.
sqlite_size_bytes Size of the database file.
sqlite_wal_size_bytes Size of the write-ahead log.
storage_free_ratio Free share of the space that ordinary users have.
storage_newest_age_seconds Time since the newest file was changed.
storage_write_seconds Time to make, write, read back and delete a file.
swap_total_bytes Size of the swap space.
swap_usage_ratio Used share of the swap space.
systemd_cpu_seconds_total CPU time of the unit.
systemd_memory_bytes Memory of the unit.
systemd_restarts_total Automatic restarts of the unit.
systemd_timer_last_trigger_timestamp_seconds When the timer last ran, in Unix seconds.
systemd_unit_state State of the unit: 1 for the state that it is in.
tui_monitor_clock_skew_seconds Seconds by which the wall clock was set since the last tick.
tui_monitor_cpu_ratio CPU use of the monitor itself as a ratio of one core.
tui_monitor_memory_bytes Resident memory of the monitor itself.
tui_monitor_memory_ratio Share of this machine's memory that the monitor itself uses.
tui_monitor_open_files File descriptors that the monitor itself has open.
tui_monitor_push_lost_packets_total StatsD packets that the kernel has dropped, as they came faster than they were read.
tui_monitor_push_lost_records_total Pushed log lines and spans that found their buffer full.
tui_monitor_push_points_total Pushed values taken over HTTP.
tui_monitor_push_refused_total Pushes of new series beyond the bound of their sender.
tui_monitor_push_series Pushed series.
tui_monitor_push_statsd_faults_total StatsD lines that could not be read.
tui_monitor_push_statsd_lines_total StatsD lines received.
tui_monitor_report_failed Whether the newest attempt to make the report failed: 0 or 1.
tui_monitor_samples_total Samples stored since the monitor started.
tui_monitor_sender_silent_seconds Time for which a program that sends alerts here was not heard while its alerts wait for it, else 0.
tui_monitor_threads Threads of the monitor itself.
tui_monitor_trouble Own troubles of the monitor: 1 while they last.
up Whether the target could be scraped: 1 or 0.
uptime_seconds Time since this machine started.
websocket_gaps_total Messages that are missing by their sequence numbers.
websocket_lag_seconds Time from the stamp of the newest message to its arrival.
websocket_message_age_seconds Time since the newest message.
websocket_messages_total Messages that were as expected.
"""


@lru_cache(maxsize=1)
def own_metadata() -> dict[str, Metadata]:
    """Metadata by metric name; a histogram's is its name without _bucket, _sum and _count."""
    pairs = (line.split(" ", 1) for line in _HELP.strip().splitlines())
    return {name: Metadata(_type_of(name), help_) for name, help_ in pairs}


def family_of(name: str) -> str:
    """The metric that a series belongs to: of the parts of one of our histograms its name, else the series' own."""
    stem = next((name.removesuffix(part) for part in ("_bucket", "_sum", "_count") if name.endswith(part)), name)
    return stem if stem in _HISTOGRAMS else name


def _type_of(name: str) -> str:
    if name in _HISTOGRAMS:
        return "histogram"
    return "counter" if name.endswith("_total") else "gauge"
