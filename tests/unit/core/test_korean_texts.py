"""Every text that the program says to people has its Korean: faults, refusals, reasons, results, and the texts of `--help`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

import pytest

from tests.support.said_texts import reasons, said_texts
from tui_monitor.cli.main import parser
from tui_monitor.core.catalogue.translation import translator

HANGUL = re.compile("[가-힣]")
ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")
ENGLISH_LEFT = re.compile(r"(?:\b[a-z]{2,}'?s? ){3}[a-z]{2,}")
"""Four English words in a row: what a translation leaves, names and commands are shorter."""
NO_TEXT = re.compile(r"\W*(?:SELECT|SET|WITH|SHOW|FROM|AS)\b|[^A-Za-z0-9\"$(]|b'|.*[|]|.*\n[)] AS ", re.IGNORECASE)
"""SQL, patterns, and what continues another text (", such as: ...")."""
NO_REASON = frozenset(
    {
        # what others say
        "Authentication required", "Could not resolve hostname", "Failed to seek to cursor", "Less than a", "No journal files were found",
        "No journal files were opened", "Too many authentication failures", "client hold", "command not found", "ermission denied",
        "pending delete",
        "redemption period", "server hold", "usb bridge", "database disk image is malformed (a name is not UTF-8)",
        # commands, names of tasks
        "docker logs 7", "docker start 7", "SMART of 7", "journal of 7", "log of 7", "news of 7", "out of turn 7", "page of 7",
        "replica of ",
        # parts of the reasons of `test_reasons_of_several_parts`
        "1 process is", "7 processes are", "no process is", "7 7, at least 7 should run7", "7 7, at most 7 should run", "7 expires in 7",
        "ahead of", "this machine's clock is 7 7 7 (max_offset 7)", "certificate expired 7", "look at", "write to",
    }
)  # fmt: skip
SAME_IN_BOTH = frozenset({"info, warning, error or critical", 'alertname=X, check!="api", host=~"web.*"'})


def untranslated(text: str) -> bool:
    """Whether a person who reads Korean is told it in English; values and keys alone ("url: 7") need no Korean."""
    said = translator("ko").say(text)
    return bool(ENGLISH.search(text)) and (not HANGUL.search(said) or bool(ENGLISH_LEFT.search(said)))


def test_every_fault_and_result_has_its_korean() -> None:
    """A text in the source without an entry in core/catalogue/*_korean.py is named with its place."""
    assert sorted(f"{place} {texts[0]}" for place, texts in said_texts() if all(map(untranslated, texts))) == []


def test_every_reason_has_its_korean() -> None:
    """The same of all that kinds of checks say; words of targets and names of tasks are named in `NO_REASON`."""
    left = {texts[0]: place for place, texts in reasons() if all(map(untranslated, texts))}
    assert sorted(f"{place} {text}" for text, place in left.items() if text not in NO_REASON and not NO_TEXT.match(text)) == []


@pytest.mark.parametrize(
    "reason",
    [
        "no process is nginx, at least 1 should run",
        "3 processes are nginx, at most 1 should run",
        "no process is nginx, at least 1 should run; 2 ended and nobody has fetched the exit code (zombie)",
        "certificate of db expires in 3d",
        "certificate expired 2h ago",
        "this machine's clock is 1.2s ahead of 192.0.2.1 (max_offset 1s)",
        "the monitor (user id 7) may not write to /x: give its user the right, or set write = false",
        "/mnt/data is full: nothing can be written",
        "nginx.service ended with code 1; see journalctl -u nginx.service",
        "nginx.service was started again 3 times in 10m; see journalctl -u nginx.service",
        'body lacks "ok" (in the first 64 KiB)',
        "docker: the list of containers is broken JSON",
        "web-1: exited with code 137: docker logs web-1",
        "connection refused (192.0.2.1:5432)",
    ],
)
def test_reasons_of_several_parts(reason: str) -> None:
    """Places before and behind, suffixes, and reasons put together from several literals."""
    assert not untranslated(reason), translator("ko").say(reason)


def helps(of: argparse.ArgumentParser) -> Iterator[str]:
    """The texts of a command's help, and of its subcommands."""
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from (str(choice.help) for choice in action._choices_actions if choice.help)
            for one in action.choices.values():
                yield from helps(one)
        elif action.help and action.help != argparse.SUPPRESS:
            yield of._get_formatter()._expand_help(action)


def test_every_help_text_has_its_korean() -> None:
    """Options, commands and their subcommands."""
    assert sorted({text for text in helps(parser()) if text not in SAME_IN_BOTH and not HANGUL.search(translator("ko").say(text))}) == []
