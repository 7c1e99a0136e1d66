"""PromQL texts, compiled and evaluated over a small memory; OpenMetrics files with stamps; rule files in YAML."""

from __future__ import annotations

from functools import cache

from fuzz.fences import unfenced
from fuzz.target import Target
from tui_monitor.core.values import STALE_NAN, Sample, labels_of
from tui_monitor.promql import engine, openmetrics, rulefiles
from tui_monitor.promql.engine import EvaluationError, PromqlError, compile_expr
from tui_monitor.promql.names import FUNCTION_NAMES
from tui_monitor.storage.memory import SeriesMemory

AT = 1_790_000_000_000


@cache
def _memory() -> SeriesMemory:
    """A minute of some series: plain, counters, histograms, infinities, a stale one, hostile label values."""
    memory = SeriesMemory()
    inf, nan = float("inf"), float("nan")
    for second in range(0, 60, 5):
        samples = [
            Sample(labels_of("up", job=job, i=str(number)), float(second % 7))
            for number, job in enumerate(("api", "db", "a\n\x1b", "한글"))
        ]
        samples += [Sample(labels_of("requests_total", code=code), 1e9 + second) for code in ("200", "500")]
        samples += [Sample(labels_of("h_bucket", le=le), 3.0 + second) for le in ("0.1", "1", "+Inf", "x")]
        samples += [Sample(labels_of("odd", kind=str(value)), value) for value in (inf, -inf, nan, 1e308, -0.0, 5e-324)]
        memory.append(AT - 60_000 + second * 1000, samples)
    memory.append(AT, [Sample(labels_of("up", job="db", i="1"), STALE_NAN)])
    return memory


def _query(text: str) -> bool:
    try:
        query = compile_expr(text)
        query.instant(_memory(), AT)
        query.range(_memory(), AT - 20_000, AT, 10_000)
    except (PromqlError, EvaluationError) as error:
        if isinstance(error, PromqlError):
            error.pointer()
        str(error).encode("utf-8", "surrogatepass")
        return False
    return True


def _file(text: str) -> bool:
    try:
        storage = openmetrics.read_text(text)
    except openmetrics.FileError:
        return False
    storage.times()
    compile_expr('{__name__=~".+"}').instant(storage, AT)
    return True


def _rules(text: str) -> bool:
    found = rulefiles.RuleFiles()
    rulefiles._Reader("rules.yml", found).read(text)
    return not [str(problem) for problem in found.problems]


_WORDS = (
    *(f"{name}(" for name in sorted(FUNCTION_NAMES)), "up", "requests_total", "h_bucket", "odd", '{job="api"}', '{job=~".*(a|b)+"}',
    '{__name__=~".+"}', "[5m]", "[5m:10s]", "[1m:]", "[60s:1ms]", " offset 1m", " @ 1790000000", " @ start()", "sum by (job) (",
    "topk(2, ", "quantile(0.5, ", "count_values(", " on(job) ", " ignoring(i) ", " group_left() ", " bool ", " and ", " or ", " unless ",
    " == ", " > ", " / ", " ^ ", " % ", " atan2 ", "-", "+", "(", ")", ",", '"x"', "'$1'", "`a`", '"\\x', "Inf", "NaN", "1e400", "0x1F",
    "1h30m", "999999999y", "step()", "range()", "min_of(1,2)", "#c\n", '"le"', "{", "}", "{{", "=~", "!~", "!=",
)  # fmt: skip
_LINES = (
    "up 1 2\n",
    "# EOF\n",
    "# TYPE a counter\n",
    'a{b="c"} ',
    "NaN",
    "StaleNaN",
    "+Inf",
    " 1e300",
    " -1e300",
    " # {} 1",
    '{"a b"} ',
    "\\n",
    '\\"',
    "{",
    "}",
    ",",
)
_YAML = (
    "groups:\n", "- name: a\n", "  rules:\n", "  - alert: A\n", "    expr: up == 0\n", "    for: 5m\n", "    labels:\n",
    "      severity: page\n", "&a ", "*a", "<<: *a\n", "!!binary x", "!!python/object:os.system", "? ", "- ", ": ", "|\n", ">\n", "'",
    "---\n", "...\n", "%YAML 9.9\n", "record: a:b\n", "{a: b}", "[a]", "1h", "0x1", "~", "\t",
)  # fmt: skip

TARGETS = (
    Target(name="promql", kind="text", call=_query, words=_WORDS, fence=lambda: unfenced(engine._parsed)),
    Target(name="openmetrics-file", kind="text", call=_file, words=_LINES, fence=lambda: unfenced(openmetrics.read_text)),
    Target(name="rule-file", kind="text", call=_rules, words=_YAML, fence=lambda: unfenced(rulefiles._Reader.read)),
)
