"""Lines of a source that say why an alert about it fires."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class HasEvidence(Protocol):
    """A probe or feed that keeps such lines."""

    def evidence(self, match: str) -> tuple[str, ...]:
        """The newest lines of a match (the label of the alert); "": of whatever made the check degraded or unhealthy."""
        ...
