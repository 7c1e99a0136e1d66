"""The stored form of commands: what one version writes another reads, and what cannot be read is refused with a reason."""

from __future__ import annotations

import json

import pytest

from tui_monitor.core.command_codec import VERBS, MalformedCommand, decode, encode
from tui_monitor.core.commands import (
    Acknowledge,
    AddRule,
    AddSilence,
    AddToken,
    Annotate,
    Command,
    DropPanel,
    EndSilence,
    ExtendSilence,
    Reload,
    RemoveRule,
    ReportRefusal,
    ReportSignal,
    Resolve,
    RevokeToken,
    SavePanel,
    SendMessage,
    SendTest,
    Unacknowledge,
    YieldLeadership,
)

EXAMPLES: list[Command] = [
    Acknowledge(("a1", "b2"), note="메모", seconds=7200.0),
    Acknowledge(all_firing=True),
    Unacknowledge(("a1",)),
    Resolve(("a1",), note="known"),
    AddSilence(("check=api",), 3600.0, "planned", 5),
    ExtendSilence("7f3a", 60.0),
    ExtendSilence("7f3a", until=1_790_000_000_000),
    EndSilence("7f3a"),
    SendMessage("T", "M", "error", ("ops", "mail")),
    SendMessage("T", "M", addresses=("ops@example.com", "01012345678")),
    SendTest("ops", "critical"),
    Annotate("deploy v2", 5),
    AddRule("Hot", "cpu_usage > 90", 300.0, "critical", ("ops",), 600.0),
    RemoveRule("Hot"),
    SavePanel("load", "load1; load5", 300_000),
    DropPanel("load"),
    AddToken("grafana", ("read", "act"), "d1", 1_790_000_000_000, "link"),
    RevokeToken("grafana"),
    ReportRefusal("POST /api/notify: needs scope act"),
    ReportSignal("TERM to 812 postgres (postgres)"),
    Reload(),
    YieldLeadership(),
]


@pytest.mark.parametrize("command", EXAMPLES, ids=lambda one: type(one).__name__)
def test_every_command_is_read_as_it_was_written(command: Command) -> None:
    """Encoding and decoding give the same value."""
    assert decode(*encode(command)) == command


def test_every_kind_has_its_example_and_its_verb() -> None:
    """The table of verbs and the union of commands hold the same kinds."""
    assert {type(one) for one in EXAMPLES} == set(VERBS) == set(Command.__args__)


@pytest.mark.parametrize(
    ("verb", "arguments", "command"),
    [
        ("ack", '{"ids": ["a1"], "note": "", "for": null}', Acknowledge(("a1",))),
        ("ack", '{"all": true, "note": "n", "for": 60}', Acknowledge(all_firing=True, note="n", seconds=60.0)),
        ("unack", '{"id": "a1"}', Unacknowledge(("a1",))),
        ("resolve", '{"id": "a1", "note": "n"}', Resolve(("a1",), note="n")),
        ("silence", '{"matchers": ["X"], "for": 3600, "comment": ""}', AddSilence(("X",), 3600.0)),
        ("panel", '{"name": "p", "expr": "up"}', SavePanel("p", "up")),
        ("annotate", '{"text": "t", "colour": "red"}', Annotate("t")),
    ],
)
def test_rows_of_older_and_newer_versions_apply(verb: str, arguments: str, command: Command) -> None:
    """Older spellings mean the same; keys that this version does not know are ignored."""
    assert decode(verb, arguments) == command


@pytest.mark.parametrize(
    ("verb", "arguments", "reason"),
    [
        ("explode", "{}", 'no command "explode"'),
        ("ack", "{", "not JSON"),
        ("ack", "[" * 100_000, "not JSON"),
        ("ack", "[]", "not an object"),
        ("ack", '{"ids": {"no": "list"}}', '"ids" must be a list of texts'),
        ("ack", '{"ids": ["a"], "for": [1]}', '"for" must be a number'),
        ("silence", '{"matchers": null, "for": 5}', '"matchers" must be a list of texts'),
        ("silence", '{"matchers": ["a=b"]}', '"for" is missing'),
        ("silence", '{"matchers": ["a=b"], "for": NaN}', '"for" must be a number'),
        ("silence", '{"matchers": ["a=b"], "for": 1e999}', '"for" must be a number'),
        ("send", '{"title": "x", "message": "y", "to": 7}', '"to" must be a list of texts'),
        ("annotate", '{"text": "x", "at": "soon"}', '"at" must be a whole number'),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(verb: str, arguments: str, reason: str) -> None:
    """Unknown verbs and malformed arguments name what is wrong, and never break."""
    with pytest.raises(MalformedCommand) as caught:
        decode(verb, arguments)
    assert reason in str(caught.value)
    assert json.dumps(str(caught.value))
