"""Templates and the frame around every page, with a Content-Security-Policy that lets nothing run or load but our own text."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_monitor.board.svg import area_svg, share_bar_svg, strip_svg
from tui_monitor.platform.import_trimming import trim_imports
from tui_monitor.serving.page import words as texts

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
ICONS = {"ok": "#2da44e", "warn": "#d29922", "bad": "#e5484d", "none": "#8b949e"}
HEADERS = {"referrer-policy": "same-origin", "content-language": "en"}
"""same-origin: with no-referrer a browser sends the Origin "null" with a form, which the check of origins refuses (Fetch, 3.2)."""


@lru_cache(1)
def environment() -> Environment:
    """The templates, read once; everything that is not marked as HTML is escaped, and an unknown name is an error."""
    trim_imports("jinja2")
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    names = (
        "tidy", "lines", "shade", "severity_shade", "subject", "rest_of", "check_link", "alert_link", "screen_link", "web_link",
        "target_of",
    )  # fmt: skip
    made.filters.update({name: getattr(texts, name) for name in names})
    made.filters.update(strip=marked(strip_svg), area=marked(area_svg), shares=marked(share_bar_svg))
    made.globals.update(signs=texts.SIGNS)
    return made


def marked(draw: Any) -> Any:
    """The function with a result that templates do not escape again: drawings escape their own texts."""

    def drawn(*arguments: Any, **keywords: Any) -> Markup:
        from markupsafe import Markup

        return Markup(draw(*arguments, **keywords))

    return drawn


def render(template: str, **values: Any) -> str:
    """A template's text."""
    return environment().get_template(template).render(**values).strip()


@lru_cache(1)
def style() -> str:
    """The style sheet."""
    return _compact((TEMPLATES / "page.css").read_text(encoding="utf-8"))


@lru_cache(1)
def script() -> str:
    """The script: live updates only; without it the page reloads by itself."""
    return (TEMPLATES / "page.js").read_text(encoding="utf-8").strip()


def _compact(text: str) -> str:
    """Without indentation and line breaks."""
    return "".join(line.strip() for line in text.splitlines())


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


@lru_cache(2)
def policy(with_script: bool) -> str:
    """The Content-Security-Policy of a page: one style, one script, streams and forms to ourselves, the icon as data; else nothing."""
    run = f"script-src {_hash(script())}; connect-src 'self'; " if with_script else ""
    return (
        f"default-src 'none'; style-src {_hash(style())}; {run}img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def icon(shade: str) -> str:
    """The tab's icon in the colour of the state."""
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="{ICONS[shade]}"/></svg>'
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.encode()).decode()
