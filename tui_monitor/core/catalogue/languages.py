"""The languages of the catalogue."""

from __future__ import annotations

import os
from collections.abc import Mapping
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


def language_in_use(configured: str, environ: Mapping[str, str] = os.environ) -> str:
    """The language of texts, "en" or "ko": the configured one, else that of the locale (LC_ALL, LC_MESSAGES, LANG)."""
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return configured or ("ko" if locale.startswith("ko") else "en")
