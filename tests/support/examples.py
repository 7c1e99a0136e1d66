"""Run a configuration of examples/ as it stands: only addresses are the test's, and everything is asked sooner."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import ROOT
from tests.support.processes import Daemon, Installation, installation
from tests.support.receivers import Receiver, TelegramApi, aligo_says, receiver, slack_says
from tests.support.recipes import replaced, sooner
from tests.support.smtp_server import SmtpServer, smtp_server

EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/config.toml"))
SECRETS = {
    "TELEGRAM_TOKEN": "12:abc",
    "DB_PASSWORD": "m",
    "REDIS_PASSWORD": "r",
    "SLACK_WEBHOOK": "http://127.0.0.1:1/slack",
    "SMTP_PASSWORD": "smtp secret",
    "ALIGO_KEY": "aligo-key",
    "RISK_SECRET": "risk",
    "HOOK_SECRET": "hook",
}
"""What the examples read from the environment."""


@dataclass(frozen=True)
class Services:
    """Receivers on loopback, shaped as Slack, Telegram, Aligo, a mail server and a webhook's program are."""

    slack: Receiver
    telegram: TelegramApi
    chat: Receiver
    sms: Receiver
    hook: Receiver
    smtp: SmtpServer

    def own(self, text: str) -> str:
        """The configuration with these in place of the real ones."""
        text = text.replace('type = "telegram"\n', f'type = "telegram"\napi_url = "{self.chat.url}"\n')
        text = text.replace('type = "aligo"\n', f'type = "aligo"\napi_url = "{self.sms.url}"\n')
        text = re.sub(r'"http://127\.0\.0\.1:8100/\w+"', f'"{self.hook.url}"', text)
        mail = f'host = "127.0.0.1"\nport = {self.smtp.port}\nca_file = "{self.smtp.ca_file}"'
        return text.replace('host = "smtp.example.com"', mail)

    def slack_texts(self) -> list[str]:
        """Title and text of each message."""
        payloads = [request.json() for request in self.slack.requests]
        return [f"{each['text']}\n{each['attachments'][0]['text']}" for each in payloads]

    def telegram_texts(self) -> list[str]:
        """The HTML of each message, edits left out."""
        return [payload["text"] for method, payload in self.telegram.calls if method == "sendMessage"]

    def sms_texts(self) -> list[str]:
        """The text of each SMS."""
        return [request.form()["msg"] for request in self.sms.requests if request.path.startswith("/send")]

    def mail_texts(self) -> list[str]:
        """Subject and plain text of each mail."""
        found = []
        for mail in list(self.smtp.messages):
            plain = mail.message.get_body(("plain",))
            assert plain is not None
            found.append(f"{mail.message['Subject']}\n{plain.get_content()}")
        return found


@contextlib.asynccontextmanager
async def services() -> AsyncIterator[Services]:
    """Running receivers."""
    telegram = TelegramApi(SECRETS["TELEGRAM_TOKEN"])
    with smtp_server() as smtp:
        async with receiver(slack_says) as slack, receiver(telegram) as chat, receiver(aligo_says) as sms, receiver() as hook:
            yield Services(slack, telegram, chat, sms, hook, smtp)


@dataclass(frozen=True)
class Run:
    """One example in a daemon, and what its receivers were told."""

    language: str
    where: Installation
    daemon: Daemon
    receivers: Services


@contextlib.asynccontextmanager
async def example(name: str, place: Path, own: Mapping[str, str]) -> AsyncIterator[list[Run]]:
    """An example in two daemons at the same targets, one in English and one in Korean; stopped in order at the end."""
    async with contextlib.AsyncExitStack() as stack:
        runs = [await _started(stack, name, place / language, own, language) for language in ("en", "ko")]
        yield runs
        for run in runs:
            assert await run.daemon.terminate() == 0


async def _started(stack: contextlib.AsyncExitStack, name: str, place: Path, own: Mapping[str, str], language: str) -> Run:
    told = await stack.enter_async_context(services())
    where = stack.enter_context(installation(place))
    where.configure(sooner(told.own(replaced(_copied(name, place), dict(own)))))
    environ = SECRETS | {"SLACK_WEBHOOK": told.slack.url, "TUI_MONITOR_HOST": "web-1", "TUI_MONITOR_LANGUAGE": language, "TZ": "UTC"}
    return Run(language, where, await where.start(environ=environ), told)


def _copied(name: str, place: Path) -> str:
    """Copy an example, its rule files sooner; the configuration's text."""
    shutil.copytree(ROOT / "examples" / name, place, dirs_exist_ok=True)
    for rules in place.glob("rules/*.yml"):
        rules.write_text(re.sub(r"(for|interval): \w+", r"\1: 1s", rules.read_text()))
    return (place / "config.toml").read_text()


async def healthy(runs: Iterable[Run], but: Iterable[str] = ()) -> None:
    """As soon as every check is healthy, those of ``but`` aside."""
    for run in runs:
        for _ in range(_TRIES):
            ill = {name: why for name, why in (await _ill(run)).items() if name not in but}
            if not ill:
                break
        assert not ill, f"{run.language}: {ill}"


async def _ill(run: Run) -> dict[str, str]:
    done = await asyncio.to_thread(run.where.run, "status", "--json")
    checks = json.loads(done.stdout)["checks"]
    assert run.daemon.process.poll() is None, f"the daemon has ended:\n{run.daemon.text[-3000:]}"
    if not checks:
        return {"": "no board yet"}
    return {check["name"]: f"{check['status']}: {check['reason']}" for check in checks if check["status"] != "healthy"}


async def firing(run: Run, names: set[str]) -> None:
    """As soon as these alerts, and no others, fire; those about this machine aside."""
    for _ in range(_TRIES):
        done = await asyncio.to_thread(run.where.run, "alerts", "--json")
        found = {alert["labels"]["alertname"] for alert in json.loads(done.stdout) if alert["state"] == "firing"} - _MACHINE
        if found == names:
            return
    raise AssertionError(f"{run.language}: {found} fire, not {names}")


async def reported(run: Run, name: str, figures: Mapping[str, float]) -> None:
    """As soon as today's report, made by a user without the daemon's secrets, has these figures and rows with these values."""
    found: object = None
    for _ in range(_TRIES):
        done = await asyncio.to_thread(run.where.run, "report", name, "--for", "today", "--json")
        if not done.stdout:
            found = done.stderr
            continue
        rows = [row for section in json.loads(done.stdout)["sections"] if section["key"].startswith("figure") for row in section["rows"]]
        found = values = {row.get("figure") or row["label"]: row.get("value") for row in rows}
        if figures.items() <= values.items():
            return
    raise AssertionError(f"{run.language}: {name} has {found}, not {dict(figures)}")


async def says(run: Run, part: str, *command: str) -> None:
    """As soon as the output of a command holds the part."""
    for _ in range(_TRIES):
        done = await asyncio.to_thread(run.where.run, *command)
        if part in done.stdout:
            return
    raise AssertionError(f"{run.language}: {command} says {done.stdout}")


_TRIES = 120
"""Runs of a command, half a second each."""
_MACHINE = {"HighCPU", "HighMemory", "DiskSpace", "DiskInodes", "DiskFullSoon"}


async def asked(url: str, count: int = 1) -> None:
    """Ask an address some times; what it answers does not matter."""

    def ask() -> None:
        from urllib.error import HTTPError
        from urllib.request import urlopen

        for _ in range(count):
            with contextlib.suppress(HTTPError), urlopen(url, timeout=10) as answer:
                answer.read()

    await asyncio.to_thread(ask)
