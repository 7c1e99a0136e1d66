"""The list of all fuzz targets: a new reader of outside input gets one here."""

from __future__ import annotations

from fuzz.target import Target


def all_targets() -> dict[str, Target]:
    """Every target by name."""
    from fuzz.targets import answers, bus, configuration, databases, history, logs, machine, outputs, pages, promql, telegram, texts, values

    modules = (configuration, answers, bus, databases, machine, promql, pages, outputs, logs, telegram, texts, values, history)
    return {target.name: target for module in modules for target in module.TARGETS}
