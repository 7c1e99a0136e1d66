"""Names that became equal on their way, kept apart: whatever made them valid or short, none takes another's place."""

from __future__ import annotations

from collections.abc import Iterable


def kept_apart(names: Iterable[str]) -> list[str]:
    """The names in their order; one that is taken gets "_2", "_3" and so on. An empty name stays empty."""
    taken: set[str] = set()
    counts: dict[str, int] = {}
    found = []
    for name in names:
        free = name
        while free and free in taken:
            counts[name] = counts.get(name, 1) + 1
            free = f"{name}_{counts[name]}"
        taken.add(free)
        found.append(free)
    return found
