"""The language of the command line: from the environment, the configuration, the locale; on terminals only."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tui_monitor.cli.language import command_language, words
from tui_monitor.cli.options import print_error
from tui_monitor.cli.output import Data, print_line

KOREAN = {"LANG": "ko_KR.UTF-8"}


class Terminal:
    """Standard output or error that is a terminal with a character set."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.encoding, self.text = encoding, ""

    def isatty(self) -> bool:
        """A terminal."""
        return True

    def write(self, text: str) -> int:
        """Keep what is written."""
        self.text += text
        return len(text)


@pytest.mark.parametrize(
    ("text", "environ", "language"),
    [
        ("", {}, "en"),
        ("", KOREAN, "ko"),
        ('language = "en"\n', KOREAN, "en"),
        ('# language = "en"\nlanguage = "ko"\n[store]\n', {}, "ko"),
        ('[x]\nlanguage = "ko"\n', {}, "en"),
        ('language = "en"\n', {"TUI_MONITOR_LANGUAGE": "ko"}, "ko"),
    ],
)
def test_the_configuration_goes_before_the_locale(tmp_path: Path, text: str, environ: dict[str, str], language: str) -> None:
    """`language` above the first table counts, named by --config or found; the environment goes before it."""
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    for arguments in (["status", "--config", str(path)], [f"--config={path}", "status"]):
        assert command_language(arguments, environ) == language
    assert command_language([], {**environ, "TUI_MONITOR_CONFIG": str(path)}) == language


def test_a_configuration_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    """The locale decides where the named file is not there."""
    assert command_language(["--config", str(tmp_path / "none")], KOREAN) == "ko"


def test_a_pipe_is_left_for_the_reader_of_the_configuration(tmp_path: Path) -> None:
    """`--config <(...)` can be read once only, and waits for its writer."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert command_language(["--config", str(pipe)], KOREAN) == "ko"


def test_a_terminal_is_told_in_korean_and_names_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors and answers are Korean on a terminal; names and log lines are never translated."""
    monkeypatch.setenv("TUI_MONITOR_LANGUAGE", "ko")
    out, err = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setenv("NO_COLOR", "1")
    print_error('there is no check "search"; did you mean shop?')
    print_line("no alerts", Data("connection refused"))
    assert err.text == 'tui-monitor: "search" 체크가 없습니다; 혹시 shop 입니까?\n'
    assert out.text == "알림이 없습니다  connection refused\n"


def test_what_cannot_show_korean_is_told_in_english(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A pipe, which scripts read, and a terminal of another character set."""
    monkeypatch.setenv("TUI_MONITOR_LANGUAGE", "ko")
    print_error("the text is empty")
    assert capsys.readouterr().err == "tui-monitor: the text is empty\n"
    assert words(Terminal("ascii")).language == "en" and words(Terminal("euc-kr")).language == "ko"
