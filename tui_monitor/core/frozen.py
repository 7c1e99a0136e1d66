"""Frozen, slotted dataclasses that share their methods; what a class has of its own is generated when it is first used.

`dataclass` generates and compiles the same methods for every class: 0.3 ms each. The first paint needs one class in three.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from functools import cache, partial
from inspect import get_annotations
from operator import attrgetter
from types import CodeType, FunctionType
from typing import Any, NoReturn, TypeVar, cast, dataclass_transform

T = TypeVar("T")
_OF_DATACLASSES = ("__dataclass_fields__", "__dataclass_params__", "__match_args__")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """As `dataclass(frozen=True, slots=True)`: keyword and positional construction, equality and hash by value, no assignment.

    A frozen class has no frozen subclasses.
    """
    hints = get_annotations(cls)
    names = tuple(name for name, hint in hints.items() if "ClassVar" not in str(hint))
    written = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
    body = {name: value for name, value in vars(cls).items() if name not in (*names, "__dict__", "__weakref__")}
    again: Any = type(cls)
    made = again(cls.__name__, cls.__bases__, {**body, "__slots__": names})  # slots cannot be added to a class
    made.__qualname__ = cls.__qualname__
    _later(made, ("__init__", "_compared"), partial(_give_construction, made, written))
    _later(made, _OF_DATACLASSES, partial(_give_fields, made, written))
    return _share(made)  # type: ignore[no-any-return]


def freeze(cls: type[T]) -> type[T]:
    """As `frozen` without slots and with keywords only, called by a base class for its subclasses; the class itself is completed."""
    made: Any = dataclass(frozen=True, kw_only=True, eq=False, repr=False)(cls)
    made._compared = _getter([each.name for each in fields(made) if each.compare])
    return _share(made)  # type: ignore[no-any-return]


class _Generated:
    """Descriptor in place of a member that is not generated yet. Two threads may generate it at once: they make the same."""

    def __init__(self, generate: Callable[[], None], name: str) -> None:
        self._generate, self._name = generate, name

    def __get__(self, instance: Any, owner: type) -> Any:
        self._generate()
        return getattr(owner if instance is None else instance, self._name)


def _later(made: type, names: Sequence[str], generate: Callable[[], None]) -> None:
    for name in names:
        setattr(made, name, _Generated(generate, name))


def _give_construction(made: Any, written: Mapping[str, Any]) -> None:
    """Give ``made`` its `__init__`; ``written``: the defaults as the class states them."""
    setters: dict[str, Any] = {}
    defaults: list[Any] = []
    compared: list[str] = []
    for number, name in enumerate(made.__slots__):
        value = written.get(name, MISSING)
        about: Any = value if isinstance(value, Field) else field(default=value)
        setter = made.__dict__[name].__set__
        if about.default_factory is not MISSING:
            setters[f"set_{number}"] = partial(_set_or_make, setter, about.default_factory)
            defaults.append(MISSING)
        else:
            setters[f"set_{number}"] = setter
            defaults += [about.default] if about.default is not MISSING else []
        if about.compare:
            compared.append(name)
    code = _construction(len(made.__slots__)).replace(co_varnames=("self", *made.__slots__), co_qualname=f"{made.__qualname__}.__init__")
    made.__init__ = FunctionType(code, setters, "__init__", tuple(defaults))
    made._compared = _getter(compared)


def _set_or_make(setter: Callable[[Any, Any], None], make: Callable[[], Any], self: Any, value: Any) -> None:
    setter(self, make() if value is MISSING else value)


@cache
def _construction(count: int) -> CodeType:
    """The code that sets so many fields. It is compiled once and shared: the names of its parameters are all that differs."""
    heads = "".join(f", field_{number}" for number in range(count))
    lines = "".join(f"\n set_{number}(self, field_{number})" for number in range(count))
    found: dict[str, Any] = {}
    exec(f"def __init__(self{heads}):{lines or ' pass'}", found)  # ten times as fast as a loop, as in dataclass
    return cast(CodeType, found["__init__"].__code__)


def _give_fields(made: Any, written: Mapping[str, Any]) -> None:
    """What the functions of dataclasses read, as `dataclass` makes it of a class with these fields."""
    body = {**written, "__annotations__": get_annotations(made), "__module__": made.__module__, "__doc__": "."}
    model: Any = dataclass(frozen=True, init=False, eq=False, repr=False)(type(made.__name__, (), body))
    for name in _OF_DATACLASSES:
        setattr(made, name, getattr(model, name))


def _getter(names: Sequence[str]) -> Any:
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
