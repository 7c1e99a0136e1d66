"""The collector: runs the sources, stores their observations, and keeps the newest result of each for the board."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace
from types import MappingProxyType

from tui_monitor.checks.check_loop import CheckLoop, first_delay
from tui_monitor.checks.feed_runner import FeedRunner, Restored, decode_saved, encode_saved
from tui_monitor.checks.groups import Groups, statuses_of
from tui_monitor.checks.health import CheckState, check_labels
from tui_monitor.checks.log_tails import LogTails
from tui_monitor.checks.machine import Machine
from tui_monitor.checks.query_loops import QueryLoops, source_of
from tui_monitor.checks.sample_sink import MINIMUM_LOOKBACK, SampleSink
from tui_monitor.checks.self_diagnosis import Guard
from tui_monitor.checks.series_ends import InventoryEnds, series_not_ended
from tui_monitor.checks.series_intake import SeriesIntake
from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.settings import Settings
from tui_monitor.core.clock import Clock
from tui_monitor.core.frozen import frozen
from tui_monitor.core.tasks import isolated
from tui_monitor.core.values import (
    ALERT_SERIES,
    METRIC_NAME,
    STALE_NAN,
    Batch,
    CheckResult,
    HealthStatus,
    Observation,
    Sample,
)
from tui_monitor.platform.redaction import Redaction
from tui_monitor.promql.exposition_comment import Metadata
from tui_monitor.sources.api import Feed, Probe
from tui_monitor.sources.evidence import HasEvidence
from tui_monitor.sources.kinds import build_probe
from tui_monitor.sources.metadata import STORED_AS, encode_metadata, metadata_of
from tui_monitor.sources.queries import HasQueries
from tui_monitor.storage.memory import SeriesMemory

log = logging.getLogger(__name__)
PUSH_STATE = " push"
OWN_STATES = ("\0", " ")
"""How the stored states begin that belong to no check: no check's name does."""
"""The name of push among the stored states; no check's name begins with a space."""


class Collector:
    """The running sources of a configuration."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        memory: SeriesMemory,
        guard: Guard,
        changed: Callable[[CheckResult], None],
        build: Callable[[CheckSettings], Probe] | None = None,
    ) -> None:
        """``build`` constructs the probes of checks in place of their kinds (None)."""
        self._build = build or build_probe
        self.results: dict[str, CheckResult] = {}
        self.redaction = Redaction()
        """What is hidden in texts from outside."""
        self._clock = clock
        self._memory = memory
        self._guard = guard
        self._changed = changed
        self._sink = SampleSink(memory)
        self._intake = SeriesIntake()
        self._inventories = InventoryEnds(memory)
        self.machine = Machine(settings, clock, self._sink, self._inventories, self.redaction)
        self._queries = QueryLoops(self._sink, self._intake, clock, self.redaction)
        self._tails = LogTails()
        self._tasks: dict[str, list[asyncio.Task[None]]] = {}
        self._loops: dict[str, CheckLoop] = {}
        self._saved: dict[str, Restored] = {}
        self._described: dict[str, Mapping[str, Metadata]] = {}
        self._group: asyncio.TaskGroup | None = None
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Apply settings: unchanged checks continue, others end or begin."""
        self.redaction.configure(settings.redact.patterns)
        self._settings = settings
        self.machine.configure(settings)
        wanted = {check.name: check for check in settings.checks}
        standings: dict[str, CheckState] = {}
        dropped: dict[str, set[str]] = {}
        for name, loop in list(self._loops.items()):
            if wanted.get(name) != loop.check:
                standings[name] = loop.standing
                dropped[name] = set(loop.check.labels).difference(wanted[name].labels if name in wanted else ())
                self._end(name, loop, wanted.get(name))
        for name, check in wanted.items():
            if name not in self._loops:
                self._loops[name] = self._loop(check)
                self._loops[name].standing = standings.get(name, CheckState())  # a changed check keeps its status and counts
        self._groups = Groups(settings.checks)
        self._feeds = {name: loop.probe.feed for name, loop in self._loops.items() if isinstance(loop.probe, FeedRunner)}
        self.retire_unknown_series(dropped)
        if self._group is not None:
            self.start(self._group)

    def _loop(self, check: CheckSettings) -> CheckLoop:
        probe = self._build(check)
        spare_probe: Callable[[], Probe] | None = lambda: self._build(check)  # noqa: E731
        if isinstance(probe, Feed):
            probe, spare_probe = FeedRunner(check.name, probe, self._clock), None
        lag = self._settings.guard.loop_lag
        return CheckLoop(check, probe, self._clock, self._observe_check, self._guard.explain_by_own_fault, lag, spare_probe, self.redaction)

    def _end(self, name: str, loop: CheckLoop, successor: CheckSettings | None) -> None:
        for task in self._tasks.pop(name, []):
            task.cancel()
        del self._loops[name]
        queries = (source_of(loop.check, query) for query in getattr(loop.check, "queries", ()))
        for source in (name, *queries):
            self._sink.store(self._intake.gone(source, self._clock.wall_ms() + 1), MINIMUM_LOOKBACK)
        if successor is None:
            self.results.pop(name, None)
            self._tails.lines.pop(name, None)
            self._described.pop(name, None)
        if successor is None or successor.type != loop.check.type:
            self._forget_state(name)

    def retire_unknown_series(self, dropped: Mapping[str, Collection[str]] = MappingProxyType({})) -> None:
        """End the series of checks that are not configured with these labels (any more), so that no rule uses their last values.

        ``dropped``: the labels of each check that were configured until now.
        """
        known = {check.name: check_labels(check) for check in self._settings.checks}
        gone = [
            labels for labels in self._memory.series_labels() if _is_unknown(dict(labels), known, dropped) and self._memory.last(labels)
        ]
        self.observe(self._clock.wall_ms() + 1, [Sample(labels, STALE_NAN) for labels in gone])

    def restore(self, name: str, status: HealthStatus, since: int) -> None:
        """Restore the status of a check and its start after a restart, so that an outage keeps its start."""
        if name in self._loops and status is not HealthStatus.UNKNOWN:
            self._loops[name].standing = CheckState(status, status, since)

    def restore_feeds(self, stored: Mapping[str, bytes]) -> None:
        """Restore the stored states of feeds, before `start`; those of removed checks are deleted."""
        for name, data in stored.items():
            if name.startswith(OWN_STATES):
                continue
            saved, check = decode_saved(data), self.check_named(name)
            if saved is not None and check is not None and check.type == saved.kind:
                self._saved[name] = saved
            else:
                self._forget_state(name)

    def _forget_state(self, name: str) -> None:
        self._saved.pop(name, None)
        self._sink.save_state(name, b"", self._clock.wall_ms())

    def start(self, group: asyncio.TaskGroup) -> None:
        """Start every loop that does not run yet."""
        self._group = group
        self.machine.start(group)
        for name, loop in self._loops.items():
            if name in self._tasks:
                continue
            if name in self._groups:
                self._tasks[name] = [group.create_task(isolated(self._judge_each_interval(name)), name=f"group {name}")]
                continue
            delay = first_delay(name, loop.check.interval, len(self._loops))
            tasks = self._start_feed(group, name, loop) if isinstance(loop.probe, FeedRunner) else []
            tasks += [group.create_task(isolated(loop.run(delay)), name=f"check {name}")]
            if isinstance(loop.probe, HasQueries):
                tasks += [
                    group.create_task(isolated(self._queries.run(loop.check, loop.probe, query)), name=f"query {query.metric}")
                    for query in loop.probe.queries
                ]
            self._tasks[name] = tasks

    def _start_feed(self, group: asyncio.TaskGroup, name: str, loop: CheckLoop) -> list[asyncio.Task[None]]:
        runner = loop.probe
        assert isinstance(runner, FeedRunner)
        saved = self._saved.get(name)
        runner.feed.restore(saved.state if saved else None, saved.at if saved else 0)
        return [
            group.create_task(isolated(runner.run()), name=f"feed {name}"),
            group.create_task(isolated(runner.on_news(loop.whole_step)), name=f"news of {name}"),
        ]

    def evidence_lines(self, check: str, match: str) -> tuple[str, ...]:
        """The log lines for an alert about a check: those of its log match, else the end of its `log_file`."""
        loop = self._loops.get(check)
        feed = loop.probe.feed if loop is not None and isinstance(loop.probe, FeedRunner) else None
        found = feed.evidence(match) if isinstance(feed, HasEvidence) else ()
        return tuple(map(self.redaction, found or self._tails.lines.get(check, ())))

    def feeds(self) -> dict[str, Feed]:
        """The running feeds by their checks' names."""
        return self._feeds

    def stop(self) -> None:
        """End every loop."""
        self._group = None
        for name, tasks in self._tasks.items():
            for task in tasks:
                task.cancel()
            self._tasks[name] = []
        self.machine.stop()

    @property
    def checks(self) -> list[CheckSettings]:
        """The configured checks, in the file's order."""
        return list(self._settings.checks)

    @property
    def metadata(self) -> dict[str, Metadata]:
        """Type, help and unit of metrics, as targets describe them."""
        return metadata_of(loop.probe for loop in self._loops.values())

    def members_of(self, name: str) -> dict[str, HealthStatus]:
        """The judged statuses of a group's members; {} for another check."""
        return {
            member: self.results[member].status if member in self.results else HealthStatus.UNKNOWN for member in self._groups.members(name)
        }

    def check_named(self, name: str) -> CheckSettings | None:
        """The settings of a check, None where no check has the name."""
        loop = self._loops.get(name)
        return loop.check if loop is not None else None

    # --- checks and queries -------------------------------------------------------------------------------------------

    def _observe_check(self, observation: Observation) -> None:
        result = observation.check
        assert result is not None
        before = self.results.get(result.name)
        series, saved = result.probe.all_series, result.probe.saved
        if series is not None or saved is not None:  # the board needs neither series nor state
            result = replace(result, probe=replace(result.probe, all_series=None, saved=None))
        self.results[result.name] = result
        check = self.check_named(result.name)
        lookback = max(MINIMUM_LOOKBACK, int(1000 * (2 * check.interval + check.timeout))) if check else MINIMUM_LOOKBACK
        if check is not None and result.probe.inventories:
            gone = self._inventories.ends(result.name, result.probe.inventories, check_labels(check))
            observation = replace(observation, samples=(*observation.samples, *gone)) if gone else observation
        if check is not None and isinstance(self._loops[result.name].probe, FeedRunner):
            self._store_feed(check, observation, saved, lookback)
        else:
            self._sink.store(observation, lookback)
        if series is not None:
            if not self._intake.knows(result.name):  # scraped series carry the check, but not its type
                self._intake.begin(result.name, series_not_ended(self._memory, {"check": result.name, "type": ""}))
            self._store_parts(result.name, self._intake.page(result.name, observation.at, series), lookback)
        if check is not None:
            self._store_metadata(check, observation.at)
        if before is None or before.status is not result.status:
            for name in self._groups.of(result.name):  # before the rules, so that alerts of one cause go out in one message
                self._judge_group(name)
        if before is None or before.status is not result.status or before.probe.status is not result.probe.status:
            self._changed(result)
            if check is not None and result.probe.status is HealthStatus.UNHEALTHY:
                self._probe_parents(check.depends_on)
                self._read_log(check)

    def _store_feed(self, check: CheckSettings, observation: Observation, saved: Mapping[str, object] | None, lookback: int) -> None:
        """Store an observation of a feed, which names all its series unless it is unknown, with the feed's state."""
        result = observation.check
        assert result is not None
        if result.probe.status is not HealthStatus.UNKNOWN:
            if not self._intake.knows(check.name):
                self._intake.begin(check.name, series_not_ended(self._memory, check_labels(check)))
            observation = self._intake.answer(check.name, observation.at, observation.samples)
        self._sink.store(observation, lookback)
        if saved is None:
            return
        try:
            data = encode_saved(check.type, saved, observation.at)
        except ValueError as error:
            log.error("check %s: its state cannot be stored: %s", check.name, error)
            return
        self._saved[check.name] = Restored(check.type, saved, observation.at)
        self._sink.save_state(check.name, data, observation.at)

    def _store_metadata(self, check: CheckSettings, at: int) -> None:
        """Store for viewers what all targets say of their metrics, whenever the target of a check says something else."""
        said = getattr(self._loops[check.name].probe, "metadata", None)  # isinstance with HasMetadata takes 20 µs, at each result
        if said is not None and said != self._described.get(check.name, {}):
            self._described[check.name] = said
            self._sink.save_state(STORED_AS, encode_metadata(self.metadata), at)

    def _judge_group(self, name: str) -> None:
        verdict = self._groups.verdict(name, statuses_of(self.results))
        if verdict is not None and name in self._loops:
            self._loops[name].accept(verdict)

    async def _judge_each_interval(self, name: str) -> None:
        """Judge a group each interval, so that its series continue while nothing changes."""
        while True:
            self._judge_group(name)
            await self._clock.sleep(self._loops[name].check.interval)

    async def _probe_group_out_of_turn(self, name: str) -> None:
        loops = [self._loops[member] for member in self._groups.probed(name) if member in self._loops]
        await asyncio.gather(*(loop.probe_out_of_turn() for loop in loops))
        for group in self._groups.innermost_first():
            self._judge_group(group)

    def _store_parts(self, name: str, parts: list[Observation], lookback: int) -> None:
        """Store the first part at once and the others one per turn of the event loop."""
        if len(parts) < 2 or self._group is None:
            for part in parts:
                self._sink.store(part, lookback)
            return
        self._sink.store(parts[0], lookback)
        self._group.create_task(isolated(self._store_by_turns(parts[1:], lookback)), name=f"page of {name}")

    async def _store_by_turns(self, parts: list[Observation], lookback: int) -> None:
        for part in parts:
            await asyncio.sleep(0)
            self._sink.store(part, lookback)

    def _read_log(self, check: CheckSettings) -> None:
        if check.log_file is not None and self._group is not None:
            self._group.create_task(isolated(self._tails.read(check.name, check.log_file)), name=f"log of {check.name}")

    def _probe_parents(self, parents: Sequence[str]) -> None:
        """Probe the parents of a failed check at once, as their verdicts decide which alerts are notified."""
        for name in parents:
            if name in self._loops and name in self._tasks and self._group is not None:
                probing = self._probe_group_out_of_turn(name) if name in self._groups else self._loops[name].probe_out_of_turn()
                self._tasks[name] = [task for task in self._tasks[name] if not task.done()]
                self._tasks[name].append(self._group.create_task(isolated(probing), name=f"out of turn {name}"))

    def observe(self, at: int, samples: Iterable[Sample], lookback_ms: int = MINIMUM_LOOKBACK) -> None:
        """Store samples without a source: the monitor's own and those of recording rules."""
        self._sink.store(Observation(at, tuple(samples)), lookback_ms)

    def save_push(self, at: int, data: bytes) -> None:
        """Store the state of push (its Pushgateway groups) with the samples of its moment."""
        self._sink.save_state(PUSH_STATE, data, at)

    def save_own(self, name: str, at: int, data: bytes) -> None:
        """Store what viewers have to know under a name of OWN_STATES; b"" deletes it."""
        self._sink.save_state(name, data, at)

    def drain(self) -> list[Batch]:
        """The batches since the last call, for the history."""
        return self._sink.drain()

    def extras_of(self, check: CheckSettings) -> CheckExtras:
        """What the board shows of a check beside its result; the same object for all checks without queries and members."""
        loop, members = self._loops.get(check.name), self.members_of(check.name) if check.name in self._groups else {}
        queries = () if loop is None else loop.queries
        if not queries and not members:
            return NO_EXTRAS
        return CheckExtras(self._queries.figures_of(check, queries), self._queries.faults_of(check, queries), members)


@frozen
class CheckExtras:
    """The newest values of a check's queries, which of them fail and why, and the judged statuses of a group's members."""

    figures: Mapping[str, float] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, HealthStatus] = field(default_factory=dict)


NO_EXTRAS = CheckExtras()


def _is_unknown(labels: Mapping[str, str], known: Mapping[str, Mapping[str, str]], dropped: Mapping[str, Collection[str]]) -> bool:
    if not {"check", "type"} <= labels.keys() or labels.get(METRIC_NAME) in ALERT_SERIES:
        return False
    own = known.get(labels["check"], {})
    compared = {"type", "category", *own, *dropped.get(labels["check"], ())}
    return any(labels.get(name, "") != own.get(name, "") for name in compared)
