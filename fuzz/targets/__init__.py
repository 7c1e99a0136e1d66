"""The targets, a module for each subject; every module here has a tuple TARGETS."""

from __future__ import annotations

import importlib
import pkgutil

from fuzz.target import Target


def all_targets() -> dict[str, Target]:
    """Every target by name."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return {target.name: target for module in modules for target in module.TARGETS}
