"""Operators: arithmetic, comparison and set operations between scalars and instant vectors, with vector matching."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from tui_monitor.core.frozen import frozen
from tui_monitor.core.values import METRIC_NAME, Labels, with_labels
from tui_monitor.promql.calls import checked
from tui_monitor.promql.errors import EvaluationError
from tui_monitor.promql.nodes import Context, ScalarNode, VectorNode
from tui_monitor.promql.numbers import divide, modulo, power
from tui_monitor.promql.values import Vector, drop_name, format_labels, keep, without

Arithmetic = Callable[[float, float], float]
Comparison = Callable[[float, float], bool]

ARITHMETIC: dict[str, Arithmetic] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": divide,
    "%": modulo,
    "^": power,
    "atan2": math.atan2,
}
COMPARISONS: dict[str, Comparison] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
SET_OPERATORS = frozenset({"and", "or", "unless"})
MIRRORED = {"==": "==", "!=": "!=", ">": "<", "<": ">", ">=": "<=", "<=": ">="}
_REMEMBERED = 20_000


@frozen
class Matching:
    """Vector matching: which elements of two vectors make a pair.

    ``names`` are the labels of on(...) or ignoring(...). ``card`` is one-to-one, many-to-one (group_left), one-to-many
    (group_right) or many-to-many (set operators). ``include`` are the labels taken over from the "one" side.
    """

    card: str = "one-to-one"
    on: bool = False
    names: frozenset[str] = frozenset()
    include: tuple[str, ...] = ()

    def signature(self, labels: Labels) -> Labels:
        """What must be equal on both sides."""
        return keep(labels, self.names) if self.on else without(labels, self.names | {METRIC_NAME})


class _Signatures:
    """A cache of signatures: each label set's is computed once."""

    def __init__(self, matching: Matching) -> None:
        self._names = matching.names if matching.on else matching.names | {METRIC_NAME}
        self._cut = keep if matching.on else without
        self._known: dict[Labels, Labels] = {}

    def of(self, vector: Vector) -> list[Labels]:
        """The signature of each element."""
        known, cut, names = self._known, self._cut, self._names
        if len(known) > _REMEMBERED:
            known.clear()
        signatures = []
        for labels, _ in vector:
            signature = known.get(labels)
            if signature is None:
                signature = known[labels] = cut(labels, names)
            signatures.append(signature)
        return signatures


class Negated(VectorNode):
    """The negation of a vector: -v."""

    def __init__(self, text: str, argument: VectorNode) -> None:
        super().__init__(text, (argument,))
        self.argument = argument

    def result(self, ctx: Context, at: int) -> Vector:
        """The negated values without names."""
        return checked([(drop_name(labels), -value) for labels, value in self.argument.result(ctx, at)])


class NegatedScalar(ScalarNode):
    """The negation of a scalar: -s."""

    def __init__(self, text: str, argument: ScalarNode) -> None:
        super().__init__(text, (argument,))
        self.argument = argument

    def result(self, ctx: Context, at: int) -> float:
        """The negated number."""
        return -self.argument.result(ctx, at)


class ScalarBinary(ScalarNode):
    """An operator between two scalars; comparisons give 0 or 1."""

    def __init__(self, text: str, op: str, left: ScalarNode, right: ScalarNode) -> None:
        super().__init__(text, (left, right))
        self.left = left
        self.right = right
        self.function: Callable[[float, float], float] = ARITHMETIC.get(op) or COMPARISONS[op]

    def result(self, ctx: Context, at: int) -> float:
        """The number."""
        return float(self.function(self.left.result(ctx, at), self.right.result(ctx, at)))


class VectorScalar(VectorNode):
    """An operator between a vector and a scalar; a comparison filters, or with bool gives 0 or 1."""

    def __init__(self, text: str, op: str, left: VectorNode | ScalarNode, right: VectorNode | ScalarNode, boolean: bool) -> None:
        super().__init__(text, (left, right))
        self.swapped = isinstance(left, ScalarNode)
        vector, scalar = (right, left) if self.swapped else (left, right)
        assert isinstance(vector, VectorNode) and isinstance(scalar, ScalarNode)
        self.vector = vector
        self.scalar = scalar
        self.boolean = boolean
        self.compare = COMPARISONS.get(MIRRORED[op] if self.swapped else op) if op in COMPARISONS else None
        self.arithmetic = ARITHMETIC.get(op)

    def result(self, ctx: Context, at: int) -> Vector:
        """The elements that fulfil the comparison, or the computed ones."""
        number = self.scalar.result(ctx, at)
        vector = self.vector.result(ctx, at)
        compare = self.compare
        if compare is not None:
            if self.boolean:
                return checked([(drop_name(labels), 1.0 if compare(value, number) else 0.0) for labels, value in vector])
            return [element for element in vector if compare(element[1], number)]
        function = self.arithmetic
        assert function is not None
        if self.swapped:
            return checked([(drop_name(labels), function(number, value)) for labels, value in vector])
        return checked([(drop_name(labels), function(value, number)) for labels, value in vector])


class SetOperation(VectorNode):
    """The set operators and, or, unless: the other side's signatures decide which elements stay."""

    def __init__(self, text: str, op: str, left: VectorNode, right: VectorNode, matching: Matching) -> None:
        super().__init__(text, (left, right))
        self.op = op
        self.left = left
        self.right = right
        self._signatures = _Signatures(matching)

    def result(self, ctx: Context, at: int) -> Vector:
        """The left elements that stay; with or, also the right ones that find no partner."""
        left, right = self.left.result(ctx, at), self.right.result(ctx, at)
        if not left or not right:
            return {"and": [], "or": left or right, "unless": left}[self.op]
        ours, theirs = self._signatures.of(left), self._signatures.of(right)
        if self.op == "or":
            known = set(ours)
            return checked(left + [element for element, signature in zip(right, theirs, strict=True) if signature not in known])
        known, wanted = set(theirs), self.op == "and"
        return [element for element, signature in zip(left, ours, strict=True) if (signature in known) is wanted]


class VectorBinary(VectorNode):
    """Arithmetic or comparison between two vectors."""

    def __init__(self, text: str, op: str, left: VectorNode, right: VectorNode, matching: Matching, boolean: bool) -> None:
        super().__init__(text, (left, right))
        self.left = left
        self.right = right
        self.matching = matching
        self.boolean = boolean
        self.drops_name = op in ARITHMETIC or boolean
        self.compare = COMPARISONS.get(op)
        self.arithmetic = ARITHMETIC.get(op)
        self._signatures = _Signatures(matching)
        self._results: dict[tuple[Labels, Labels], Labels] = {}

    def result(self, ctx: Context, at: int) -> Vector:
        """One element for each pair; EvaluationError where the pairs are not unique."""
        left, right = self.left.result(ctx, at), self.right.result(ctx, at)
        if not left or not right:
            return []
        swapped = self.matching.card == "one-to-many"
        many, one = (right, left) if swapped else (left, right)
        partners = self._partners(one)
        vector: Vector = []
        taken: set[object] = set()
        for (labels, value), signature in zip(many, self._signatures.of(many), strict=True):
            partner = partners.get(signature)
            if partner is None:
                continue
            first, second = (partner[1], value) if swapped else (value, partner[1])
            output = self._output(labels, partner[0])
            self._claim(taken, signature, output)
            if self.compare is None:
                assert self.arithmetic is not None
                vector.append((output, self.arithmetic(first, second)))
            elif self.boolean:
                vector.append((output, 1.0 if self.compare(first, second) else 0.0))
            elif self.compare(first, second):
                vector.append((output, first))
        return checked(vector)

    def _partners(self, one: Vector) -> dict[Labels, tuple[Labels, float]]:
        partners: dict[Labels, tuple[Labels, float]] = {}
        for element, signature in zip(one, self._signatures.of(one), strict=True):
            if signature in partners:
                side = "left" if self.matching.card == "one-to-many" else "right"
                pair = ", ".join(sorted((format_labels(element[0]), format_labels(partners[signature][0]))))
                raise EvaluationError(
                    f"found duplicate series for the match group {format_labels(signature)} on the {side} hand-side of the operation: "
                    f"[{pair}];many-to-many matching not allowed: matching labels must be unique on one side"
                )
            partners[signature] = element
        return partners

    def _claim(self, taken: set[object], signature: Labels, output: Labels) -> None:
        """Each signature once in one-to-one matching; with group_left each result once."""
        single = self.matching.card == "one-to-one"
        key: object = signature if single else (signature, output)
        if key in taken:
            raise EvaluationError(
                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
                if single
                else "multiple matches for labels: grouping labels must ensure unique matches"
            )
        taken.add(key)

    def _output(self, many: Labels, one: Labels) -> Labels:
        known = self._results.get((many, one))
        if known is not None:
            return known
        output = drop_name(many) if self.drops_name else many
        if self.matching.card == "one-to-one":
            output = (keep if self.matching.on else without)(output, self.matching.names)
        if self.matching.include:
            values = dict(one)
            output = with_labels(output, {name: values.get(name, "") for name in self.matching.include})
        if len(self._results) > _REMEMBERED:
            self._results.clear()
        self._results[many, one] = output
        return output
