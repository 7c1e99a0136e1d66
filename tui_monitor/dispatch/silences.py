"""Silences and maintenance windows: they hold new notifications of matching alerts back for a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tui_monitor.alerts.alert import Alert
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import nearest
from tui_monitor.dispatch.matchers import matches_all, parse_matchers
from tui_monitor.dispatch.schedule import Schedule
from tui_monitor.promql.queryable import Matcher

KEEP_EXPIRED_MS = 5 * 86_400_000


@frozen
class Silence:
    """One silence; stamps are UTC milliseconds, ``ends_at`` is the first moment at which it no longer holds."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: int
    ends_at: int
    by: str = ""
    comment: str = ""
    until_resolved: bool = False
    """It ends earlier: once no alert that it matches is pending or fires any more."""

    def is_active(self, at_ms: int) -> bool:
        """Whether it holds at this moment."""
        return self.starts_at <= at_ms < self.ends_at

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether all its matchers match these labels."""
        return matches_all(self.matchers, labels)


@frozen
class MaintenanceWindow:
    """A silence that comes back by schedule; from the configuration."""

    name: str
    matchers: tuple[Matcher, ...]
    schedule: Schedule


def make_silence(texts: Sequence[str], starts_at: int, ends_at: int, by: str, comment: str = "", until_resolved: bool = False) -> Silence:
    """A silence from matchers as people write them; its id is short stable hex.

    Raises ValueError: a bad matcher, no matcher at all, matchers that only fit alerts without labels, an end before the begin.
    """
    matchers = parse_matchers(texts)
    if not matchers:
        raise ValueError("a silence needs at least one matcher")
    if matches_all(matchers, {}):
        raise ValueError("these matchers fit everything; name at least one label value")
    if ends_at <= starts_at:
        raise ValueError("a silence must end after it begins")
    content = "\0".join([*map(str, matchers), str(starts_at), str(ends_at), by])
    return Silence(hashlib.blake2s(content.encode(), digest_size=4).hexdigest(), matchers, starts_at, ends_at, by, comment, until_resolved)


def matching(alerts: Iterable[Alert], matchers: Sequence[Matcher]) -> list[Alert]:
    """The live alerts (pending or firing) that all matchers fit."""
    return [alert for alert in alerts if alert.state != "resolved" and matches_all(matchers, alert.labels)]


def muted_now(alerts: Iterable[Alert], silence: Silence) -> str:
    """The effect of a new silence in words: "mutes 2 alerts now", or which label no alert has."""
    live = [alert for alert in alerts if alert.state != "resolved"]
    found = len(matching(live, silence.matchers))
    if found:
        return f"mutes {found} alert{'' if found == 1 else 's'} now"
    known = {name for alert in live for name in alert.labels}
    unknown = next((matcher.name for matcher in silence.matchers if live and matcher.name not in known), "")
    hint = f' (none has a label "{unknown}"{nearest(unknown, known)})' if unknown else ""
    return f"mutes no alert now{hint}"


def outlived(silences: Iterable[Silence], alerts: Iterable[Alert], at_ms: int) -> list[Silence]:
    """The silences until their alerts have resolved that hold no alert back any more."""
    held = [silence for silence in silences if silence.until_resolved and silence.is_active(at_ms)]
    live = [alert for alert in alerts if alert.state != "resolved"] if held else []
    return [silence for silence in held if not matching(live, silence.matchers)]


def expire(silence: Silence, at_ms: int) -> Silence:
    """The silence ended now; one that has ended already stays as it was."""
    return replace(silence, starts_at=min(silence.starts_at, at_ms), ends_at=min(silence.ends_at, at_ms))


def extend(silence: Silence, ends_at: int) -> Silence:
    """The silence with another end; ValueError where that is before its begin."""
    if ends_at <= silence.starts_at:
        raise ValueError("a silence must end after it begins")
    return replace(silence, ends_at=ends_at)


def next_boundary(at_ms: int, silences: Iterable[Silence], schedules: Iterable[Schedule]) -> int | None:
    """The first moment after ``at_ms`` at which a silence or a schedule begins or ends; None: nothing is ahead."""
    stamps = [stamp for entry in silences for stamp in (entry.starts_at, entry.ends_at) if stamp > at_ms]
    stamps += [stamp for schedule in schedules if (stamp := schedule.next_change(at_ms)) is not None]
    return min(stamps, default=None)
