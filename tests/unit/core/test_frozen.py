"""Frozen values behave as `dataclass(frozen=True, slots=True)` makes them."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any, ClassVar

import pytest

from tui_monitor.core.frozen import frozen


@frozen
class Ours:
    """Some fields."""

    name: str
    size: float = 1.0
    tags: tuple[str, ...] = ()
    note: str = field(default="", compare=False, repr=False)
    kinds: ClassVar = ("a",)
    seen: list[int] = field(default_factory=list, compare=False, repr=False)

    def shout(self) -> str:
        """A method."""
        return self.name.upper()


@dataclass(frozen=True, slots=True)
class Theirs:
    """The same."""

    name: str
    size: float = 1.0
    tags: tuple[str, ...] = ()
    note: str = field(default="", compare=False, repr=False)
    kinds: ClassVar = ("a",)
    seen: list[int] = field(default_factory=list, compare=False, repr=False)

    def shout(self) -> str:
        """A method."""
        return self.name.upper()


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
    assert [each.name for each in fields(value)] == list(kind.__match_args__) == ["name", "size", "tags", "note", "seen"]


@pytest.mark.parametrize("kind", [Ours, Theirs])
def test_a_value_with_something_changeable_has_no_hash(kind: type[Any]) -> None:
    """As a tuple with a list in it."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(kind("a", tags=[]))


@pytest.mark.parametrize("kind", [Ours, Theirs])
def test_a_value_is_constructed_from_defaults_and_keywords(kind: type[Any]) -> None:
    """A default factory makes one value for each; a missing, unknown or second argument is refused, a method and a constant stay."""
    value = kind("a")
    assert value.seen == [] and value.seen is not kind("a").seen and kind("a", seen=None).seen is None and value.size == 1.0
    assert value.shout() == "A" and kind.kinds == ("a",) and [each.default for each in fields(kind)][1:4] == [1.0, (), ""]
    for wrong in (list[Any](), ["a", 1.0, (), "", [], 6]):
        with pytest.raises(TypeError, match="__init__"):
            kind(*wrong)
    with pytest.raises(TypeError, match=f"{kind.__name__}.__init__.* unexpected keyword argument 'other'"):
        kind("a", other=1)
    assert pickle.loads(pickle.dumps(value)) == value


def test_what_a_class_has_of_its_own_is_made_at_its_first_use() -> None:
    """A class that nobody uses costs no compiled method, in whichever order its parts are first asked for."""

    @frozen
    class Late:
        name: str
        tags: list[str] = field(default_factory=list, compare=False)

    assert type(Late.__dict__["__init__"]).__name__ == type(Late.__dict__["__dataclass_fields__"]).__name__ == "_Generated"
    assert [each.compare for each in fields(Late)] == [True, False]
    assert Late("a") == Late("a", ["x"]) and Late("a").tags == [] and type(Late.__dict__["__init__"]).__name__ == "function"
