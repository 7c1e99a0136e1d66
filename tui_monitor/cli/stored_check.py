"""Probe of a feed for commands: returns the running monitor's verdict, since only it receives the feed."""

from __future__ import annotations

from argparse import Namespace

from tui_monitor.board.codec import board_from_json
from tui_monitor.board.values import CheckView
from tui_monitor.cli.options import Refused
from tui_monitor.cli.state_access import open_state
from tui_monitor.config.entries import CheckSettings
from tui_monitor.core.values import ProbeResult
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.storage.faults import StorageFault
from tui_monitor.storage.history.last_board import last_board


class StoredCheck:
    """Probe that returns the result in the newest stored board."""

    def __init__(self, given: Namespace, check: CheckSettings) -> None:
        self.stage = ""
        self._given, self._check = given, check

    async def probe(self) -> ProbeResult:
        """The stored verdict. Raises OwnTrouble where no monitor runs or it does not know the check."""
        view = self._view()
        return ProbeResult(view.status, view.reason, view.duration, view.phases, facts=view.facts)

    async def close(self) -> None:
        """Nothing to close."""

    def _view(self) -> CheckView:
        kind, name = self._check.type, self._check.name
        try:
            access = open_state(self._given)
            stored = last_board(access.directory.history_db) if access.alive else None
            checks = board_from_json(stored).checks if stored else ()
        except (Refused, StorageFault, ValueError, KeyError, TypeError) as error:
            raise OwnTrouble(f"a check of type {kind} is read from the running monitor: {error}") from None
        if not access.alive:
            raise OwnTrouble(
                f"no monitor runs, and only a running monitor knows the state of a check of type {kind}; start tui-monitor --headless"
            )
        found = next((check for check in checks if check.name == name and check.type == kind), None)
        if found is None:
            raise OwnTrouble("the running monitor does not know this check: let it reload its configuration")
        return found
