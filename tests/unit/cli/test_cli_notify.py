"""notify test: really sent from this process, each failure with its reason, no secret printed, the result recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli_tools import Cli, leader, make_state, waiting_commands
from tests.support.httpserver import ThreadedServer, serve_in_thread
from tests.support.settings import made
from tui_monitor.config.settings import Settings
from tui_monitor.core.commands import SendMessage
from tui_monitor.dispatch.manual import message_by_hand
from tui_monitor.dispatch.routing import NotifierPolicy, Routing, compile_routing
from tui_monitor.storage.state.reader import StateReader

SECRET = "s3cr3t-token-9876"


@pytest.fixture
def server() -> Iterator[ThreadedServer]:
    with serve_in_thread() as running:
        yield running


def _config(path: Path, server: ThreadedServer, more: str = "") -> Path:
    path.write_text(
        f"""
host = "web-1"
[[notifiers]]
name = "hook"
type = "webhook"
url = "{server.url}/{SECRET}/hook"
secret = "{SECRET}"
[[notifiers]]
name = "chat"
type = "telegram"
token = "{SECRET}"
chat_id = 1
api_url = "{server.url}"
[[notifiers]]
name = "sms"
type = "aligo"
key = "{SECRET}"
user_id = "u"
sender = "0212345678"
receivers = ["01012345678"]
api_url = "{server.url}"
{more}
"""
    )
    path.chmod(0o600)
    return path


def _well(server: ThreadedServer) -> None:
    server.at(f"/bot{SECRET}/sendMessage", body=b'{"ok": true, "result": {"message_id": 77, "chat": {"id": 1}}}')
    server.at("/send/", body=b'{"result_code": "1", "message": "ok", "msg_id": 5, "success_cnt": 1, "error_cnt": 0, "msg_type": "SMS"}')


def test_each_notifier_is_tried_for_real(cli: Cli, tmp_path: Path, server: ThreadedServer) -> None:
    """One line each, with the provider's id; the message arrives; exit 0."""
    _well(server)
    said = cli("notify", "test", "--config", _config(tmp_path / "c.toml", server), "--state", tmp_path / "none")
    assert (said.code, said.err) == (0, "") and not (tmp_path / "none").exists()
    lines = said.out.splitlines()
    assert lines[0].startswith("hook: sent") and lines[1].startswith("chat: sent (") and "77" in lines[1] and lines[2] == "sms: sent (5)"
    paths = sorted(request.path for request in server.requests)
    assert paths == sorted([f"/{SECRET}/hook", f"/bot{SECRET}/sendMessage", "/send/"])
    body = json.loads(next(request.body for request in server.requests if request.path.endswith("/hook")))
    assert body["version"] == "4" and "web-1" in json.dumps(body)


def test_a_failure_says_why_and_stops_no_other(cli: Cli, tmp_path: Path, server: ThreadedServer) -> None:
    """Exit 1, the reason without any secret, the others sent; the results stand in the outbox and nobody sends them again."""
    _well(server)
    server.at(f"/bot{SECRET}/sendMessage", status=401, body=b'{"ok": false, "error_code": 401, "description": "Unauthorized"}')
    state = make_state(tmp_path / "s")
    with leader(state):
        said = cli("notify", "test", "--config", _config(tmp_path / "c.toml", server), "--state", state)
        found = json.loads(cli("notifications", "--json", "--state", state).out)
        acts = json.loads(cli("audit", "--json", "--state", state).out)
    assert said.code == 1 and SECRET not in said.out + said.err
    assert "chat: failed: " in said.out and "Unauthorized" in said.out and "hook: sent" in said.out and "sms: sent (5)" in said.out
    assert {entry["notifier"]: (entry["kind"], entry["state"], entry["attempts"]) for entry in found} == {
        "hook": ("test", "sent", 1), "chat": ("test", "failed", 1), "sms": ("test", "sent", 1),
    }  # fmt: skip
    entries = {entry["notifier"]: entry for entry in found}
    assert "Unauthorized" in entries["chat"]["error"] and entries["sms"]["provider_id"] == "5" and entries["hook"]["sent_at"].endswith("Z")
    assert {(line["verb"], line["subject"], line["note"]) for line in acts} >= {("tested", "chat", "failed"), ("tested", "hook", "sent")}
    reader = StateReader(state / "state.db")
    assert [reader.read(lambda state, name=name: state.outbox.next_due_at(name)) for name in ("hook", "chat", "sms")] == [None] * 3  # type: ignore[misc]
    reader.close()


def test_only_those_named(cli: Cli, tmp_path: Path, server: ThreadedServer) -> None:
    """A wrong name is a usage error with the nearest right one, and nothing is sent."""
    config = _config(tmp_path / "c.toml", server)
    said = cli("notify", "test", "hook", "chta", "--config", config)
    assert said.code == 64 and "did you mean chat?" in said.err and server.requests == []
    assert cli("notify", "test", "hook", "--config", config).out.splitlines()[0].startswith("hook: sent")
    assert len(server.requests) == 1


def test_dry_is_aligos_test_mode(cli: Cli, tmp_path: Path, server: ThreadedServer) -> None:
    """Accepted by the service, delivered to nobody, and that is said."""
    _well(server)
    said = cli("notify", "test", "sms", "--dry", "--config", _config(tmp_path / "c.toml", server))
    assert said.code == 0 and "test mode" in said.out
    assert b"testmode_yn=Y" in server.requests[0].body


def test_what_cannot_be_told_for_sure_is_a_failure(cli: Cli, tmp_path: Path, server: ThreadedServer) -> None:
    """A cut answer may mean that the message arrived: exit 1, said so, recorded as unknown and not tried again."""
    server.at(f"/{SECRET}/hook", fault="silent")
    state = make_state(tmp_path / "s")
    said = cli("notify", "test", "hook", "--config", _config(tmp_path / "c.toml", server), "--state", state)
    assert said.code == 1 and "hook: failed: " in said.out and "it may have arrived" in said.out
    (entry,) = json.loads(cli("notifications", "--json", "--state", state).out)
    assert entry["state"] == "unknown" and entry["next_try"] is None


def test_korean_texts(cli: Cli, tmp_path: Path, server: ThreadedServer) -> None:
    """The test message speaks the configured language."""
    config = _config(tmp_path / "c.toml", server)
    config.write_text(f'language = "ko"\n{config.read_text()}')
    assert cli("notify", "test", "hook", "--config", config).code == 0
    assert "시험 메시지" in json.dumps(json.loads(server.requests[0].body), ensure_ascii=False)


def test_without_notifiers_or_with_a_wrong_configuration(cli: Cli, tmp_path: Path) -> None:
    """Exit 78, and what to do."""
    config = tmp_path / "c.toml"
    config.write_text('host = "x"\n')
    said = cli("notify", "test", "--config", config)
    assert said.code == 78 and "no notifier is configured" in said.err
    config.write_text("[[notifiers]]\nname = 1\n")
    assert cli("notify", "test", "--config", config).code == 78
    assert cli("notify", "test", "--config", tmp_path / "none.toml").code == 78


def test_a_message_for_nobody_is_not_kept(cli: Cli, tmp_path: Path, server: ThreadedServer) -> None:
    """Without a leader a wrong name is refused at once where the configuration can be read; a right one, also a group's, is kept."""
    config, state = _config(tmp_path / "c.toml", server, '[recipients]\non-call = ["sms"]\n'), make_state(tmp_path / "s")
    words = ["notify", "send", "--title", "T", "--message", "M", "--state", state]
    said = cli(*words, "--to", "hoook", "--config", config)
    assert (said.code, said.out) == (1, "") and "there is no notifier hoook (did you mean hook?)" in said.err
    said = cli(*words, "--config", config)
    assert said.code == 1 and "no route and no [routing] names anybody for info; use --to" in said.err
    assert waiting_commands(state) == []
    assert cli(*words, "--to", "on-call", "--config", config).out.startswith("stored for the next monitor")
    config.write_text("broken = \n")
    assert cli(*words, "--to", "hoook", "--config", config).code == 0
    assert len(waiting_commands(state)) == 2


def test_a_message_by_hand_goes_to_a_groups_members() -> None:
    """`--to` takes recipient groups as routing does, each member once."""
    routing = Routing(notifiers={"a": NotifierPolicy(), "b": NotifierPolicy()}, recipients={"all": ["a", "b"]})
    result, messages = message_by_hand(SendMessage("T", "M", to=("b", "all")), "kim", routing, "web-1", 1)
    assert (result.text, [message.notifier for message in messages]) == ("queued for b, a", ["b", "a"])


def test_a_message_by_hand_takes_the_routes() -> None:
    """Without `--to` it goes where an alert of that severity goes: by the routes first, by severity where none matches."""
    settings = made(
        Settings,
        {
            "notifiers": [{"name": name, "type": "ntfy", "topic": name} for name in ("chat", "page", "rest")],
            "routes": [
                {"match": ["severity=critical"], "notifiers": ["page"], "continue": True},
                {"match": ["severity=~warning|critical", "host=web-1"], "notifiers": ["chat", "page"]},
            ],
            "routing": {"info": ["rest"]},
        },
    )
    routing = compile_routing(settings)

    def receivers(severity: str, host: str = "web-1") -> list[str]:
        _, messages = message_by_hand(SendMessage("T", "M", severity), "kim", routing, host, 1)
        return [message.notifier for message in messages]

    assert (receivers("critical"), receivers("warning"), receivers("info")) == (["page", "chat"], ["chat", "page"], ["rest"])
    assert receivers("warning", "web-2") == ["rest"]


def test_severity_and_footer_show_how_an_alert_looks(cli: Cli, tmp_path: Path, server: ThreadedServer) -> None:
    """`--severity` gives the message its level (medium is warning), the configured footer is its last line; another word is refused."""
    _well(server)
    config = _config(tmp_path / "c.toml", server)
    config.write_text(f'service = "wallet"\n{config.read_text()}')
    config.chmod(0o600)
    assert cli("notify", "test", "hook", "chat", "--severity", "medium", "--config", config).code == 0
    bodies = {request.path.rpartition("/")[2]: json.loads(request.body) for request in server.requests}
    assert bodies["hook"]["alerts"][0]["labels"]["severity"] == "warning"
    assert bodies["sendMessage"]["text"].startswith("<b>⚠️ ") and bodies["sendMessage"]["text"].endswith("\nwallet · web-1")
    said = cli("notify", "test", "--severity", "loud", "--config", config)
    assert said.code == 64 and "one of info, warning, error, critical" in said.err


def test_address_replaces_the_receivers(cli: Cli, tmp_path: Path, server: ThreadedServer) -> None:
    """One number, read as in the file, gets the SMS and nobody else gets anything; the audit log says where it went."""
    _well(server)
    config, state = _config(tmp_path / "c.toml", server), make_state(tmp_path / "s")
    with leader(state):
        said = cli("notify", "test", "--address", "+82 10 8765 4321", "--config", config, "--state", state)
        acts = json.loads(cli("audit", "--json", "--state", state).out)
    assert (said.code, said.out.splitlines()) == (0, ["sms: sent (5)"])
    (request,) = server.requests
    assert b"receiver=01087654321" in request.body and b"01012345678" not in request.body
    assert ("sms", "sent, to +82 10 8765 4321") in {(line["subject"], line["note"]) for line in acts}
    assert cli("notify", "test", "chat", "--address", "@ops_team", "--config", config).code == 0
    assert json.loads(server.requests[-1].body)["chat_id"] == "@ops_team"


@pytest.mark.parametrize(
    "words", [["hook", "--address", "@ops_team"], ["--address", "nobody"], ["sms", "chat", "--address", "01087654321"]]
)
def test_an_address_that_a_notifier_cannot_take_is_refused(cli: Cli, tmp_path: Path, server: ThreadedServer, words: list[str]) -> None:
    """Exit 64 with each notifier's reason, and nothing is sent."""
    said = cli("notify", "test", *words, "--config", _config(tmp_path / "c.toml", server))
    assert said.code == 64 and f"--address {words[-1]}: " in said.err and server.requests == []
