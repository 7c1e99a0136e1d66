"""Leader and viewers: one process leads, the others show the same and take over."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.support.httpserver import HttpServer
from tests.support.paths import ROOT
from tests.support.processes import PATIENCE, Daemon, Installation, environment, installation, running, told, until
from tests.support.receivers import receiver
from tests.support.servers import postgres_server
from tui_monitor.board.values import Board
from tui_monitor.config.load import load
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.commands import Acknowledge, Annotate
from tui_monitor.platform.state_directory import open_directory
from tui_monitor.runtime.runtime import Runtime
from tui_monitor.runtime.viewer import Viewer

CONFIG = """
host = "web-1"
default_rules = ["CheckUnhealthy", "MonitorTrouble"]
[[checks]]
name = "api"
type = "http"
url = "{target}/"
interval = "200ms"
timeout = "2s"
failures = 1
[[notifiers]]
name = "hook"
type = "webhook"
url = "{hook}"
[routing]
info = ["hook"]
"""
QUIET = 'default_rules = ["HighCPU"]\n'


@pytest.fixture
def where(tmp_path: Path) -> Iterator[Installation]:
    """An installation whose daemons end with the test."""
    with installation(tmp_path / "place") as made:
        made.configure(QUIET)
        yield made


@pytest.fixture
def public() -> Iterator[Installation]:
    """An installation that other users can see: pytest's own directories are not for them."""
    with tempfile.TemporaryDirectory() as directory, installation(Path(directory)) as made:
        made.place.chmod(0o755)
        made.configure(QUIET)
        yield made


def dashboard(where: Installation, config: Path | None = None) -> Runtime:
    """A dashboard's runtime without its screen, in this process."""
    return Runtime(open_directory(where.state), lambda: load(config or where.config, {}), SystemClock(), "dashboard", "anna")


class Seen:
    """The newest board that a runtime published."""

    def __init__(self, runtime: Runtime) -> None:
        self.board: Board | None = None
        runtime.subscribe(self.take)

    def take(self, board: Board) -> None:
        """Keep it."""
        self.board = board

    def alerts(self) -> dict[str, str]:
        """Alert name → state, with who has taken it."""
        found = self.board.alerts if self.board else ()
        return {alert.name: alert.acknowledged_by or alert.state for alert in found}


async def test_what_fires_makes_the_board_unwell(where: Installation) -> None:
    """The overall health of the board counts what fires, on a machine without any check too, and the command says the same."""
    where.configure('default_rules = false\n[[rules]]\nalert = "Full"\nexpr = "vector(1)"\nseverity = "critical"\n')
    leads = dashboard(where)
    seen = Seen(leads)
    async with running(leads.run(), leads.stop):
        await until(lambda: seen.alerts() == {"Full": "firing"})
        assert seen.board is not None and seen.board.status == "unhealthy"
        await until(lambda: where.run("status").returncode == 2)


async def test_a_query_that_fails_is_seen(where: Installation) -> None:
    """A wrong query leaves its check healthy and the others alone, but its reason stands on the board and in the log."""
    with postgres_server() as server:
        query = '[[checks.queries]]\nmetric = "{}"\nsql = "select {} as value"\ninterval = "200ms"\n'
        check = f'[[checks]]\nname = "db"\ntype = "postgres"\ndsn = "{server.dsn()}"\ninterval = "200ms"\n'
        where.configure(QUIET + check + query.format("orders", 3) + query.format("gone", "nothing"))
        daemon = await where.start()
        await daemon.said("query db: gone: ")
        viewer = dashboard(where)
        seen = Seen(viewer)
        async with running(viewer.run(), viewer.stop):
            board = await until(lambda: seen.board if seen.board and seen.board.checks[0].figures.get("orders") == 3 else None)
            assert board.checks[0].status == "healthy" and board.checks[0].reason.startswith("query gone: ")
            assert "nothing" in board.checks[0].facts["query gone"] and "query orders" not in board.checks[0].facts
        assert await daemon.terminate() == 0


async def test_a_second_daemon_stands_by_and_takes_over(where: Installation) -> None:
    """Two daemons: one polls; after kill -9 the other leads within 5 s."""
    first = await where.start()
    second = await where.start(wait=False)
    await second.said("is now standby")
    assert "is now leader" not in second.text
    await first.kill()
    begin = time.monotonic()
    await second.leads()
    assert time.monotonic() - begin < 15  # a second at rest; patient with a busy machine
    assert await second.terminate() == 0


async def test_a_standby_ends_with_sigterm(where: Installation) -> None:
    """A waiting daemon ends as cleanly as a leading one, and the leader goes on."""
    first = await where.start()
    second = await where.start(wait=False)
    await second.said("is now standby")
    assert await second.terminate() == 0
    assert first.process.poll() is None


async def test_a_viewer_shows_the_same_board_and_its_ack_reaches_the_leader(where: Installation) -> None:
    """A dashboard beside a daemon polls nothing, shows its alerts, and its acknowledge is there and back within 2 s."""
    async with HttpServer() as target, receiver() as hook:
        where.configure(CONFIG.format(target=target.url, hook=hook.url))
        daemon = await where.start()
        viewer = dashboard(where)
        seen = Seen(viewer)
        async with running(viewer.run(), viewer.stop):
            target.behave(status=500)
            await until(lambda: seen.alerts() == {"CheckUnhealthy": "firing"})
            board = seen.board
            assert board is not None and board.leader.role == "viewer" and board.leader.alive and board.leader.pid == daemon.process.pid
            await until(lambda: seen.board and seen.board.checks[0].status == "unhealthy" and seen.board.checks[0].reason)
            await until(lambda: seen.board and seen.board.resources.cpu is not None)
            drawn = await until(lambda: seen.board if seen.board and seen.board.sparks else None)
            begin = time.monotonic()
            answer = await viewer.command(Acknowledge((drawn.alerts[0].id,), note="on it"))
            assert answer.ok and "acknowledged" in answer.text
            await until(lambda: seen.alerts() == {"CheckUnhealthy": "anna"})
            assert time.monotonic() - begin < 10  # half a second at rest; patient with a busy machine
            assert not (await viewer.command(Acknowledge(("ffffffff",)))).ok
            detail = await viewer.alert_detail(drawn.alerts[0].id)
            assert detail.deliveries and detail.events
            assert (await viewer.chart('probe_success{check="api"}', int(time.time() * 1000) - 60_000, int(time.time() * 1000), 60)).lines
        assert await daemon.terminate() == 0
        assert len(told(hook, "CheckUnhealthy", "firing")) == 1


async def test_a_viewer_says_that_a_leader_hangs(where: Installation) -> None:
    """A leader that runs and writes nothing is not shown as if it were well; when it goes on, that is over."""
    daemon = await where.start()
    clock = _Ahead()
    viewer = Viewer(open_directory(where.state), clock, os.getpid(), "dashboard", "anna", lambda board: None)

    async def shows(is_silent: bool) -> bool:
        await viewer.poll()
        return viewer.board is not None and any("is not responding since" in text for text in viewer.board.trouble) == is_silent

    async def until_it_shows(is_silent: bool) -> None:
        async with asyncio.timeout(PATIENCE):
            while not await shows(is_silent):
                await clock.sleep(0.05)

    await until_it_shows(False)
    daemon.process.send_signal(signal.SIGSTOP)
    clock.ahead_ms = 60_000
    await until_it_shows(True)
    daemon.process.send_signal(signal.SIGCONT)
    clock.ahead_ms = 0
    await until_it_shows(False)
    await viewer.run(lambda: True)


class _Ahead(SystemClock):
    ahead_ms = 0

    def wall_ms(self) -> int:
        return super().wall_ms() + self.ahead_ms


async def test_a_daemon_asks_a_leading_dashboard_to_give_way(where: Installation) -> None:
    """Headless has priority: the dashboard that leads becomes its viewer."""
    board = dashboard(where)
    seen = Seen(board)
    async with running(board.run(), board.stop):
        await until(lambda: seen.board and seen.board.leader.role == "leader")
        daemon = await where.start()
        await until(lambda: seen.board and seen.board.leader.role == "viewer" and seen.board.leader.pid == daemon.process.pid)
        assert seen.board is not None and seen.board.leader.kind == "headless"
        assert daemon.process.poll() is None
        await daemon.kill()
        await until(lambda: seen.board and seen.board.leader.role == "leader", what="the dashboard takes over again: same configuration")


@pytest.mark.parametrize("end", [Daemon.kill, Daemon.terminate])
async def test_a_dashboard_with_another_configuration_does_not_take_over(
    where: Installation, tmp_path: Path, end: Callable[[Daemon], Awaitable[object]]
) -> None:
    """After the daemon's end, by force or in order, a dashboard with another configuration says that nobody leads; commands are kept."""
    other = tmp_path / "other.toml"
    other.write_text('host = "mine"\n' + QUIET)
    daemon = await where.start()
    board = dashboard(where, other)
    seen = Seen(board)
    async with running(board.run(), board.stop):
        await until(lambda: seen.board and seen.board.leader.alive)
        await end(daemon)
        found = await until(lambda: seen.board if seen.board and not seen.board.leader.alive and seen.board.trouble else None)
        assert any("no leader" in text and "another configuration" in text for text in found.trouble)
        assert "next monitor" in (await board.command(Annotate("deploy"))).text
        assert board.leader is None
        again = await where.start()
        await until(lambda: seen.board and seen.board.leader.alive and not any("no leader" in text for text in seen.board.trouble))
        await until(lambda: where.rows("SELECT 1 FROM commands WHERE verb = 'annotate' AND ok = 1"))
        assert await again.terminate() == 0


async def test_a_dashboard_takes_over_from_a_daemon_that_ended_well(where: Installation) -> None:
    """A stopped daemon leaves no row: a dashboard of the same configuration leads then."""
    daemon = await where.start()
    board = dashboard(where)
    seen = Seen(board)
    async with running(board.run(), board.stop):
        await until(lambda: seen.board and seen.board.leader.alive)
        assert await daemon.terminate() == 0
        await until(lambda: seen.board and seen.board.leader.role == "leader")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_who_may_only_read_gets_a_read_only_viewer(public: Installation) -> None:
    """Another user with read access sees the board; it says that it is read-only, leads nothing, and its commands are refused."""
    daemon = await public.start()
    public.state.chmod(0o755)
    for path in public.state.iterdir():
        path.chmod(0o644)
    out = public.place / "out.txt"
    with out.open("w") as stream:
        argv = [sys.executable, "-c", VIEW.format(state=str(public.state))]
        child = await asyncio.create_subprocess_exec(*argv, cwd=ROOT, stdout=stream, stderr=stream, env=environment())
    async with asyncio.timeout(120):
        await child.wait()
    said = out.read_text()
    assert said.splitlines()[-3:] == ["viewer True", "this user may read the state, not write it", "refused read-only"], said
    assert await daemon.terminate() == 0


VIEW = """
import asyncio, os
from pathlib import Path
from tui_monitor.core.clock import SystemClock
from tui_monitor.runtime.runtime import Runtime
from tui_monitor.platform.state_directory import open_directory
from tui_monitor.core.commands import Acknowledge

async def look():
    runtime = Runtime(open_directory(Path("{state}")), lambda: 1 / 0, SystemClock(), "dashboard", "nobody")
    boards = asyncio.Queue()
    runtime.subscribe(boards.put_nowait)
    task = asyncio.create_task(runtime.run())
    board = asyncio.create_task(boards.get())
    async with asyncio.timeout(60):
        await asyncio.wait([task, board], return_when="FIRST_COMPLETED")
    if task.done():
        await task
    print((await board).leader.role, board.result().leader.alive)
    print(board.result().read_only)
    result = await runtime.command(Acknowledge(all_firing=True))
    print("done" if result.ok else "refused", result.text.partition(":")[0])
    runtime.stop()
    await task

asyncio.run(look())  # loads all modules, which the other user may not be allowed to read
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
asyncio.run(look())
"""


async def test_a_newer_schema_is_refused_and_not_touched(where: Installation) -> None:
    """A state of a newer version: exit with "please upgrade", and not a byte is changed."""
    daemon = await where.start()
    assert await daemon.terminate() == 0
    with sqlite3.connect(where.state_db) as db:
        db.execute("PRAGMA user_version = 999")
    db.close()
    before = where.state_db.read_bytes()
    refused = await where.start(wait=False)
    assert await refused.ended() != 0
    assert "please upgrade" in refused.text and "Traceback" not in refused.text
    assert all(refused.lines)
    assert where.state_db.read_bytes() == before


async def test_corrupt_stores_are_moved_aside_and_monitoring_goes_on(where: Installation) -> None:
    """Garbage in both files: both are moved aside, begun anew, and an alert tells it."""
    async with HttpServer() as target, receiver() as hook:
        where.configure(CONFIG.format(target=target.url, hook=hook.url))
        daemon = await where.start()
        assert await daemon.terminate() == 0
        for name in ("state.db", "history.db"):
            path = where.state / name
            for rest in where.state.glob(f"{name}-*"):
                rest.unlink()
            path.write_bytes(path.read_bytes()[:100] + os.urandom(20_000))
        daemon = await where.start()
        await until(lambda: told(hook, "MonitorTrouble", "firing"))
        aside = [path.name for path in where.state.iterdir() if ".corrupt-" in path.name]
        assert any(name.startswith("state.db") for name in aside) and any(name.startswith("history.db") for name in aside)
        assert await daemon.terminate() == 0


async def test_a_state_directory_that_cannot_be_used_is_said_in_one_line(where: Installation) -> None:
    """A file in the place of the directory: exit 78 with advice."""
    where.state.write_text("")
    daemon = await where.start(wait=False)
    assert await daemon.ended() == 78
    assert "is not a directory" in daemon.lines[0]["message"]


async def test_a_viewer_survives_that_the_state_directory_is_emptied(where: Installation) -> None:
    """Files that vanish under a viewer are no crash."""
    daemon = await where.start()
    board = dashboard(where)
    seen = Seen(board)
    async with running(board.run(), board.stop) as task:
        await until(lambda: seen.board and seen.board.leader.alive)
        await daemon.kill()
        shutil.rmtree(where.state)
        await asyncio.sleep(0)
        await until(lambda: task.done() or (seen.board and not seen.board.leader.alive))
        assert not task.done()
