"""The public interface of check kinds, also for third parties (docs/plugins.md). It does not import pydantic."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, ClassVar, Protocol, runtime_checkable

from tui_monitor.config.entries import CheckSettings, FeedSettings
from tui_monitor.config.fields import Duration, FilePath, HostName, HttpAddress, Ratio, Regex, SecretText, Size
from tui_monitor.config.kinds import resolve
from tui_monitor.config.section import key
from tui_monitor.core.frozen import frozen
from tui_monitor.core.secret import Secret
from tui_monitor.core.values import HealthStatus, ProbeResult, Sample, labels_of

__all__ = [
    "CheckSettings",
    "Duration",
    "Feed",
    "FeedSettings",
    "FilePath",
    "HealthStatus",
    "HostName",
    "HttpAddress",
    "Kind",
    "OwnTrouble",
    "Probe",
    "ProbeResult",
    "Ratio",
    "Regex",
    "Sample",
    "Secret",
    "SecretText",
    "Size",
    "key",
    "labels_of",
]


class Probe(Protocol):
    """A configured test of one target.

    ``probe`` measures once and returns a verdict; every fault of the target is a verdict (unhealthy with a
    reason), not an exception. ``OwnTrouble`` is raised where the monitor itself could not measure. The check loop puts
    ``timeout`` around it and judges ``degraded_above`` / ``unhealthy_above``; a probe must be cancellable at any await
    and leave no connection behind when cancelled. ``stage`` names what the probe is doing now ("connect", "tls",
    "query") so that a timeout can say where it happened.
    """

    stage: str

    async def probe(self) -> ProbeResult:
        """Measure once."""
        ...

    async def close(self) -> None:
        """Close all connections; the probe can be used again afterwards."""
        ...


@runtime_checkable
class Feed(Probe, Protocol):
    """A probe of a source that pushes (a log, pings of jobs, messages): ``run`` listens, ``probe`` returns the current state.

    ``restore`` is called once at first, with the last stored ``ProbeResult.saved`` and the time of its samples (UTC ms), or None and 0;
    invalid parts are ignored. Then ``run`` runs beside the probes of the check's interval until it is cancelled: if it ends or raises,
    the status is unknown with the reason, and ``run`` is restarted after a growing pause. It sets ``news`` where ``probe`` would
    return another status, which triggers a probe out of turn. `checks/feed_runner.py` is the caller.
    """

    news: asyncio.Event

    def restore(self, saved: Mapping[str, Any] | None, at: int) -> None:
        """Continue where the last process stopped."""
        ...

    async def run(self) -> None:
        """Listen until cancelled. Raises OwnTrouble where the monitor lacks a right, file or socket."""
        ...


class OwnTrouble(Exception):
    """The monitor could not measure for reasons of its own (no descriptors, no route, no resolver): unknown, not down."""


@frozen
class Kind:
    """One kind of check. Each part is the object itself or its place as "package.module:Name", imported when used.

    ``name``: the word in `type`. ``settings``: its record of keys, a subclass of CheckSettings. ``probe``: constructs a Probe from the
    settings; raises ValueError, starting with the key and a colon, for unusable settings. ``target``: returns (the target as text without
    secrets, whether it is on this machine, where the network cannot be the cause). ``example``: values, as written in the file, for
    keys without an example of their own; at least `name`. ``metrics``: the names of its series, or a function of the settings that
    returns them; None: any name is possible.
    """

    CALLED: ClassVar[tuple[str, ...]] = ("probe", "target")

    name: str
    settings: str | type[CheckSettings]
    probe: str | Callable[[Any], Probe]
    target: str | Callable[[Any], tuple[str, bool]]
    example: Mapping[str, Any] = field(default_factory=dict)
    metrics: str | tuple[str, ...] | Callable[[Any], tuple[str, ...] | None] | None = None

    def build(self, settings: CheckSettings) -> Probe:
        """Construct the probe of a configured check, which imports its driver. Raises ValueError naming the key of an unusable setting."""
        made: Probe = resolve(self.probe)(settings)
        return made

    def target_of(self, settings: CheckSettings) -> tuple[str, bool]:
        """The target as text without secrets, and whether it is on this machine."""
        found: tuple[str, bool] = resolve(self.target)(settings)
        return found

    def metric_names(self, settings: CheckSettings | None = None) -> tuple[str, ...] | None:
        """Names of the kind's own series, which can depend on the settings; None: any name is possible."""
        found = resolve(self.metrics)
        if callable(found):
            found = found(settings) if settings is not None else None
        names: tuple[str, ...] | None = found
        return names
