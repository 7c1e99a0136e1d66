"""The command probe: runs a program, for example a Nagios plugin; exit code and output give verdict and values."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from tui_monitor.core.values import HealthStatus, ProbeResult, Sample, labels_of
from tui_monitor.platform.child import Child
from tui_monitor.platform.child_process import CannotStart, ProgramOutcome, minimal_environment, run
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.command.outputs import READERS, CommandReading, Format, last_line
from tui_monitor.sources.command.settings import CommandCheck
from tui_monitor.sources.net.excerpt import mask

if TYPE_CHECKING:
    from tui_monitor.sources.command.page import CommandPageReader

SLOTS = asyncio.Semaphore(8)
"""Programs of all command checks that run at once: a start costs 1 to 2 ms in which the event loop stands still."""

_EXIT_CODE = labels_of("command_exit_code")
_NAGIOS = (HealthStatus.HEALTHY, HealthStatus.DEGRADED, HealthStatus.UNHEALTHY, HealthStatus.UNKNOWN)
_CANNOT_RUN = {126, 127}
_LAST_WORD = re.compile(rb"(?<!\S)\S+\Z")


_SHORTEST_SECRET = 6
"""Characters of a value of the environment from which on it is hidden: a shorter one ("1", "en_US") stands in every output."""


class CommandProbe:
    """Probe that runs one program. Its time limit is a little shorter than ``timeout``, which leaves time to kill it."""

    def __init__(self, settings: CommandCheck, slots: asyncio.Semaphore = SLOTS) -> None:
        self.stage = ""
        self._settings = settings
        self._slots = slots
        self._reserve = min(1.0, settings.timeout / 5)
        self._survivor: Child | None = None
        self._secrets = [value for value in settings.env.values() if len(value) >= _SHORTEST_SECRET]
        self._pages = _page_reader(settings)

    async def probe(self) -> ProbeResult:
        """Run the program once. Raises OwnTrouble where it cannot be run."""
        if self._survivor is not None and self._survivor.running:
            raise OwnTrouble(f"the run before still goes on as process {self._survivor.pid} and could not be ended: end it")
        self.stage = "running the program"
        try:
            outcome = await self._run()
        except CannotStart as trouble:
            raise OwnTrouble(str(trouble)) from None
        self.stage = ""
        self._survivor = outcome.survivor
        return await self._result(outcome)

    async def close(self) -> None:
        """Nothing to close."""

    async def _run(self) -> ProgramOutcome:
        settings = self._settings
        return await run(
            settings.argv,
            time_limit=settings.timeout - self._reserve,
            slots=self._slots,
            environment=minimal_environment(settings.env),
            directory=settings.directory,
            grace=self._reserve / 3,
        )

    async def _result(self, outcome: ProgramOutcome) -> ProbeResult:
        if outcome.timed_out:
            return ProbeResult(HealthStatus.UNKNOWN, self._overstayed(outcome))
        reading = await self._read(outcome)
        status = _status(outcome, self._settings.output)
        reason = "" if status is HealthStatus.HEALTHY else _reason(outcome, reading, self._text(outcome.errors))
        if status is HealthStatus.HEALTHY and reading.fault:
            status, reason = HealthStatus.UNKNOWN, _fault(outcome, reading)
        return ProbeResult(status, reason, outcome.seconds, {}, self._samples(outcome, reading), self._facts(outcome, reading))

    async def _read(self, outcome: ProgramOutcome) -> CommandReading:
        if self._pages is None:
            return READERS[self._settings.output](self._text(_whole_words(outcome)))
        if outcome.cut:
            return CommandReading(fault="the page of metrics is too long")
        return await self._pages.read(outcome.output)

    def _overstayed(self, outcome: ProgramOutcome) -> str:
        limit = self._settings.timeout - self._reserve
        said = last_line(self._text(outcome.output or outcome.errors))
        fate = f"could not be ended: {outcome.problem}" if outcome.problem else "ended"
        return f"still ran after {limit:g}s, {fate}{f' (it said: {said})' if said else ''}; raise timeout, or let it end sooner"

    def _samples(self, outcome: ProgramOutcome, reading: CommandReading) -> tuple[Sample, ...]:
        code = () if outcome.code is None or outcome.code < 0 else (Sample(_EXIT_CODE, float(outcome.code)),)
        return code + reading.samples

    def _facts(self, outcome: ProgramOutcome, reading: CommandReading) -> dict[str, str]:
        facts = {**reading.facts, "program": self._settings.argv[0], "end": outcome.ending}
        if reading.text:
            facts["output"] = reading.text
        if outcome.cut:
            facts["cut"] = f"more than {len(outcome.output) // 1024}KiB of output, the rest is not read"
        return facts

    def _text(self, output: bytes) -> str:
        return mask(output.decode(errors="replace"), self._secrets)


def _whole_words(outcome: ProgramOutcome) -> bytes:
    """The output without its last, cut word: a truncated number would be another number."""
    return _LAST_WORD.sub(b"", outcome.output) if outcome.cut else outcome.output


def _page_reader(settings: CommandCheck) -> CommandPageReader | None:
    if settings.output != "prometheus":
        return None
    from tui_monitor.sources.command.page import CommandPageReader  # imported only where a command needs it

    return CommandPageReader({**settings.labels, "check": settings.name, "type": settings.type, "category": settings.category})


def _status(outcome: ProgramOutcome, output: Format) -> HealthStatus:
    """Status by exit code: a plugin's is its verdict, another program's 0 is healthy; unknown if it did not run or crashed."""
    code = outcome.code
    if code is None or code < 0 or code in _CANNOT_RUN:
        return HealthStatus.UNKNOWN
    if output == "nagios":
        return _NAGIOS[code] if code < len(_NAGIOS) else HealthStatus.UNKNOWN
    return HealthStatus.UNHEALTHY if code else HealthStatus.HEALTHY


def _reason(outcome: ProgramOutcome, reading: CommandReading, errors: str) -> str:
    """The first output line, for other programs than plugins after the exit status; without output the last error line."""
    said = reading.text or last_line(errors)
    if reading.text and outcome.code in range(1, len(_NAGIOS)):
        return said
    return f"{outcome.ending}: {said}" if said else f"{outcome.ending}, without a word"


def _fault(outcome: ProgramOutcome, reading: CommandReading) -> str:
    if outcome.cut:
        return f"{reading.fault}: only {len(outcome.output) // 1024}KiB of it are read"
    return f'{reading.fault}: "{reading.text}"' if reading.text else reading.fault
