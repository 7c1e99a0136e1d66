"""Tell "there, but below the threshold" from "missing": what a rule's expression looks at, without its filters.

A comparison with ``bool`` answers for every series it looks at, also where it is false, with the same labels (less the metric's
name) as the comparison that filters. So the rule's text with ``bool`` behind each comparison answers exactly the subjects that are
there: a subject that is in it and not in the rule's own answer is false; one that is in neither is missing. ``unless X`` is left
out, for what takes a subject away makes it false and not missing. Where labels cannot be kept like that (absent(), topk and the
like) the question is only whether any series that the rule selects is current.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui_monitor.core.values import METRIC_NAME, Labels, is_ended, is_stale
from tui_monitor.promql.queryable import DEFAULT_LOOKBACK_MS, Matcher, Queryable
from tui_monitor.promql.tokens import tokenize

_COMPARISONS = frozenset({"==", "!=", ">", "<", ">=", "<="})
_SET_WORDS = frozenset({"and", "or", "unless"})
_OPENING = frozenset("([{")
_CLOSING = frozenset(")]}")
_BLIND = frozenset({"absent", "absent_over_time", "topk", "bottomk", "limitk", "limit_ratio", "count_values"})
_ABSENT = frozenset({"absent", "absent_over_time"})


def reads_absence(text: str) -> bool:
    """Whether the expression asks for what is not there: such rules wait for the start-up grace."""
    return any(token.kind == "word" and token.text.lower() in _ABSENT for token in tokenize(text))


def presence_text(text: str) -> str | None:
    """The expression whose answer has every subject that is there; None where no expression can say that."""
    tokens = tokenize(text)
    if any(token.kind == "word" and token.text.lower() in _BLIND for token in tokens):
        return None
    pieces: list[str] = []
    done = depth = braces = 0
    skip_depth: int | None = None
    for index, token in enumerate(tokens):
        word = token.text.lower()
        if token.kind == "op":
            depth -= token.text in _CLOSING
            braces += (token.text == "{") - (token.text == "}")
        if skip_depth is not None and (depth < skip_depth or (depth == skip_depth and (word in _SET_WORDS or word == ","))):
            done, skip_depth = token.position, None
        if skip_depth is None and token.kind == "op" and word in _COMPARISONS and not braces:
            following = tokens[index + 1].text.lower() if index + 1 < len(tokens) else ""
            pieces.append(text[done : token.end] + ("" if following == "bool" else " bool "))
            done = token.end
        elif skip_depth is None and token.kind == "word" and word == "unless":
            pieces.append(text[done : token.position])
            skip_depth = depth
        depth += token.kind == "op" and token.text in _OPENING
    return "".join(pieces) + ("" if skip_depth is not None else text[done:])


def any_current(selectors: Sequence[tuple[Matcher, ...]], storage: Queryable, now_ms: int) -> bool:
    """Whether any selected series is current; true where the rule selects nothing at all."""
    lookback: int = getattr(storage, "max_lookback_ms", DEFAULT_LOOKBACK_MS)
    for matchers in selectors:
        for series in storage.select(matchers, now_ms - lookback, now_ms):
            newest = series.latest(now_ms)
            if newest is not None and newest[0] > now_ms - series.lookback_ms and not is_stale(newest[1]):
                return True
    return not selectors


def all_ended(matchers: tuple[Matcher, ...], subject: Labels, storage: Queryable, now_ms: int) -> bool:
    """Whether the selected series that are about the subject have all been ended by their source; false where there are none."""
    newest = list(_newest_about(matchers, subject, storage, now_ms))
    return bool(newest) and all(is_ended(value) for _, value, _ in newest)


def fell_silent(selectors: Sequence[tuple[Matcher, ...]], subject: Labels, storage: Queryable, now_ms: int) -> bool:
    """Whether a selected series that is about the subject has no current value, though its source has not ended it."""
    return any(
        not is_ended(value) and (is_stale(value) or at <= now_ms - lookback)
        for matchers in selectors
        for at, value, lookback in _newest_about(matchers, subject, storage, now_ms)
    )


def _newest_about(matchers: tuple[Matcher, ...], subject: Labels, storage: Queryable, now_ms: int) -> Iterator[tuple[int, float, int]]:
    """(time, value, look-back) of the newest sample of each series about the subject: no label of both differs, as an aggregation
    leaves labels out.
    """
    wanted = dict(subject)
    longest: int = getattr(storage, "max_lookback_ms", DEFAULT_LOOKBACK_MS)
    for series in storage.select(matchers, now_ms - longest, now_ms):
        if any(wanted.get(name, value) != value for name, value in series.labels if name != METRIC_NAME):
            continue
        newest = series.latest(now_ms)
        if newest is not None:
            yield *newest, series.lookback_ms
