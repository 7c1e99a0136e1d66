"""StatsD and DogStatsD lines, and the sockets that they come through."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.processes import until
from tui_monitor.core.values import METRIC_NAME, Labels, labels_of, with_labels
from tui_monitor.sources.push.statsd import StatsdReader
from tui_monitor.sources.push.statsd_line import StatsdEvent
from tui_monitor.sources.push.statsd_listener import StatsdUnusable, open_udp, open_unix
from tui_monitor.sources.push.table import SeriesTable


class Statsd:
    """A reader with its table."""

    def __init__(self, max_series: int = 1000) -> None:
        self.table = SeriesTable(max_series, 3600)
        self.events: list[StatsdEvent] = []
        self.reader = StatsdReader(self.table, self.events.append)
        self.now = 0.0

    def send(self, *packets: str | bytes) -> dict[Labels, float]:
        """What is stored after these packets."""
        self.now += 10
        for packet in packets:
            self.reader.packet(packet.encode() if isinstance(packet, str) else packet, "127.0.0.1", self.now)
        return {with_labels(labels, {"job": ""}): value for part in self.table.flush(self.now) for labels, value in part.samples}


def test_counters_gauges_timers_sets() -> None:
    """Counters grow and end in _total, sample rates multiply, gauges take signs, milliseconds become seconds, sets count."""
    found = Statsd().send(
        "orders:1|c\norders:2|c|@0.5", "queue:5|g\nqueue:+2|g\nqueue:-1|g", "query:250|ms", "users:kim|s\nusers:lee|s\nusers:kim|s"
    )
    assert found[labels_of("orders_total")] == 5
    assert found[labels_of("queue")] == 6
    assert found[labels_of("query_seconds_sum")] == 0.25 and found[labels_of("query_seconds_count")] == 1
    assert abs(found[labels_of("query_seconds", quantile="0.95")] - 0.25) < 0.003
    assert found[labels_of("users")] == 2


def test_dogstatsd_tags_packed_values_events_and_service_checks() -> None:
    """Tags become labels, several values stand in one line, unknown parts are passed over."""
    statsd = Statsd()
    found = statsd.send(
        "page.views:3|c|#env:prod,url:/a:b,canary", "load:1:2:3|d|#a:b|c:ci-1|T1656581400", "_sc|db|2|#host:x|m:down",
        "_e{5,13}:title|line\\nanother|t:error|#team:pay",
    )  # fmt: skip
    assert found[labels_of("page_views_total", env="prod", url="/a:b", canary="true")] == 3
    assert found[labels_of("load_sum", a="b")] == 6 and found[labels_of("load_count", a="b")] == 3
    assert found[labels_of("service_check_status", service_check="db", host="x")] == 2
    assert statsd.events == [StatsdEvent("title", "line\nanother", "error", (("team", "pay"),))]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "x",
        "x:",
        "x:1",
        "x:1|",
        "x:1|y",
        "x:a|c",
        "x:nan|c",
        "x:1e999|g",
        "x:-1|c",
        ":1|c",
        "x:1|c|@0",
        "x:1|c|@x",
        "_e{x}:a",
        "_sc|db|9",
    ],
)
def test_a_bad_line_costs_itself(line: str) -> None:
    """The others of its packet count."""
    statsd = Statsd()
    assert statsd.send(f"a:1|c\n{line}\nb:1|c") == {labels_of("a_total"): 1, labels_of("b_total"): 1}
    assert statsd.reader.faults == bool(line)


def test_nobody_speaks_for_a_check_or_for_this_machine() -> None:
    """Own names are refused; the label `check` becomes exported_check."""
    statsd = Statsd()
    found = statsd.send(
        "probe_success:1|g|#check:shop", "cpu_usage_ratio:1|g", "tui_monitor_trouble:1|g", "mine:1|g|#check:shop,__name__:up"
    )
    assert found == {labels_of("mine", exported_check="shop"): 1}
    assert "choose another name" in statsd.reader.last_fault


def test_a_known_line_is_found_again_after_its_series_has_ended() -> None:
    """What was learned of a line is forgotten with the series."""
    statsd = Statsd()
    statsd.send("a:1|c")
    statsd.now = 5000
    statsd.send("b:1|c")
    assert statsd.send("a:1|c")[labels_of("a_total")] == 1


@given(st.lists(st.binary(max_size=60) | st.from_regex(r"[a-z.:|@#_{}0-9,-]{1,40}", fullmatch=True).map(str.encode), max_size=5))
def test_any_packet_is_read_or_counted(packets: list[bytes]) -> None:
    """Nothing raises, and every stored label set is valid."""
    for labels in Statsd().send(*packets):
        assert list(labels) == sorted(labels) and dict(labels)[METRIC_NAME] and all(value for _, value in labels)


async def test_a_burst_over_the_unix_socket_loses_nothing(tmp_path: Path) -> None:
    """50,000 datagrams: the kernel lets their sender wait."""
    path, got, count = tmp_path / "statsd.sock", list[bytes](), 50_000
    listener = open_unix(path, lambda data, sender, now: got.append(data))

    def burst() -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.connect(str(path))
            for number in range(count):
                client.send(b"n:%d|c" % number)

    thread = threading.Thread(target=burst)
    thread.start()
    await until(lambda: len(got) >= count)
    thread.join()
    listener.close()
    assert got == [b"n:%d|c" % number for number in range(count)] and not path.exists()


def proc_drops(port: int) -> int:
    """The kernel's own count of a port (column drops of /proc/net/udp)."""
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    return next(int(words[12]) for words in map(str.split, lines) if int(words[1].partition(":")[2], 16) == port)


async def test_every_packet_that_udp_loses_is_counted() -> None:
    """As /proc/net/udp counts: what came and what was lost are all that were sent."""
    got, count = list[bytes](), 60_000
    listener = open_udp("127.0.0.1", 0, lambda data, sender, now: got.append(data))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for _ in range(count):
            client.sendto(b"n:1|c", ("127.0.0.1", listener.port))
    lost = listener.lost
    assert lost == proc_drops(listener.port) and 0 < lost < count
    await until(lambda: len(got) >= count - lost)
    assert len(got) + listener.lost == count
    listener.close()


async def test_a_socket_that_cannot_be_opened_says_what_to_change(tmp_path: Path) -> None:
    """A taken port, a missing directory, another process' socket; the socket of a dead one is replaced."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(StatsdUnusable, match="Address already in use; give another address"):
            open_udp("127.0.0.1", taken.getsockname()[1], lambda data, sender, now: None)
    with pytest.raises(StatsdUnusable, match="No such file or directory"):
        open_unix(tmp_path / "none" / "s.sock", lambda data, sender, now: None)
    path = tmp_path / "s.sock"
    first = open_unix(path, lambda data, sender, now: None)
    with pytest.raises(StatsdUnusable, match="another process listens there"):
        open_unix(path, lambda data, sender, now: None)
    first.close()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(path))
    open_unix(path, lambda data, sender, now: None).close()
    path.write_text("a file")
    with pytest.raises(StatsdUnusable, match="a file of another kind"):
        open_unix(path, lambda data, sender, now: None)
    assert path.read_text() == "a file"
