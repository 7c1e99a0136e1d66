"""Functions of Prometheus that are not supported here, and why."""

from __future__ import annotations

_EXPERIMENTAL = "is experimental in Prometheus and not supported"
_NATIVE = "works on native histograms, which are not supported"

REFUSED: dict[str, str] = {
    **dict.fromkeys(
        (
            "double_exponential_smoothing",
            "end",
            "histogram_quantiles",
            "holt_winters",
            "info",
            "limit_ratio",
            "limitk",
            "mad_over_time",
            "max_of",
            "min_of",
            "range",
            "sort_by_label",
            "sort_by_label_desc",
            "start",
            "start_timestamp",
            "step",
            "ts_of_first_over_time",
            "ts_of_last_over_time",
            "ts_of_max_over_time",
            "ts_of_min_over_time",
        ),
        _EXPERIMENTAL,
    ),
    **dict.fromkeys(
        ("histogram_avg", "histogram_count", "histogram_stddev", "histogram_stdvar", "histogram_sum", "histogram_buckets"), _NATIVE
    ),
}
"""Known names that are not run, with the reason."""
