"""The list of all fuzz targets: a new reader of outside input gets one here."""

from __future__ import annotations

from fuzz.target import Target


def all_targets() -> dict[str, Target]:
    """Every target by name."""
    from fuzz.targets import answers, configuration, databases, history, logs, machine, outputs, pages, promql, rpc, telegram, texts, values

    modules = (configuration, answers, databases, machine, promql, pages, outputs, logs, rpc, telegram, texts, values, history)
    return {target.name: target for module in modules for target in module.TARGETS}
