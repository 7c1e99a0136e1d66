"""Disambiguation of names that became equal when they were made valid or short."""

from __future__ import annotations

from collections.abc import Iterable


def kept_apart(names: Iterable[str]) -> list[str]:
    """The names in order, duplicates with the suffix "_2", "_3" and so on. Empty names stay empty."""
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
