"""The table of the screens that have a name: a new screen is one module in `tui/screens/` and one line here."""

from __future__ import annotations

from tui_monitor.core.frozen import frozen


@frozen
class ScreenEntry:
    """One screen: its key, the words for it, and the class that shows it."""

    name: str
    key: str
    """The key that opens it; "" where only the list of all screens and the command palette lead to it."""
    title: str
    about: str
    """What the palette and the list of screens say of it."""
    help: str
    """What the help page and the documentation say of it, with the keys that only it has."""
    target: str = ""
    """ "module:class" in `tui/screens/`, a `DashboardScreen` made of the context when it is first opened; "" is the main screen."""


OVERVIEW = "overview"
SCREENS = (
    ScreenEntry(OVERVIEW, "1", "Overview", "the main screen", "overview"),
    ScreenEntry(
        "history", "2", "Alerts and their history", "what fires, then what is over", "alerts and their history", "history:HistoryScreen"
    ),
    ScreenEntry(
        "notifications", "3", "Notifications", "what was sent, what waits, what failed", "notifications",
        "notifications:NotificationsScreen",
    ),
    ScreenEntry("processes", "4", "Processes", "the busiest, by cpu or memory", "processes", "processes:ProcessesScreen"),
    ScreenEntry(
        "silences", "5", "Silences", "what is quiet, and how to end it", "silences; Enter ends one, + extends it",
        "silences:SilencesScreen",
    ),
    ScreenEntry("panels", "6", "Panels", "the queries that are kept", "panels: kept queries; x takes one away", "panels:PanelsScreen"),
    ScreenEntry(
        "backtest", "7", "Backtest", "what each rule would have done", "backtest of the rules; Enter tries a change",
        "backtest:BacktestScreen",
    ),
    ScreenEntry(
        "noise", "8", "Noise", "which alerts disturbed last week, and what to try", "noise: which alerts disturbed, and what to try",
        "noise:NoiseScreen",
    ),
    ScreenEntry("audit", "9", "Audit", "who acknowledged, silenced, resolved, sent, reloaded", "audit: who did what", "audit:AuditScreen"),
    ScreenEntry("screens", "0", "All screens", "a list to choose from", "the list of all screens", "picker:PickerScreen"),
)  # fmt: skip


def screen_named(name: str) -> ScreenEntry:
    """The entry of a name. Raises LookupError where there is none."""
    found = next((entry for entry in SCREENS if entry.name == name), None)
    if found is None:
        raise LookupError(f'there is no screen "{name}"')
    return found
