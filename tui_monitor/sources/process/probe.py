"""The process probe: how many processes fit, and what they use together."""

from __future__ import annotations

import asyncio
import time

from tui_monitor.core.humanize import size
from tui_monitor.core.units import rfc3339
from tui_monitor.core.values import HealthStatus, ProbeResult, Sample
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.process.matching import MatchedProcesses, ProcessMatcher
from tui_monitor.sources.process.settings import ProcessCheck, described
from tui_monitor.sources.process.table import PAGE, TABLE, ProcessScan, ProcessSnapshot
from tui_monitor.sources.process.usage import GroupUsage

_SHOWN = 10
_HIDDEN = (
    "this machine hides the processes of other users (hidepid): run the monitor as root, or put its user into the group that the mount"
    " of /proc names (gid=)"
)
_UNREAD = "the program files of {count} processes are not shown to this user: run the monitor as root, or name them by process or pattern"


class ProcessProbe:
    """Looks for the processes of one check, in a thread. ``own`` is the pid of the monitor, which is never counted."""

    def __init__(self, settings: ProcessCheck, table: ProcessScan = TABLE, own: int | None = None) -> None:
        self.stage = ""
        self._settings = settings
        self._table = table
        self._matcher = ProcessMatcher(settings, table.proc, own)
        self._usage = GroupUsage(table.proc, 2 * settings.interval)

    async def probe(self) -> ProbeResult:
        """Look once. Raises OwnTrouble where this user cannot see what decides."""
        limit = self._settings.timeout * 0.9
        self.stage = "reading /proc"
        try:
            async with asyncio.timeout(limit):
                result = await asyncio.to_thread(self._look)
        except TimeoutError:
            raise OwnTrouble(f"reading /proc takes longer than {limit:g}s: is this machine overloaded?") from None
        self.stage = ""
        return result

    async def close(self) -> None:
        """Nothing is kept open between probes."""

    def _look(self) -> ProbeResult:
        began = time.perf_counter()
        snapshot = self._table.read()
        if self._table.is_hidden():
            raise OwnTrouble(_HIDDEN)
        matched = self._matcher.match(snapshot)
        status, reason = self._verdict(matched)
        samples = tuple(self._usage.samples(matched.found, snapshot))
        return ProbeResult(status, reason, time.perf_counter() - began, samples=samples, facts=facts_of(matched, snapshot, samples))

    def _verdict(self, matched: MatchedProcesses) -> tuple[HealthStatus, str]:
        """Too few and too many are unhealthy. What this user may not see may be what is missing."""
        count, least, most = len(matched.found), self._settings.min, self._settings.max
        if matched.fault and count < least:
            return HealthStatus.UNHEALTHY, matched.fault
        if matched.unread and (count < least or most is not None):
            raise OwnTrouble(_UNREAD.format(count=matched.unread))
        said = described(self._settings)
        ended = f"; {matched.zombies} ended and nobody has fetched the exit code (zombie)" if matched.zombies else ""
        if count < least:
            return HealthStatus.UNHEALTHY, f"{_number(count)} {said}, at least {least} should run{ended}"
        if most is not None and count > most:
            return HealthStatus.UNHEALTHY, f"{_number(count)} {said}, at most {most} should run"
        return HealthStatus.HEALTHY, ""


def _number(count: int) -> str:
    return "no process is" if count == 0 else "1 process is" if count == 1 else f"{count} processes are"


def facts_of(matched: MatchedProcesses, snapshot: ProcessSnapshot, samples: tuple[Sample, ...]) -> dict[str, str]:
    """The group in words."""
    found = sorted(matched.found, key=lambda entry: (entry.started, entry.pid))
    facts = {"processes": str(len(found))}
    if found:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        facts["pids"] = ", ".join(str(entry.pid) for entry in found[:_SHOWN]) + more
        facts["running since"] = rfc3339(snapshot.started_ms(found[0]))[:19].replace("T", " ") + " UTC"
        facts["memory"] = size(sum(entry.pages for entry in found) * PAGE)
    if matched.zombies:
        facts["zombies"] = str(matched.zombies)
    if matched.replaced:
        facts["replaced"] = f"{matched.replaced} run a program file that is not there any more (an update?): restart them"
    if not any(dict(sample.labels)["__name__"] == "process_open_files" for sample in samples):
        facts["open files"] = "not shown to this user"
    return facts
