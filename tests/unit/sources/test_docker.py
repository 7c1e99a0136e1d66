"""The docker check where its engine is strange: refusals, proxies, Podman's shapes, garbage, and what is asked again when."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.clocks import ManualClock
from tests.support.peers.base import scratch
from tests.support.peers.hostile import BEHAVIOURS, hostile
from tests.support.peers.require import require_or_skip
from tests.support.servers import NOBODY
from tests.support.settings import made
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.platform.container_sockets import FoundSocket, discover_sockets
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.docker.inspection import Inspection, Known, inspection_of, stamp
from tui_monitor.sources.docker.judge import Expectation, verdict
from tui_monitor.sources.docker.listing import MOST, Listed
from tui_monitor.sources.docker.probe import DockerProbe
from tui_monitor.sources.docker.settings import DockerCheck
from tui_monitor.sources.docker.usage import usage_of

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus
ID = "c0ffee" * 10
LIST = "/containers/json?all=1"
Answers = Mapping[str, tuple[int, Any]]


def entry(name: str, state: str = "running", status: str = "Up 5 hours", ident: str = ID) -> dict[str, Any]:
    return {"Id": ident, "Names": [f"/{name}"], "Image": "busybox", "State": state, "Status": status}


def inspected(restarts: int = 0, **state: Any) -> dict[str, Any]:
    return {"RestartCount": restarts, "State": {"Status": "running", "StartedAt": "2026-11-30T05:12:33.839975225Z", **state}}


class ScriptedEngine:
    """Answers GET requests by their target from a table; ``asked``: the targets in order, the list left out."""

    def __init__(self, answers: Answers) -> None:
        self.answers = dict(answers)
        self.asked: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            path = head.split(b" ")[1].decode()
            if path != LIST:
                self.asked.append(path)
            status, body = self.answers.get(path, (404, {"message": "No such container"}))
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            writer.write(b"HTTP/1.1 %d X\r\nServer: Libpod/4.3.1 (linux)\r\nContent-Length: %d\r\n\r\n" % (status, len(data)) + data)
            await writer.drain()


@contextlib.asynccontextmanager
async def engine(answers: Answers) -> AsyncIterator[tuple[ScriptedEngine, str]]:
    """A scripted engine and the path of its socket."""
    script = ScriptedEngine(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await script.serve(reader, writer)

    with scratch() as directory:
        path = str(directory / "s")
        async with hostile(serve, path=path):
            yield script, path


def probe_of(path: str, clock: ManualClock | None = None, **keys: Any) -> DockerProbe:
    socket = {"socket": path} if path else {}
    return DockerProbe(made(DockerCheck, {"name": "c", "stats": False, **socket, **keys}), clock=clock)


async def answered(answers: Answers, **keys: Any) -> ProbeResult:
    async with engine(answers) as (_, path):
        probe = probe_of(path, **keys)
        try:
            return await probe.probe()
        finally:
            await probe.close()


@pytest.mark.parametrize("behaviour", [name for name in BEHAVIOURS if name not in ("hang", "hang in body", "drip")])
async def test_an_engine_that_lies_is_unhealthy_with_a_reason(behaviour: str) -> None:
    """Garbage, resets, endless bodies and lines: a verdict in words, and nothing that runs on."""
    with scratch() as directory:
        async with hostile(behaviour, path=str(directory / "s")):
            probe = probe_of(str(directory / "s"))
            async with asyncio.timeout(20):
                result = await probe.probe()
            await probe.close()
    assert result.status is UNHEALTHY and result.reason and result.reason.isprintable()


async def test_an_engine_that_hangs_is_left_at_the_limit_without_a_connection() -> None:
    """Cancelled in the middle of an answer, the probe names its stage and closes its socket; the next probe connects anew."""
    with scratch() as directory:
        async with hostile("hang in body", path=str(directory / "s")) as peer:
            probe = probe_of(str(directory / "s"))
            for _ in range(2):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await probe.probe()
            assert probe.stage == "listing the containers" and peer.connections == 2
            await probe.close()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((200, b"<html>login</html>"), "the answer is no list of containers: is this the socket of Docker or Podman?"),
        ((200, b'{"message": "x"}'), "the answer is no list of containers: is this the socket of Docker or Podman?"),
        ((200, b"[" + b"[" * 100_000), "the list of containers is broken JSON"),
        ((200, b'[{"Id": 1} {"Id": 2}]'), "the list of containers is broken JSON"),
        ((200, b'[{"Id": ' + b"9" * 5_000 + b"}]"), "the list of containers is broken JSON"),
        ((200, b"[" + b" " * 5_000 + b"]"), "the list of containers is broken JSON"),
        ((200, b""), "the answer is no list of containers: is this the socket of Docker or Podman?"),
        ((500, {"message": "disk\x1b[2J is full"}), "the engine answers 500 to the question for the containers: disk is full"),
        (
            (400, {"message": "client version 1.24 is too old"}),
            "the engine answers 400 to the question for the containers: client version 1.24 is too old",
        ),
        ((503, b"[" * 10_000), "the engine answers 503 to the question for the containers: [[["),
    ],
)
async def test_an_answer_that_is_no_list_is_unhealthy_in_words(answer: tuple[int, Any], reason: str) -> None:
    """Its status and the engine's own words, cleaned; no answer breaks the probe."""
    result = await answered({LIST: answer})
    assert result.status is UNHEALTHY and result.reason.startswith(reason)


async def test_entries_that_cannot_be_used_cost_themselves() -> None:
    """Wrong types, no name, an id that would be another path, a second one of a name: left out and counted, the others stay."""
    bad: list[Any] = [
        None,
        7,
        {},
        entry("../x", ident="../../etc"),
        entry(""),
        {**entry("n"), "Names": 3},
        entry("web"),
        {**entry("x"), "State": None},
    ]
    odd = {**entry("odd\x1b[1m"), "Image": {"a": 1}, "Id": "d" * 64, "Status": 4, "State": "Running"}
    result = await answered({LIST: (200, [entry("web"), *bad, odd])})
    assert result.status is HEALTHY and result.facts["containers"] == "2: 2 running"
    assert result.facts["left out"] == "8 entries of the list cannot be used or are too many"


async def test_no_list_is_too_long() -> None:
    """Containers beyond the limit are left out and told."""
    listed = [entry(f"c{number}", ident=f"{number:064x}") for number in range(MOST + 5)]
    result = await answered({LIST: (200, listed)})
    assert result.facts["containers"] == f"{MOST}: {MOST} running" and result.facts["left out"].startswith("5 entries")


@pytest.mark.parametrize("status", [401, 403])
async def test_a_proxy_that_refuses_the_list_is_unknown(status: int) -> None:
    """What we may not ask says nothing of the containers; the remedy is named."""
    with pytest.raises(OwnTrouble, match=rf"the socket refuses the containers \({status}: .*\): a socket proxy must allow GET /containers"):
        await answered({LIST: (status, {"message": "forbidden"})})


async def test_a_proxy_that_refuses_details_and_stats_costs_those_only() -> None:
    """The list alone gives the verdict; what is refused is told in the facts."""
    refused = (403, {"message": "no"})
    result = await answered({LIST: (200, [entry("web")]), f"/containers/{ID}/json": refused, STATS: refused}, stats=True)
    assert result.status is HEALTHY and "403: no" in result.facts["inspection"] and "403: no" in result.facts["stats"]


STATS = f"/containers/{ID}/stats?stream=false&one-shot=true"


async def test_missing_and_silent_sockets_are_told_apart(tmp_path: Path) -> None:
    """No socket is ours to mend, and so is a place where there is none; one at which nobody listens is an engine that does not run."""
    with scratch() as directory:
        with pytest.raises(OwnTrouble, match=r"there is no socket .*: is Docker or Podman installed"):
            await probe_of(str(directory / "none")).probe()
        (directory / "file").touch()
        result = await probe_of(str(directory / "file")).probe()
        assert result.status is UNHEALTHY and result.reason.endswith("start it (systemctl start docker)")


async def test_without_any_usual_socket_it_says_where_it_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    """`socket` left out: the first of the usual places, and their names where there is none."""
    monkeypatch.setattr("tui_monitor.platform.container_sockets._SYSTEM", ("/nowhere/docker.sock",))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with pytest.raises(OwnTrouble, match=r"no socket of Docker or Podman here \(/nowhere/docker.sock\)"):
        await probe_of("").probe()


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """The block runs with the rights of the user nobody."""
    if os.geteuid() != 0:
        require_or_skip("becoming another user needs root")
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


async def test_a_socket_that_may_not_be_opened_is_unknown_with_the_remedy() -> None:
    """EACCES is no outage: the reason names the group and what it means. `config init` finds the socket all the same."""
    async with engine({LIST: (200, []), "/_ping": (200, b"OK")}) as (_, path):
        assert await discover_sockets([path, f"{path}/../s", f"{path}-none"]) == [FoundSocket(path, True)]
        os.chmod(path, 0o600)
        with as_nobody():
            with pytest.raises(
                OwnTrouble, match=f"may not open {re.escape(path)}: add its user to the group that owns it .*as good as root"
            ):
                await probe_of(path).probe()
            assert await discover_sockets([path]) == [FoundSocket(path, False)]


@pytest.mark.parametrize(
    ("word", "faults"),
    [
        ("web", ""), ("c0ffee", ""), (ID, ""), ("we*", ""), ("[wx]eb", ""),
        ("abcd", "2 containers have ids that begin with abcd: write more of it, or the name"),
        ("none", "there is no container none"), ("c0", "there is no container c0"), ("x*", "no container's name matches x*"),
    ],
)  # fmt: skip
async def test_a_word_names_one_container(word: str, faults: str) -> None:
    """A name goes before the beginning of an id, which has four letters at least; two containers for a word without a star are a fault."""
    listed = [entry("web"), entry("abcd-1", ident="abcd1" + "0" * 59), entry("abcd-2", ident="abcd2" + "0" * 59)]
    result = await answered({LIST: (200, listed)}, containers=[word])
    assert (result.status, result.reason) == (UNHEALTHY if faults else HEALTHY, faults)
    assert result.facts["containers"].startswith("0" if faults else "1")


async def test_no_request_has_a_version_in_its_path() -> None:
    """Docker 29 refuses old versions: the engine is asked in its own. Details and figures come over kept connections."""
    async with engine({LIST: (200, [entry("web")]), f"/containers/{ID}/json": (200, inspected())}) as (script, path):
        probe = probe_of(path, stats=True)
        await probe.probe()
        await probe.probe()
        await probe.close()
    assert script.asked == [f"/containers/{ID}/json", STATS, STATS]


async def test_an_inspection_is_repeated_where_the_container_may_have_changed() -> None:
    """One that has been up for hours is inspected once; one whose state changes, or that may have restarted meanwhile, again."""
    clock = ManualClock()
    answers: dict[str, tuple[int, Any]] = {LIST: (200, [entry("web")]), f"/containers/{ID}/json": (200, inspected(4))}
    async with engine(answers) as (script, path):
        probe = probe_of(path, clock)
        for _ in range(5):
            await probe.probe()
            await clock.advance(10)
        assert len(script.asked) == 1
        script.answers[LIST] = (200, [entry("web", status="Up 9 seconds")])
        script.answers[f"/containers/{ID}/json"] = (200, inspected(6))
        result = await probe.probe()
        assert result.reason == "web: restarted 2 times since the last look: docker logs web"
        script.answers[LIST] = (200, [entry("web", status="Up 5 minutes")])
        for _ in range(4):
            await clock.advance(10)
            assert (await probe.probe()).status is HEALTHY
        assert len(script.asked) == 2
        await probe.close()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Up Less than a second", 0), ("Up 1 second", 1), ("Up 59 seconds (healthy)", 59), ("Up About a minute", 60),
        ("Up 3 minutes (Paused)", 180), ("Up About an hour", 1800), ("Up 47 hours", 167_400), ("Up 2 weeks", 1_207_800),
        ("Exited (3) 4 seconds ago", 4), ("Restarting (1) 2 seconds ago", 2), ("Created", 0), ("", 0),
        ("Up 99 years", 99 * 31_536_000 - 1800), ("Up 999999999999 years", 999_999_999 * 31_536_000 - 1800),
    ],
)  # fmt: skip
def test_how_long_a_state_has_lasted_at_least(text: str, seconds: float) -> None:
    """Docker rounds: hours and more up by half an hour at most."""
    assert Listed(ID, "x", "", "running", "", text).at_least == seconds


def known(state: str = "running", health: str = "", inspected_health: str = "") -> Known:
    return Known(Inspection(0, 0, False, "", inspected_health, "", 0, 0), 100.0, state, health)


@pytest.mark.parametrize(
    ("listed", "before", "due"),
    [
        (("running", "", "Up 3 minutes"), known(), False),
        (("running", "", "Up 30 seconds"), known(), True),
        (("exited", "", "Exited (0) 3 days ago"), known(), True),
        (("exited", "", "Exited (0) 3 days ago"), known("exited"), False),
        (("running", "unhealthy", "Up 3 minutes (unhealthy)"), known(health="healthy"), True),
        (("running", "", "Up 3 hours"), known(inspected_health="healthy"), True),
        (("restarting", "", "Restarting (1) 3 weeks ago"), known("restarting"), True),
        (("created", "", "Created"), known("created"), False),
    ],
)
def test_when_a_container_is_inspected_again(listed: tuple[str, str, str], before: Known, due: bool) -> None:
    """60 s after an inspection: where the list says another state, or where it may have restarted since; Podman's health each time."""
    state, health, text = listed
    assert before.is_due(Listed(ID, "x", "", state, health, text), 160.0) is due


@pytest.mark.parametrize(("former", "status"), [(HEALTHY, HEALTHY), (DEGRADED, DEGRADED), (UNHEALTHY, UNHEALTHY)])
def test_a_health_check_that_starts_leaves_the_status_as_it_was(former: HealthStatus, status: HealthStatus) -> None:
    """`starting` is no verdict."""
    starting = Listed(ID, "x", "", "running", "starting", "Up 1 second (health: starting)")
    assert verdict(starting, None, 0, former, Expectation("running", True))[0] is status


@pytest.mark.parametrize(
    ("state", "text", "named", "status", "words"),
    [
        ("exited", "Exited (143) 2 hours ago", True, UNHEALTHY, "stopped by SIGTERM (exit code 143): docker start x"),
        ("exited", "Exited (143) 2 hours ago", False, HEALTHY, ""),
        ("dead", "Dead", False, UNHEALTHY, "is dead: docker rm -f x, then start it anew"),
        ("removing", "Removal In Progress", True, UNHEALTHY, "is being removed"),
        ("removing", "Removal In Progress", False, HEALTHY, ""),
        ("frozen", "?", False, UNHEALTHY, "is frozen"),
    ],
)
def test_rare_states_in_words(state: str, text: str, named: bool, status: HealthStatus, words: str) -> None:
    """States that no test of the real engine makes, and a word that no engine has today."""
    assert verdict(Listed(ID, "x", "", state, "", text), None, 0, HEALTHY, Expectation("running", named)) == (status, words)


def test_podmans_inspection_is_understood() -> None:
    """An empty health word means that there is no health check; other types count as missing."""
    body = json.dumps(
        {"RestartCount": "3", "State": {"Health": {"Status": "", "Log": None}, "ExitCode": None, "OOMKilled": 1, "FinishedAt": 4}}
    )
    assert inspection_of(body.encode()) == Inspection(0, 0, False, "", "", "", 0, 0)
    with pytest.raises(ValueError, match="no inspection"):
        inspection_of(b"[]")


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2026-11-30T05:12:33.839975225Z", 1796015553839), ("2026-11-30T14:12:33.8+09:00", 1796015553800),
        ("0001-01-01T00:00:00Z", 0), ("never", 0), (None, 0), ("9999-99-99", 0),
    ],
)  # fmt: skip
def test_times_of_engines(text: object, ms: int) -> None:
    """Nanoseconds, offsets (Podman), the zero time; what is no time is none."""
    assert stamp(text) == ms


@pytest.mark.parametrize(
    ("memory", "used"),
    [
        ({"usage": 1000, "stats": {"inactive_file": 300, "total_inactive_file": 400}}, 600),
        ({"usage": 1000, "stats": {"inactive_file": 300}}, 700),
        ({"usage": 1000}, 1000),
        ({"usage": 1000, "stats": None}, 1000),
        ({"usage": 100, "stats": {"inactive_file": 300}}, 100),
        ({"usage": True}, None),
        ({}, None),
        (None, None),
    ],
)
def test_memory_leaves_out_the_cache_that_can_be_given_back(memory: Any, used: int | None) -> None:
    """cgroup v1 counts it as total_inactive_file, v2 as inactive_file; Podman may leave the map out."""
    assert usage_of(json.dumps({"memory_stats": memory}).encode()).memory == used


@pytest.mark.parametrize("body", [b"", b"[]", b"[" * 100_000, b"\xff", b"null"], ids=["empty", "list", "deep", "bytes", "null"])
def test_stats_that_are_none_are_refused(body: bytes) -> None:
    """Whatever an engine answers is a value or a ValueError."""
    with pytest.raises(ValueError):
        usage_of(body)


def test_cpu_is_the_growth_between_two_readings() -> None:
    """Half a core for a second; a counter that fell (the container was started anew), a time that stands still: nothing to say."""

    def reading(cpu: int, at: str) -> Any:
        return usage_of(json.dumps({"read": at, "cpu_stats": {"cpu_usage": {"total_usage": cpu}}}).encode())

    first, second = reading(1_000_000_000, "2026-01-01T00:00:00Z"), reading(1_500_000_000, "2026-01-01T00:00:01Z")
    assert second.cpu_since(first) == 0.5
    assert (first.cpu_since(second), second.cpu_since(second), second.cpu_since(None)) == (None, None, None)


@pytest.mark.parametrize(
    ("keys", "where"),
    [({"socket": "/" + "x" * 200}, "socket"), ({"socket": "tcp://docker:2375"}, "socket"), ({"containers": [" "]}, "containers")],
)
def test_keys_that_cannot_be_right_are_refused(keys: Mapping[str, Sequence[str]], where: str) -> None:
    """A path that no socket has, an address in place of a path, an empty name."""
    with pytest.raises(ConfigurationError) as raised:
        made(DockerCheck, {"name": "c", **keys})
    assert where in str(raised.value)
