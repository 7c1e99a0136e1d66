"""The JSON probe: an HTTP probe that turns numbers of a JSON answer into series."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

from tui_monitor.core.units import format_size
from tui_monitor.core.values import ProbeResult
from tui_monitor.sources.http.exchange import Answer, BadAnswer, decoded
from tui_monitor.sources.http.expectations import Expectations, body_text
from tui_monitor.sources.http.probe import HttpProbe
from tui_monitor.sources.json.settings import JsonCheck
from tui_monitor.sources.json.values import JsonReading, ValueReader, inventories, missing_text, said_error, value_facts
from tui_monitor.sources.net.resolve import RESOLVER, Resolver

LONG_BODY = 65_536
"""Bytes from which on a body is read in a thread: the loop stands still for less than a millisecond up to there."""


class JsonReader:
    """An ``AnswerReader`` for JSON; ``readings`` are the last answer's, empty for an invalid document."""

    def __init__(self, settings: JsonCheck) -> None:
        self.readings: Sequence[JsonReading] = []
        self._expect = Expectations(settings)
        self._max_body = settings.max_body
        self._values = [ValueReader(value) for value in settings.values]
        self._paths = [*(value.path for value in settings.values), *settings.expect_json]
        self.names = self._expect.names

    async def fault(self, answer: Answer) -> str:
        """The fault of the answer or of a required number, "" without one."""
        fault = self._expect.head_fault(answer)
        if fault:
            return fault
        try:
            body, cut = await decoded(answer, self._max_body)
        except BadAnswer as error:
            return str(error)
        if cut:
            return f"answer is larger than max_body = {format_size(self._max_body)}: JSON not read; raise it"
        if len(body) > LONG_BODY or self._expect.takes_long(body):
            return await asyncio.to_thread(self._body_fault, answer, body)
        return self._body_fault(answer, body)

    def _body_fault(self, answer: Answer, body: bytes) -> str:
        if self._expect.wants_body and (fault := self._expect.body_fault(answer, body, False)):
            return fault
        text = body_text(answer, body)
        try:
            document = json.loads(text)
        except ValueError:
            return _not_json(text)
        except RecursionError:
            return "answer is JSON nested too deeply"
        if fault := said_error(document, self._paths):
            return fault
        self.readings = [value.read(document) for value in self._values]
        return missing_text(self.readings)


def _not_json(text: str) -> str:
    if text.lstrip()[:1] == "<":
        return "answer is a web page, not JSON: does it require a login?"
    return "answer is not JSON" if text.strip() else "answer is empty, not JSON"


class JsonProbe:
    """Probe of one HTTP API. The constructor raises ValueError naming the key of an invalid setting."""

    def __init__(self, settings: JsonCheck, *, resolver: Resolver = RESOLVER) -> None:
        self._reader = JsonReader(settings)
        if not any(name.lower() == "accept" for name in settings.headers):
            settings = replace(settings, headers={**settings.headers, "Accept": "application/json"})
        self._http = HttpProbe(settings, reader=self._reader, resolver=resolver)

    @property
    def stage(self) -> str:
        """The current step."""
        return self._http.stage

    @stage.setter
    def stage(self, stage: str) -> None:
        self._http.stage = stage

    async def probe(self) -> ProbeResult:
        """Measure once. Raises OwnTrouble where the monitor could not measure. A missing number does not affect the others."""
        self._reader.readings = []
        result = await self._http.probe()
        readings = self._reader.readings
        return replace(
            result,
            samples=(*result.samples, *(sample for reading in readings for sample in reading.samples)),
            inventories=(*result.inventories, *inventories(readings)),
            facts={**result.facts, **{name: self._http.masked(text) for name, text in value_facts(readings).items()}},
        )

    async def close(self) -> None:
        """Close the kept connection."""
        await self._http.close()
