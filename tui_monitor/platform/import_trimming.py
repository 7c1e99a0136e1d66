"""Stand-ins for modules that libraries import and this program does not use; they save memory and start-up time."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock
from types import ModuleType
from typing import Any

SWITCH = "TUI_MONITOR_FULL_IMPORTS"
"""The environment variable that turns the stand-ins off (any value), to find out whether they cause a fault."""


def trim_imports(before: str) -> None:
    """Install stand-ins for modules of which a library imports a name or two; any other name loads the real module.

    ``before``: what is about to be loaded: "start" (of the process), "pydantic", "textual", "jinja2", "redis",
    "uvicorn" or "stdio". The gain of each
    stand-in stands in docs/decisions/0009.
    """
    if os.environ.get(SWITCH):
        return
    for put_in in _STAND_INS[before]:
        put_in()


class _StandIn(ModuleType):
    """A module in the place of another."""


class _Later:
    """A function or class of a module that is loaded when this is called or asked for an attribute."""

    def __init__(self, real: Callable[[], Any]) -> None:
        self._real = real

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self._real()(*given, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real(), name)


def _bare_package(name: str, first: str = "") -> None:
    """Install a package whose submodules can be imported, but whose `__init__` runs only when a name is read that ``first`` has not."""
    if name in sys.modules or (spec := importlib.util.find_spec(name)) is None or spec.loader is None:
        return
    package, load = importlib.util.module_from_spec(spec), spec.loader.exec_module

    def find(attribute: str) -> Any:
        if attribute.startswith("__") and attribute != "__version__":
            raise AttributeError(attribute)
        if first and hasattr(source := importlib.import_module(first), attribute):
            return getattr(source, attribute)
        if vars(package).pop("__getattr__", None) is not None:
            getattr(sys.modules.get(name.rpartition(".")[0]), "__version__", "")  # the parent package first, as in a normal import
            load(package)
        return getattr(package, attribute)

    vars(package)["__getattr__"] = find
    sys.modules[name] = package


def _stand_in(module: str, first: str = "", later: Sequence[str] = (), **ready: Any) -> None:
    """Install a stand-in with the names ``ready`` and those of module ``first``; using ``later`` or any other name loads the real one."""
    if module in sys.modules:
        return
    stand_in = _StandIn(module, "A stand-in; everything else is the real module's.")

    def find(name: str) -> Any:
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)  # the import system asks whether it is a package
        known = first and hasattr(source := importlib.import_module(first), name)
        found = vars(stand_in)[name] = getattr(source, name) if known else real(name)  # asyncio asks at each operation of a socket
        return found

    def real(name: str) -> Any:
        with lock:
            if sys.modules.get(module) is stand_in:
                del sys.modules[module]
        return getattr(importlib.import_module(module), name)  # waits for another thread that loads it

    lock = Lock()
    vars(stand_in).update(ready, **{name: _Later(partial(real, name)) for name in later}, __getattr__=find)
    sys.modules[module] = stand_in


def _absent(name: str) -> None:
    """Make the import of a module that nothing in this process uses fail, where its importers cope with that."""
    modules: dict[str, Any] = sys.modules
    if isinstance(modules.get(name, _StandIn("")), _StandIn):
        modules[name] = None  # the import system's own sign of a module that must not be loaded


def _zones(name: str) -> Any:
    """The default search path of zoneinfo (docs.python.org, zoneinfo, data sources); other names by the real function."""
    if name == "TZPATH":
        return "/usr/share/zoneinfo:/usr/lib/zoneinfo:/usr/share/lib/zoneinfo:/etc/zoneinfo"
    sys.modules.pop("sysconfig", None)
    return importlib.import_module("sysconfig").get_config_var(name)


def settle_memory() -> None:
    """Collect the garbage of the imports once (20 ms), and exempt the rest from later collections.

    A slotted dataclass leaves its first class behind. Young objects are collected after 10,000, not 700: results live for one interval and
    are freed without the collector, which took a tenth of the time of 1,000 checks.
    """
    gc.set_threshold(10_000, 10, 10)
    gc.unfreeze()
    gc.collect()
    gc.freeze()


_STAND_INS: dict[str, tuple[Callable[[], None], ...]] = {
    "start": (
        partial(_stand_in, "sysconfig", get_config_var=_zones),  # of zoneinfo; loads the build configuration of Python
        partial(_stand_in, "platform", system=lambda: os.uname().sysname),  # of uuid; compiles nine regular expressions
        partial(_stand_in, "ssl"),  # of asyncio, which needs it for its first connection only
        partial(_stand_in, "asyncio.sslproto"),
        partial(_stand_in, "hashlib"),  # OpenSSL, too, where nothing has to be hashed
        partial(_stand_in, "secrets"),
        partial(_stand_in, "inspect"),  # of dataclasses; loads the compiler's tables
    ),
    "pydantic": (partial(_stand_in, "pydantic.plugin._loader", get_plugins=lambda *_: ()),),  # pydantic's own switch is read too late
    "textual": (
        partial(_stand_in, "textual.types", first="textual._types"),  # imports trees and selects, for the documentation only
        partial(_stand_in, "platformdirs", later=["user_downloads_path"]),  # for screenshots
        partial(_stand_in, "difflib", later=["get_close_matches"]),  # for advice about style sheets
        partial(_stand_in, "pickle", first="_pickle"),  # of rich, for two functions that are in C
        # The palette, with ten widgets; a provider is the base of the one for Textual's own themes, which our palette does not show.
        partial(
            _stand_in,
            "textual.command",
            later=["CommandPalette", "SimpleProvider", "DiscoveryHit", "Hit"],
            Provider=type("Provider", (), {}),
            Hits=Any,
            CommandListItem=Any,
        ),
    ),
    "jinja2": (  # loads pickle and tempfile
        partial(_stand_in, "jinja2.bccache", later=["BytecodeCache", "FileSystemBytecodeCache", "MemcachedBytecodeCache"]),
    ),
    "uvicorn": (  # its package loads the command line, the reloader and the processes of workers; its log messages have colours
        partial(_bare_package, "uvicorn", first="uvicorn.config"),
        partial(_stand_in, "click"),
    ),
    "stdio": (  # a process that speaks over two pipes
        partial(_absent, "ssl"),  # asyncio copes without TLS; saves 4 MiB
        partial(_absent, "_hashlib"),  # hashlib has its own code of what is used here; saves the 4 MiB of OpenSSL
    ),
    "redis": (partial(_bare_package, "redis"), partial(_bare_package, "redis.asyncio")),  # loads clusters, sentinels, every command
}
