"""The SSH probe: reads the server's version line and sends its own, which avoids an error in the server's log."""

from __future__ import annotations

from tui_monitor.core.values import ProbeResult, Sample, labels_of
from tui_monitor.platform.regex import compile_regex
from tui_monitor.sources.net.connect import Failure, open_stream
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.net.lines import Lines
from tui_monitor.sources.net.measurement import Measurement
from tui_monitor.sources.net.resolve import RESOLVER
from tui_monitor.sources.ssh.settings import SshCheck

_PHASES = ("resolve", "connect", "banner")
_PHASE_LABELS = {phase: labels_of("probe_phase_seconds", phase=phase) for phase in _PHASES}
_OWN_VERSION = "SSH-2.0-tui_monitor"
_VERSIONS = ("SSH-2.0-", "SSH-1.99-")
MAX_BEFORE = 50
"""Lines that a server may send before its version (RFC 4253, section 4.2)."""


class SshProbe:
    """Probe of an SSH server up to its version line."""

    def __init__(self, settings: SshCheck) -> None:
        self.stage = ""
        self._settings = settings
        self._host = settings.host.strip("[]")
        self._pattern = compile_regex(settings.expect) if settings.expect else None

    async def probe(self) -> ProbeResult:
        """Measure once. Raises OwnTrouble where the monitor could not measure."""
        measured = Measurement(_PHASES)
        return await measured.result(self, self._run(measured))

    async def close(self) -> None:
        """Nothing to close."""

    async def _run(self, measured: Measurement) -> None:
        settings = self._settings
        try:
            stream = await open_stream(self, self._host, settings.port, measured.phases, RESOLVER, settings.timeout)
            measured.facts["address"] = stream.peer
            try:
                await self._talk(Lines(stream), measured)
            finally:
                stream.close()
        finally:
            measured.samples += [Sample(_PHASE_LABELS[phase], seconds) for phase, seconds in measured.phases.items()]

    async def _talk(self, lines: Lines, measured: Measurement) -> None:
        self.stage = "waiting for the version line"
        with measured.phase("banner"):
            version = await self._version(lines)
            await lines.send(_OWN_VERSION)
        measured.facts["version"] = clean(version, 200)
        if not version.startswith(_VERSIONS):
            raise Failure(f'speaks an old version of SSH: "{clean(version, 60)}" ({lines.stream.peer})')
        if self._pattern is not None and not self._pattern.is_in(version):
            raise Failure(f'version line "{clean(version, 60)}" does not match "{clean(self._settings.expect or "", 60)}"')

    async def _version(self, lines: Lines) -> str:
        first = ""
        for _ in range(MAX_BEFORE):
            try:
                line = await lines.line()
            except Failure as failure:
                raise Failure(f'{failure.reason}, after "{clean(first, 60)}"') from failure if first else None
            if line.startswith("SSH-"):
                return line
            first = first or line
        raise Failure(f'does not speak SSH: "{clean(first, 60)}" ({lines.stream.peer})')
