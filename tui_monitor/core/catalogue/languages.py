"""The languages of the catalogue."""

from __future__ import annotations

from tui_monitor.core.catalogue.phrases import Phrases


def phrases(language: str) -> Phrases:
    """The texts of a language ("en", "ko"), imported when first used; English for an unknown language."""
    if language == "ko":
        from tui_monitor.core.catalogue.korean import KOREAN

        return KOREAN
    from tui_monitor.core.catalogue.english import ENGLISH

    return ENGLISH
