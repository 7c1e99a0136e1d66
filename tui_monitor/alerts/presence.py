"""Presence of subjects: "present, but below the threshold" is told from "missing" by the rule's expression without its filters.

A comparison with ``bool`` answers for every series it looks at, also where it is false, with the same labels (less the metric's
name) as the comparison that filters. So the rule's text with ``bool`` behind each comparison answers exactly the subjects that are
there: a subject that is in it and not in the rule's own answer is false; one that is in neither is missing. ``unless X`` is left
out, for what takes a subject away makes it false and not missing. Where labels cannot be kept like that (absent(), topk and the
like) the question is only whether any series that the rule selects is current.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tui_monitor.alerts.identity import without_name
from tui_monitor.core.values import Labels, is_ended, is_stale
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
    """The expression whose result has every present subject; None where there is no such expression."""
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


class SeriesAbout:
    """A property of a selector's series, indexed by subject; prepared once per evaluation, as thousands of alerts may ask.

    A series is about a subject where no label of both differs: an aggregation leaves labels out.
    """

    def __init__(self, truths: Iterable[tuple[Labels, bool]]) -> None:
        """``truths``: series, without the metric's name, and whether it is true of them."""
        self._truths = list(truths)
        self._any = any(truth for _, truth in self._truths)
        self._indexes: dict[tuple[str, ...], tuple[set[tuple[str, ...]], dict[Labels, tuple[bool, bool]]]] = {}

    def all(self, subject: Labels) -> bool:
        """Whether there are series about the subject and it is true of all."""
        found = self._about(subject)
        return bool(found) and all(of_all for of_all, _ in found)

    def any(self, subject: Labels) -> bool:
        """Whether it is true of a series about the subject."""
        return any(of_any for _, of_any in self._about(subject))

    def _about(self, subject: Labels) -> list[tuple[bool, bool]]:
        if not self._any:
            return []
        names = tuple(name for name, _ in subject)
        if names not in self._indexes:
            self._indexes[names] = self._index(frozenset(names))
        wanted, (shapes, truths) = dict(subject), self._indexes[names]
        keys = (tuple((name, wanted[name]) for name in shape) for shape in shapes)
        return [truths[key] for key in keys if key in truths]

    def _index(self, names: frozenset[str]) -> tuple[set[tuple[str, ...]], dict[Labels, tuple[bool, bool]]]:
        """An index by the labels that series share with the subject: whether the property is true of all, of any such series."""
        truths: dict[Labels, tuple[bool, bool]] = {}
        for labels, truth in self._truths:
            key = tuple(pair for pair in labels if pair[0] in names)
            of_all, of_any = truths.get(key, (True, False))
            truths[key] = of_all and truth, of_any or truth
        return {tuple(name for name, _ in key) for key in truths}, truths


def ended_series(matchers: tuple[Matcher, ...], storage: Queryable, now_ms: int) -> SeriesAbout:
    """The selected series, and whether their source has ended each."""
    return SeriesAbout((labels, is_ended(value)) for labels, _, value, _ in _newest(matchers, storage, now_ms))


def silent_series(matchers: tuple[Matcher, ...], storage: Queryable, now_ms: int) -> SeriesAbout:
    """The selected series, and whether each has no current value though its source has not ended it."""
    return SeriesAbout(
        (labels, not is_ended(value) and (is_stale(value) or at <= now_ms - lookback))
        for labels, at, value, lookback in _newest(matchers, storage, now_ms)
    )


def _newest(matchers: tuple[Matcher, ...], storage: Queryable, now_ms: int) -> Iterator[tuple[Labels, int, float, int]]:
    """(labels without the metric's name, time, value, look-back) of the newest sample of each selected series, markers too."""
    longest: int = getattr(storage, "max_lookback_ms", DEFAULT_LOOKBACK_MS)
    for series in storage.select(matchers, now_ms - longest, now_ms):
        newest = series.latest(now_ms)
        if newest is not None:
            yield without_name(series.labels), *newest, series.lookback_ms
