"""Keeps a library from loading what nobody here uses, where that costs memory on every machine."""

from __future__ import annotations

import gc
import importlib
import sys
from types import ModuleType
from typing import Any

_LOADER = "pydantic.plugin._loader"


def without_pydantic_plugins() -> None:
    """No plugin of pydantic is wanted here: looking for one loads importlib.metadata, email, zipfile and csv (2.6 MiB, 18 ms).

    Its own switch (PYDANTIC_DISABLE_PLUGINS) is read only after that. Call before pydantic is imported; without effect later.
    """
    if _LOADER in sys.modules:
        return
    stand_in = ModuleType(_LOADER, "No plugins; everything else is the real module's.")

    def real(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # the import system asks whether it is a package
        sys.modules.pop(_LOADER, None)
        return getattr(importlib.import_module(_LOADER), name)

    stand_in.get_plugins = lambda *_: ()  # type: ignore[attr-defined]
    stand_in.__getattr__ = real  # type: ignore[method-assign]
    sys.modules[_LOADER] = stand_in


def settle_memory() -> None:
    """Give back what loading has left (a slotted dataclass leaves its first class behind) and look no more at what stays: 20 ms, once."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
