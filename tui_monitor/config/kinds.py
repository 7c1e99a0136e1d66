"""Kinds of entries ([[checks]], [[notifiers]]): built in, or from installed plug-ins."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, TypeVar

from tui_monitor.config.section import Section
from tui_monitor.core.sanitize import clean, nearest


class KindLike(Protocol):
    """A kind as the reader of a configuration sees it."""

    CALLED: ClassVar[tuple[str, ...]]
    """The attributes that are callables, or their places as "package.module:name"."""

    @property
    def name(self) -> str:
        """The value of the key `type`."""
        ...

    @property
    def settings(self) -> str | type[Section]:
        """The record of its keys, or its place as "package.module:Name"."""
        ...

    @property
    def example(self) -> Mapping[str, Any]:
        """Values for the example file, as written there; at least `name`."""
        ...


K = TypeVar("K", bound=KindLike)


class Kinds:
    """The marker of a list of tables whose `type` selects the record. ``table``: the mapping of kinds, as "package.module:NAME".

    ``group``: the entry-point group in which plug-ins register their kinds. ``table`` is a string, so that config imports no room above it.
    """

    def __init__(self, table: str, group: str) -> None:
        self.table, self.group = table, group

    def known(self) -> Mapping[str, KindLike]:
        """The built-in kinds by name."""
        found: Mapping[str, KindLike] = resolve(self.table)
        return found

    def record_of(self, name: str, base: type[Section]) -> type[Section]:
        """The record of a kind's keys. ValueError, with advice, for a kind that is not known and for a plug-in that cannot be used."""
        known = self.known()
        kind = known[name] if name in known else plugin(self.group, name, base, type(next(iter(known.values()))))
        if kind is None:
            raise ValueError(f'unknown type "{clean(name)}"{nearest(name, known)}; known: {", ".join(known)}')
        record: type[Section] = resolve(kind.settings)
        return record


def resolve(place: Any) -> Any:
    """Import the object at "package.module:Name"; an object that is not a text is returned as it is."""
    if not isinstance(place, str):
        return place
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def plugin(group: str, name: str, base: type[Section], kind_class: type[K]) -> K | None:
    """The kind that an installed package offers under this name; None where none does. ValueError says why one cannot be used.

    ``kind_class.CALLED`` names its attributes that must be callable.
    """
    from importlib.metadata import entry_points  # loaded late (20 ms): only plug-in types need it

    found = list(entry_points(group=group, name=name))
    if not found:
        return None
    said = f'the plug-in "{clean(name)}" ({clean(found[0].value)}) cannot be used'
    if len(found) > 1:
        raise ValueError(f"{said}: {len(found)} installed packages offer it; keep one")
    try:
        kind = found[0].load()
        _examine(kind, name, base, kind_class)
    except (Exception, SystemExit) as error:  # noqa: BLE001  the boundary: a plug-in may raise anything when it is imported
        raise ValueError(f"{said}: {clean(str(error))}" if type(error) is ValueError else f"{said}: {_text(error)}") from None
    return kind  # type: ignore[no-any-return]  # examined above


def _text(error: BaseException) -> str:
    try:
        said = clean(str(error))
    except Exception:  # noqa: BLE001  the text of a plug-in's exception may fail
        said = ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _examine(kind: Any, name: str, base: type[Section], kind_class: type[KindLike]) -> None:
    if not isinstance(kind, kind_class):
        raise ValueError(f"it is of type {type(kind).__name__}, not {kind_class.__name__}")
    if kind.name != name:
        raise ValueError(f'its own name is "{clean(str(kind.name))}"')
    record = resolve(kind.settings)
    if not (isinstance(record, type) and issubclass(record, base)):
        raise ValueError(f"its settings are no {base.__name__}")
    for attribute in kind_class.CALLED:
        if not callable(resolve(getattr(kind, attribute))):
            raise ValueError(f"its {attribute} cannot be called")
