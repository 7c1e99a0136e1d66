"""The same samples and expressions through promtool, where it is installed: it accepts our answers as its own.

Samples lie between the ends of all windows, so that Prometheus 2 (closed windows) and 3 (open on the left) agree; with
promtool 3 the table files, whose samples lie on the ends, are compared too. Values are whole numbers: no rounding differs.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.promql_table import DATA, milliseconds, series_from
from tests.support.vectors import vector_of
from tui_monitor.promql.engine import EvaluationError, Vector, compile_expr
from tui_monitor.promql.numbers import format_float
from tui_monitor.promql.values import format_labels

PROMTOOL = shutil.which("promtool")
LOAD = [
    "load 16s",
    'c_total{job="a",i="1"} ' + " ".join(str((index * 7) % 97 + 3) for index in range(60)),
    'c_total{job="a",i="2"} ' + " ".join(str(index * 16 + 1000000) for index in range(60)),
    'c_total{job="b",i="1"} ' + " ".join("_" if index % 5 == 2 else str(index * 8 + 1000000) for index in range(60)),
    'g{job="a",i="1"} ' + " ".join(str((index * index) % 31 - 15) for index in range(60)),
    'g{job="b",i="2"} ' + " ".join("stale" if index in (20, 40) else str(index % 4) for index in range(60)),
    'info{job="a",v="x"} ' + "1 " * 60,
    'h_bucket{le="1"} ' + " ".join(str(index * 2) for index in range(60)),
    'h_bucket{le="2"} ' + " ".join(str(index * 4) for index in range(60)),
    'h_bucket{le="+Inf"} ' + " ".join(str(index * 8) for index in range(60)),
]
AT_MS = 909_000
EXPRESSIONS = [
    "c_total",
    "c_total > 1000100",
    "c_total >= bool 1000100",
    "sum by (job) (c_total)",
    "max without (i) (g)",
    "count(g)",
    "resets(c_total[5m])",
    "changes(g[5m])",
    "delta(g[128s]) * 0",
    "irate(c_total[1m])",
    "idelta(g[1m])",
    'rate(c_total{i="2"}[256s])',
    "rate(c_total[64s] offset 5m) * 0 + 1",
    "sum_over_time(g[5m])",
    "count_over_time(c_total[5m])",
    "max_over_time(g[5m]) - min_over_time(g[5m])",
    "last_over_time(c_total[5m])",
    "quantile_over_time(0.5, g[112s])",
    "avg_over_time(g[64s])",
    "stdvar_over_time(g[32s])",
    "sum_over_time(g[5m:1m])",
    "max_over_time(rate(c_total[1m])[5m:30s]) * 0",
    "c_total offset 3m",
    "c_total @ 500",
    "g offset -20s @ 300",
    "absent(nothing{a='b'})",
    "absent_over_time(g[1m])",
    "g and on(job) info",
    "g or info",
    "g unless on(job) info",
    "g * on(job) group_left(v) info",
    "c_total - ignoring(i) group_left sum by (job) (g)",
    "topk(1, c_total)",
    "bottomk by (job) (1, c_total)",
    "quantile(0.5, c_total)",
    'count_values("v", g)',
    "histogram_quantile(0.5, h_bucket)",
    "histogram_quantile(0.25, rate(h_bucket[256s]))",
    "label_replace(g, 'new', 'x-$1', 'job', '(.*)')",
    "label_join(g, 'new', '/', 'job', 'i')",
    "clamp(g, -1, 1)",
    "round(c_total / 10, 5)",
    "abs(g) + sgn(g)",
    "-g % 7",
    "g ^ 2",
    "day_of_week() + hour(c_total)",
    "timestamp(g)",
    "scalar(info) + c_total",
    "vector(time())",
    "predict_linear(c_total{i='2'}[64s], 16)",
    "deriv(c_total{i='2'}[64s])",
    "stddev(g * 0 + 2)",
    "group by (job) (g)",
]


def promtool_is_three() -> bool:
    assert PROMTOOL is not None
    said = subprocess.run([PROMTOOL, "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"version (\d+)\.", said.stdout + said.stderr)
    return found is not None and int(found.group(1)) >= 3


def block(load: list[str], at_ms: int, expressions: list[str]) -> dict[str, Any] | None:
    """One group of promtool's unit tests with our answers as expectations; None where we answer with an error only."""
    storage = series_from(load)
    tests = []
    for expr in expressions:
        try:
            answer = compile_expr(expr).instant(storage, at_ms)
        except EvaluationError:
            continue
        if isinstance(answer, str) or compile_expr(expr).kind == "matrix":
            continue
        vector: Vector = [((), answer)] if isinstance(answer, float) else vector_of(answer)
        samples = [{"labels": format_labels(labels), "value": float(format_float(value))} for labels, value in vector if value == value]
        if len(samples) == len(vector):
            tests.append({"expr": expr, "eval_time": f"{at_ms}ms", "exp_samples": samples})
    series = []
    for line in load[1:]:
        name, values = line.split("} ", 1) if "}" in line else line.split(" ", 1)
        series.append({"series": name + ("}" if "}" in line else ""), "values": values.replace("+Inf", "Inf")})
    return {"interval": load[0].split()[1], "input_series": series, "promql_expr_test": tests} if tests else None


def run(blocks: list[dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "tests.yml"
    path.write_text(yaml.safe_dump({"evaluation_interval": "1m", "tests": blocks}), encoding="utf-8")
    assert PROMTOOL is not None
    said = subprocess.run([PROMTOOL, "test", "rules", str(path)], capture_output=True, text=True, check=False, timeout=60)
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.skipif(PROMTOOL is None, reason="no promtool is installed")
def test_promtool_agrees(tmp_path: Path) -> None:
    """Every expression of the list gives the same answer in Prometheus."""
    made = block(LOAD, AT_MS, EXPRESSIONS)
    assert made is not None and len(made["promql_expr_test"]) == len(EXPRESSIONS)
    run([made], tmp_path)


@pytest.mark.skipif(PROMTOOL is None or not promtool_is_three(), reason="no promtool 3 is installed")
def test_promtool_three_agrees_at_the_ends_of_windows(tmp_path: Path) -> None:
    """Rates and windows with samples exactly on the ends, as in the table files."""
    blocks = []
    for name in ("rates.cases", "windows.cases"):
        lines = (DATA / name).read_text(encoding="utf-8").split("\n")
        load = [line.strip() for line in lines if line.startswith(("load ", "  "))]
        load = load[: next(index for index, line in enumerate(load[1:], 1) if line.startswith("{"))]
        for line in lines:
            if line.startswith("at "):
                _, at, expr = line.split(" ", 2)
                made = block(load, milliseconds(at), [expr])
                blocks += [made] if made is not None else []
    run(blocks, tmp_path)
