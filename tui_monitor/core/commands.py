"""The commands that a person gives to the leader, as frozen values, and their result.

Every face makes the same values: keys of the dashboard, the command line, a chat's button, later HTTP. A process that does not lead
stores them in the commands table (`encode`, `decode` in core/command_codec.py) and the leader applies them once.
"""

from __future__ import annotations

from tui_monitor.core.frozen import frozen


@frozen
class CommandResult:
    """The result of a command; ``text`` is for people, ``ok`` False means that it was refused in whole or in part.

    ``pending``: the command is stored for the leader, which has not applied it yet. ``made``: ids of the silence or the messages that it
    has made, where this process has applied it.
    """

    ok: bool
    text: str
    pending: bool = False
    made: tuple[str, ...] = ()


@frozen
class Acknowledge:
    """Stop the reminders of firing alerts, of ``ids`` or of ``all_firing``; ``seconds`` None: until they end."""

    ids: tuple[str, ...] = ()
    all_firing: bool = False
    note: str = ""
    seconds: float | None = None


@frozen
class Unacknowledge:
    """Remove the acknowledgement of alerts."""

    ids: tuple[str, ...] = ()
    all_firing: bool = False


@frozen
class Resolve:
    """End alerts by hand; each may fire again once its condition has been false."""

    ids: tuple[str, ...] = ()
    all_firing: bool = False
    note: str = ""


@frozen
class AddSilence:
    """Mute the alerts that the matchers ('name="value"') select; ``start`` in UTC ms, None: when the command was given.

    ``until_resolved``: it ends earlier once no alert that it matches is pending or fires any more.
    """

    matchers: tuple[str, ...]
    seconds: float
    comment: str = ""
    start: int | None = None
    until_resolved: bool = False


@frozen
class ExtendSilence:
    """Let a silence hold ``seconds`` longer than it would, or to ``until`` (UTC ms); ``id`` may be the beginning of its id."""

    id: str
    seconds: float = 0.0
    until: int | None = None


@frozen
class EndSilence:
    """End a silence now; ``id`` may be the beginning of its id."""

    id: str


@frozen
class SendMessage:
    """Send a person's own message; ``to`` names notifiers or groups, empty: where an alert of ``severity`` would go.

    ``addresses``: only these mail addresses and phone numbers; each must be a receiver of a notifier or match its `allowed_addresses`.
    """

    title: str
    message: str
    severity: str = "info"
    to: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@frozen
class SendTest:
    """Send a test message through one notifier of the leader."""

    notifier: str
    severity: str = "info"


@frozen
class Annotate:
    """Mark a moment (UTC ms, None: now) on every chart."""

    text: str
    at: int | None = None


@frozen
class SavePanel:
    """Store a query as a panel, or replace the one of that name; ``span`` is the range of its chart in ms."""

    name: str
    expr: str
    span: int = 3_600_000


@frozen
class DropPanel:
    """Delete a panel."""

    name: str


@frozen
class AddToken:
    """Store an access token under a new name: its scopes and the digest of its secret (core/access_token.py); ``expires_at`` in UTC ms."""

    name: str
    scopes: tuple[str, ...]
    digest: str
    expires_at: int | None = None
    kind: str = "token"


@frozen
class RevokeToken:
    """Delete an access token."""

    name: str


@frozen
class AddRule:
    """Add an alerting rule under a new name: a condition (alerts/rules/condition.py), durations in seconds, receivers."""

    name: str
    condition: str
    seconds: float = 0.0
    severity: str = "warning"
    to: tuple[str, ...] = ()
    cooldown: float = 0.0


@frozen
class RemoveRule:
    """Remove a rule that was added by command."""

    name: str


@frozen
class ReportRefusal:
    """Write into the audit log what the HTTP interface has refused somebody."""

    text: str


@frozen
class ReportSignal:
    """Write into the audit log which signal a dashboard sends to which process."""

    text: str


@frozen
class Reload:
    """Read the configuration again."""


@frozen
class YieldLeadership:
    """Ask a leading dashboard to let the daemon lead."""


AlertCommand = Acknowledge | Unacknowledge | Resolve
SilenceCommand = AddSilence | ExtendSilence | EndSilence
TokenCommand = AddToken | RevokeToken | ReportRefusal
RuleCommand = AddRule | RemoveRule
Command = (
    AlertCommand
    | SilenceCommand
    | SendMessage
    | SendTest
    | Annotate
    | SavePanel
    | DropPanel
    | TokenCommand
    | RuleCommand
    | ReportSignal
    | Reload
    | YieldLeadership
)


@frozen
class StoredCommand:
    """A row of the commands table: who asked, when (UTC ms), and the command as text (a verb, and its arguments as JSON)."""

    id: int
    by: str
    verb: str
    arguments: str
    at: int
