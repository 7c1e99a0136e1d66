"""Values that are made again only when what they are made of has changed: the one cache of board, panes and rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")
MOST = 2000
"""Entries after which all are forgotten: keys of checks and alerts that are gone must not stay for ever."""


class Kept(Generic[T]):
    """The newest value of each key, with the inputs that it was made of.

    Inputs are compared by identity first and by value then, so that a tuple of unchanged objects costs less than a microsecond.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[tuple[object, ...], T]] = {}

    def clear(self) -> None:
        """Make all anew: something else than the inputs has changed, as the language."""
        self._known.clear()

    def of(self, key: Hashable, inputs: tuple[object, ...], make: Callable[[], T]) -> T:
        """The value of a key: the kept one where the inputs are equal to those that it was made of, else a new one."""
        known = self._known.get(key)
        if known is not None and known[0] == inputs:
            return known[1]
        if len(self._known) >= MOST:
            self._known.clear()
        value = make()
        self._known[key] = (inputs, value)
        return value
