"""The language of the command line: that of the configuration, else of the locale; English on files and pipes, as scripts read them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from tui_monitor.core.catalogue.languages import language_in_use
from tui_monitor.core.catalogue.translation import Translator, translator
from tui_monitor.platform.paths import find_config

_LANGUAGE = re.compile(r"^[ \t]*language[ \t]*=[ \t]*[\"'](\w*)[\"']", re.MULTILINE)
_FIRST_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
MOST_READ = 65_536
"""Characters of the configuration that are looked at: `language` stands above its first table."""


def words(stream: Any = None) -> Translator:
    """The texts of the person's language on a terminal that can show them (None: standard output), else English."""
    stream = sys.stdout if stream is None else stream
    return words_of_person(stream) if stream.isatty() else translator("en")


def words_of_person(stream: Any) -> Translator:
    """`words` for what a person reads through a program, as the status line of tmux."""
    return translator(command_language(sys.argv[1:], os.environ) if _shows_korean(stream.encoding) else "en")


def command_language(arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """The language ("en", "ko") of TUI_MONITOR_LANGUAGE, of the configuration, whose head alone is read, or of the locale."""
    named = environ.get("TUI_MONITOR_LANGUAGE") or ""
    if not named and (path := find_config(_named_file(arguments), environ)) is not None:
        named = _language_of(path)
    return language_in_use(named, environ)


def _named_file(arguments: Sequence[str]) -> str | None:
    """The file of `--config FILE` or `--config=FILE`."""
    for place, word in enumerate(arguments):
        if word == "--config":
            return next(iter(arguments[place + 1 :]), None)
        if word.startswith("--config="):
            return word.partition("=")[2]
    return None


@lru_cache(4)
def _language_of(path: Path) -> str:
    """`language` of a configuration; "" where it has none or may not be read, or is a pipe, which gives its text only once."""
    try:
        if not path.is_file():
            return ""
        with path.open(encoding="utf-8", errors="replace") as file:
            head = file.read(MOST_READ)
    except OSError:
        return ""
    table = _FIRST_TABLE.search(head)
    found = _LANGUAGE.search(head, 0, table.start() if table else len(head))
    return found[1] if found else ""


def _shows_korean(encoding: str | None) -> bool:
    try:
        "가".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
