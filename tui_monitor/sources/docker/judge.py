"""The verdict on one container, in words that say what to do. Pure."""

from __future__ import annotations

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus
from tui_monitor.sources.docker.inspection import Inspection
from tui_monitor.sources.docker.listing import Listed
from tui_monitor.sources.docker.settings import Expected

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus
Verdict = tuple[HealthStatus, str]
WELL: Verdict = (HEALTHY, "")
_SIGKILL, _SIGTERM = 137, 143
_STOPPED = (0, _SIGKILL, _SIGTERM)
"""Exit codes of a container that ended by itself or that somebody stopped: nothing failed, as long as nobody named it."""


@frozen
class Expectation:
    """What a check wants of a container: `expect`, and whether `containers` names it."""

    expect: Expected
    named: bool


def verdict(listed: Listed, known: Inspection | None, restarted: int, former: HealthStatus, wanted: Expectation) -> Verdict:
    """The status of one container and the reason, "" where it is healthy.

    ``restarted``: how often the engine has restarted it since the last look; ``former``: its status then, which a health check that is
    still starting leaves as it was.
    """
    if listed.state == "running":
        return _running(listed, known, restarted, former, wanted)
    if listed.state == "paused":
        return DEGRADED, f"paused (docker unpause {listed.name})"
    if listed.state == "restarting":
        return UNHEALTHY, f"restarting again and again ({_ended(listed, known)}{_times(known)}): docker logs {listed.name}"
    if listed.state == "exited":
        return _exited(listed, known, wanted)
    if not wanted.named and listed.state in ("created", "removing"):
        return WELL
    return UNHEALTHY, _never_ran(listed, known)


def health_of(listed: Listed, known: Inspection | None) -> str:
    """The health check's word, "" where the container has none (Podman says that by an empty word) or does not run."""
    return "" if listed.state != "running" else listed.health or (known.health if known is not None else "")


def _running(listed: Listed, known: Inspection | None, restarted: int, former: HealthStatus, wanted: Expectation) -> Verdict:
    health = health_of(listed, known)
    if health == "unhealthy":
        said = f": {known.output}" if known is not None and known.output else ""
        return UNHEALTHY, f"its health check fails{said}"
    if restarted:
        often = "once" if restarted == 1 else f"{restarted} times"
        return DEGRADED, f"restarted {often} since the last look: docker logs {listed.name}"
    if health == "starting":
        return (former, "its health check has not answered since it started") if former in (DEGRADED, UNHEALTHY) else WELL
    if wanted.expect == "healthy" and not health:
        return UNHEALTHY, 'has no health check: give it one, or expect = "running"'
    return WELL


def _exited(listed: Listed, known: Inspection | None, wanted: Expectation) -> Verdict:
    code = _code(listed, known)
    if wanted.expect == "exited" and code == 0:
        return WELL
    killed = known is not None and known.out_of_memory
    if not wanted.named and code in _STOPPED and not killed and (code == 0 or wanted.expect != "exited"):
        return WELL
    return UNHEALTHY, f"{_ended(listed, known)}: {_advice(listed.name, code, killed)}"


def _advice(name: str, code: int, killed: bool) -> str:
    if killed:
        return "give it more memory (--memory), or see what grew"
    return f"docker start {name}" if code in _STOPPED else f"docker logs {name}"


def _ended(listed: Listed, known: Inspection | None) -> str:
    """How it ended: by itself, for want of memory, by a signal, with a code."""
    code = _code(listed, known)
    if known is not None and known.out_of_memory:
        return f"killed for want of memory (exit code {code})"
    if code == _SIGKILL:
        return "killed by SIGKILL (exit code 137), not for want of memory"
    if code == _SIGTERM:
        return "stopped by SIGTERM (exit code 143)"
    return f"exited with code {code}" if code else "exited with code 0, without error"


def _code(listed: Listed, known: Inspection | None) -> int:
    said = listed.exit_code
    return said if said is not None else known.exit_code if known is not None else 0


def _times(known: Inspection | None) -> str:
    return f", {known.restarts} restart{'' if known.restarts == 1 else 's'}" if known is not None and known.restarts else ""


def _never_ran(listed: Listed, known: Inspection | None) -> str:
    if listed.state == "created":
        why = f": {known.error}" if known is not None and known.error else ""
        return f"created but not started{why} (docker start {listed.name})"
    if listed.state == "removing":
        return "is being removed"
    return f"is {listed.state}" + (f": docker rm -f {listed.name}, then start it anew" if listed.state == "dead" else "")
