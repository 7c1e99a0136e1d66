"""Frozen, slotted dataclasses that share their methods; what a class has of its own is generated when it is first used.

`dataclass` generates and compiles the same methods for every class: 0.3 ms each. The first paint needs one class in three.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields
from functools import partial
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")
_MEMBERS = ("__init__", "_compared", "__dataclass_fields__", "__dataclass_params__", "__match_args__")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """As `dataclass(frozen=True, slots=True)`: keyword and positional construction, equality and hash by value, no assignment.

    A frozen class has no frozen subclasses.
    """
    hints = cls.__dict__.get("__annotations__", {})  # noqa: RUF063  inspect loads the compiler
    names = tuple(name for name, hint in hints.items() if "ClassVar" not in str(hint))
    written = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
    body = {name: value for name, value in vars(cls).items() if name not in (*names, "__dict__", "__weakref__")}
    again: Any = type(cls)
    made = again(cls.__name__, cls.__bases__, {**body, "__slots__": names})  # slots cannot be added to a class
    made.__qualname__ = cls.__qualname__
    generate = partial(_generate, made, {**written, "__annotations__": hints, "__module__": cls.__module__, "__doc__": "."})
    for name in _MEMBERS:
        setattr(made, name, _Generated(generate, name))
    return _share(made)  # type: ignore[no-any-return]


def freeze(cls: type[T]) -> type[T]:
    """As `frozen` without slots and with keywords only, called by a base class for its subclasses; the class itself is completed."""
    made: Any = dataclass(frozen=True, kw_only=True, eq=False, repr=False)(cls)
    made._compared = _compared(made)
    return _share(made)  # type: ignore[no-any-return]


class _Generated:
    """Descriptor in place of a member that is not generated yet. Two threads may generate it at once: they make the same."""

    def __init__(self, generate: Callable[[], None], name: str) -> None:
        self._generate, self._name = generate, name

    def __get__(self, instance: Any, owner: type) -> Any:
        self._generate()
        return getattr(owner if instance is None else instance, self._name)


def _generate(made: Any, body: dict[str, Any]) -> None:
    """Give ``made`` what `dataclass` generates for a class with this body."""
    model: Any = dataclass(frozen=True, eq=False, repr=False)(type(made.__name__, (), body))
    model.__init__.__qualname__ = f"{made.__qualname__}.__init__"
    model._compared = _compared(model)
    for name in _MEMBERS:
        setattr(made, name, model.__dict__[name])


def _compared(made: Any) -> Any:
    names = [each.name for each in fields(made) if each.compare]
    return staticmethod(attrgetter(*names) if names else lambda _: ())


def _share(made: Any) -> Any:
    made.__setattr__ = made.__delattr__ = _refuse
    made.__eq__, made.__hash__ = _equal, _hash
    made.__getstate__, made.__setstate__ = _state, _restore
    if "__repr__" not in made.__dict__:
        made.__repr__ = _repr
    return made


def _refuse(_: Any, name: str, *__: Any) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _equal(self: Any, other: Any) -> Any:
    return self._compared(self) == other._compared(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(self._compared(self))


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)


def _repr(self: Any) -> str:
    shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({shown})"
