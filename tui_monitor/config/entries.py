"""The keys common to all checks and to all notifiers; each kind's own keys are beside its code (sources/NAME/settings.py, notifiers/)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

from tui_monitor.config.fields import Duration, FilePath, Interval, Name, RateLimitText, Severity
from tui_monitor.config.section import Section, key

OWN_LABELS = ("alertname", "category", "check", "host", "instance", "severity", "type")
"""Labels that the monitor itself gives to series and alerts."""
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class CheckSettings(Section):
    """What every check has."""

    name: Name = key(doc="the check's name, unique", min_length=1)
    type: str = key(default="", doc="which kind of check", shown="required")
    interval: Interval = key(default=10.0, doc="how often the target is tested", gt=0)
    timeout: Duration = key(default=5.0, doc="a probe that takes longer has failed", gt=0)
    failures: int = key(default=2, doc="consecutive failures before the status changes", ge=1)
    retry_interval: Interval = key(default=2.0, doc="the pause between the first failure and the threshold", gt=0)
    successes: int = key(default=1, doc="consecutive successes before it is well again", ge=1)
    category: str = key(default="", doc="any word; business, application, infrastructure, external by custom", example="business")
    layer: str = key(default="", doc="another word for category", example="business")
    labels: dict[str, str] = key(default={}, doc="labels of its series and alerts", example={"team": "shop"})
    degraded_above: Duration | None = key(default=None, doc="a slower answer is degraded", example="500ms")
    unhealthy_above: Duration | None = key(default=None, doc="a slower answer is unhealthy", example="2s")
    depends_on: list[str] = key(default=[], doc="checks whose failure explains this one's", example=["db"], refers=True)
    log_file: FilePath | None = key(
        default=None,
        doc="the target's log: its last lines are kept as evidence when this check fails",
        example="/var/log/api/error.log",
    )
    hint: str = key(default="", doc="what to do when it fails, shown in notifications", example="systemctl restart api")
    runbook_url: str = key(default="", doc="where it is described what to do", example="https://wiki.example.com/api")

    @classmethod
    def prepared(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Treat `layer` as an alias of `category`."""
        if "layer" in given and "category" not in given:
            given["category"] = given.pop("layer")
        return given

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Faults: category together with its alias, reserved or invalid labels, limits in the wrong order."""
        if {"degraded_above", "unhealthy_above"} <= set(given) and (self.degraded_above or 0) > (self.unhealthy_above or 0):
            yield "unhealthy_above", "is below degraded_above; the graver limit is the higher one"
        if self.layer:
            yield "layer", "category is given too, which is the same; keep one of them"
        for name in self.labels:
            if name in OWN_LABELS:
                yield "labels", f'"{name}" is a label that the monitor sets; choose another name'
            elif not _LABEL.fullmatch(name):
                yield "labels", f'"{name}" is not a label name; letters, digits and _ are possible'


class FeedSettings(CheckSettings):
    """What every check has whose source speaks by itself: its verdict is a state, so that nothing is counted or timed."""

    failures: int = key(default=1, doc="always 1: the verdict is a state, not a measurement", ge=1)
    successes: int = key(default=1, doc="always 1", ge=1)

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Faults: thresholds on measurements, which a state does not have."""
        yield from super().problems(given)
        for name in ("failures", "successes"):
            if getattr(self, name) != 1:
                yield name, "is always 1 for a check of this type: its verdict is a state; take the key out"
        for name in ("degraded_above", "unhealthy_above"):
            if name in given:
                yield name, "has no meaning for a check of this type: nothing is timed; take the key out"


class NotifierSettings(Section):
    """What every notifier has."""

    name: Name = key(doc="the notifier's name, unique", min_length=1)
    type: str = key(default="", doc="which kind of notifier", shown="required")
    timeout: Duration = key(default=10.0, doc="a send that takes longer has failed", gt=0)
    rate_limit: RateLimitText = key(default="20/1m", doc="at most N messages in a window; the rest is summarised")
    send_resolved: bool = key(default=True, doc="tell the end of what was told")
    severities: list[Severity] = key(default=[], doc="only these; default all", shown="all", example=["critical"])
