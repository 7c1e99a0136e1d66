"""The backtest: the real evaluator and dispatcher run over stored history; nothing is sent or written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from tui_monitor.alerts.rules.rule import Rule
from tui_monitor.analysis.backtest_result import Backtest
from tui_monitor.analysis.backtest_samples import Blocks, ResolutionSpan, needs_of, overlap
from tui_monitor.analysis.backtest_trial import Trial
from tui_monitor.core.units import format_duration
from tui_monitor.dispatch.routing import NotifierPolicy, Route, Routing
from tui_monitor.promql.engine import Query, compile_expr, walk
from tui_monitor.promql.nodes import RangeSelector
from tui_monitor.promql.queryable import Queryable

DAY_MS = 86_400_000
FINE_STEP_MS = 15_000
STEP_MS = 60_000
LEAST_STEP_MS = 1000
MOST_STEPS = 2_000_000
EVERYONE = "everyone"
"""The substitute notifier for a configuration without routes."""


def default_step(span_ms: int) -> int:
    """The evaluation step: 15 s up to a day, a minute beyond, as the history keeps one sample a minute of older days."""
    return FINE_STEP_MS if span_ms <= DAY_MS else STEP_MS


def backtest(
    rules: Sequence[Rule],
    reader: Queryable,
    start_ms: int,
    end_ms: int,
    step_ms: int | None = None,
    *,
    routing: Routing | None = None,
    host: str = "",
    alert: str | None = None,
    changed: Sequence[Rule] | None = None,
    changes: Sequence[str] = (),
    checks: Mapping[str, Mapping[str, str]] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Backtest:
    """Evaluate the rules from start to end (UTC ms), at multiples of the step, and count alerts and messages.

    ``alert`` limits the result to one alert; its messages are still counted as grouped with those of others. ``changed`` are the same
    rules with ``changes`` applied (backtest_changes). ``checks``: as for the evaluator. ``progress`` is
    called with the share that is done; it may raise to end the work. The rules are compiled anew, so this may run in another thread
    than the monitor. Raises ValueError for an impossible step, and what ``reader`` raises.
    """
    step = default_step(end_ms - start_ms) if step_ms is None else step_ms
    if step < LEAST_STEP_MS or (end_ms - start_ms) // step > MOST_STEPS:
        raise ValueError(f"a step of {step / 1000:g}s is too short for this span; the least is 1s, and {MOST_STEPS} steps the most")
    paths, notes = _paths(routing)
    alone = alert is not None and _stands_alone(paths)
    own = _own_rules(rules, alert if alone else None)
    tried = None if changed is None else _own_rules(changed, alert if alone else None)
    needs = needs_of(_queries([*own, *(tried or ())]), step)
    blocks = Blocks(reader, needs, start_ms, end_ms, progress)
    trials = [Trial(some, paths, blocks.gaps, host=host, checks=checks) for some in (own, tried) if some is not None]
    steps = 0
    for now in range(-(-start_ms // step) * step, end_ms + 1, step):
        blocks.advance(now)
        if blocks.coarse or not blocks.running(now):
            continue
        steps += 1
        for trial in trials:
            trial.step(now, blocks, step)
    outcomes = [trial.finish(end_ms) for trial in trials]
    if alert is not None:
        outcomes = [replace(one, rules=tuple(rule for rule in one.rules if rule.alert == alert)) for one in outcomes]
    observed = end_ms - start_ms - overlap(blocks.gaps, start_ms, end_ms)
    return Backtest(
        start=start_ms,
        end=end_ms,
        step_ms=step,
        steps=steps,
        observed_s=max(0, observed) / 1000,
        stretches=tuple(blocks.stretches),
        present=outcomes[0],
        changed=outcomes[1] if len(outcomes) > 1 else None,
        changes=tuple(changes),
        notes=(*notes, *_notes(blocks.stretches, own, step, observed, end_ms - start_ms)),
    )


def _own_rules(rules: Iterable[Rule], alert: str | None) -> list[Rule]:
    """The rules with their own queries; a query caches its last selection, and the monitor uses the others."""
    return [
        replace(
            rule,
            query=compile_expr(rule.expr),
            resolve_when=None if rule.resolve_when is None else compile_expr(getattr(rule.resolve_when, "text", "")),
        )
        for rule in rules
        if alert is None or rule.alert == alert
    ]


def _queries(rules: Iterable[Rule]) -> list[Query]:
    return [query for rule in rules for query in (rule.query, rule.resolve_when) if isinstance(query, Query)]


def _paths(routing: Routing | None) -> tuple[Routing, list[str]]:
    """The routing, or for one without receivers a substitute with one notifier for everything."""
    if routing is not None and routing.notifiers and (routing.routes or routing.by_severity or routing.by_rule):
        return routing, []
    base = routing or Routing()
    return (
        replace(base, routes=(), by_severity={"info": (EVERYONE,)}, notifiers={EVERYONE: NotifierPolicy()}),
        ["the configuration sends no alert anywhere: messages are counted as if one notifier got all of them"],
    )


def _stands_alone(routing: Routing) -> bool:
    """Whether this alert can be evaluated alone: no other one can mute it or share a message with it."""
    if routing.inhibit or routing.dependencies.parents:
        return False
    return all("alertname" in route.group_by or "..." in route.group_by for route in _every(routing.routes))


def _every(routes: Iterable[Route]) -> Iterable[Route]:
    for route in routes:
        yield route
        yield from _every(route.routes)


def _notes(stretches: Sequence[ResolutionSpan], rules: Sequence[Rule], step: int, observed_ms: int, span_ms: int) -> list[str]:
    notes = []
    missing = (span_ms - observed_ms) / 1000
    if missing >= max(60.0, step / 1000):
        notes.append(f"no monitor ran for {format_duration(round(missing))} of this time; nothing is counted there")
    if any(part.resolution_s is not None and part.resolution_s >= 1800 for part in stretches):
        notes.append("where only hours are kept, rules cannot be judged; that part is left out")
    coarse = max((part.resolution_s for part in stretches if part.resolution_s is not None and part.resolution_s < 1800), default=0.0)
    short = sorted({rule.alert for rule in rules if 0 < _shortest_window_s(rule) < 2 * coarse})
    if short and coarse > 20:
        notes.append(
            f"the history has a sample every {format_duration(coarse)} at its coarsest: windows of {', '.join(short)} see few samples"
        )
    return notes


def _shortest_window_s(rule: Rule) -> float:
    """The shortest range that the rule's expression names; 0 where it names none."""
    if not isinstance(rule.query, Query):
        return 0.0
    return min((node.range_ms / 1000 for node, _ in walk(rule.query.root) if isinstance(node, RangeSelector)), default=0.0)
