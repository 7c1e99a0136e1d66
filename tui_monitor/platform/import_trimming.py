"""Keeps libraries from loading what nobody here uses, where that costs memory and start-up time on every machine."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Sequence
from functools import partial
from types import ModuleType
from typing import Any


def lean_libraries() -> None:
    """Put stand-ins in the place of modules that libraries import for a name or two: call before any of them is loaded.

    With the two functions below 5 MiB and 35 ms of a dashboard's start. Whoever asks for anything else gets the real module's.
    """
    _stand_in("shutil", get_terminal_size=_terminal_size)  # argparse and textual; brings bz2 and lzma
    _stand_in("sysconfig", get_config_var=_zones)  # zoneinfo; brings what Python was built with, half a MiB


def lean_models() -> None:
    """The same before pydantic is loaded: 40 ms of each reading of a configuration."""
    _stand_in("pydantic.plugin._loader", get_plugins=lambda *_: ())  # its own switch, PYDANTIC_DISABLE_PLUGINS, is read too late


def lean_screen() -> None:
    """The same before textual is loaded."""
    _stand_in("textual.types", first="textual._types")  # gathers names from trees, selects and placeholders for the documentation
    _stand_in("platformdirs", later=["user_downloads_path"])  # for screenshots
    _stand_in("difflib", later=["get_close_matches"])  # for advice about style sheets
    _stand_in("mimetypes")  # for files that it opens
    _stand_in("pickle", first="_pickle")  # rich, for two functions that are C


def lean_templates() -> None:
    """The same before Jinja is loaded."""
    _stand_in("jinja2.bccache", later=["BytecodeCache", "FileSystemBytecodeCache", "MemcachedBytecodeCache"])  # brings pickle, tempfile
    _stand_in("jinja2._identifier", pattern=re.compile(r"\w+"))  # the letters of the world for names of variables; ours are ASCII


def lean_redis() -> None:
    """The same before redis is loaded, whose packages gather clusters, sentinels and each command there is: 4 MiB, 27 modules."""
    for package in ("redis", "redis.asyncio"):
        _bare_package(package)


def _bare_package(name: str) -> None:
    """Put in a package that has its modules and nothing that its own code gathers from them, until somebody asks for that."""
    if name in sys.modules or (spec := importlib.util.find_spec(name)) is None or spec.loader is None:
        return
    package, load = importlib.util.module_from_spec(spec), spec.loader.exec_module

    def find(attribute: str) -> Any:
        if attribute.startswith("__") and attribute != "__version__":
            raise AttributeError(attribute)
        if vars(package).pop("__getattr__", None) is not None:
            getattr(sys.modules.get(name.rpartition(".")[0]), "__version__", "")  # the package around it first, as ever
            load(package)
        return getattr(package, attribute)

    vars(package)["__getattr__"] = find
    sys.modules[name] = package


def _stand_in(module: str, first: str = "", later: Sequence[str] = (), **ready: Any) -> None:
    """Put one in: it has what is ``ready`` and what the module ``first`` has; calling ``later`` or asking for more loads the real one."""
    if module in sys.modules:
        return
    stand_in = ModuleType(module, "A stand-in; everything else is the real module's.")

    def find(name: str) -> Any:
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)  # the import system asks whether it is a package
        if first and hasattr(source := importlib.import_module(first), name):
            return getattr(source, name)
        return real(name)

    def real(name: str) -> Any:
        if sys.modules.get(module) is stand_in:
            del sys.modules[module]
            return getattr(importlib.import_module(module), name)
        return getattr(sys.modules[module], name)

    def call(name: str, *given: Any, **named: Any) -> Any:
        return real(name)(*given, **named)

    vars(stand_in).update(ready, **{name: partial(call, name) for name in later}, __getattr__=find)
    sys.modules[module] = stand_in


def _zones(name: str) -> Any:
    """Where zoneinfo looks by default (docs.python.org, zoneinfo, data sources); everything else as the real function."""
    if name == "TZPATH":
        return "/usr/share/zoneinfo:/usr/lib/zoneinfo:/usr/share/lib/zoneinfo:/etc/zoneinfo"
    sys.modules.pop("sysconfig", None)
    return importlib.import_module("sysconfig").get_config_var(name)


def _terminal_size(fallback: tuple[int, int] = (80, 24)) -> os.terminal_size:
    """Columns and lines: those of the environment, those of the terminal, or the fallback. As shutil's (docs.python.org, shutil)."""
    size = [_number(os.environ.get(name, "")) for name in ("COLUMNS", "LINES")]
    try:
        seen = os.get_terminal_size(sys.__stdout__.fileno()) if sys.__stdout__ is not None and not all(size) else (0, 0)
    except (ValueError, OSError):
        seen = (0, 0)
    return os.terminal_size(mine or its or other for mine, its, other in zip(size, seen, fallback, strict=True))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def settle_memory() -> None:
    """Give back what loading has left (a slotted dataclass leaves its first class behind) and look no more at what stays: 20 ms, once."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
