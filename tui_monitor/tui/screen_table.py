"""The table of named screens: a new screen is one module in `tui/screens/` and one line here."""

from __future__ import annotations

from tui_monitor.core.frozen import frozen


@frozen
class ScreenEntry:
    """One named screen: its key, its texts and its class."""

    name: str
    key: str
    """Key that opens it; "" where it is reached by the list of all screens and the command palette only."""
    title: str
    about: str
    """Text in the palette and the list of screens."""
    help: str
    """Text in the help page and the documentation, with the screen's own keys."""
    target: str = ""
    """ "module:class" in `tui/screens/`, a `DashboardScreen`, constructed with the context when first opened; "" is the main screen."""
    action: str = ""
    """The action of the app that opens it from its key, where that looks at the selection; "": it takes the place of other screens."""


OVERVIEW = "overview"
SCREENS = (
    ScreenEntry(OVERVIEW, "1", "Overview", "the main screen", "overview"),
    ScreenEntry(
        "history", "2", "Alerts and their history", "firing alerts, then resolved ones", "alerts and their history", "history:HistoryScreen"
    ),
    ScreenEntry(
        "notifications", "3", "Notifications", "messages that were sent, are queued, have failed", "notifications",
        "notifications:NotificationsScreen",
    ),
    ScreenEntry("processes", "4", "Processes", "all of them, as a list or a tree", "processes", "processes:ProcessesScreen"),
    ScreenEntry(
        "silences", "5", "Silences", "active and future silences; end or extend them", "silences; Enter ends one, + extends it",
        "silences:SilencesScreen",
    ),
    ScreenEntry("panels", "6", "Panels", "saved queries", "panels: saved queries; x removes one", "panels:PanelsScreen"),
    ScreenEntry(
        "backtest", "7", "Backtest", "when each rule would have fired", "backtest of the rules; Enter tries a change",
        "backtest:BacktestScreen",
    ),
    ScreenEntry(
        "noise", "8", "Noise", "which alerts notify too often, with advice", "noise: alerts that notify too often",
        "noise:NoiseScreen",
    ),
    ScreenEntry("audit", "9", "Audit", "who acknowledged, silenced, resolved, sent, reloaded", "audit: who did what", "audit:AuditScreen"),
    ScreenEntry(
        "services", "S", "Services", "checks that belong together, with requests and log errors", "services; Enter: the page of one",
        "services:ServicesScreen",
    ),
    ScreenEntry(
        "containers", "C", "Containers", "of Docker and Podman: state, health, restarts, cpu, memory", "containers",
        "watched_lists:ContainersScreen",
    ),
    ScreenEntry(
        "units", "D", "Units", "of systemd: state, restarts, memory, last run of timers", "units of systemd", "watched_lists:UnitsScreen"
    ),
    ScreenEntry(
        "logs", "L", "Logs", "kept lines of checks and services, live", "logs: of the selected alert or check",
        "logs:LogsScreen", action="logs",
    ),
    ScreenEntry(
        "requests", "r", "Requests", "routes with rate, errors and latencies", "requests: routes with rates and latencies",
        "requests:RequestsScreen",
    ),
    ScreenEntry(
        "traces", "T", "Traces", "requests through several services, as waterfalls", "traces; in a log line or route: its own",
        "traces:TracesScreen",
    ),
    ScreenEntry(
        "reports", "B", "Reports", "daily, weekly, performance, risks, health: the newest", "reports: left and right change the kind",
        "reports:ReportsScreen",
    ),
    ScreenEntry("screens", "0", "All screens", "a list to choose from", "the list of all screens", "picker:PickerScreen"),
)  # fmt: skip


def screen_named(name: str) -> ScreenEntry:
    """The entry with this name. Raises LookupError."""
    found = next((entry for entry in SCREENS if entry.name == name), None)
    if found is None:
        raise LookupError(f'there is no screen "{name}"')
    return found
