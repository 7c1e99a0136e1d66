"""The actions of the configuration: programs that run once for each firing, bounded in number, time and output."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence

from tui_monitor.alerts.actions import is_due, step, with_result
from tui_monitor.alerts.alert import Alert
from tui_monitor.board.json_shapes import alert_json
from tui_monitor.config.operation import ActionSettings
from tui_monitor.core.audit import Audit
from tui_monitor.core.clock import Clock
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.tasks import isolated
from tui_monitor.core.units import format_duration, parse_rate
from tui_monitor.dispatch.matchers import matches_all, parse_matchers
from tui_monitor.platform.child_process import CannotStart, ProgramOutcome, minimal_environment, run
from tui_monitor.platform.redaction import Redaction
from tui_monitor.promql.queryable import Matcher
from tui_monitor.runtime.alert_engine import AlertEngine
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.repository import State, StateRepository

log = logging.getLogger(__name__)
EVERY = 1.0
AT_ONCE = 4
"""Programs that run at the same time; others wait within their time limit."""
BY = "tui-monitor"
STARTED = "started"
_MOST_REMEMBERED = 1000
"""Audit entries that are searched for earlier runs after a restart."""
_LABEL_LIMIT = 1000


@frozen
class Action:
    """A compiled action; ``window_ms``: at most ``count`` runs within it."""

    settings: ActionSettings
    matchers: tuple[Matcher, ...]
    count: int
    window_ms: int

    @classmethod
    def of(cls, settings: ActionSettings) -> Action:
        """Of the configuration. Raises ValueError for matchers that `config check` names."""
        count, window = parse_rate(settings.limit)
        return cls(settings, parse_matchers(settings.match), count, round(window * 1000))

    def wants(self, alert: Alert, now: int) -> bool:
        """Whether it is due for the alert."""
        return is_due(alert, self.settings.name, round(self.settings.after * 1000), now) and matches_all(self.matchers, alert.labels)


class ActionRunner:
    """The runner; `run` ends when it is cancelled, and then stops the programs that still run."""

    def __init__(self, engine: AlertEngine, state: StateRepository, clock: Clock, redaction: Redaction) -> None:
        self._engine = engine
        self._state = state
        self._clock = clock
        self._redaction = redaction
        self._actions: tuple[Action, ...] = ()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._runs: dict[str, list[int]] = {}

    def configure(self, actions: Sequence[ActionSettings]) -> None:
        """Use these actions from now on; a program that runs is left to end."""
        self._actions = tuple(map(Action.of, actions))

    async def run(self) -> None:
        """Look each second for alerts that are due, until cancelled."""
        self._runs = await self._earlier_runs()
        async with asyncio.TaskGroup() as group:
            while True:
                await self._contained_step(group)
                await self._clock.sleep(EVERY)

    async def _contained_step(self, group: asyncio.TaskGroup) -> None:
        """A boundary: a bug costs one step."""
        try:
            for action, alert in self._due():
                await self._begin(action, alert, group)
        except Exception:
            log.exception("internal error: actions")

    def _due(self) -> list[tuple[Action, Alert]]:
        now = self._clock.wall_ms()
        return [(action, alert) for action in self._actions for alert in self._engine.alerts if action.wants(alert, now)]

    async def _begin(self, action: Action, alert: Alert, group: asyncio.TaskGroup) -> None:
        """Record the start before the program runs: after a crash it is not run a second time."""
        name, now = action.settings.name, self._clock.wall_ms()
        recent = self._runs[name] = [at for at in self._runs.get(name, ()) if now - action.window_ms < at <= now]
        if len(recent) >= action.count:
            text = f"not run: it has run {action.count} times within {format_duration(action.window_ms / 1000)} (limit)"
            await self._engine.record_action(alert.id, name, text, self._audit(action, alert, "not run", text))
            return
        recent.append(now)
        if await self._engine.record_action(alert.id, name, "", self._audit(action, alert, STARTED, "")):
            group.create_task(isolated(self._execute(action, alert)), name=f"action {name}")

    async def _execute(self, action: Action, alert: Alert) -> None:
        settings = action.settings
        try:
            outcome = await run(
                settings.argv, time_limit=settings.timeout, slots=self._slots, environment=environment_of(alert), stdin=_body(alert)
            )
            text = self._redaction(result_text(outcome, settings.timeout))
        except CannotStart as trouble:
            text = str(trouble)
        audit = self._audit(action, alert, "ended", text)
        log.info("action %s for %s %s: %s", settings.name, alert.id, alert.name, text)
        if not await self._engine.record_action(alert.id, settings.name, text, audit):
            await self._record_after_its_end(alert.id, settings.name, text, audit)

    async def _record_after_its_end(self, alert_id: str, name: str, text: str, audit: Audit) -> None:
        def write(state: State) -> None:
            state.audit.add(audit)
            ended = state.alerts.find(alert_id)
            state.alerts.save([step(with_result(ended, name, text), name, text, audit.at)])

        try:
            await self._state.transaction(write)
        except (StorageFault, LookupError) as error:
            log.warning("action %s: its result is not recorded: %s", name, error)

    def _audit(self, action: Action, alert: Alert, verb: str, note: str) -> Audit:
        return Audit(self._clock.wall_ms(), BY, verb, f"{action.settings.name} for {alert.id} {alert.name}", note)

    async def _earlier_runs(self) -> dict[str, list[int]]:
        """When each action was started, by the audit log: a limit holds over a restart."""
        found: dict[str, list[int]] = {}
        try:
            lines = await self._state.read(lambda state: state.audit.newest(_MOST_REMEMBERED))
        except StorageFault:
            return found
        for line in lines:
            if line.by == BY and line.verb == STARTED:
                found.setdefault(line.subject.partition(" for ")[0], []).append(line.at)
        return found


def environment_of(alert: Alert) -> dict[str, str]:
    """The environment of an action: no variable of the monitor that may hold a secret, and what the alert is about."""
    facts = {
        "ALERT_ID": alert.id, "ALERT_NAME": alert.name, "SEVERITY": alert.severity, "CHECK": alert.labels.get("check", ""),
        "SUMMARY": alert.annotations.get("summary", ""),
    }  # fmt: skip
    return minimal_environment({f"TUI_MONITOR_{name}": clip(clean(text), _LABEL_LIMIT) for name, text in facts.items()})


def _body(alert: Alert) -> bytes:
    return json.dumps(alert_json(alert), ensure_ascii=False).encode(errors="replace")


def result_text(outcome: ProgramOutcome, limit: float) -> str:
    """The end of a program in one line: "exit 0 after 1.2 s: restarted" with the last line that it said."""
    parts = (outcome.errors, outcome.output) if outcome.code == 0 else (outcome.output, outcome.errors)
    said = b"\n".join(parts)
    lines = [line.strip() for line in clean(said.decode(errors="replace"), newlines=True).splitlines() if line.strip()]
    last = f": {clip(lines[-1], 200)}" if lines else ""
    if outcome.timed_out:
        return f"stopped at the time limit of {format_duration(limit)}{last}"
    return f"{outcome.ending} after {outcome.seconds:.1f}s{last}"
