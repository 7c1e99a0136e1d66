"""The catalogue of the texts of reports; one value per language, so a missing phrase is a type error."""

from __future__ import annotations

from collections.abc import Mapping

from tui_monitor.core.frozen import frozen


@frozen
class ReportPhrases:
    """Phrases of one language. Braces are filled in by `str.format`."""

    kinds: Mapping[str, str]
    """The title of each kind of report."""
    sections: Mapping[str, str]
    columns: Mapping[str, str]
    weekdays: tuple[str, ...]
    """From Monday on."""
    months: tuple[str, ...]
    """From January on."""
    day: str
    """A day with {weekday}, {day}, {month} and {year}."""
    days: str
    """From one day to another: {first} and {last}."""
    short_day: str
    """Without the year and the weekday."""

    # --- the verdict and the notes ---
    quiet: str
    one_incident: str
    incidents: str
    still_open: str
    uptime: str
    nothing_watched: str
    all_healthy: str
    health_count: str
    risks: str
    no_risks: str
    late: str
    off: str
    unwatched: str
    missed: str
    sign_of_life: str
    again: str
    """Why the report could not be made before."""

    # --- words in tables ---
    no_incidents: str
    no_checks: str
    not_available: str
    nothing_found: str
    more: str
    total: str
    still: str
    acknowledged: str
    not_acknowledged: str
    muted: str
    flapping: str
    no_data: str
    told: str
    told_nobody: str
    statuses: Mapping[str, str]
    severities: Mapping[str, str]
    units: Mapping[str, str]
    """Unit suffixes of days, hours, minutes and seconds."""
    cpu: str
    memory: str
    disk: str
    within: str
    least: str
    mean: str
    most: str
    ended: str
    nothing_fired: str
    calm: str

    # --- risks: name, then what to do ---
    risk_names: Mapping[str, str]
    risk_advice: Mapping[str, str]

    # --- suggestions ---
    suggestions: Mapping[str, str]

    # --- the page, the command and the screen ---
    reports: str
