"""The text of messages in English and Korean: short and plain, made when the event happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from tui_monitor.alerts.measure import NO_MEASURE, Measure
from tui_monitor.core.catalogue.languages import phrases
from tui_monitor.core.catalogue.phrases import Phrases
from tui_monitor.core.frozen import frozen
from tui_monitor.core.humanize import limit_text, measured, span_words
from tui_monitor.core.mute_reason import MuteReason
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.values import known_severity
from tui_monitor.dispatch.message import Kind

TITLE_LIMIT = 120
LISTED = 20
_LINE_LIMIT = 240
_LONG_LIMIT = 1000
_NAMES_LISTED = 10
_DESCRIPTION_LINES = 10
_FAILED = ("error", "critical")
_AT_ONCE_MS = 60_000

SHAPES = {"critical": "■", "error": "◆", "warning": "▲", "info": "●", "resolved": "○"}
"""A shape for each severity: all of them exist in EUC-KR, so that they survive in an SMS."""


@frozen
class AlertText:
    """The facts about one alert that a text may name. Stamps are UTC ms, ``escalated_after`` ms; external text may be in any of it."""

    severity: str
    reason: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    value: float | None
    starts_at: int
    ends_at: int | None = None
    old_severity: str = ""
    flaps: int = 0
    acknowledged_by: str = ""
    resolved_by: str = ""
    note: str = ""
    held_by: tuple[MuteReason, ...] = ()
    woken: bool = False
    escalated_after: int = 0
    explained: tuple[str, ...] = ()
    dependents: tuple[str, ...] = ()
    came_back: int = 0
    due_at: int | None = None
    """Until when somebody has to acknowledge it; None: no response time, or somebody has."""
    evidence: tuple[str, ...] = ()
    actions: tuple[tuple[str, str], ...] = ()
    """Programs that ran for it: their names and results."""
    measure: Measure = NO_MEASURE
    still_true: bool = False
    """Resolved by hand while its condition was true."""
    no_data: bool = False


def value_and_limit(value: float | None, measure: Measure, words: Phrases) -> str:
    """ "17, limit 10": the value as people read it, and the rule's limit where it has one; "" where there is nothing to say.

    The health of a check is left out, for the summary says it in words.
    """
    if value is None or measure.unit == "health":
        return ""
    text = measured(value, measure.unit).replace(".0%", "%")
    limit = "" if measure.threshold is None else limit_text(measure.threshold, measure.unit) if measure.unit else f"{measure.threshold:.6g}"
    return words.limit.format(value=text, limit=limit) if limit else text


def compose(
    stories: Sequence[AlertText],
    *,
    kind: Kind,
    now: int,
    host: str,
    language: str = "en",
    link: str = "",
    held_back: int = 0,
    zone: tzinfo | None = None,
) -> tuple[str, str]:
    """Title (one line, at most 120 characters) and text (lines) of a message; ``zone`` None: the machine's own."""
    teller = _Writer(phrases(language), now, zone, host)
    if len(stories) == 1:
        title, lines = teller.headline(stories[0]), teller.details(stories[0])
    else:
        title, lines = teller.summary(stories, kind), teller.listing(stories)
    words = teller.words
    if held_back:
        lines.append(words.held_back.format(count=held_back))
    if kind != "resolved":
        lines.append(words.look.format(link=link or f"ssh -t {host} tui-monitor"))
    return clip(clean(title), TITLE_LIMIT), clean("\n".join(lines), newlines=True)


class _Writer:
    """The writer of texts in one language, at one moment."""

    def __init__(self, words: Phrases, now: int, zone: tzinfo | None, host: str) -> None:
        self.words = words
        self._now = now
        self._zone = zone
        self._host = host

    def headline(self, story: AlertText) -> str:
        """One alert in one line."""
        words, what = self.words, self._what(story)
        if story.reason == "resolved":
            return f"{words.resolved} {self._recovered(story)}"
        if story.reason == "reminder":
            line = words.still.format(severity=self._severity(story.severity), time=self._lasted(story), what=what)
        elif story.reason == "overdue":
            line = words.overdue.format(severity=self._severity(story.severity), time=self._lasted(story), what=what)
        elif story.reason == "raised":
            line = words.was.format(severity=self._severity(story.severity), old=self._severity(story.old_severity).lower(), what=what)
        elif story.flaps:
            return words.flapping_title.format(what=clip(what, TITLE_LIMIT - 40), count=story.flaps)
        else:
            line = f"{self._severity(story.severity)} {what}"
        if affected := self._affected(story):
            line = f"{clip(line, TITLE_LIMIT - 16)} {words.affected.format(count=len(affected))}"
        return line

    def _affected(self, story: AlertText) -> tuple[str, ...]:
        """The alerts that it explains and the checks that depend on it: the first message does not wait until the last of them fails."""
        coming = story.dependents if known_severity(story.severity) in _FAILED else ()
        return (*story.explained, *(name for name in coming if name not in story.explained))

    def details(self, story: AlertText) -> list[str]:
        """The lines about one alert: values, cause, advice, evidence."""
        words, lines = self.words, []
        notes = story.annotations
        if story.reason == "resolved":
            lines.append(words.was_about.format(what=self._what(story)))
            lines.append(
                words.from_to.format(begin=self._clock(story.starts_at), end=self._clock(self._end(story)), time=self._lasted(story))
            )
            if story.resolved_by:
                lines.append(_joined(self._closed(story), story.note))
            lines += self._actions(story)
            lines.append(self._facts(story))
            return [clip(clean(line), _LONG_LIMIT) for line in lines if line]
        if story.reason == "raised":
            lines.append(words.changed.format(old=self._severity(story.old_severity), new=self._severity(story.severity)))
        if story.due_at is not None:
            lines.append(self._answer(story.due_at))
        if story.escalated_after:
            lines.append(words.escalated.format(time=self._span(story.escalated_after)))
        if story.woken:
            lines.append(words.ack_expired)
        if description := clean(notes.get("description", ""), newlines=True).strip():
            first, *rest = description.splitlines()[:_DESCRIPTION_LINES]
            lines += [words.what_to_do.format(text=first), *(f"  {line}" for line in rest)]
        since = words.since.format(at=self._clock(story.starts_at))
        lines.append(since if self._ms(story) < 1000 else f"{since} ({words.ago.format(time=self._lasted(story))})")
        lines.append(self._facts(story))
        if story.flaps and story.reason in ("raised", "reminder"):
            lines.append(words.flapping.format(count=story.flaps))
        if story.came_back:
            lines.append(words.came_back.format(count=story.came_back))
        if story.held_by:
            lines.append(words.late.format(cause=", ".join(map(self._cause, story.held_by))))
        if story.explained:
            affected = self._affected(story)
            lines.append(words.explains.format(count=len(affected), names=self._names(affected)))
        elif story.dependents:
            lines.append(words.depends.format(count=len(story.dependents), names=self._names(story.dependents)))
        if story.acknowledged_by:
            lines.append(words.acknowledged.format(by=story.acknowledged_by))
        if story.evidence:
            lines += [words.evidence, *(f"  {line}" for line in story.evidence)]
        lines += self._actions(story)
        if url := notes.get("runbook_url", "").strip():
            lines.append(words.runbook.format(url=url))
        return [clip(clean(line), _LONG_LIMIT) for line in lines if line]

    def _actions(self, story: AlertText) -> list[str]:
        """What was run for it, and how it ended."""
        words = self.words
        told = (words.action.format(name=name, result=result or words.action_runs) for name, result in story.actions)
        return [clip(clean(line), _LINE_LIMIT) for line in told]

    def _answer(self, due: int) -> str:
        """How soon somebody has to acknowledge it, or since when nobody has."""
        words = self.words
        if due > self._now:
            return words.answer_within.format(time=self._span(due - self._now), at=self._clock(due))
        return words.answer_now if self._now - due < _AT_ONCE_MS else words.overdue_since.format(at=self._clock(due))

    def summary(self, stories: Sequence[AlertText], kind: Kind) -> str:
        """A summary of many alerts in one line: how many of each kind."""
        words = self.words
        firing = [story for story in stories if story.reason != "resolved"]
        ended = len(stories) - len(firing)
        counted = firing or list(stories)
        names = list(dict.fromkeys(story.labels.get("alertname", "") for story in counted))
        what = ", ".join(names[:3]) + (f" {words.more.format(count=len(names) - 3)}" if len(names) > 3 else "")
        count = words.alerts.format(count=len(counted))
        if not firing:
            return f"{words.resolved} {count}: {what}"
        severity = self._severity(firing[0].severity)
        if kind == "reminder":
            return words.still.format(severity=severity, time=self._span(max(self._ms(s) for s in firing)), what=f"{count}: {what}")
        rest = f" · {words.resolved} {ended}" if ended else ""
        if len(firing) == 1:
            return clip(self.headline(firing[0]), TITLE_LIMIT - len(rest)) + rest
        return f"{severity} {count}: {what}{rest}"

    def listing(self, stories: Sequence[AlertText]) -> list[str]:
        """The first alerts, one line each, and how many more there are."""
        lines = []
        for story in stories[:LISTED]:
            shape = SHAPES["resolved" if story.reason == "resolved" else known_severity(story.severity)]
            told = "" if story.reason == "resolved" else value_and_limit(story.value, story.measure, self.words)
            since = "" if story.reason == "resolved" else self.words.since.format(at=self._clock(story.starts_at))
            line = clip(clean(f"{shape} {self.headline(story)}"), _LINE_LIMIT)
            lines.append(" · ".join(part for part in (line, told, since) if part))
            subject = story.labels.get("check", "") or self._subject(story)
            lines += [f"  {_joined(subject, action)}" for action in self._actions(story)]
        if len(stories) > LISTED:
            lines.append(self.words.more.format(count=len(stories) - LISTED))
        lines.append(self.words.host.format(host=self._host))
        return lines

    def _what(self, story: AlertText) -> str:
        summary = " ".join(story.annotations.get("summary", "").split())
        return clip(summary, _LINE_LIMIT) if summary else _joined(story.labels.get("alertname", ""), self._subject(story), " ")

    def _recovered(self, story: AlertText) -> str:
        name, check = story.labels.get("alertname", ""), story.labels.get("check", "")
        about = check if check and name == "CheckUnhealthy" else _joined(name, self._subject(story), " ")
        if story.resolved_by:
            return f"{about}: {self._closed(story)}"
        if about == check:
            return self.words.healthy_again.format(check=check, time=self._lasted(story))
        return self.words.after.format(what=about, time=self._lasted(story))

    def _closed(self, story: AlertText) -> str:
        """By whom it was resolved, and what holds all the same: nobody shall read of a recovery that was none."""
        words = self.words
        if story.still_true and story.no_data:
            now = words.closed_no_data
        elif story.still_true and story.labels.get("alertname") == "CheckUnhealthy":
            now = words.closed_degraded if story.value == 1 else words.closed_unhealthy
        else:
            now = words.closed_true if story.still_true else ""
        return _joined(words.closed_by.format(by=story.resolved_by), now, "; ")

    def _subject(self, story: AlertText) -> str:
        known = ("alertname", "severity", "host", "type", "category", "layer", "job")
        return clip(" ".join(value for name, value in sorted(story.labels.items()) if name not in known and not name.startswith("__")), 80)

    def _facts(self, story: AlertText) -> str:
        phrase = self.words.last_value if story.reason == "resolved" else self.words.value
        told = value_and_limit(story.value, story.measure, self.words)
        parts = [phrase.format(value=told)] if told else []
        hidden = ("alertname", "severity", "host", "type")
        shown = [(name, value) for name, value in sorted(story.labels.items()) if name not in hidden and not name.startswith("__")]
        parts += [f"{self.words.labels.get(name, name)} {value}" for name, value in shown]
        return clip(" · ".join([*parts, self.words.host.format(host=story.labels.get("host") or self._host)]), _LINE_LIMIT)

    def _cause(self, reason: MuteReason) -> str:
        return self.words.causes.get(reason.kind, "{name}").format(name=reason.name)

    def _names(self, names: Sequence[str]) -> str:
        shown = sorted(set(names))
        more = len(shown) - _NAMES_LISTED
        return ", ".join(shown[:_NAMES_LISTED]) + (f" {self.words.more.format(count=more)}" if more > 0 else "")

    def _severity(self, severity: str) -> str:
        return self.words.severities[known_severity(severity)]

    def _end(self, story: AlertText) -> int:
        return self._now if story.ends_at is None else story.ends_at

    def _ms(self, story: AlertText) -> int:
        return (self._end(story) if story.reason == "resolved" else self._now) - story.starts_at

    def _lasted(self, story: AlertText) -> str:
        return self._span(self._ms(story))

    def _span(self, ms: int) -> str:
        return span_words(ms / 1000, self.words.units)

    def _clock(self, stamp: int) -> str:
        there, here = self._local(stamp), self._local(self._now)
        return there.strftime("%H:%M:%S %Z" if there.date() == here.date() else "%Y-%m-%d %H:%M:%S %Z").strip()

    def _local(self, stamp: int) -> datetime:
        moment = datetime.fromtimestamp(stamp / 1000, self._zone)
        return moment if self._zone is not None else moment.astimezone()


def _joined(first: str, second: str, separator: str = ": ") -> str:
    return separator.join(part for part in (first, second) if part)
