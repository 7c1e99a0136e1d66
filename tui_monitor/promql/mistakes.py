"""The right form of expressions that people often write wrong: grouping in SQL's order, a rate without a range, && and single =."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promql_parser import parse

from tui_monitor.promql.names import FUNCTION_NAMES
from tui_monitor.promql.tokens import check_durations, tokenize

_LONGEST = 1000
"""Characters of an expression up to which a form is looked for; the patterns go back and forth."""
_AGGREGATION = r"(?P<op>sum|avg|min|max|count|group|stddev|stdvar)"
_WORD = r"[A-Za-z_][A-Za-z0-9_]*"
_LABELS = rf"{_WORD}(?:\s*,\s*{_WORD})*"
_LIST = rf"(?:[(\[]\s*(?P<bracketed>{_LABELS})\s*[)\]]|(?P<bare>{_LABELS}))"
_BY = r"(?:group\s+)?(?P<by>by|without)"
_SELECTOR = r"[A-Za-z_:][A-Za-z0-9_:]*(?:\{[^{}]*\})?(?:\[[^\[\]]*\])?"
_INNER = rf"(?P<inner>(?:{_WORD}\([^()]*\)|{_SELECTOR}))"
_FORMS = (
    rf"{_AGGREGATION}\s+{_BY}\s+{_LIST}\s*\(\s*{_INNER}\s*\)",
    rf"{_AGGREGATION}\s*\(\s*{_INNER}\s*\)\s*{_BY}\s+{_LIST}",
    rf"{_AGGREGATION}\s*\(\s*{_INNER}\s+{_BY}\s+{_LIST}\s*\)",
    rf"{_AGGREGATION}\s+{_INNER}\s+{_BY}\s+{_LIST}",
    rf"(?P<op>\b){_INNER}\s+{_BY}\s+{_LIST}",
)
"""`sum by user (x)`, `sum(x) by user`, `sum(x by (user))`, `sum x by user`, `x by user`: all mean sum by (user) (x)."""
_GROUPINGS = tuple(re.compile(rf"(?<![\w:]){form}(?![\w:])", re.IGNORECASE) for form in _FORMS)
_RANGE_FUNCTIONS = "|".join(["rate", "irate", "increase", "delta", "idelta", "deriv", "changes", "resets"])
_NO_RANGE = re.compile(rf"\b(?P<call>{_RANGE_FUNCTIONS}|{_WORD}_over_time)\(\s*(?P<inner>[A-Za-z_:][A-Za-z0-9_:]*(?:\{{[^{{}}]*\}})?)\s*\)")
_SINGLE = re.compile(r"(?<![=!<>~])=(?![=~])(?=\s*-?[\d.])")
_OPERATORS = (("&&", "and"), ("||", "or"), ("<>", "!="), ("===", "=="))


def right_form(text: str) -> str:
    """The expression as it was probably meant, which can be read; "" where none is found."""
    if len(text) > _LONGEST:
        return ""
    return next((made for made in _candidates(text) if made != text and _readable(made)), "")


def _candidates(text: str) -> Iterator[str]:
    plain = _SINGLE.sub("==", text)
    for wrong, right in _OPERATORS:
        plain = plain.replace(wrong, right)
    ranged = _NO_RANGE.sub(lambda found: f"{found['call']}({found['inner']}[5m])", plain)
    for start in dict.fromkeys((text, plain, ranged)):
        yield start
        for form in _GROUPINGS:
            yield form.sub(_grouped, start)


def _grouped(found: re.Match[str]) -> str:
    labels = ", ".join(label.strip() for label in (found["bracketed"] or found["bare"]).split(","))
    if found["inner"].lower() in FUNCTION_NAMES:
        return found[0]
    return f"{(found['op'] or 'sum').lower()} {found['by'].lower()} ({labels}) ({found['inner']})"


def _readable(text: str) -> bool:
    try:
        check_durations(text, tokenize(text))  # the library panics on some
        parse(text)
    except ValueError:
        return False
    return True
