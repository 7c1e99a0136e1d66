"""Nodes for function calls: over windows, over instant vectors, over labels, and those that make scalars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from tui_monitor.core.values import METRIC_NAME, Labels, with_labels
from tui_monitor.platform.regex import compile_regex
from tui_monitor.promql.errors import DUPLICATE_LABELS, EvaluationError
from tui_monitor.promql.nodes import Context, Node, RangeNode, RangeSelector, ScalarNode, Selector, VectorNode, live
from tui_monitor.promql.numbers import INF, NAN, divide, floor, larger, smaller
from tui_monitor.promql.queryable import OVER_WHOLE, Folded, Matcher, Series
from tui_monitor.promql.ranges import Bounds, RangeFunction
from tui_monitor.promql.values import Vector, drop_name


def checked(vector: Vector) -> Vector:
    """The same vector, checked: EvaluationError where two elements have the same labels."""
    if len(vector) > 1 and len({labels for labels, _ in vector}) != len(vector):
        raise EvaluationError(DUPLICATE_LABELS)
    return vector


class RangeCall(VectorNode):
    """A function applied to each series' window: rate(x[5m])."""

    def __init__(
        self, text: str, children: Sequence[Node], name: str, function: RangeFunction, argument: RangeNode, *, keeps_name: bool
    ) -> None:
        super().__init__(text, children)
        self.argument = argument
        self.function = function
        self.parameter = next((child for child in children if isinstance(child, ScalarNode)), None)
        self.keeps_name = keeps_name
        self._whole = name if name in OVER_WHOLE else ""
        self._series: list[Series] | None = None
        self._outputs: list[Labels] = []
        self._may_collide = False

    def result(self, ctx: Context, at: int) -> Vector:
        """One element for each series with a result."""
        parameter = self.parameter.result(ctx, at) if self.parameter is not None else NAN
        until = self.argument.shift.apply(ctx, at)
        bounds = Bounds(until - self.argument.range_ms, until, at, parameter)
        if isinstance(self.argument, RangeSelector):
            return self._of_samples(ctx, self.argument.series(ctx), bounds)
        vector: Vector = []
        for labels, times, values in self.argument.windows(ctx, at):
            answer = self.function(times, values, bounds)
            if answer is not None:
                output = labels if self.keeps_name else drop_name(labels)
                self._claim(ctx, output, labels)
                vector.append((output, answer))
        return vector

    def _of_samples(self, ctx: Context, selected: list[Series], bounds: Bounds) -> Vector:
        if selected is not self._series:
            self._series = selected
            self._outputs = [series.labels if self.keeps_name else drop_name(series.labels) for series in selected]
            self._may_collide = len(set(self._outputs)) != len(selected)
        whole = self._whole if selected and hasattr(selected[0], "over") else ""
        function, after, until = self.function, bounds.after, bounds.until
        vector: Vector = []
        for series, output in zip(selected, self._outputs, strict=True):
            answer = cast(Folded, series).over(whole, bounds.parameter, after, until) if whole else None
            if answer is None:
                times, values = series.window(after, until)
                if not times:
                    continue
                total = sum(values)
                if total != total:
                    times, values = live(times, values)
                    if not times:
                        continue
                answer = function(times, values, bounds)
            if answer is not None:
                if self._may_collide:
                    self._claim(ctx, output, series.labels)
                vector.append((output, answer))
        return vector

    def _claim(self, ctx: Context, output: Labels, labels: Labels) -> None:
        """Two series that differ only by name must not both give results, at any time of the same run."""
        if ctx.outputs.setdefault(self, {}).setdefault(output, labels) != labels:
            raise EvaluationError(DUPLICATE_LABELS)


class AbsentOverTime(VectorNode):
    """absent_over_time(): one element where no series of the range vector has a sample."""

    def __init__(self, text: str, argument: RangeNode, labels: Labels) -> None:
        super().__init__(text, (argument,))
        self.argument = argument
        self.labels = labels

    def result(self, ctx: Context, at: int) -> Vector:
        """1 with the labels that the selector asks for, or nothing."""
        return [] if self.argument.windows(ctx, at) else [(self.labels, 1.0)]


class Absent(VectorNode):
    """absent(): one element where the instant vector has none."""

    def __init__(self, text: str, argument: VectorNode, labels: Labels) -> None:
        super().__init__(text, (argument,))
        self.argument = argument
        self.labels = labels

    def result(self, ctx: Context, at: int) -> Vector:
        """1 with the labels that the selector asks for, or nothing."""
        return [] if self.argument.result(ctx, at) else [(self.labels, 1.0)]


def absent_labels(matchers: Sequence[Matcher]) -> Labels:
    """The labels of an absent series as far as the matchers tell: equality, once, and nothing else said of the label after it."""
    found: dict[str, str] = {}
    equal: set[str] = set()
    for matcher in matchers:
        if matcher.name == METRIC_NAME:
            continue
        first = matcher.op == "=" and matcher.name not in equal
        found[matcher.name] = matcher.value if first else ""
        if first:
            equal.add(matcher.name)
    return with_labels((), found)


class Mapped(VectorNode):
    """A function of each value: abs, ceil, hour, ...; names are dropped."""

    def __init__(self, text: str, argument: VectorNode, function: Callable[[float], float]) -> None:
        super().__init__(text, (argument,))
        self.argument = argument
        self.function = function

    def result(self, ctx: Context, at: int) -> Vector:
        """The function's values."""
        function = self.function
        return checked([(drop_name(labels), function(value)) for labels, value in self.argument.result(ctx, at)])


class Clamp(VectorNode):
    """clamp, clamp_min, clamp_max: values kept between bounds; nothing where the bounds are crossed."""

    def __init__(self, text: str, children: Sequence[Node], argument: VectorNode, low: ScalarNode | None, high: ScalarNode | None) -> None:
        super().__init__(text, children)
        self.argument = argument
        self.low = low
        self.high = high

    def result(self, ctx: Context, at: int) -> Vector:
        """The clamped values."""
        low = self.low.result(ctx, at) if self.low is not None else -INF
        high = self.high.result(ctx, at) if self.high is not None else INF
        vector = self.argument.result(ctx, at)
        if high < low:
            return []
        return checked([(drop_name(labels), larger(low, smaller(high, value))) for labels, value in vector])


class Round(VectorNode):
    """round(v, to_nearest): ties go up."""

    def __init__(self, text: str, children: Sequence[Node], argument: VectorNode, nearest: ScalarNode | None) -> None:
        super().__init__(text, children)
        self.argument = argument
        self.nearest = nearest

    def result(self, ctx: Context, at: int) -> Vector:
        """The rounded values."""
        inverse = divide(1.0, self.nearest.result(ctx, at)) if self.nearest is not None else 1.0
        vector = self.argument.result(ctx, at)
        return checked([(drop_name(labels), divide(floor(value * inverse + 0.5), inverse)) for labels, value in vector])


class Sort(VectorNode):
    """sort and sort_desc: by value, NaN last."""

    def __init__(self, text: str, argument: VectorNode, descending: bool) -> None:
        super().__init__(text, (argument,))
        self.argument = argument
        self.descending = descending

    def result(self, ctx: Context, at: int) -> Vector:
        """The same elements in order."""
        vector = self.argument.result(ctx, at)
        numbers = [element for element in vector if element[1] == element[1]]
        numbers.sort(key=(lambda element: -element[1]) if self.descending else (lambda element: element[1]))
        return checked(numbers + [element for element in reversed(vector) if element[1] != element[1]])


class Timestamp(VectorNode):
    """timestamp(v): when the sample was taken; of anything but a selector that is the time of evaluation."""

    def __init__(self, text: str, argument: VectorNode) -> None:
        super().__init__(text, (argument,))
        self.argument = argument

    def result(self, ctx: Context, at: int) -> Vector:
        """Seconds."""
        if isinstance(self.argument, Selector):
            return checked(self.argument.timestamps(ctx, at))
        return checked([(drop_name(labels), at / 1000) for labels, _ in self.argument.result(ctx, at)])


class LabelReplace(VectorNode):
    """label_replace(v, dst, replacement, src, regex)."""

    def __init__(self, text: str, children: Sequence[Node], argument: VectorNode, words: tuple[str, str, str, str]) -> None:
        super().__init__(text, children)
        self.argument = argument
        self.target, self.replacement, self.source, regex = words
        self.regex = compile_regex(regex, dot_all=True)

    def result(self, ctx: Context, at: int) -> Vector:
        """The vector; where the regular expression matches, with the label set."""
        return checked([(self._replaced(labels), value) for labels, value in self.argument.result(ctx, at)])

    def _replaced(self, labels: Labels) -> Labels:
        found = self.regex.fullmatch(next((value for name, value in labels if name == self.source), ""))
        return labels if found is None else with_labels(labels, {self.target: found.expand(self.replacement)})


class LabelJoin(VectorNode):
    """label_join(v, dst, separator, src...)."""

    def __init__(self, text: str, children: Sequence[Node], argument: VectorNode, words: Sequence[str]) -> None:
        super().__init__(text, children)
        self.argument = argument
        self.target, self.separator, *self.sources = words

    def result(self, ctx: Context, at: int) -> Vector:
        """The vector with the joined label."""
        return checked([(self._joined(labels), value) for labels, value in self.argument.result(ctx, at)])

    def _joined(self, labels: Labels) -> Labels:
        values = dict(labels)
        return with_labels(labels, {self.target: self.separator.join(values.get(name, "") for name in self.sources)})


class VectorOf(VectorNode):
    """vector(s): one element without labels."""

    def __init__(self, text: str, argument: ScalarNode, function: Callable[[float], float] | None = None) -> None:
        super().__init__(text, (argument,))
        self.argument = argument
        self.function = function

    def result(self, ctx: Context, at: int) -> Vector:
        """The element."""
        value = self.argument.result(ctx, at)
        return [((), value if self.function is None else self.function(value))]


class ScalarOf(ScalarNode):
    """scalar(v): the only element's value, else NaN."""

    def __init__(self, text: str, argument: VectorNode) -> None:
        super().__init__(text, (argument,))
        self.argument = argument

    def result(self, ctx: Context, at: int) -> float:
        """The value."""
        vector = self.argument.result(ctx, at)
        return vector[0][1] if len(vector) == 1 else NAN


class Time(ScalarNode):
    """time(): the time of evaluation in seconds."""

    def result(self, ctx: Context, at: int) -> float:
        """Seconds since 1970."""
        return at / 1000
