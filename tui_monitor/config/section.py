"""Sections of the configuration: plain frozen records with the type, default and description of each key.

No record imports pydantic: the running process has the records only; the reader of a file (config/reader.py) validates.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import MISSING, Field, field, fields
from typing import Any, dataclass_transform

from tui_monitor.core.frozen import freeze


def key(
    *,
    default: Any = MISSING,
    default_factory: Any = MISSING,
    doc: str = "",
    example: Any = None,
    wanted: str = "",
    shown: str = "",
    hide: bool = False,
    refers: bool = False,
    **limits: Any,
) -> Any:
    """A key of a section. Without a default it is required.

    ``doc``: one line for the example file, the documentation and the message where the key is missing. ``example``: a value as written in
    the file, where the default shows nothing. ``wanted``: the message about any wrong value, for keys of several types. ``shown``: the
    default as the documentation shows it. ``hide``: its values are secrets though their type is not Secret. ``refers``: its
    values are names of checks. ``limits``: gt, ge, lt, le,
    min_length, max_length, pattern (regular expression).
    """
    if isinstance(default, list | dict):
        default, default_factory = MISSING, default.copy
    facts = {"doc": doc, "example": example, "wanted": wanted, "shown": shown, "hide": hide, "refers": refers, "limits": limits}
    return field(default=default, default_factory=default_factory, metadata=facts)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(key,))
class Section:
    """The base class of tables of the file. Each subclass is a frozen record with keyword-only construction.

    Its first docstring line describes the section. An attribute `name_` is the key `name` (for, from and continue are Python's).
    """

    def __init_subclass__(cls) -> None:
        freeze(cls)

    @classmethod
    def prepared(cls, given: dict[str, Any]) -> dict[str, Any]:
        """The table to read, made from the written one; for defaults that depend on another key."""
        return given

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """(key, text) of faults that only several keys together show; key "": the section as a whole.

        ``given``: the keys that the file names.
        """
        return ()


def keys_of(record: type[Section]) -> dict[str, Field[Any]]:
    """The fields of a section by their names in the file."""
    return {each.name.rstrip("_"): each for each in fields(record)}  # type: ignore[arg-type]  # each subclass is a dataclass


def title_of(record: type[Section]) -> str:
    """The section's description: the first line of its docstring."""
    return (record.__doc__ or "").strip().partition("\n")[0]
