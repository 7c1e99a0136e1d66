"""The verdict: one sentence on the worst that is wrong, what it takes down, who was told, who takes care."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_monitor.board.values import AlertView, Board, CheckView
from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import HealthStatus, severity_rank
from tui_monitor.serving.page.words import Words, subject, tidy

MOST_NAMES, MOST_LED = 6, 3


@frozen
class Verdict:
    """``shade``: ok, warn, bad or none. ``lead`` is coloured, ``rest`` follows it; ``detail`` and ``trouble`` are whole sentences."""

    shade: str
    lead: str
    rest: str = ""
    detail: tuple[str, ...] = ()


def verdict(board: Board, words: Words, last_end: int | None = None) -> Verdict:
    """The verdict of a board. ``last_end``: when the last incident ended (UTC ms)."""
    t = words.t
    if board.loading:
        return Verdict("none", t.starting, detail=(t.starting_detail,))
    if not board.leader.alive:
        at = words.stamp(board.leader.heartbeat or board.at, board.at)
        return Verdict("bad", t.nobody, detail=(words.say(t.nobody_detail, at=at),))
    for status in (HealthStatus.UNHEALTHY, HealthStatus.DEGRADED):
        if ill := root_causes(board.checks, status):
            return _about_checks(ill, board, words)
    if alerts := [each for each in board.alerts if _counts(each)]:
        return _about_alerts(alerts, board, words)
    if unknown := [check for check in board.checks if check.status is HealthStatus.UNKNOWN]:
        return _about_checks(unknown, board, words)
    if not board.checks:
        return Verdict("ok", t.no_checks, detail=(t.no_checks_detail,))
    said = words.say(t.all_healthy_detail, count=len(board.checks), ago=words.since(last_end, board.at)) if last_end else ""
    return Verdict("ok", t.all_healthy, detail=(said,) if said else ())


def root_causes(checks: Sequence[CheckView], status: HealthStatus) -> list[CheckView]:
    """The checks of this status that no unhealthy check explains, the longest first."""
    down = {check.name for check in checks if check.status is HealthStatus.UNHEALTHY}
    found = [check for check in checks if check.status is status]
    causes = [check for check in found if not down & set(check.depends_on)] or found
    return sorted(causes, key=lambda check: check.since)


def victims(cause: CheckView, checks: Sequence[CheckView]) -> list[CheckView]:
    """The checks that are ill and depend on it, directly or through others."""
    reached, more = {cause.name}, True
    while more:
        new = {check.name for check in checks if check.name not in reached and reached & set(check.depends_on)}
        reached, more = reached | new, bool(new)
    return [check for check in checks if check.name in reached and check is not cause and check.status is not HealthStatus.HEALTHY]


def _counts(alert: AlertView) -> bool:
    return alert.state == "firing" and not alert.suppressed_by and not alert.acknowledged_by and alert.severity != "info"


_ONE = {HealthStatus.UNHEALTHY: "one_down", HealthStatus.DEGRADED: "one_degraded", HealthStatus.UNKNOWN: "one_unknown"}
_SEVERAL = {HealthStatus.UNHEALTHY: "several_down", HealthStatus.DEGRADED: "several_degraded", HealthStatus.UNKNOWN: "several_unknown"}
_SHADES = {HealthStatus.UNHEALTHY: "bad", HealthStatus.DEGRADED: "warn", HealthStatus.UNKNOWN: "none"}


def _about_checks(ill: Sequence[CheckView], board: Board, words: Words) -> Verdict:
    first, status = ill[0], ill[0].status
    rest = words.say(words.t.for_time, time=words.since(first.since, board.at)) if first.since else ""
    if len(ill) > 1:
        lead = words.say(getattr(words.t, _SEVERAL[status]), name=_together(ill, words))
        return Verdict(_SHADES[status], lead, rest, (*_reasons(ill, words), *_care(_alerts_of(ill, board), board, words)))
    since = words.say(words.t.since_at, at=words.stamp(first.since, board.at, seconds=True)) if first.since else ""
    detail = [_sentence(", ".join(filter(None, (tidy(first.reason), since))))]
    if below := victims(first, board.checks):
        detail.append(words.say(words.t.takes_down, names=_names((check.name for check in below), words)))
    lead = words.say(getattr(words.t, _ONE[status]), name=tidy(first.name, 80))
    return Verdict(_SHADES[status], lead, rest, (*detail, *_care(_alerts_of(ill, board), board, words)))


def check_verdict(check: CheckView, board: Board, words: Words) -> Verdict:
    """The verdict of one check's page."""
    if check.status is not HealthStatus.HEALTHY:
        return _about_checks([check], board, words)
    rest = words.say(words.t.for_time, time=words.since(check.since, board.at)) if check.since else ""
    return Verdict(
        "ok", f"{tidy(check.name, 80)}: {words.status(check.status)}", rest, (_sentence(tidy(check.reason)),) if check.reason else ()
    )


def _together(ill: Sequence[CheckView], words: Words) -> str:
    """ "shop and backup", "shop, backup, api and 3 more"."""
    names = [tidy(check.name, 40) for check in ill[: MOST_LED if len(ill) > MOST_LED + 1 else MOST_LED + 1]]
    if len(names) < len(ill):
        names.append(words.say(words.t.more, count=len(ill) - len(names)))
    return words.t.together.join((", ".join(names[:-1]), names[-1]))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _reasons(ill: Sequence[CheckView], words: Words) -> Iterable[str]:
    for check in ill[:3]:
        yield f"{tidy(check.name, 80)}: {tidy(check.reason, 120)}." if check.reason else f"{tidy(check.name, 80)}."
    if len(ill) > 3:
        yield words.say(words.t.more, count=len(ill) - 3) + "."


def _names(names: Iterable[str], words: Words) -> str:
    listed = [tidy(name, 80) for name in names]
    more = [words.say(words.t.more, count=len(listed) - MOST_NAMES)] if len(listed) > MOST_NAMES else []
    return ", ".join([*listed[:MOST_NAMES], *more])


def _alerts_of(checks: Sequence[CheckView], board: Board) -> list[AlertView]:
    names = {check.name for check in checks}
    return [alert for alert in board.alerts if alert.state == "firing" and alert.labels.get("check") in names]


def _about_alerts(alerts: Sequence[AlertView], board: Board, words: Words) -> Verdict:
    worst = max(alerts, key=lambda alert: severity_rank(alert.severity))
    shade = "bad" if severity_rank(worst.severity) >= severity_rank("error") else "warn"
    time = words.say(words.t.for_time, time=words.since(worst.starts_at or worst.active_at, board.at))
    if len(alerts) == 1:
        lead = words.say(words.t.one_alert, name=f"{tidy(worst.name, 80)} {tidy(subject(worst), 80)}".strip())
        return Verdict(shade, lead, time, (_sentence(tidy(worst.summary)), *_care(alerts, board, words)))
    lead = words.say(words.t.several_alerts, count=len(alerts))
    return Verdict(shade, lead, time, tuple(_sentence(tidy(alert.summary, 120)) for alert in alerts[:3]))


def _care(alerts: Sequence[AlertView], board: Board, words: Words) -> Iterable[str]:
    """Who was told, and who takes care."""
    if not alerts:
        return
    deliveries = {each.notifier: each for alert in alerts for each in alert.deliveries}
    sent = [name for name, each in deliveries.items() if each.state == "sent"]
    if sent:
        yield words.say(words.t.told, names=_names(sent, words))
    for name, each in deliveries.items():
        if each.state in ("failed", "retrying", "unknown"):
            yield words.say(words.t.untold, name=tidy(name, 40), error=tidy(each.error or words.t.delivery_states[each.state], 120))
    if not deliveries and board.notifiers:
        yield words.t.told_nobody
    taken = [alert for alert in alerts if alert.acknowledged_by]
    if len(taken) < len(alerts):
        yield words.t.nobody_acknowledged if not taken else words.say(words.t.acknowledged_count, count=len(taken)) + "."
    else:
        yield words.say(words.t.acknowledged_by, by=tidy(taken[0].acknowledged_by, 40)) + "."
