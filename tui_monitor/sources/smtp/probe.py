"""The SMTP probe."""

from __future__ import annotations

from tui_monitor.sources.net.lines import Lines
from tui_monitor.sources.net.mail_probe import MailProbe
from tui_monitor.sources.net.starttls import smtp_greeting, smtp_hello, smtp_start
from tui_monitor.sources.smtp.settings import SmtpCheck


class SmtpProbe(MailProbe):
    """Greeting, EHLO, STARTTLS, EHLO, QUIT."""

    def __init__(self, settings: SmtpCheck) -> None:
        super().__init__(settings)
        self._name = settings.ehlo

    async def greeting(self, lines: Lines) -> str:
        """Read the greeting's lines."""
        return (await smtp_greeting(lines)).text

    async def abilities(self, lines: Lines) -> tuple[str, ...]:
        """The server's extensions by EHLO."""
        return await smtp_hello(lines, self._name)

    async def start_tls(self, lines: Lines) -> None:
        """Send STARTTLS."""
        await smtp_start(lines)

    async def quit(self, lines: Lines) -> None:
        """Send QUIT and read the reply, since Postfix logs a lost connection otherwise."""
        await lines.send("QUIT")
        await lines.reply("SMTP")
