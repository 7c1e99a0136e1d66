"""Frozen values behave as `dataclass(frozen=True, slots=True)` makes them."""

from __future__ import annotations

import copy
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from tui_monitor.core.frozen import frozen


@frozen
class Ours:
    """Some fields."""

    name: str
    size: float = 1.0
    tags: tuple[str, ...] = ()
    note: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Theirs:
    """The same."""

    name: str
    size: float = 1.0
    tags: tuple[str, ...] = ()
    note: str = field(default="", compare=False, repr=False)


@frozen
class One:
    """A single field."""

    name: str


@frozen
class Nothing:
    """None."""


@pytest.mark.parametrize("kind", [Ours, Theirs])
def test_a_value_is_what_its_compared_fields_are(kind: type[Any]) -> None:
    """Equal, and of one hash, where the compared fields are equal; never equal to a value of another class."""
    value = kind("a", tags=("x",))
    assert value == kind("a", 1.0, ("x",), note="else") and hash(value) == hash(kind("a", 1.0, ("x",), "else"))
    assert value != kind("b", tags=("x",)) and value != ("a", 1.0, ("x",)) and value != One("a")
    assert (
        One("a") == One("a") != One("b") and Nothing() == Nothing() and {One("a"), One("a"), Nothing(), Nothing()} == {One("a"), Nothing()}
    )
    assert repr(value) == f"{kind.__name__}(name='a', size=1.0, tags=('x',))" and repr(Nothing()) == "Nothing()"


@pytest.mark.parametrize("kind", [Ours, Theirs])
def test_a_value_cannot_be_changed_but_copied(kind: type[Any]) -> None:
    """Assignment and deletion are refused; replace and copy work."""
    value = kind("a")
    with pytest.raises(FrozenInstanceError, match="name"):
        value.name = "b"
    with pytest.raises(FrozenInstanceError):
        del value.name
    assert not hasattr(value, "__dict__") and value == kind("a")
    assert replace(value, size=2.0) == kind("a", 2.0) and copy.deepcopy(value) == value == copy.copy(value)
    assert [each.name for each in fields(value)] == list(kind.__match_args__) == ["name", "size", "tags", "note"]


@pytest.mark.parametrize("kind", [Ours, Theirs])
def test_a_value_with_something_changeable_has_no_hash(kind: type[Any]) -> None:
    """As a tuple with a list in it."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(kind("a", tags=[]))
