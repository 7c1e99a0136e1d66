"""What a kind of check consists of: the public interface for kinds of one's own (docs/plugins.md). Nothing of it imports pydantic."""

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

    ``probe`` measures once and answers with a verdict; whatever the target does wrong is a verdict (unhealthy with a
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
        """Give back every connection; the probe may be used again afterwards."""
        ...


@runtime_checkable
class Feed(Probe, Protocol):
    """A probe of a source that speaks by itself (a log, pings of jobs, messages): ``run`` listens, ``probe`` says how it stands.

    First comes ``restore``, once, with the ``ProbeResult.saved`` that was stored last and the time of its samples (UTC ms), or None and 0;
    what cannot be understood in it is left out. Then ``run``, beside the probes of the check's interval, until it is cancelled: where it
    ends or raises, the status is unknown with the reason, and after a growing pause ``run`` is called again. It sets ``news`` where
    ``probe`` would say another status now, which is then asked for out of turn. `checks/feed_runner.py` does all that.
    """

    news: asyncio.Event

    def restore(self, saved: Mapping[str, Any] | None, at: int) -> None:
        """Go on where the last process stopped."""
        ...

    async def run(self) -> None:
        """Listen for ever. Raises OwnTrouble where something of ours is missing."""
        ...


class OwnTrouble(Exception):
    """The monitor could not measure for reasons of its own (no descriptors, no route, no resolver): unknown, not down."""


@frozen
class Kind:
    """One kind of check. Each part is the thing itself or where it is, as "package.module:Name", and then loads when it is used.

    ``name``: the word in `type`. ``settings``: its record of keys, a subclass of CheckSettings. ``probe``: makes a Probe of the settings;
    ValueError, beginning with the key and a colon, where a setting cannot be used. ``target``: makes (what is tested, in words without
    secrets; whether that is on this machine, where the network cannot be to blame) of the settings. ``example``: values for the keys that
    have no example of their own, as written in the file; at least `name`. ``metrics``: the names of its series, or what gives them
    for a check's settings; None: it may make any.
    """

    CALLED: ClassVar[tuple[str, ...]] = ("probe", "target")

    name: str
    settings: str | type[CheckSettings]
    probe: str | Callable[[Any], Probe]
    target: str | Callable[[Any], tuple[str, bool]]
    example: Mapping[str, Any] = field(default_factory=dict)
    metrics: str | tuple[str, ...] | Callable[[Any], tuple[str, ...] | None] | None = None

    def build(self, settings: CheckSettings) -> Probe:
        """The probe for a configured check; its driver loads here. Raises ValueError naming the key where a setting is unusable."""
        made: Probe = resolve(self.probe)(settings)
        return made

    def target_of(self, settings: CheckSettings) -> tuple[str, bool]:
        """What is tested, in words without secrets, and whether that is on this machine."""
        found: tuple[str, bool] = resolve(self.target)(settings)
        return found

    def metric_names(self, settings: CheckSettings | None = None) -> tuple[str, ...] | None:
        """The names of its series beside those of every check; None: it may make any. Some depend on the settings."""
        found = resolve(self.metrics)
        if callable(found):
            found = found(settings) if settings is not None else None
        names: tuple[str, ...] | None = found
        return names
