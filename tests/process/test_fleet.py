"""The dashboard of several hosts, over a real sshd to real daemons."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.support.peers.fixtures import present
from tests.support.peers.ssh_logins import SshLogins, in_path, ssh_logins
from tests.support.processes import Installation, installation, until
from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.fleet import HostView
from tui_monitor.board.listings import LogQuery
from tui_monitor.board.log_pages import LogPageQuery
from tui_monitor.cli.options import wall_ms
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.commands import Acknowledge, Annotate
from tui_monitor.core.trace import Span, TraceQuery
from tui_monitor.core.values import HealthStatus
from tui_monitor.fleet.far_host import FarHost
from tui_monitor.fleet.remote_backend import RemoteBackend
from tui_monitor.promql.errors import PromqlError
from tui_monitor.sources.host.link import StartPace
from tui_monitor.storage.telemetry.writer import TelemetryWriter
from tui_monitor.tui.app import MonitorApp
from tui_monitor.tui.screens.explore import ExploreScreen
from tui_monitor.tui.screens.hosts import HostsScreen
from tui_monitor.widgets.cell_line import text_of

NAMES = ("web-1", "web-2")
CONFIG = 'host = "{name}"\ndefault_rules = []\n[[rules]]\nalert = "Always"\nexpr = "vector(1)"\nsummary = "it is so"\n'


@pytest.fixture
def logins() -> Iterator[SshLogins]:
    with present(ssh_logins) as made, in_path(made):
        yield made


@pytest.fixture
def places(tmp_path: Path, logins: SshLogins) -> Iterator[list[Installation]]:
    """Two hosts that can be logged in to."""
    with ExitStack() as stack:
        made = [stack.enter_context(installation(tmp_path / name)) for name in NAMES]
        for name, place in zip(NAMES, made, strict=True):
            place.configure(CONFIG.format(name=name))
            logins.add_monitor(name, place.state)
        yield made


def fleet_of(*names: str) -> RemoteBackend:
    """A fleet with a label for each host."""
    clock = SystemClock()
    pace = StartPace(clock)
    return RemoteBackend([FarHost(name, name, {"team": "shop" if "1" in name else "pay"}, clock, pace) for name in names], clock)


@asynccontextmanager
async def running(fleet: RemoteBackend) -> AsyncIterator[None]:
    """The fleet's links."""
    task = asyncio.create_task(fleet.run())
    try:
        yield
    finally:
        fleet.stop()
        await task


async def row(fleet: RemoteBackend, name: str, condition: Callable[[HostView], object]) -> HostView:
    """The host's row, as soon as the condition holds."""

    def look() -> HostView | None:
        found = next(host for host in fleet.hosts if host.name == name)
        return found if condition(found) else None

    return await until(look, what=repr([host for host in fleet.hosts if host.name == name]))


async def test_all_hosts_and_one_that_is_dead(logins: SshLogins, places: list[Installation]) -> None:
    """A dead host delays none; an acknowledgement goes to its owner; queries run on each host and carry its name."""
    for place in places:
        await place.start()
    logins.add("web-3", "exec sleep 600")
    logins.write_host("web-4", logins.directory / "host_key")
    fleet = fleet_of(*NAMES, "web-3", "web-4")
    async with running(fleet):
        for name in NAMES:
            found = await row(fleet, name, lambda host: host.firing)
            assert found.status is not HealthStatus.UNKNOWN and found.reason == "it is so" and found.version
        down = await row(fleet, "web-4", lambda host: host.unreached)
        assert "none of your keys is accepted there" in down.reason
        assert next(host for host in fleet.hosts if host.name == "web-3").status is HealthStatus.UNKNOWN
        alerts = fleet.board.alerts
        assert [alert.id.partition("/")[0] for alert in alerts] == list(NAMES) or {alert.labels["host"] for alert in alerts} == set(NAMES)
        assert (await fleet.alert_detail(alerts[0].id)).expr == "vector(1)"
        chosen = next(alert for alert in alerts if alert.id.startswith("web-2/"))
        assert (await fleet.command(Acknowledge((chosen.id,), note="on it"))).ok
        await row(fleet, "web-2", lambda host: host.acknowledged == 1)
        assert next(host for host in fleet.hosts if host.name == "web-1").firing == 1
        assert json.loads(places[1].run("alerts", "--json").stdout)[0]["acknowledged"]["note"] == "on it"
        found_values = await fleet.query("1 + 1", wall_ms())
        assert found_values == [((("host", "web-1"),), 2.0), ((("host", "web-2"),), 2.0)]
        assert not (await fleet.command(Annotate("x"))).ok
        with pytest.raises(PromqlError):
            await fleet.query("sum(", wall_ms())
        with pytest.raises(CommandRefused, match="Open a host first"):
            await fleet.silences()
        fleet.open("web-1")
        assert await fleet.silences() == ()
        assert (await fleet.command(Annotate("deploy"))).text == 'marked "deploy"'
        await until(lambda: fleet.board.resources.processes and fleet.board.sparks.get("cpu"))
        assert fleet.board.host == "web-1" and not fleet.board.read_only
        assert (await fleet.chart("cpu_usage_ratio", wall_ms() - 60_000, wall_ms(), 20)).unit == "ratio"


def keep_telemetry(place: Installation, at: int) -> None:
    """A log line and a trace of a service, as another program pushed them."""
    writer = TelemetryWriter(place.state / "telemetry.db")
    span = Span("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "", "shop", "GET /orders", 1000 * at, 25_000, status="error")
    line = json.dumps({"time": at, "level": "error", "message": "it broke", "trace_id": span.trace_id}).encode()
    writer.append_pushed({"shop": [line]}, at, 1 << 20, [span], 1 << 20)
    writer.close()


async def test_logs_and_traces_of_an_opened_host(logins: SshLogins, places: list[Installation]) -> None:
    """What an opened host keeps can be searched from here, line and trace of one another too; with none opened nothing is asked."""
    await places[0].start()
    keep_telemetry(places[0], wall_ms())
    fleet = fleet_of("web-1")
    async with running(fleet):
        await row(fleet, "web-1", lambda host: host.connected and host.version)
        with pytest.raises(CommandRefused, match="Open a host first"):
            await fleet.log_lines(LogQuery())
        fleet.open("web-1")
        (line,) = await fleet.log_lines(LogQuery(level="warning"))
        assert (line.service, line.level, line.message) == ("shop", "error", "it broke")
        assert [found.line.message for found in (await fleet.log_page(LogPageQuery())).lines] == ["it broke"]
        assert [source.service for source in await fleet.log_sources()] == ["shop"]
        (trace,) = await fleet.traces(TraceQuery(errors=True))
        (span,) = await fleet.trace(line.trace_id)
        assert (trace.operation, span.operation, span.duration_us) == ("GET /orders", "GET /orders", 25_000)


async def test_expressions_run_on_the_chosen_hosts(logins: SshLogins, places: list[Installation]) -> None:
    """Lines and series carry the label host; a chosen host answers alone, and a chosen one that is down says so."""
    for place in places:
        await place.start()
    fleet = fleet_of(*NAMES)
    async with running(fleet):
        for name in NAMES:
            await row(fleet, name, lambda host: host.cpu is not None)

        async def lines(expr: str) -> list[str]:
            now = wall_ms()
            chart = await fleet.chart(expr, now - 60_000, now, 10)
            assert not chart.error
            return [line.name for line in chart.lines]

        async def found() -> list[str]:
            return await lines("memory_usage_ratio")

        assert await lines("vector(1) + 1") == ['{host="web-1"} vector(1) + 1', '{host="web-2"} vector(1) + 1']
        async with asyncio.timeout(30):
            while len(await found()) < 2:  # noqa: ASYNC110  each asks the hosts anew
                await asyncio.sleep(0.1)
        assert await found() == ['memory_usage_ratio{host="web-1"}', 'memory_usage_ratio{host="web-2"}']
        fleet.choose(["web-2"])
        assert await found() == ['memory_usage_ratio{host="web-2"}']
        assert (await fleet.query("vector(1)", wall_ms())) == [((("host", "web-2"),), 1.0)]
        fleet.choose(["web-9"])
        now = wall_ms()
        assert (await fleet.chart("vector(1)", now - 60_000, now, 10)).error == "none of the chosen hosts is connected"


async def test_a_host_that_dies_and_comes_back(logins: SshLogins, places: list[Installation]) -> None:
    """Its row says that its monitor does not run and keeps its last figures; it is well again by itself."""
    first = await places[0].start()
    fleet = fleet_of("web-1", "web-2")
    async with running(fleet):
        await row(fleet, "web-1", lambda host: host.connected and host.cpu is not None)
        missing = await row(fleet, "web-2", lambda host: host.unreached)
        assert "no monitor has run here" in missing.reason
        await first.kill()
        dead = await row(fleet, "web-1", lambda host: host.unreached)
        assert "its monitor does not run" in dead.reason and dead.connected
        await places[0].start()
        await row(fleet, "web-1", lambda host: host.status is not HealthStatus.UNKNOWN)


async def test_keys_of_the_hosts_screen(logins: SshLogins, places: list[Installation]) -> None:
    """Enter opens the host's whole dashboard, Esc goes back, `a` acknowledges on the owning host, `o` sorts and groups."""
    for place in places:
        await place.start()
    fleet = fleet_of(*NAMES)
    app = MonitorApp(fleet, now=wall_ms, fleet=fleet, environ={"TERM": "xterm-256color"})
    async with app.run_test(size=(140, 40)) as pilot:

        async def shown(condition: Callable[[], object]) -> None:
            await until(lambda: (condition() and True) or None)
            await pilot.pause()

        await shown(lambda: isinstance(app.screen, HostsScreen))
        screen = app.screen
        assert isinstance(screen, HostsScreen)
        await shown(lambda: all(host.firing for host in fleet.hosts) and "2 of 2 connected" in text_of(screen.pane.build(140, 30)[0]))
        text = text_of(screen.pane.build(140, 30)[0])
        assert "web-1" in text and "it is so" in text and "1/0" in text
        for _ in range(8):
            await pilot.press("o")
        assert "by team" in text_of(screen.pane.build(140, 30)[0])
        await pilot.press("o", "o", "o", "v", "e")  # the rest of the orders; of the marked host
        await shown(lambda: isinstance(app.screen, ExploreScreen))
        assert len(await fleet.query("vector(1)", wall_ms())) == 1  # type: ignore[arg-type]
        await pilot.press("escape", "escape", "escape")
        await shown(lambda: isinstance(app.screen, HostsScreen) and not screen.rows.marked)
        await pilot.press("a")
        await pilot.pause()
        await pilot.press("enter")
        await shown(lambda: sum(host.acknowledged for host in fleet.hosts) == 1)
        await pilot.press("g", "enter")
        await shown(lambda: app.screen is app.main and app.main.board.host in NAMES and app.main.board.resources.processes)
        await pilot.press("escape")
        await shown(lambda: isinstance(app.screen, HostsScreen) and not fleet.opened)
        await pilot.press("escape")
        assert isinstance(app.screen, HostsScreen)
        await app.action_quit()
    assert app._exception is None
