"""Reading of what Alertmanager's clients send: alerts, silences, filters (Alertmanager's api/v2/openapi.yaml)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from tui_monitor.core.commands import AddSilence
from tui_monitor.core.frozen import frozen
from tui_monitor.core.received_alert import ReceivedAlert
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.times import parse_time
from tui_monitor.core.values import Labels
from tui_monitor.platform.regex import RegexError, check_regex
from tui_monitor.promql.queryable import Matcher
from tui_monitor.serving.answers import ApiError

MOST_LABELS = 64
MOST_NAME, MOST_VALUE, MOST_TEXT = 256, 2048, 8192
"""Characters of a label's name and value (longer: refused, as they are the identity) and of an annotation (longer: cut)."""
MOST_FAULTS = 10
_ZERO_TIME = "0001-01-01"
"""How Go writes a time that is not set."""
_FILTER = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"{}=!~,]+))\s*(=~|!~|!=|=)\s*(.*?)\s*', re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SILENCE_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class _Invalid(Exception):
    """One alert that cannot be taken; the text is for its sender."""


def alerts_of(body: Any, now: int) -> tuple[list[ReceivedAlert], list[str]]:
    """The valid alerts of a body, and what is wrong with the others. Raises ApiError where it is no list."""
    if not isinstance(body, list):
        raise ApiError(400, "a list of alerts is wanted")
    found: list[ReceivedAlert] = []
    faults: list[str] = []
    for place, raw in enumerate(body):
        try:
            found.append(_alert(raw, now))
        except _Invalid as fault:
            faults.append(f"alert {place}: {fault}")
    return found, faults


def _alert(raw: Any, now: int) -> ReceivedAlert:
    if not isinstance(raw, dict):
        raise _Invalid("it is no object")
    labels = _texts(raw, "labels", MOST_VALUE)
    if not labels:
        raise _Invalid("it has no label with a value")
    if long := next((name for name, value in labels.items() if len(name) > MOST_NAME or len(value) > MOST_VALUE), ""):
        raise _Invalid(f'the label "{clip(long, 40)}" is longer than {MOST_VALUE} characters')
    starts, ends = _stamp(raw, "startsAt", now), _stamp(raw, "endsAt", now)
    if starts is not None and ends is not None and ends < starts:
        raise _Invalid("endsAt is before startsAt")
    annotations = {name: clip(text, MOST_TEXT) for name, text in _texts(raw, "annotations", MOST_TEXT, newlines=True).items()}
    url = raw.get("generatorURL") or ""
    if not isinstance(url, str):
        raise _Invalid("generatorURL is no text")
    return ReceivedAlert(labels, annotations, starts, ends, clip(clean(url), MOST_VALUE))


def _texts(raw: dict[str, Any], key: str, most: int, *, newlines: bool = False) -> dict[str, str]:
    """Labels or annotations, cleaned, sorted by name; empty values are dropped, as Alertmanager does."""
    given = raw.get(key) or {}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise _Invalid(f"{key} must be an object of texts")
    found = {clean(name): clean(value[: 2 * most], newlines=newlines) for name, value in sorted(given.items())}
    found = {name: value for name, value in found.items() if name and value}
    if len(found) > MOST_LABELS:
        raise _Invalid(f"it has more than {MOST_LABELS} {key}")
    return found


def _stamp(raw: dict[str, Any], key: str, now: int) -> int | None:
    """UTC ms of an RFC 3339 time; None where it is missing or Go's zero time."""
    text = raw.get(key)
    if text is None or text == "" or (isinstance(text, str) and text.startswith(_ZERO_TIME)):
        return None
    try:
        if not isinstance(text, str) or "T" not in text.upper():
            raise ValueError
        return parse_time(text, now)
    except ValueError:
        raise _Invalid(f"{key} is no time in RFC 3339") from None


# --- silences -------------------------------------------------------------------------------------------------------------


@frozen
class SilenceRequest:
    """A silence to make, or the present one of ``id`` to change. Stamps in UTC ms."""

    id: str
    matchers: tuple[str, ...]
    starts_at: int
    ends_at: int
    author: str
    comment: str

    @property
    def command(self) -> AddSilence:
        """The command that makes it."""
        return AddSilence(self.matchers, (self.ends_at - self.starts_at) / 1000, self.comment, self.starts_at)


def silence_of(raw: Any, now: int) -> SilenceRequest:
    """A silence as it is posted. Raises ApiError."""
    if not isinstance(raw, dict):
        raise ApiError(400, "a silence must be an object")
    try:
        starts, ends = _stamp(raw, "startsAt", now), _stamp(raw, "endsAt", now)
    except _Invalid as fault:
        raise ApiError(400, str(fault)) from None
    if starts is None or ends is None:
        raise ApiError(400, "startsAt and endsAt are wanted")
    if ends <= now:
        raise ApiError(400, "endsAt is in the past")
    matchers = raw.get("matchers")
    if not isinstance(matchers, list) or not 0 < len(matchers) <= MOST_LABELS:
        raise ApiError(400, f"matchers must be a list of 1 to {MOST_LABELS}")
    author, comment = (_line(raw.get(key, ""), key) for key in ("createdBy", "comment"))
    return SilenceRequest(_line(raw.get("id") or "", "id"), tuple(map(_matcher_text, matchers)), max(starts, now), ends, author, comment)


def _line(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise ApiError(400, f"{key} must be a text")
    return clip(clean(value), 1000)


def _matcher_text(raw: Any) -> str:
    if not isinstance(raw, dict) or not isinstance(raw.get("name"), str) or not isinstance(raw.get("value"), str):
        raise ApiError(400, "a matcher must be {name, value, isRegex, isEqual}")
    regex, equal = raw.get("isRegex", False), raw.get("isEqual", True)
    if not isinstance(regex, bool) or not isinstance(equal, bool):
        raise ApiError(400, "isRegex and isEqual must be true or false")
    name, value = raw["name"], clean(raw["value"])
    if not _SILENCE_NAME.fullmatch(name) or len(value) > MOST_VALUE:
        raise ApiError(400, f'"{clip(clean(name), 40)}" cannot be matched: the name of a label has letters, digits and _')
    op = {(False, True): "=", (False, False): "!=", (True, True): "=~", (True, False): "!~"}[regex, equal]
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}{op}"{escaped}"'


# --- filters --------------------------------------------------------------------------------------------------------------


def filters_of(texts: Iterable[str]) -> tuple[Matcher, ...]:
    """The matchers of `filter` parameters, with and without quotes (amtool sends both forms). Raises ApiError."""
    return tuple(map(_filter, texts))


def _filter(text: str) -> Matcher:
    found = _FILTER.fullmatch(text)
    if found is None:
        raise ApiError(
            400, f'the filter "{clip(clean(text), 100)}" is no matcher; write name=value, name!=value, name=~regex or name!~regex'
        )
    quoted = _QUOTED.fullmatch(found[4])
    name = _unescaped(found[1]) if found[1] is not None else found[2]
    matcher = Matcher(name, found[3], _unescaped(quoted[1]) if quoted else found[4])
    if "~" in matcher.op:
        try:
            check_regex(matcher.value)
        except RegexError as error:
            raise ApiError(400, f"the filter {clip(clean(text), 100)}: {error}") from None
    return matcher


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], text)


def fulfilled(matchers: Sequence[Matcher], labels: Labels | dict[str, str]) -> bool:
    """Whether labels fulfil all matchers."""
    known = dict(labels)
    return all(matcher.matches(known.get(matcher.name, "")) for matcher in matchers)
