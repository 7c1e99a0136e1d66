"""The languages of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_monitor.core.catalogue.phrases import Phrases

if TYPE_CHECKING:
    from tui_monitor.core.catalogue.page_phrases import PagePhrases
    from tui_monitor.core.catalogue.report_phrases import ReportPhrases


def phrases(language: str) -> Phrases:
    """The texts of a language ("en", "ko"), imported when first used; English for an unknown language."""
    if language == "ko":
        from tui_monitor.core.catalogue.korean import KOREAN

        return KOREAN
    from tui_monitor.core.catalogue.english import ENGLISH

    return ENGLISH


def page_phrases(language: str) -> PagePhrases:
    """The texts of the web page, as `phrases`."""
    if language == "ko":
        from tui_monitor.core.catalogue.page_korean import PAGE_KOREAN

        return PAGE_KOREAN
    from tui_monitor.core.catalogue.page_english import PAGE_ENGLISH

    return PAGE_ENGLISH


def report_phrases(language: str) -> ReportPhrases:
    """The texts of reports, as `phrases`."""
    if language == "ko":
        from tui_monitor.core.catalogue.report_korean import REPORT_KOREAN

        return REPORT_KOREAN
    from tui_monitor.core.catalogue.report_english import REPORT_ENGLISH

    return REPORT_ENGLISH
