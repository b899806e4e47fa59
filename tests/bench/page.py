"""The page of a run: what was measured, drawn and in numbers, how, on what and of which versions. One file, which needs
nothing else: no script, no font, no picture from elsewhere; light or dark as the reader's browser is."""

import re
from html import escape

from axis import write_number
from connections import LATER
from draw import Chart, draw_chart
from report import make_table, tell_failures, tell_noise

CHARTS = (
    Chart("each.time", "A process per connection, one client",
          "From connect to the server's close, one client after the other.", None, "µs", "less"),
    Chart("each.rate", "A process per connection, more clients at once",
          "Completely answered connections a second.", "clients at once", "connections/s", "more"),
    Chart("cold.first", "Cold activation", "From connect to the first byte. Each connection starts a program "
          "that answers one client and exits.", None, "µs", "less"),
    Chart("cold.later", "Cold activation, an occasional client", f"The same, {LATER} ms after the end of the client before.",
          None, "µs", "less"),
    Chart("cold.tail", "The slowest of 100 cold activations", "The 99th percentile where one client comes right after another.", None, "µs", "less"),
    Chart("size.first", "Cold activation by the number of services", "The same at the last of so many ports. The floor "
          "has one port.", "services", "µs", "less", True),
    Chart("start.time", "Start", "From exec until the last service listens.", "services", "seconds",
          "less", True),
    Chart("memory.pss", "Memory", "PSS of the server and its descendants, before the first client.", "services", "kB",
          "less", True),
    Chart("memory.anonymous", "Memory that is the server's own", "The anonymous part of it, without pages of programs and "
          "libraries.", "services", "kB", "less", True),
    Chart("idle.wakeups", "Wake-ups without clients", "Voluntary context switches in two seconds, with the most services.", None,
          "wake-ups", "less"),
    Chart("reload.time", "Reload", "From HUP until an added service listens, with four busy clients.", "services", "ms",
          "less", True),
    Chart("reload.silence", "What clients see of a reload", "The longest time that one of those clients waited for an answer.",
          "services", "ms", "less", True),
    Chart("reload.lost", "Clients lost in a reload", "Clients of 1,500 that were refused, reset, or not answered.", "services",
          "clients", "less"),
    Chart("redirect.bytes", "redirect: throughput", "From the server to the client. Direct: without a redirect.", "streams at once",
          "MB/s", "more"),
    Chart("redirect.upload", "redirect: throughput of uploads", "From the client to the server.", "streams at once", "MB/s", "more"),
    Chart("redirect.connections", "redirect: connections", "Each client opens one after the other, and gets one byte.", "clients at once",
          "connections/s", "more"),
    Chart("redirect.requests", "redirect: requests", "64 bytes each way, over connections that stay open.", "clients at once",
          "requests/s", "more"),
    Chart("wake.first", "Waking a server that sleeps", "From connect to the first byte of a server of superd that runs, is "
          "frozen, or is stopped. It writes to all of its memory when it starts.",
          "MB of memory", "ms", "less", True),
)
BASES = ("floor", "direct", "always running")
WAYS = {"superd": 1, "frozen": 2, "stopped": 3}   # others are peers
LOOKS = 12                              # of peers; more begin anew

STYLE = """
:root { color-scheme: light dark; --paper: #fdfdfb; --ink: #1d2126; --soft: #5c646d; --grid: #e1e3e1; --rule: #a7adb3;
  --base: #737b84; --superd: #0b62c4; --bad: #b3261e; --good: #1a7038;
  --p0: #c2410c; --p1: #15803d; --p2: #9333ea; --p3: #a16207; --p4: #be185d; --p5: #0e7490;
  --p6: #4d7c0f; --p7: #7c2d12; --p8: #6d28d9; --p9: #b91c1c; --p10: #115e59; --p11: #854d0e; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181c; --ink: #e6e8ea; --soft: #a3abb3; --grid: #2c3138;
  --rule: #59616a; --base: #98a1aa; --superd: #6db3ff; --bad: #ff8a80; --good: #6fd08c;
  --p0: #fb9a5b; --p1: #5fd38a; --p2: #c79bff; --p3: #e3bd4f; --p4: #ff86b7; --p5: #56cbe0;
  --p6: #b1d65a; --p7: #e0a080; --p8: #ab9bff; --p9: #ff9a9a; --p10: #5fd0c3; --p11: #d9b36a; } }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 .3rem; font-size: 1.7rem; } h2 { margin: 2.6rem 0 .4rem; font-size: 1.25rem; }
p { margin: .3rem 0 .8rem; } .soft, summary { color: var(--soft); } summary { cursor: pointer; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .86rem; font-variant-numeric: tabular-nums; }
th, td { padding: .22rem .55rem; border-bottom: 1px solid var(--grid); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
td:first-child { min-width: 16rem; white-space: normal; } details td:first-child { min-width: 0; }
.superd { font-weight: 600; } .short, .failed { color: var(--bad); font-weight: 600; } .reached { color: var(--good); }
pre { overflow-x: auto; padding: .6rem .8rem; border: 1px solid var(--grid); font-size: .78rem; line-height: 1.35; }
"""
# Of the charts: without variables where they stand alone, as not every viewer of pictures knows them.
CHART_STYLE = """
svg { display: block; width: 100%; height: auto; margin: .4rem 0; }
svg text { fill: var(--ink); font: 13px system-ui, sans-serif; }
svg .tick { fill: var(--soft); font-size: 12px; } svg .name { fill: var(--soft); font-weight: 400; font-size: 13px; }
svg .paper { fill: var(--paper); } svg .title { font-size: 16px; font-weight: 600; }
.grid { stroke: var(--grid); } .axis { stroke: var(--rule); }
.curve { fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; }
.band { fill: currentColor; opacity: .12; }
.mark { fill: currentColor; stroke: var(--paper); stroke-width: 1; }
.cross { fill: none; stroke: currentColor; stroke-width: 2.5; }
.spread { stroke: currentColor; stroke-width: 2; } .quartiles { stroke: currentColor; stroke-width: 7; opacity: .45; }
.range { stroke: currentColor; } .lead { stroke: currentColor; opacity: .35; }
.c0 { color: var(--base); } .curve.c0 { stroke-dasharray: 6 4; }
.c1 { color: var(--superd); } .curve.c1 { stroke-width: 3.2; }
"""


def give_looks(results):
    """A number for each server: 0 for what the others are compared with, 1 for superd, then the peers."""
    looks, peers = {}, 0
    for server in results.servers:
        name = server["name"]
        if name in BASES or name in WAYS:
            looks[name] = WAYS.get(name, 0)
        else:
            looks[name] = 2 + peers % LOOKS
            peers += 1
    return looks


def _write_chart_style():
    return CHART_STYLE + "\n".join(f".c{2 + n} {{ color: var(--p{n}); }}" for n in range(LOOKS)) + "\n"


def write_picture_style():
    """For a chart that stands alone."""
    light, dark = (dict(re.findall(r"(--\w+): (#\w+)", part)) for part in STYLE.split("@media")[:2])
    return "{}@media (prefers-color-scheme: dark) {{{}}}\n".format(
        *(re.sub(r"var\((--\w+)\)", lambda match: values[match.group(1)], _write_chart_style())
          for values in (light, dark)))


def _write_cells(kind, cells):
    return "<tr>" + "".join(f'<{kind} class="{kinds}">{escape(text)}</{kind}>' for text, kinds in cells) + "</tr>"


def _write_goals(results):
    head, rows = make_table(results)
    head, *rows = [row[:2] + row[-1:] + row[2:-1] for row in [head] + rows]     # what it came to is not to be scrolled for
    kinds = ["superd" if name == "superd" else "" for name in head]
    lines = [_write_cells("th", zip(head, kinds))]
    for row in rows:
        lines.append(_write_cells("td", [(text, text if text in ("failed", "short", "reached") else kind)
                                         for text, kind in zip(row, kinds)]))
    return '<div class="wide"><table>\n' + "\n".join(lines) + "\n</table></div>"


def _write_numbers(chart, results):
    """Every point of a chart, with what the chart only shows."""
    head = ["server", chart.across or "", f"median, {chart.up}", "least", "first quartile", "third quartile", "most",
            "turns"]
    lines = [_write_cells("th", [(text, "") for text in head])]
    for name in results.names(chart.figure):
        failed = results.failed(chart.figure, name)
        for place in results.places(chart.figure):
            where = f"{place:,}" if chart.is_curve else chart.tell_place(place)
            summary = results.summary(chart.figure, name, place)
            if place in failed:
                lines.append(_write_cells("td", [(name, ""), (where, ""), ("failed", "failed")] + [("", "")] * 5))
            elif summary:
                values = (summary.middle, summary.least, summary.low, summary.high, summary.most)
                cells = [name, where] + [write_number(value) for value in values] + [str(summary.count)]
                lines.append(_write_cells("td", [(text, "") for text in cells]))
    return ('<details><summary>numbers</summary><div class="wide"><table>\n' + "\n".join(lines) +
            "\n</table></div></details>")


def _write_failures(chart, results):
    told = []
    for name in results.names(chart.figure):
        for place, why in results.failed(chart.figure, name).items():
            where = f" at {chart.tell_place(place)}" if chart.tell_place(place) else ""
            told.append(f'<li><span class="failed">{escape(name)} failed</span>{where}: {escape(why)}</li>')
    return f'<ul>{"".join(told)}</ul>' if told else ""


def _write_chart(chart, results, looks):
    better = f"{chart.better.capitalize()} is better."
    return (f"<h2>{escape(chart.title)}</h2>\n<p>{escape(chart.says)} <span class=\"soft\">{better}</span></p>\n"
            f"{draw_chart(chart, results, looks)}\n{_write_failures(chart, results)}\n{_write_numbers(chart, results)}")


def _write_servers(results):
    parts = []
    for server in results.servers:
        if not server["program"]:
            continue
        commands = "\n\n".join(f"[{kind}]\n{text}" for kind, text in server["commands"].items())
        parts.append(f"<details><summary><b>{escape(server['name'])}</b> {escape(server['version'])} "
                     f"({escape(server['program'])})</summary><pre>{escape(commands)}</pre></details>")
    return "\n".join(parts)


def _write_raw(results):
    lines = [f"{figure} | {server} | {x} | " + " ".join(f"{value:g}" for value in turns.values())
             for (figure, server, x), turns in results.samples.items()]
    return "<details><summary>every number of the run</summary><pre>" + escape("\n".join(lines)) + "</pre></details>"


def _write_about(results):
    return "\n".join(f"<p><b>{escape(name.capitalize())}.</b> {escape(str(text))}</p>"
                     for name, text in results.about.items())


def make_page(results):
    """The HTML of all that was measured; what was not, has no chart."""
    looks = give_looks(results)
    charts = [_write_chart(chart, results, looks) for chart in CHARTS if results.places(chart.figure)]
    told = "".join(f"<li>{escape(text)}</li>" for text in tell_failures(results))
    noise = "".join(f"<li>{escape(text)}</li>" for text in tell_noise(results))
    return "\n".join((
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>superd: figures</title>\n<style>{STYLE}{_write_chart_style()}</style>\n</head>\n<body>",
        "<h1>superd, a floor and its peers</h1>",
        f'<p class="soft">{escape(results.about["machine"])}. {escape(results.about["date"])}.</p>',
        "<p>A marker is the median of all turns; the band or the thick bar holds the middle half of them. A cross is a "
        "failure, at the bad end of the axis. The floor is the least a super-server can do.</p>",
        "<h2>Goals</h2>", _write_goals(results), f"<h2>How quiet the machine was</h2><ul>{noise}</ul>" if noise else "",
        *charts,
        "<h2>Failures and losses</h2>", f"<ul>{told}</ul>" if told else "<p>None.</p>",
        "<h2>Method</h2>", _write_about(results),
        "<h2>Versions and options</h2>", _write_servers(results), "<h2>Raw numbers</h2>", _write_raw(results),
        "</body>\n</html>\n"))
