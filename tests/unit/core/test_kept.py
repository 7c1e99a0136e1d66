"""Kept values are made once for each set of inputs."""

from __future__ import annotations

from tui_monitor.core.kept import MOST, Kept


def test_value_is_made_again_only_when_an_input_differs() -> None:
    """The same inputs give the same object; another input gives a new value and forgets the one before."""
    kept: Kept[list[int]] = Kept()
    first = kept.of("db", (1, "a"), lambda: [1])
    assert kept.of("db", (1, "a"), lambda: [2]) is first
    assert kept.of("db", (1, "b"), lambda: [3]) == [3]
    assert kept.of("db", (1, "a"), lambda: [4]) == [4]


def test_keys_that_are_gone_do_not_stay_for_ever() -> None:
    """Above the bound everything is forgotten once."""
    kept: Kept[int] = Kept()
    for number in range(MOST + 1):
        kept.of(number, (), lambda: 1)
    assert kept.of(0, (), lambda: 2) == 2
