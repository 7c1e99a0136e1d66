"""The JSON-RPC probe: calls a method over HTTP and judges the result; of an EVM node also its newest block, chain and peers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from tui_monitor.core.clock import Clock, SystemClock
from tui_monitor.core.values import HealthStatus, ProbeResult, Sample, labels_of
from tui_monitor.sources.http.json_expectations import JsonExpectations
from tui_monitor.sources.http.probe import HttpProbe
from tui_monitor.sources.http.settings import http_check
from tui_monitor.sources.json.values import ValueReader, inventories, missing_text, value_facts
from tui_monitor.sources.jsonrpc.envelope import Call, Reply, quantity, request_body, rpc_number
from tui_monitor.sources.jsonrpc.node import NodeState, calls_of, node_state
from tui_monitor.sources.jsonrpc.reader import RpcReader
from tui_monitor.sources.jsonrpc.references import ReferenceHeight, References
from tui_monitor.sources.jsonrpc.settings import AGE, HEIGHT, LAG, PEERS, JsonRpcCheck, target
from tui_monitor.sources.net.excerpt import clean, mask
from tui_monitor.sources.net.resolve import RESOLVER, Resolver

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus
_KEY_LENGTH = 16
"""Characters from which on a part of the address's path is taken for a key, as providers of nodes put it there."""


class JsonRpcProbe:
    """Tests one server. Raises ValueError at construction where a setting cannot be understood (the text names the key)."""

    def __init__(self, settings: JsonRpcCheck, clock: Clock | None = None, *, resolver: Resolver = RESOLVER) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._calls = calls_of(settings)
        self._expected = JsonExpectations(settings.expect_json)
        self._values = [ValueReader(value, rpc_number) for value in settings.values]
        self._batch = _Asked(settings, self._calls, resolver)
        self._singles = [_Asked(settings, [call], resolver) for call in self._calls]
        self._takes_batches = True
        self._references = References(settings, resolver)
        self._secrets = tuple(part for part in urlsplit(settings.url).path.split("/") if len(part) >= _KEY_LENGTH)
        self._now: _Asked = self._batch

    @property
    def stage(self) -> str:
        """What is done now."""
        return self._now.http.stage

    @stage.setter
    def stage(self, stage: str) -> None:
        self._now.http.stage = stage

    async def probe(self) -> ProbeResult:
        """Measure once; raises OwnTrouble where the monitor itself could not."""
        self.stage = "asking the references"
        others = await self._references.heights()
        result, replies = await self._ask()
        if result.status is not UNHEALTHY:
            result = self._judged(result, replies, others)
        facts = {**result.facts, "url": target(self._settings)[0]}
        masked = {name: mask(self._batch.http.masked(text), self._secrets) for name, text in facts.items()}
        return replace(result, reason=mask(self._batch.http.masked(result.reason), self._secrets), facts=masked)

    async def close(self) -> None:
        """Give back every kept connection."""
        for asked in (self._batch, *self._singles):
            await asked.http.close()
        await self._references.close()

    async def _ask(self) -> tuple[ProbeResult, Mapping[str, Reply]]:
        if self._takes_batches:
            self._now = self._batch
            result = await self._batch.http.probe()
            if not self._batch.reader.no_batch:
                return result, self._batch.reader.replies
        return await self._one_by_one()

    async def _one_by_one(self) -> tuple[ProbeResult, Mapping[str, Reply]]:
        """For servers without batches; the first call decides, faults of the others are replies."""
        self._now = self._singles[0]
        first = await self._now.http.probe()
        found = dict(self._now.reader.replies)
        if first.status is UNHEALTHY:
            return first, found
        self._takes_batches = False
        for call, asked in zip(self._calls[1:], self._singles[1:], strict=True):
            self._now = asked
            result = await asked.http.probe()
            found[call.method] = asked.reader.replies.get(call.method, Reply(fault=result.reason))
        return first, found

    def _judged(self, result: ProbeResult, replies: Mapping[str, Reply], others: Sequence[ReferenceHeight]) -> ProbeResult:
        answer = replies[self._settings.method].result
        state = node_state(self._settings, replies, self._clock.wall_ms() / 1000) if self._settings.is_evm else NodeState()
        readings = [value.read(answer) for value in self._values]
        height, lag = quantity(answer) if self._settings.max_lag is not None else state.height, self._lag(answer, others)
        faults = [*state.faults, *filter(None, (self._expected.fault(answer), missing_text(readings), self._lag_fault(answer, lag)))]
        doubts = [*([result.reason] if result.reason else []), *state.doubts]
        unknown = "" if lag is not None or self._settings.max_lag is None else f"no reference returned its height: {_told(others)}"
        status, reason = _verdict(faults, doubts, unknown)
        facts = {**result.facts, **_facts(height, state, others), **value_facts(readings)}
        samples = (*result.samples, *_samples(height, lag, state), *(sample for reading in readings for sample in reading.samples))
        return replace(
            result, status=status, reason=reason, samples=samples, facts=facts, inventories=(*result.inventories, *inventories(readings))
        )

    def _lag(self, answer: object, others: Iterable[ReferenceHeight]) -> int | None:
        """Blocks behind the highest reference."""
        own, heights = quantity(answer), [other.height for other in others if other.height is not None]
        return max(0, max(heights) - own) if own is not None and heights else None

    def _lag_fault(self, answer: object, lag: int | None) -> str:
        most = self._settings.max_lag
        if most is None:
            return ""
        if quantity(answer) is None:
            return f"the result of {clean(self._settings.method, 60)} is no height, so that max_lag cannot be judged"
        return f"is {lag:,} blocks behind the references, max_lag is {most:,}" if lag is not None and lag > most else ""


class _Asked:
    """Some calls in one request."""

    def __init__(self, settings: JsonRpcCheck, calls: Sequence[Call], resolver: Resolver) -> None:
        self.reader = RpcReader(calls, settings.max_body)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        own = {name.lower() for name in settings.headers}
        headers = {name: value for name, value in headers.items() if name.lower() not in own} | settings.headers
        self.http = HttpProbe(
            http_check(
                settings, method="POST", headers=headers, body=request_body(calls), max_body=settings.max_body,
                keep_alive=settings.keep_alive,
            ),
            reader=self.reader,
            resolver=resolver,
        )  # fmt: skip


def _verdict(faults: Sequence[str], doubts: Sequence[str], unknown: str) -> tuple[HealthStatus, str]:
    for status, reasons in ((UNHEALTHY, faults), (DEGRADED, doubts), (UNKNOWN, [unknown] if unknown else [])):
        if reasons:
            return status, "; ".join(reasons[:3])
    return HEALTHY, ""


def _samples(height: int | None, lag: int | None, state: NodeState) -> Iterable[Sample]:
    figures = {HEIGHT: height, LAG: lag, AGE: state.age, PEERS: state.peers}
    return [Sample(labels_of(name), float(value)) for name, value in figures.items() if value is not None]


def _facts(height: int | None, state: NodeState, others: Sequence[ReferenceHeight]) -> dict[str, str]:
    facts = {"block": f"{height:,}"} if height is not None else {}
    facts |= {method: clean(text, 200) for method, text in state.notes.items()}
    return facts | ({"references": _told(others)} if others else {})


def _told(others: Iterable[ReferenceHeight]) -> str:
    return clean(", ".join(f"{other.host}: {other.fault or f'{other.height:,}'}" for other in others), 300)
