"""Notifiers that are not services: a command, Apprise; the registry; the sanitiser; and what loads when."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.outbox_tools import T0, message, resolved
from tests.support.paths import ROOT
from tests.support.receivers import receiver
from tests.support.settings import made
from tui_monitor.core.sanitize import clean
from tui_monitor.dispatch.wording import late_note
from tui_monitor.notifiers.api import RateLimit, SendError
from tui_monitor.notifiers.apprise import AppriseChannel, AppriseNotifier
from tui_monitor.notifiers.command import Command, CommandNotifier
from tui_monitor.notifiers.kinds import build_notifier
from tui_monitor.notifiers.layout import Line, fit, plain
from tui_monitor.notifiers.receivers import PartlySent
from tui_monitor.notifiers.webhook import WebhookNotifier


def command(*argv: str, **changes: Any) -> Command:
    """A command notifier."""
    return Command(made(CommandNotifier, name="run", argv=list(argv), **{"timeout": "5s", **changes}))


def python(code: str, **changes: Any) -> Command:
    """A command that runs Python."""
    return command(sys.executable, "-c", code, **changes)


async def test_a_command_gets_the_webhooks_json(tmp_path: Path) -> None:
    """The payload on standard input, facts in the environment, its first line as id; nothing passes a shell."""
    out = tmp_path / "out"
    code = (
        f"import os, sys; open({str(out)!r}, 'w').write(sys.stdin.read());"
        "print('id', os.environ['TUI_MONITOR_KEY'], os.environ['TUI_MONITOR_POSSIBLE_REPEAT'], os.environ['TUI_MONITOR_TITLE'])"
    )
    ident = await python(code).send(message(title="$(rm -rf /) `x`"), possible_repeat=True)
    assert ident == "id k1 1 $(rm -rf /) `x`"
    assert json.loads(out.read_text())["alerts"][0]["labels"]["alertname"] == "CheckUnhealthy"


async def test_a_command_that_fails_says_why() -> None:
    """Its exit status and the last line of its complaint; it is tried again."""
    with pytest.raises(SendError) as caught:
        await python("import sys; sys.stderr.write('first\\nno modem\\x1b[31m\\n'); sys.exit(3)").send(message())
    assert caught.value.reason == "exit 3: no modem" and not caught.value.permanent and not caught.value.maybe_delivered


async def test_a_command_that_is_not_there_is_final() -> None:
    """Nothing to run: trying again does not help."""
    with pytest.raises(SendError) as caught:
        await command("/no/such/program").send(message())
    assert caught.value.permanent and "No such file" in caught.value.reason


def wait_for_end(pid: int) -> None:
    """Until a process is gone or a zombie that init has not taken yet."""
    deadline = time.monotonic() + 5
    while os.path.exists(f"/proc/{pid}/stat") and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < deadline, "the child still runs"
        time.sleep(0.01)


async def test_a_command_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    """It may have done its work: unknown. Nothing of it stays."""
    pid_file = tmp_path / "pid"
    code = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"open({str(pid_file)!r}, 'w').write(str(child.pid)); child.wait()"
    )
    with pytest.raises(SendError) as caught:
        await python(code, timeout="0.7s").send(message())
    assert caught.value.maybe_delivered and "killed" in caught.value.reason
    await asyncio.to_thread(wait_for_end, int(pid_file.read_text()))


async def test_a_command_that_reads_nothing_and_talks_without_end() -> None:
    """A large payload nobody reads and megabytes of output do not block or fill memory."""
    big = message(text="x" * 2_000_000, alerts=())
    ident = await python("import os; os.close(0); print('done'); print('y' * 5_000_000)").send(big)
    assert ident == "done"


async def test_what_a_command_leaves_behind_does_not_hold_it() -> None:
    """A process in the background with the command's output: the command has ended with 0 and is done."""
    ident = await command("sh", "-c", "sleep 300 & echo $!", timeout="60s").send(message())
    os.kill(int(ident), signal.SIGKILL)


async def test_a_child_that_a_command_detaches_lives_on(tmp_path: Path) -> None:
    """A command may start something long and end: that does its work in its own time."""
    gate, out = tmp_path / "gate", tmp_path / "out"
    script = f"(until [ -e {gate} ]; do sleep 0.05; done; echo x >> {out}) >/dev/null 2>&1 & echo $!"
    child = int(await command("sh", "-c", script).send(message()))
    gate.touch()
    await asyncio.to_thread(wait_for_end, child)
    assert out.read_text() == "x\n"


async def test_a_time_limit_holds_although_a_child_has_left_the_group() -> None:
    """A child in a session of its own keeps the output open; the limit is the command's, not that child's."""
    began = asyncio.get_running_loop().time()
    with pytest.raises(SendError) as caught:
        await command("sh", "-c", "setsid sleep 8 & sleep 300", timeout="0.5s").send(message())
    assert caught.value.maybe_delivered and caught.value.reason == "still running after 0.5s, killed"
    assert asyncio.get_running_loop().time() - began < 7


async def test_apprise_is_an_optional_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the error says what to install; with it every address has its own fate; a retry is for one alone."""
    settings = made(AppriseNotifier, name="any", urls=["good://x", "bad://y"])
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ValueError, match=r"pip install 'tui-monitor\[apprise\]'"):
        AppriseChannel(settings)
    monkeypatch.setitem(sys.modules, "apprise", FakeApprise)
    FakeApprise.log.clear()
    channel = AppriseChannel(settings)
    with pytest.raises(PartlySent, match="not accepted for address 2") as caught:
        await channel.send(message())
    assert not caught.value.permanent and caught.value.taken == ("address 1",)
    with pytest.raises(SendError, match="could not deliver"):
        await channel.send(message(to=("address 2",)))
    assert FakeApprise.log == [("good://x", "failure"), ("bad://y", "failure"), ("bad://y", "failure")]
    with pytest.raises(ValueError, match="address 1"):
        AppriseChannel(made(AppriseNotifier, name="any", urls=["odd"]))


class FakeApprise:
    """The little of Apprise that is used."""

    log: list[tuple[str, str]] = []  # noqa: RUF012

    @classmethod
    def Apprise(cls) -> FakeApprise:
        """As apprise.Apprise()."""
        return cls()

    def add(self, url: str) -> bool:
        """Knows what looks like an address."""
        self.url = url
        return "://" in url

    async def async_notify(self, *, body: str, title: str, notify_type: str) -> bool:
        """Works for good."""
        self.log.append((self.url, notify_type))
        return self.url.startswith("good")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_real_apprise_sends_where_it_is_installed() -> None:
    """Apprise's own JSON plug-in to a loopback receiver."""
    pytest.importorskip("apprise", reason="the optional extra apprise is not installed")
    async with receiver() as server:
        address = server.url.replace("http://", "json://")
        channel = AppriseChannel(made(AppriseNotifier, name="any", urls=[f"{address}/hook"]))
        await channel.send(message(title="CRITICAL api"))
        assert server.requests[0].json()["title"] == "CRITICAL api"


async def test_the_registry_builds_by_type_and_loads_no_driver_early() -> None:
    """Building a notifier loads neither httpx nor aiosmtplib; the outbox needs no screen library at all."""
    assert build_notifier(made(WebhookNotifier, {"name": "w", "url": "http://x", "rate_limit": "3/1h"})).rate_limit == RateLimit(3, 3600.0)
    code = (
        "import sys\n"
        "import tui_monitor.delivery.outbox\n"
        "from tui_monitor.notifiers.kinds import build_notifier\n"
        "from tui_monitor.core.secret import Secret\n"
        "from tui_monitor.notifiers.email import EmailNotifier\n"
        "from tui_monitor.notifiers.webhook import WebhookNotifier\n"
        "build_notifier(WebhookNotifier(name='w', type='webhook', url=Secret('http://x')))\n"
        "build_notifier(EmailNotifier(name='e', type='email', host='h', from_='a@b', to=['c@d']))\n"
        "bad = {'pydantic', 'httpx', 'aiosmtplib', 'apprise', 'rich', 'textual', 'tui_monitor.sources'} & set(sys.modules)\n"
        "assert not bad, bad\n"
    )
    root = str(ROOT)
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], cwd=root, capture_output=True, env={**os.environ, "PYTHONPATH": root}
    )
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("plain 한글 é", "plain 한글 é"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x9b31mb\x7f\x00", "a31mb"),
        ("user\u202egnp.exe\u2066", "usergnp.exe"),
        ("one\r\ntwo\rthree\u2028four", "one two three four"),
        ("tab\there", "tab here"),
        ("bad \udcff byte", "bad \ufffd byte"),
    ],
)
def test_clean(text: str, kept: str) -> None:
    """C0, DEL, C1, bidi controls and escape sequences go; the result can be encoded."""
    assert clean(text) == kept


def test_clean_keeps_line_breaks_on_demand() -> None:
    """One kind of line break."""
    assert clean("a\r\nb\rc\nd\u2029e", newlines=True) == "a\nb\nc\nd\ne"


@given(st.text(alphabet=st.characters(codec=None, categories=None)))
def test_clean_of_anything(text: str) -> None:
    """Whatever comes: one line, no control character, encodable, and cleaning again changes nothing."""
    done = clean(text)
    done.encode()
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u061c\u200e\u200f" or "\u202a" <= c <= "\u202e" for c in done)
    assert clean(done) == done and clean(text, newlines=True).replace("\n", " ") == done


@given(st.lists(st.text(max_size=60), max_size=40), st.integers(20, 400))
def test_fit_stays_within_its_budget(texts: list[str], budget: int) -> None:
    """The lines with their breaks never exceed the budget, and what was cut shows."""
    lines = [Line(text) for text in texts]
    fitted = fit(lines, budget)
    assert len(plain(fitted)) <= budget
    assert fitted == lines or fitted[-1].text == "…"


def test_late_notes() -> None:
    """In time nothing; late since when; a pair from when to when; in Korean; across days with the date."""
    from datetime import timedelta, timezone

    zone = timezone(timedelta(hours=9))
    fresh, over = message(), message(kind="resolved", alerts=(resolved(ends_at=T0 + 720_000),))
    assert late_note(fresh, T0 + 60_000, zone) == ""
    assert late_note(fresh, T0 + 600_000, zone) == "since 23:13, delivered 23:23"
    assert late_note(over, T0 + 900_000, zone) == "was down 23:13–23:25, delivered 23:28"
    assert late_note(message(language="ko"), T0 + 600_000, zone) == "23:13부터, 23:23 전달"
    assert late_note(message(alerts=()), T0 + 600_000, zone) == "written 23:13, delivered 23:23"
    assert late_note(fresh, T0 + 7_200_000, zone) == "since 2026-09-21 23:13, delivered 2026-09-22 01:13"
