"""Texts with values: Prometheus' spelling and formats, and nothing from outside is ever evaluated."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_monitor.alerts.rules.template_functions import humanize_duration, humanize_timestamp, text_of
from tui_monitor.alerts.rules.templates import TemplateError, check_template, render

LABELS = {"instance": "web-1:9100", "mount": "/", "odd-name": "x", "evil": "{{ $value }}{% raw %}"}


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        ("plain", 1.0, "plain"),
        ("{{ $value }}", 0.95, "0.95"),
        ("{{ $value }}", 2.0, "2"),
        ("{{ $value }}", 1234567.0, "1.234567e+06"),
        ("{{ .Value }} {{ value }}", 3.0, "3 3"),
        ("{{ $value | humanize }}", 1234567.0, "1.235M"),
        ("{{ $value | humanize }}", 0.0, "0"),
        ("{{ humanize $value }}", 0.0021, "2.1m"),
        ("{{ $value | humanize1024 }}", 1048576.0, "1Mi"),
        ("{{ $value | humanizePercentage }}", 0.93456, "93.46%"),
        ("{{ $value | humanizeDuration }}", 90061.0, "1d 1h 1m 1s"),
        ("{{ $value | humanizeDuration }}", 0.05, "50ms"),
        ("{{ $value | humanizeTimestamp }}", 1435065584.128, "2015-06-23 13:19:44.128 +0000 UTC"),
        ('{{ printf "%.2f" $value }}', 1.005, "1.00"),
        ('{{ $value | printf "%.1f%%" }}', 12.34, "12.3%"),
        ('{{ printf "%s is %5.1f" $labels.mount $value }}', 2.0, "/ is   2.0"),
        ('{{ printf "%q %v %d %x" "a" $value 5 255 }}', 2.5, '"a" 2.5 5 ff'),
        ("{{ $labels.mount }}|{{ $labels.nothing }}|{{ labels.mount }}|{{ .Labels.mount }}", 1.0, "/||/|/"),
        ('{{ $labels["odd-name"] }} {{ index $labels "mount" }}', 1.0, "x /"),
        ("{{ $labels.instance | toUpper }} {{ toLower \"ABC\" }} {{ title \"high load\" }}", 1.0, "WEB-1:9100 abc High Load"),
        ("{{ $labels.instance | stripPort }}", 1.0, "web-1"),
        ('{{ reReplaceAll "(.*):(\\\\d+)" "$2/$1" $labels.instance }}', 1.0, "9100/web-1"),
        ("{{ if gt $value 0.9 }}bad{{ else if gt $value 0.5 }}so{{ else }}well{{ end }}", 0.6, "so"),
        ('{{ if and (eq $labels.mount "/") (not $labels.nothing) }}root{{ end }}', 1.0, "root"),
        ('{{ if match "^web" $labels.instance }}yes{{ end }}', 1.0, "yes"),
        ("{{ with $labels.mount -}} on {{ . }}{{- end }}!", 1.0, "on /!"),
        ("{{ with $labels.nothing }}{{ . }}{{ else }}none{{ end }}", 1.0, "none"),
        ("{{ with $labels.mount }}{{ if eq . \"/\" }}{{ with $value }}{{ . | humanize }}{{ end }} {{ . }}{{ end }}{{ end }}", 2.5, "2.5 /"),
        ('[{{ $externalLabels.cluster }}{{ index $externalLabels "a" }}{{ $externalURL }}{{ .ExternalURL }}]', 1.0, "[]"),
        ('{{ stripDomain "web-1.example.org:91" }} {{ stripDomain "10.0.0.1" }}', 1.0, "web-1:91 10.0.0.1"),
        ('{{ if gt $value (parseDuration "5m") }}long{{ end }}', 301.0, "long"),
        ("a {{- $value -}} b", 1.0, "a1b"),
        ('{{ reReplaceAll "(web)-1" "$9|$1W|${1}W" $labels.instance }}', 1.0, "||webW:9100"),
        ('{{ print "a" "b" 1 2 $value "c" $value }}', 1.5, "ab1 2 1.5c1.5"),
        ("{{ print true false `x` }}", 1.0, "true falsex"),
        ("a {{/* a note */}}b", 1.0, "a b"),
        ("{% if x %} {# no #} ${value} \\ \" ' {{ `raw` }}\n", 1.0, "{% if x %} {# no #} ${value} \\ \" ' raw\n"),
        ("{{ $labels.evil }}", 1.0, "{{ $value }}{% raw %}"),
        ("한국 {{ $value | humanizePercentage }} 🔥", 0.5, "한국 50% 🔥"),
        ("{{ $value | humanize }} {{ $value }}", math.inf, "+Inf +Inf"),
        ("{{ $value | humanizeDuration }}", math.nan, "NaN"),
    ],
)  # fmt: skip
def test_rendering(template: str, value: float, expected: str) -> None:
    """Each construct gives what Prometheus gives."""
    check_template(template)
    assert render(template, LABELS, value) == expected


@pytest.mark.parametrize(
    ("template", "part"),
    [
        ("{{ $value | humanise }}", '"humanise" is not known; did you mean "humanize"?'),
        ("{{ $valu }}", '"$valu" is not known; did you mean "$value"?'),
        ("{{ $foo }}", '"$foo" is not known'),
        ("{{ $label.x }}", '"$label" is not known; did you mean "$labels"?'),
        ("{{ .Label.x | toUpper }}", '".Label" is not known; did you mean ".Labels"?'),
        ("{{ if $lables.x }}a{{ end }}", '"$lables" is not known; did you mean "$labels"?'),
        ("{{ $label[\"x\"] }}", '"$label" is not known; did you mean "$labels"?'),
        ("{{ $value.x }}", '"$value" has no fields; a label is $labels.NAME'),
        ('{{ match "(?=a)" $labels.x }}', "RE2 has no look-around"),
        ('{{ reReplaceAll `(a)\\1` "" $labels.x }}', "RE2 has no back-references"),
        ("{{ $value", "not closed"),
        ("{{ if $value }}x", "no {{ end }}"),
        ("{{ end }}", "without {{ if }}"),
        ("{{ else }}", "without {{ if }}"),
        ("{{ with $value }}x", "{{ with }} has no {{ end }}"),
        ("{{ . }}", "outside {{ with }}"),
        ("{{ with $value }}{{ end }}{{ . }}", "outside {{ with }}"),
        ("{{ with $value }}{{ .Nope }}{{ end }}", '".Nope" is not known'),
        ("{{ range query \"up\" }}{{ end }}", '"range" is not supported'),
        ("{{ humanize }}", "takes 1 value, not 0"),
        ("{{ $value | 5 }}", '"5" is not a function'),
        ("{{ query \"up\" | first }}", '"query" is not known'),
        ("{{ $value + 1 }}", "not understood"),
        ("{{ }}", "empty"),
        ("{{ ().__class__ }}", "not"),
        ("{{ (printf \"%v\" 1 }}", "parenthesis"),
        ("x" * 20_001 + "{{ $value }}", "longer"),
        ("{{ " + "(" * 5000 + "$value" + ")" * 5000 + " }}", "too deep"),
    ],
)  # fmt: skip
def test_bad_templates_are_refused_with_the_part(template: str, part: str) -> None:
    """What cannot be understood is refused before it is ever rendered."""
    with pytest.raises(TemplateError) as fault:
        check_template(template)
    assert part in str(fault.value)


def test_a_failure_while_rendering_gives_the_raw_text_and_the_reason() -> None:
    """A template that fails on a value raises nothing."""
    assert render("{{ $labels.mount | humanize }}", LABELS, 1.0) == (
        '{{ $labels.mount | humanize }} (the template failed: "/" is not a number)'
    )


@pytest.mark.parametrize(("opening", "closing"), [("{{ if $value }}", "{{ end }}"), ("{{ with $value }}", "{{ end }}"), ("(", ")")])
@pytest.mark.parametrize("depth", [99, 150, 500])
def test_too_deep_a_template_fails_as_a_text(opening: str, closing: str, depth: int) -> None:
    """Blocks and parentheses within each other beyond what Python takes give the raw text, and nothing is raised."""
    text = "{{ " + "(" * depth + "$value" + ")" * depth + " }}" if opening == "(" else opening * depth + "x" + closing * depth
    answer = render(text, {}, 1.0)
    assert answer in ("x", "1") or answer.startswith(text)


def test_a_missing_value_is_empty_and_the_reason_is_there() -> None:
    """`$value` without a value is empty; `$reason` says why."""
    assert render("[{{ $value }}]{{ if $reason }} {{ $reason }}{{ end }}", {}, None, "refused") == "[] refused"


@given(st.text(max_size=200), st.floats(), st.text(max_size=40))
def test_no_text_is_evaluated_and_nothing_raises(text: str, value: float, hostile: str) -> None:
    """Any text renders or is refused, and a hostile label value comes out as it went in."""
    try:
        check_template(text)
    except TemplateError:
        return
    render(text, {"a": hostile}, value)
    assert render("{{ $labels.a }}", {"a": hostile}, value) == hostile


@given(st.floats())
def test_formats_take_any_number(value: float) -> None:
    """No float breaks a format."""
    for name in ("humanize", "humanize1024", "humanizePercentage", "humanizeDuration"):
        assert "failed" not in render("{{ $value | " + name + " }}", {}, value)
    assert float(text_of(value).replace("Inf", "inf")) == value or math.isnan(value)
    humanize_duration(value)
    if -62_135_596_800 <= value < 1e11:  # from the year 1 on
        humanize_timestamp(value)


def test_plain_texts_and_checking_do_not_load_jinja() -> None:
    """Jinja costs 57 ms: only the first rendering of a template loads it."""
    code = (
        "import sys; from tui_monitor.alerts.rules.templates import check_template, render; render('plain', {}, 1);"
        "check_template('{{ $value | humanize }}'); assert 'jinja2' not in sys.modules;"
        "render('{{ $value }}', {}, 1); assert 'jinja2' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
