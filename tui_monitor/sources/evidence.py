"""Evidence lines of a source for alerts about it."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class HasEvidence(Protocol):
    """A probe or feed that stores evidence lines."""

    def evidence(self, match: str) -> tuple[str, ...]:
        """The newest lines of a match (label of the alert); "": of the matches that made the check degraded or unhealthy."""
        ...
