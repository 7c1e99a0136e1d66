"""Chromium (Debian chromium-headless-shell) driven by puppeteer-core, with axe-core; both from `npm ci` in tests/support/npm."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.peers.base import program
from tests.support.servers import ServerMissing

NPM = Path(__file__).resolve().parents[1] / "npm"


class BrowserFault(AssertionError):
    """A command that the page or the browser refused."""


class Browser:
    """One browser with one page; every call waits for its end."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def _do(self, name: str, **given: Any) -> Any:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"name": name, **given}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"error": "the browser is gone"}')
        if "error" in answer:
            raise BrowserFault(f"{name}: {answer['error']}")
        return answer["value"]

    def open(self, url: str, **how: Any) -> int:
        """A new page; its status.

        ``how``: width, scheme ("dark"), language, cookies ([{name, value}]), password (Basic), script, policy (False: ignored).
        """
        return int(self._do("open", url=url, **how))

    def run(self, code: str) -> Any:
        """The value of an expression in the page."""
        return self._do("run", code=code)

    def wait(self, code: str) -> Any:
        """The value of an expression, as soon as it is true."""
        return self._do("wait", code=code)

    def click(self, selector: str) -> None:
        """Click an element."""
        self._do("click", selector=selector)

    def follow(self, selector: str) -> str:
        """Click an element that leads to a page; that page's path."""
        return str(self._do("follow", selector=selector))

    def type(self, selector: str, text: str) -> None:
        """Type into a field."""
        self._do("type", selector=selector, text=text)

    def picture(self, path: Path) -> None:
        """The whole page as PNG."""
        self._do("picture", path=str(path))

    def violations(self) -> list[str]:
        """What axe-core objects to, all its rules and target-size."""
        return list(self._do("violations"))

    def problems(self) -> list[str]:
        """Errors in the console and in scripts since `open`; refusals of the policy are among them."""
        return list(self._do("problems"))


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser."""
    binary = program("chromium-headless-shell", "apt install chromium-headless-shell")
    if not (NPM / "node_modules/puppeteer-core").exists():
        raise ServerMissing("puppeteer-core is not installed: run `npm ci --ignore-scripts` in tests/support/npm")
    argv = [program("node", "apt install nodejs"), str(NPM / "browser.mjs"), binary]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=NPM) as process:
        try:
            yield Browser(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
