"""The IMAP probe."""

from __future__ import annotations

from tui_monitor.sources.net.lines import Lines
from tui_monitor.sources.net.mail_probe import MailProbe
from tui_monitor.sources.net.starttls import imap_command, imap_greeting, imap_start


class ImapProbe(MailProbe):
    """Greeting, CAPABILITY, STARTTLS, CAPABILITY, LOGOUT."""

    async def greeting(self, lines: Lines) -> str:
        """Read the greeting's text."""
        return await imap_greeting(lines)

    async def abilities(self, lines: Lines) -> tuple[str, ...]:
        """The server's capabilities by CAPABILITY."""
        found = await imap_command(lines, "c", "CAPABILITY")
        words = [line.removeprefix("* CAPABILITY ") for line in found if line.startswith("* CAPABILITY ")]
        return tuple(" ".join(words).upper().split())

    async def start_tls(self, lines: Lines) -> None:
        """Send STARTTLS."""
        await imap_start(lines)

    async def quit(self, lines: Lines) -> None:
        """Send LOGOUT."""
        await imap_command(lines, "q", "LOGOUT")
