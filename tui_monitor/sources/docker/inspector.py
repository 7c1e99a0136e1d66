"""The inspections of containers by id, asked for anew where a container may have changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tui_monitor.core.clock import Clock
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.docker.engine import Engine, refusal
from tui_monitor.sources.docker.inspection import MAX_BODY, Inspection, Known, inspection_of
from tui_monitor.sources.docker.listing import Listed
from tui_monitor.sources.docker.workers import ask_each
from tui_monitor.sources.http.exchange import Answer
from tui_monitor.sources.net.connect import Failure
from tui_monitor.sources.net.excerpt import clean

_WORKERS = 4


class Inspector:
    """Keeps the newest inspection of each container. ``make``: a new connection to the engine."""

    def __init__(self, make: Callable[[], Engine], clock: Clock) -> None:
        self._make = make
        self._clock = clock
        self._known: dict[str, Known] = {}
        self._restarted: dict[str, int] = {}

    def details(self, ident: str) -> Inspection | None:
        """What is known of a container, None before its first inspection."""
        known = self._known.get(ident)
        return known.inspection if known is not None else None

    def restarted(self, ident: str) -> int:
        """How often the engine has restarted it between the last two looks."""
        return self._restarted.get(ident, 0)

    async def inspect(self, listed: Sequence[Listed], limit: float) -> Mapping[str, str]:
        """Inspect those that may have changed, those first that have waited longest, for at most ``limit`` seconds.

        Gives back a fact where that did not reach, or failed; those that were not reached follow at the next probe.
        """
        now = self._clock.monotonic()
        by_id = {one.id: one for one in listed}
        self._known = {ident: known for ident, known in self._known.items() if ident in by_id}
        self._restarted = {}
        due = [one for one in listed if one.id not in self._known or self._known[one.id].is_due(one, now)]
        due.sort(key=lambda one: self._known[one.id].at if one.id in self._known else float("-inf"))
        questions = [(one.id, f"/containers/{one.id}/json") for one in due]
        faults: list[str] = []
        try:
            done = await ask_each(
                self._make, questions, lambda ident, answer: faults.extend(self._take(by_id[ident], answer, now)),
                workers=_WORKERS, max_body=MAX_BODY, limit=limit,
            )  # fmt: skip
        except (Failure, OwnTrouble) as error:
            return {"inspection": clean(str(error), 200)}
        if not done:
            faults.append(f"{len(due)} containers had to be inspected, and not all were in time: the others follow")
        return {"inspection": faults[0]} if faults else {}

    def _take(self, listed: Listed, answer: Answer, now: float) -> Sequence[str]:
        """Keep an inspection; gives back what is wrong with it. 404: the container has gone since the list was made."""
        if answer.status == 404:
            return ()
        if answer.status != 200:
            return (str(refusal(answer, "a container's details")),)
        try:
            found = inspection_of(answer.body)
        except ValueError:
            return (f"the details of {listed.name} cannot be read",)
        before = self._known.get(listed.id)
        if before is not None and found.restarts > before.inspection.restarts:
            self._restarted[listed.id] = found.restarts - before.inspection.restarts
        self._known[listed.id] = Known(found, now, listed.state, listed.health)
        return ()
