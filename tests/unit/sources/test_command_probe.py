"""The command probe with real programs: verdicts, reasons and series from exit codes and output."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
from typing import Any

import pytest

from tui_monitor.core.values import METRIC_NAME, HealthStatus, ProbeResult, Sample, label, labels_of
from tui_monitor.platform.child import Child
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.command.probe import CommandProbe
from tui_monitor.sources.command.settings import CommandCheck

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus


async def probe(script: str, **changes: Any) -> ProbeResult:
    """Probe with a script."""
    settings = CommandCheck(**{"name": "program", "argv": ["sh", "-c", script], "timeout": 60.0, **changes})
    return await CommandProbe(settings, asyncio.Semaphore(4)).probe()


def series(result: ProbeResult) -> dict[str, float]:
    """The samples by the metric's name and the label `label`."""
    names = [(label(sample.labels, METRIC_NAME), label(sample.labels, "label"), sample.value) for sample in result.samples]
    return {f"{name}{{{mark}}}" if mark else name: value for name, mark, value in names}


@pytest.mark.parametrize(
    ("script", "status", "reason"),
    [
        ("echo fine", HEALTHY, ""),
        ("echo 'a bit | x=1'; exit 1", DEGRADED, "a bit"),
        ("echo; echo bad; echo more; exit 2", UNHEALTHY, "bad"),
        ("echo cannot tell; exit 3", UNKNOWN, "cannot tell"),
        ("echo odd; exit 4", UNKNOWN, "exit 4: odd"),
        ("exit 2", UNHEALTHY, "exit 2, without a word"),
        ("echo one >&2; echo two >&2; exit 1", DEGRADED, "exit 1: two"),
        ("no-such-program-here", UNKNOWN, "exit 127 (program not found): sh: 1: no-such-program-here: not found"),
        ("/etc/passwd", UNKNOWN, "exit 126 (found, but not executable): sh: 1: /etc/passwd: Permission denied"),
        ("echo before; kill -SEGV $$", UNKNOWN, "ended by signal 11 (SIGSEGV): before"),
        ("printf '\\033[31mred\\033[0m\\a text'; exit 2", UNHEALTHY, "red text"),
        ("sleep 300 & echo $!; exit 0", HEALTHY, ""),
    ],
)
async def test_the_exit_code_is_the_verdict_and_the_first_line_the_reason(script: str, status: HealthStatus, reason: str) -> None:
    """Nagios' four codes; everything else measured nothing and is unknown, never an outage."""
    result = await probe(script)
    if "sleep" in script:
        os.kill(int(result.facts["output"]), signal.SIGKILL)
    assert (result.status, result.reason) == (status, reason)


async def test_values_become_series_and_limits_facts() -> None:
    """Base units; a counter is told by its name; the exit code is a series, too."""
    result = await probe("echo \"OK - well|'disk /'=50%;80;90;0;100 size=2KB time=12ms hits=7c broken=abc\"; exit 1")
    assert series(result) == pytest.approx(
        {
            "command_exit_code": 1,
            "command_value{disk /}": 0.5,
            "command_value{size}": 2048,
            "command_value{time}": 0.012,
            "command_value_total{hits}": 7,
        }
    )
    assert result.facts["disk /"] == "50% (warning 80, critical 90, least 0, most 100)"
    assert result.facts["unreadable values"] == "broken=abc" and result.facts["output"] == "OK - well"
    assert result.duration is not None and result.duration > 0


async def test_a_number_at_the_cut_is_no_value() -> None:
    """Of output beyond 64 KiB the last word may be half a number: it is left out, and that something is missing is told."""
    start = "OK|first=1 "
    result = await probe(f"printf '{start}'; head -c {65536 - len(start) - 8} /dev/zero | tr '\\0' ' '; printf 'last=12345 more=2'")
    assert series(result) == {"command_exit_code": 0, "command_value{first}": 1}
    assert result.facts["cut"] == "more than 64KiB of output, the rest is not read"


async def test_a_time_limit_is_unknown_whatever_the_exit_code() -> None:
    """The program is ended before the check's own time is over, so that the verdict is the probe's."""
    result = await probe("trap 'exit 0' TERM; echo working; while :; do sleep 0.05; done", timeout=1.0)
    assert result.status is UNKNOWN
    assert result.reason == "still ran after 0.8s, ended (it said: working); raise timeout, or let it end sooner"


async def test_output_exit_knows_only_success() -> None:
    """Of a program that is no plugin 0 is healthy and any other exit code unhealthy; nothing in its output is a value."""
    assert (await probe("echo 'x|a=1'", output="exit")).samples == (await probe("true", output="exit")).samples
    result = await probe("echo refused >&2; exit 7", output="exit")
    assert (result.status, result.reason) == (UNHEALTHY, "exit 7: refused")
    assert (await probe("exit 127", output="exit")).status is UNKNOWN


async def test_output_json_is_an_object_of_numbers() -> None:
    """Each number is a series, a word costs only itself."""
    text = '{"queue depth": 12, "up": true, "load": 0.5, "name": "db1", "none": null, "big": 1e400, "list": [1]}'
    result = await probe(f"echo {shlex.quote(text)}", output="json")
    assert result.status is HEALTHY
    assert series(result) == {"command_exit_code": 0, "command_value{queue depth}": 12, "command_value{up}": 1, "command_value{load}": 0.5}
    assert result.facts["not numbers"] == "name, none, big, list"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo oops", 'the output is not JSON: "oops"'),
        ("echo '[1]'", "the output is JSON, but not an object of numbers"),
        ("head -c 60000 /dev/zero | tr '\\0' '['", f'the output is not JSON: "{"[" * 199}…"'),
        ("echo '{\"a\":'; head -c 100000 /dev/zero | tr '\\0' 1", "the output is not JSON: only 64KiB of it are read"),
    ],
)
async def test_output_that_is_not_json_is_unknown(script: str, reason: str) -> None:
    """It says nothing of the target."""
    result = await probe(script, output="json")
    assert (result.status, result.reason) == (UNKNOWN, reason)


@pytest.mark.parametrize("end", ["", "\\n# EOF\\n"])
async def test_output_prometheus_is_a_page_of_metrics(end: str) -> None:
    """The page's own names and labels; one that is the check's own is kept beside it."""
    page = f'# TYPE queue_length gauge\\nqueue_length{{queue="a b",check="own"}} 12{end}'
    result = await probe(f"printf {shlex.quote(page)}", output="prometheus")
    queue = labels_of("queue_length", queue="a b", check="program", exported_check="own")
    assert result.status is HEALTHY and Sample(queue, 12.0) in result.samples
    assert series(result)["command_exit_code"] == 0


async def test_a_page_with_a_fault_gives_no_series() -> None:
    """All or nothing, as with a scrape; the reason names the line."""
    result = await probe("echo 'a 1'; echo 'b{ 2'", output="prometheus")
    assert result.status is UNKNOWN and result.reason.startswith("the output is not a page of metrics: line 2")
    assert set(series(result)) == {"command_exit_code"}
    long = await probe("yes 'a 12345' | head -c 70000", output="prometheus")
    assert long.reason == "the page of metrics is too long: only 64KiB of it are read" and set(series(long)) == {"command_exit_code"}
    assert (await probe("echo 'a 1'; echo disk gone >&2; exit 2", output="prometheus")).reason == "exit 2: disk gone"


async def test_what_a_program_gets() -> None:
    """Its own environment over a minimal one, its directory, nothing to read; what is secret does not come back."""
    result = await probe('echo "$TOKEN $LC_ALL $PWD $(cat)"', env={"TOKEN": "s3cr3t"}, directory="/")
    assert result.facts["output"] == "*** C /"


async def test_a_program_that_is_not_there_is_our_own_trouble() -> None:
    """No plugin, no verdict: unknown with what is missing."""
    with pytest.raises(OwnTrouble, match="cannot run /usr/lib/nagios/plugins/check_none: No such file"):
        await CommandProbe(CommandCheck(name="program", argv=["/usr/lib/nagios/plugins/check_none"])).probe()


async def test_a_program_that_cannot_be_ended_is_not_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else every interval would add one more to those that hang; once it has ended, the check goes on."""
    monkeypatch.setattr(Child, "_signal", lambda child, number: "it may not be killed" if child.running else "")
    prober = CommandProbe(CommandCheck(name="program", argv=["sh", "-c", "echo $$; exec sleep 300"], timeout=1.0), asyncio.Semaphore(1))
    result = await prober.probe()
    pid = int(result.reason.partition("it said: ")[2].partition(")")[0])
    assert (result.status, "could not be ended: it may not be killed" in result.reason) == (UNKNOWN, True)
    with pytest.raises(OwnTrouble, match=f"the run before still goes on as process {pid} and could not be ended"):
        await prober.probe()
    monkeypatch.undo()
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(30):
        while "still goes on" in (await said_by(prober)):  # noqa: ASYNC110  another process tells no event
            await asyncio.sleep(0.02)


async def said_by(prober: CommandProbe) -> str:
    """The reason of a probe, our own trouble too."""
    try:
        return (await prober.probe()).reason
    except OwnTrouble as trouble:
        return str(trouble)


async def test_hostile_labels_are_harmless() -> None:
    """Control characters and length of a label are the plugin's; the series' are ours."""
    result = await probe("printf \"OK|'\\033[31m%s'=1 'b\\ac'=2\" $(head -c 150 /dev/zero | tr '\\0' x)")
    assert set(series(result)) == {f"command_value{{{'x' * 99}…}}", "command_value{bc}", "command_exit_code"}
