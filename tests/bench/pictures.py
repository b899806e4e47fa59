"""The charts of a run as pictures, each a file that needs nothing else, and a page that shows them. They are for README
and the documents: what was measured, on what, and when is written in each."""

import os

from draw import draw_chart, make_picture
from page import CHARTS, give_looks, write_picture_style
from report import tell_failures, tell_noise


CROSS = "× lost clients there, or did not run; it was not asked with more. Who has one is marked by its name, too."


def _name(chart):
    return chart.figure.replace(".", "-") + ".svg"


def _write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


def _write_page(charts, results, folder):
    """Markdown: the pictures in this folder, and how far they can be trusted."""
    lines = ["# Figures", "", "`make bench` has measured these figures and drawn the pictures; `tests/bench/README.md` describes how.",
             "A marker is the median of all turns, and the band or thick bar holds half of them. A cross is a failure. The floor only "
             "accepts, clones and execs.", "",
             f"{results.about['machine']}. {results.about['date']}.", ""]
    for chart in charts:
        lines += [f"## {chart.title}", "", f"{chart.says} {chart.better.capitalize()} is better.", "",
                  f"![{chart.title}]({folder}/{_name(chart)})", ""]
    lines += ["## How quiet the machine was", ""] + [f"- {text}" for text in tell_noise(results)] + [""]
    failures = tell_failures(results)
    if failures:
        lines += ["## Failures and losses", ""] + [f"- {text}" for text in failures] + [""]
    lines += ["## Versions", ""]
    named = {}
    for server in results.servers:
        named.setdefault(server["version"], []).append(server["name"])
    lines += [f"- {'; '.join(names)}: {version}" for version, names in named.items() if version]
    return "\n".join(lines) + "\n"


def write_pictures(results, folder):
    """The page is beside the folder, and has its name."""
    os.makedirs(folder, exist_ok=True)
    looks, style = give_looks(results), write_picture_style()
    charts = [chart for chart in CHARTS if results.places(chart.figure)]
    told = f"{results.about['machine']}; {results.about['date']}"
    for chart in charts:
        head = (chart.title, f"{chart.better} is better")
        foot = [told, CROSS] if any(results.seen_failing(chart.figure, name) for name in results.names(chart.figure)) else [told]
        _write(folder, _name(chart), make_picture(draw_chart(chart, results, looks), head, foot, style))
    above, name = os.path.split(os.path.abspath(folder))
    _write(above, name + ".md", _write_page(charts, results, name))
