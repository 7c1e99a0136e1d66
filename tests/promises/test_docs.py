"""The documentation names everything that users can set, say and press; its configurations load; its links lead somewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.generated_docs import PARTS, written
from tests.support.paths import ROOT
from tui_monitor.cli.command_table import COMMANDS
from tui_monitor.cli.main import parser
from tui_monitor.config.kinds import KindLike, resolve
from tui_monitor.config.load import load
from tui_monitor.config.reader import read_keys
from tui_monitor.config.reference import filled
from tui_monitor.config.section import Section
from tui_monitor.config.settings import Settings
from tui_monitor.notifiers import kinds as notifiers
from tui_monitor.sources import kinds as checks

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "examples" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = "\n".join(page.read_text() for page in PAGES)
KEYS = [
    "a",
    "A",
    "u",
    "s",
    "Enter",
    "Esc",
    "/",
    "n",
    "N",
    "Tab",
    "h",
    "j",
    "k",
    "l",
    "g",
    "G",
    "1",
    "9",
    "?",
    "t",
    "o",
    "e",
    "[",
    "]",
    "p",
    "R",
    "q",
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
NAMED_FILE = re.compile(r"`(rules/[\w.-]+\.yml)`:\n\n```yaml\n(.*?)^```", re.DOTALL | re.MULTILINE)
"""A rule file that a page shows under its name."""
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def code_words() -> str:
    """All that stands in code spans and code blocks: where keys and commands are named."""
    outside = FENCE.sub("", TEXT)
    spans = re.findall(r"`([^`\n]+)`", outside)
    return "\n".join([*spans, *(block for _, block in FENCE.findall(TEXT)), *re.findall(r"^ {4}(.*)$", outside, re.MULTILINE)])


CODE = code_words()


def records(record: type[Section]) -> Iterator[type[Section]]:
    """A record and all that its keys hold, those of each kind too."""
    seen: set[type[Section]] = set()
    kinds: list[KindLike] = [*checks.KINDS.values(), *notifiers.KINDS.values()]
    queue: list[type[Section]] = [record, *(resolve(kind.settings) for kind in kinds)]
    while queue:
        one = queue.pop()
        if one not in seen:
            seen.add(one)
            yield one
            queue += [key.record for key in read_keys(one).values() if key.record is not None]


def configuration_keys() -> list[str]:
    """Every key that the configuration takes."""
    return sorted({name for record in records(Settings) for name in read_keys(record)})


@pytest.mark.parametrize("key", configuration_keys())
def test_every_configuration_key_is_documented(key: str) -> None:
    """Each key of the configuration stands in README or docs as code."""
    assert re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", CODE), f"{key} is in no page"


@pytest.mark.parametrize("kind", [*checks.KINDS, *notifiers.KINDS])
def test_every_type_has_a_section_and_an_example(kind: str) -> None:
    """Each type of check and notifier has a heading of its own and a TOML example."""
    assert re.search(rf"^## {kind}$", TEXT, re.MULTILINE), kind
    assert f'type = "{kind}"' in CODE, kind


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_tables_of_keys_are_those_of_the_records(page: Path) -> None:
    """Keys, defaults and help in the pages come from the records: `make docs` writes them."""
    assert filled(page.read_text()) == page.read_text()


def test_every_section_and_kind_has_its_table() -> None:
    """No section of the configuration and no kind is without its table of keys in a page."""
    shown = set(re.findall(r"<!-- keys: (\S+) -->", TEXT))
    assert {f"checks/{name}" for name in checks.KINDS} | {f"notifiers/{name}" for name in notifiers.KINDS} <= shown
    assert {"checks", "notifiers", "rules", "routes", "system", "store", "guard", "heartbeat"} <= shown


def test_every_command_is_documented() -> None:
    """Each command, each of its actions and each of its own options is named in docs/commands.md or another page."""
    actions = {
        "notify": ("test", "send"),
        "rules": ("check", "backtest", "explain", "noise"),
        "config": ("init", "check", "show", "schema"),
    }
    actions["store"] = ("info", "verify", "compact", "export")
    page = (ROOT / "docs" / "commands.md").read_text()
    for verb in (entry.name for entry in COMMANDS):
        assert re.search(rf"`{verb}\b", page), verb
        for action in actions.get(verb, ()):
            assert re.search(rf"{verb} {action}\b|`{action}\b", page), f"{verb} {action}"
    help_of_all = [parser().format_help()] + [
        _help(verb, *rest) for verb in (entry.name for entry in COMMANDS) for rest in ((), *((one,) for one in actions.get(verb, ())))
    ]
    options = {word for text in help_of_all for word in re.findall(r"--[a-z][a-z-]+", text)} - {"--help", "--version"}
    assert not [option for option in sorted(options) if option not in CODE]


def _help(*words: str) -> str:
    from contextlib import redirect_stdout, suppress
    from io import StringIO

    out = StringIO()
    with redirect_stdout(out), suppress(SystemExit):
        parser().parse_args([*words, "--help"])
    return out.getvalue()


@pytest.mark.parametrize("key", KEYS)
def test_every_dashboard_key_of_the_contract_is_documented(key: str) -> None:
    """Each key of the contract's table stands as code in README and in docs/dashboard.md."""
    for page in (ROOT / "README.md", ROOT / "docs" / "dashboard.md"):
        assert f"`{key}`" in page.read_text(), f"{key} is not in {page.name}"


@pytest.mark.parametrize("name", PARTS)
def test_generated_parts_are_up_to_date(name: str) -> None:
    """What is made from the code stands in the documentation as it is made now; `make docs` writes it."""
    assert written(name) == PARTS[name][1]()


def _blocks() -> list[tuple[str, str]]:
    return [
        (f"{page.relative_to(ROOT)}:{page.read_text()[: found.start()].count(chr(10)) + 1}", found[2])
        for page in PAGES
        for found in FENCE.finditer(page.read_text())
        if found[1] == "toml"
    ]


def _stubs(raw: dict[str, Any]) -> str:
    """Notifiers and checks that a fragment only refers to."""
    named = [name for names in (*raw.get("routing", {}).values(), *raw.get("recipients", {}).values()) for name in names]
    named += [name for rule in raw.get("rules", []) for name in rule.get("to", [])] + raw.get("response", {}).get("overdue", [])
    queue = list(raw.get("routes", []))
    while queue:
        route = queue.pop()
        named += [*route.get("notifiers", []), *(name for step in route.get("escalate", []) for name in step["notifiers"])]
        queue += route.get("routes", [])
    there = {entry["name"] for entry in raw.get("notifiers", [])} | set(raw.get("recipients", {}))
    text = "".join(
        f'\n[[notifiers]]\nname = "{name}"\ntype = "command"\nargv = ["true"]\n' for name in dict.fromkeys(named) if name not in there
    )
    parents = [name for check in raw.get("checks", []) for name in check.get("depends_on", [])]
    parents += raw.get("http", {}).get("status_page", {}).get("show", [])
    known = {check["name"] for check in raw.get("checks", [])}
    return text + "".join(f'\n[[checks]]\nname = "{name}"\ntype = "tcp"\nhost = "::1"\nport = 1\n' for name in parents if name not in known)


@pytest.mark.parametrize(("place", "block"), _blocks(), ids=[place for place, _ in _blocks()])
def test_every_toml_block_loads(place: str, block: str, tmp_path: Path) -> None:
    """Every TOML block of the documentation is a configuration that loads and whose rules and routes can run."""
    from tui_monitor.runtime.wiring import problems_of

    (tmp_path / "mail-password").write_text("secret\n")
    for name, text in NAMED_FILE.findall((ROOT / place.partition(":")[0]).read_text()):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    path = tmp_path / "config.toml"
    path.write_text(block + _stubs(tomllib.loads(block)))
    names = re.findall(r"\$\{(\w+)\}", block)
    environ = {name: "https://example.com/hook" if name.endswith(("_URL", "_WEBHOOK")) else "1:a-value" for name in names}
    loaded = load(path, environ)
    assert [problem for problem in problems_of(loaded) if "Apprise" not in problem and "apprise" not in problem] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_resolves(page: Path) -> None:
    """Links between pages lead to files and headings that exist."""
    for target in LINK.findall(FENCE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        other = (page.parent / name).resolve() if name else page
        assert other.exists(), f"{page.name}: {target}"
        assert ROOT in other.parents, f"{page.name}: {target} leads out of the repository"
        assert not anchor or anchor in _anchors(other), f"{page.name}: {target}"


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_readme_shows_a_real_picture() -> None:
    """The README opens with the animated picture that bench/picture.py records: a whole screen, in a file that loads at once."""
    picture = ROOT / "docs" / "images" / "demo.gif"
    assert "(docs/images/demo.gif)" in (ROOT / "README.md").read_text().partition("## ")[0]
    data = picture.read_bytes()
    assert data[:6] == b"GIF89a" and int.from_bytes(data[6:8], "little") >= 800 and len(data) < 600_000
    assert data.count(b"\x21\xf9\x04") >= 8, "frames"


def test_readme_commands_exist() -> None:
    """The two commands of the README are targets of the Makefile, and the module runs as it says."""
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    for target in ("run", "test"):
        assert f"make {target}" in readme
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    answer = subprocess.run(
        [sys.executable, "-m", "tui_monitor", "--version"], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
    )
    assert re.search(rf"^## \[?{re.escape(answer.stdout.split()[-1])}", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_signature_example_is_right() -> None:
    """The example that checks a webhook's signature accepts what the notifier sends and nothing else."""
    from tui_monitor.notifiers.webhook import signature

    page = (ROOT / "docs" / "notifiers.md").read_text()
    names: dict[str, Any] = {}
    exec(next(block for language, block in FENCE.findall(page) if language == "python"), names)
    assert names["is_genuine"]("secret", b"body", signature("secret", b"body"))
    assert not names["is_genuine"]("secret", b"bodY", signature("secret", b"body"))


def test_webhook_example_has_the_body_s_keys() -> None:
    """The example of a webhook's body has the keys of a real one."""
    from tui_monitor.dispatch.message import Message
    from tui_monitor.notifiers.webhook import body_of

    page = (ROOT / "docs" / "notifiers.md").read_text()
    shown = json.loads(next(block for language, block in FENCE.findall(page) if language == "json"))
    real = body_of(Message("key", "hook", "test", 0, "title", "text"))
    assert list(shown) == list(real)
    assert list(shown["alerts"][0]) == list(real["alerts"][0])
