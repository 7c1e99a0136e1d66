"""Route labels: paths without identifiers, limited in number, since each is a series."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui_monitor.core.sanitize import clean, clip
from tui_monitor.sources.log.regex import PatternError

OTHER = "other"
MAX_ROUTES = 100
_MOST_REMEMBERED = 5000
_LONGEST = 200
_IDENTIFIER = re.compile(
    r"\d+"
    r"|[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"  # UUID
    r"|(?=[^/]*\d)[0-9a-fA-F]{8,}"
    r"|0x[0-9a-fA-F]+"
    r"|(?=[^/]*\d)(?=[^/]*[A-Za-z])[\w=~-]{16,}"  # tokens, ULIDs, base64
    r"|\d[\d,.:_-]*"
    r"|[^/@\s]+@[^/@\s]+\.[^/@\s]+"
    r"|(?:%[0-9A-Fa-f]{2}|[^/%]){0,30}(?:%[0-9A-Fa-f]{2}){3,}[^/]*"
)
_PLACE = re.compile(r":[A-Za-z_]\w*|\{[^{}/]+\}|\*\*?")


class Routes:
    """Mapping of paths to route labels. ``patterns`` ("/users/:id/*", "/shop/{item}", "/static/**") are tried first, in order."""

    def __init__(self, patterns: Sequence[str] = (), most: int = MAX_ROUTES) -> None:
        self._patterns = [(pattern, _compiled(pattern)) for pattern in patterns]
        self._most = most
        self._known: set[str] = set()
        self._remembered: dict[str, str] = {}

    def learn(self, routes: Sequence[str]) -> None:
        """Register routes counted before a restart."""
        self._known.update(route for route in routes if route != OTHER and len(self._known) < self._most)

    def route(self, path: str) -> str:
        """The label of a path; "other" beyond ``most`` routes, "" for no path."""
        if not path:
            return ""
        found = self._remembered.get(path)
        if found is None:
            found = self._bounded(self._normal(path))
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[path] = found
        return found

    def _bounded(self, route: str) -> str:
        if route not in self._known:
            if len(self._known) >= self._most:
                return OTHER
            self._known.add(route)
        return route

    def _normal(self, path: str) -> str:
        path = clip(clean(_path_of(path)), 2000)
        for pattern, compiled in self._patterns:
            if compiled.fullmatch(path):
                return pattern
        parts = [_segment(part) for part in path.split("/")[:20]]
        return clip("/".join(parts), _LONGEST)


def _segment(part: str) -> str:
    if part.isalpha() and part.isascii() and len(part) < 32:
        return part
    return ":id" if part.isdigit() or _IDENTIFIER.fullmatch(part) else part


def _path_of(target: str) -> str:
    """The path of a request target, which can be a whole address (proxies, scanners), without query and fragment."""
    if "://" in target[:10]:
        target = "/" + target.split("://", 1)[1].partition("/")[2]
    return target.partition("?")[0].partition("#")[0] or "/"


def _compiled(pattern: str) -> re.Pattern[str]:
    """`:name`, `{name}` and `*` are one segment, `**` any number. Raises PatternError for two `**`, which would take long."""
    if pattern.count("**") > 1:
        raise PatternError(f'route "{pattern}": at most one ** is possible')
    text, at = "", 0
    for place in _PLACE.finditer(pattern):
        text += re.escape(pattern[at : place.start()]) + (".*" if place[0] == "**" else "[^/]+")
        at = place.end()
    return re.compile(text + re.escape(pattern[at:]))
