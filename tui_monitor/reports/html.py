"""A report as HTML for mail: one card of 600 px, every style beside its element, charts as pictures. Pure.

Mail programs drop style sheets, so colours stand inline; the few rules in the head are for dark programs and telephones. It loads nothing.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from html import escape

from tui_monitor.board.report import Report, ReportChart, ReportColumn, ReportRow, ReportSection
from tui_monitor.board.report_format import LEFT, ReportFormat
from tui_monitor.board.report_text import MARKS, chart_figures, filled_columns, headline_of, labelled, report_format
from tui_monitor.reports.png import HEIGHT, WIDTH, chart_png

Picture = Callable[[ReportChart], str]
"""The address of a chart's picture."""
_FONT = "font-family:-apple-system,'Segoe UI',Roboto,'Noto Sans KR','Malgun Gothic',Arial,sans-serif"
BANDS = {"ok": "#2e7d32", "warn": "#b45309", "bad": "#c62828"}
SHADES = {"ok": "#2e7d32", "warn": "#b45309", "bad": "#c62828", "none": "#5b6472"}
_HEAD = (
    '<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<meta name="color-scheme" content="light dark"><title>{title}</title><style>@media (prefers-color-scheme:dark){{'
    ".page{{background:#111318!important}}.card{{background:#1c1f26!important;color:#e6e8ec!important}}"
    ".dim{{color:#a3abb8!important}}.rule{{border-color:#343a46!important}}.bad{{color:#ff8a80!important}}"
    ".warn{{color:#f5b64c!important}}.ok{{color:#81c784!important}}.note{{background:#3a2f14!important;color:#f6e3b4!important}}}}"
    "@media (max-width:480px){{.brief{{display:none!important}}.pad{{padding:14px 12px!important}}"
    ".wide{{padding-right:8px!important}}}}</style></head>"
)
BLOCKS = 2
"""From so many brief texts on, a row is a block: they would not fit beside one another."""
LONG = 60
"""Characters of a cell with its markup from which it may be broken anywhere; shorter words stay whole."""


def report_html(report: Report, picture: Picture, footer: str = "") -> str:
    """The whole page. ``picture`` gives the address of each chart: cid: in mail, data: in a file."""
    form = report_format(report)
    title = headline_of(report)
    body = "".join([*map(_note, report.notes), *(_section(section, form, picture) for section in report.sections), _footer(footer)])
    band = f"padding:18px 20px;background:{BANDS.get(report.shade, BANDS['warn'])};color:#ffffff"
    page = f"margin:0;padding:16px 8px;background:#eef0f3;{_FONT}"
    card = "width:100%;max-width:600px;border-collapse:collapse;background:#ffffff;color:#1f2430"
    verdict = f"{MARKS.get(report.shade, '')} {report.verdict}".strip()
    inner = "padding:8px 20px 18px;font-size:14px;line-height:1.45;overflow-wrap:break-word"
    heading = f'<div style="font-size:14px">{escape(title)}</div><h1 style="font-size:20px;margin:4px 0 0">'
    return (
        _HEAD.format(language=report.language, title=escape(title))
        + f'<body class="page" style="{page}"><table role="presentation" align="center" class="card" style="{card}">'
        + f'<tr><td class="pad" style="{band};overflow-wrap:anywhere">{heading}{escape(verdict)}</h1></td></tr>'
        + f'<tr><td class="pad" style="{inner}">{body}</td></tr></table>'
        "</body></html>\n"
    )


def _note(text: str) -> str:
    return f'<div class="note" style="margin:12px 0 0;padding:8px 12px;background:#fff4d6;color:#4a3500">{escape(text)}</div>'


def _footer(text: str) -> str:
    style = "margin:20px 0 0;padding:10px 0 0;border-top:1px solid #dfe3e8;color:#5b6472;font-size:13px"
    return f'<div class="dim rule" style="{style}">{escape(text)}</div>' if text else ""


def _section(section: ReportSection, form: ReportFormat, picture: Picture) -> str:
    parts = [f'<h2 style="margin:22px 0 6px;font-size:16px;line-height:1.3">{escape(section.title)}</h2>']
    parts += [f'<div style="margin:4px 0">{escape(line)}</div>' for line in section.lines]
    shown = filled_columns(section.columns, section.rows)
    brief = [place for place in shown if section.columns[place].brief and section.columns[place].unit == "text"]
    parts.append(_blocks(section, shown, form) if len(brief) >= BLOCKS else _table(section, shown, form))
    if section.more:
        parts.append(_dim(form.t.more.format(count=section.more)))
    return "".join([*parts, *(_chart(chart, form, picture) for chart in section.charts)])


def _dim(text: str) -> str:
    return f'<div class="dim" style="margin:4px 0;color:#5b6472">{escape(text)}</div>'


def _mark(shade: str) -> str:
    sign = {**MARKS, "none": "?"}.get(shade, "")
    return f'<span class="{shade}" style="color:{SHADES[shade]}">{sign}</span> ' if sign else ""


# --- tables --------------------------------------------------------------------------------------------------------------


def _table(section: ReportSection, shown: Sequence[int], form: ReportFormat) -> str:
    if not section.rows:
        return ""
    columns = section.columns
    heads = "".join(_cell("th", columns[place], escape(columns[place].title), place == shown[-1], "") for place in shown)
    head = f"<tr>{heads}</tr>" if any(columns[place].title for place in shown) else ""
    rows = "".join(_row(columns, row, shown, form) for row in section.rows)
    return f'<table style="width:100%;border-collapse:collapse;font-size:13px;margin:2px 0 0">{head}{rows}</table>'


def _row(columns: Sequence[ReportColumn], row: ReportRow, shown: Sequence[int], form: ReportFormat) -> str:
    weight = "font-weight:bold;" if row.shade == "total" else ""
    texts = [escape(form.cell(row.cells[place], columns[place], row)) for place in shown]
    texts[0] = _mark(row.shade) + texts[0]
    cells = (_cell("td", columns[place], text, place == shown[-1], weight) for place, text in zip(shown, texts, strict=True))
    return f"<tr>{''.join(cells)}</tr>"


def _cell(tag: str, column: ReportColumn, text: str, last: bool, weight: str) -> str:
    align = "left" if column.unit in LEFT else "right"
    classes = " ".join(["rule", *(["brief"] * column.brief), *(["dim"] * (tag == "th")), *(["wide"] * (not last))])
    dim = "color:#5b6472;font-weight:normal;" if tag == "th" else ""
    wrap = "" if column.unit == "text" else "white-space:nowrap;"
    wrap = "overflow-wrap:anywhere;" if len(text) > LONG and column.unit == "text" else wrap
    room = 0 if last else 12
    line = f"padding:5px {room}px 5px 0;border-bottom:1px solid #e3e6ea;text-align:{align};vertical-align:top"
    style = f"{weight}{dim}{wrap}{line}"
    tag = tag if text else "td"  # a head without a text is no head
    return f'<{tag} class="{classes}" style="{style}">{text}</{tag}>'


def _blocks(section: ReportSection, shown: Sequence[int], form: ReportFormat) -> str:
    """A block for each row: what is short in a bold line, each brief text below it."""
    return "".join(_block(section.columns, row, shown, form) for row in section.rows)


def _block(columns: Sequence[ReportColumn], row: ReportRow, shown: Sequence[int], form: ReportFormat) -> str:
    texts = {place: form.cell(row.cells[place], columns[place], row) for place in shown if row.cells[place] not in (None, "")}
    first = " · ".join(escape(text) for place, text in texts.items() if not columns[place].brief)
    more = "".join(
        f'<div class="{"dim" if number else "text"}" style="{"color:#5b6472;font-size:13px" if number else ""}">{escape(text)}</div>'
        for number, text in enumerate(labelled(columns[place], text) for place, text in texts.items() if columns[place].brief)
    )
    colour = SHADES.get(row.shade, SHADES["none"])
    return (
        f'<div style="margin:8px 0;padding:1px 0 1px 12px;border-left:4px solid {colour};overflow-wrap:anywhere">'
        f"<b>{_mark(row.shade)}{first}</b>{more}</div>"
    )


# --- charts --------------------------------------------------------------------------------------------------------------


def _chart(chart: ReportChart, form: ReportFormat, picture: Picture) -> str:
    said = f"{chart.title}: {chart_figures(chart, form)}"
    times = f"{form.stamp(chart.begin)} – {form.stamp(chart.end)}"
    image = f'<img src="{escape(picture(chart))}" alt="{escape(said)}" width="560" style="display:block;width:100%;height:auto;border:0">'
    return (
        f'<div style="margin:14px 0 0"><div style="font-size:13px"><b>{escape(chart.title)}</b> '
        f'<span class="dim" style="color:#5b6472">{escape(chart_figures(chart, form))}</span></div>{image}'
        f'<div class="dim" style="color:#5b6472;font-size:12px">{escape(times)}</div></div>'
    )


def embedded(chart: ReportChart) -> str:
    """The picture as a data address, for a file that stands alone."""
    return f"data:image/png;base64,{b64encode(chart_png(chart.values, WIDTH, HEIGHT)).decode()}"
