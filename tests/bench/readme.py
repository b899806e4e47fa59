"""What README shows of a run: the pictures that are understood at once, and the table, between two marks."""

import os
import textwrap

from connections import LATER

BEGIN, END = "<!-- figures: written by tests/bench/run --readme -->", "<!-- end of figures -->"
PICTURES = (
    ("each-rate.svg", "A process per connection", "connections a second by the number of clients at once"),
    ("size-first.svg", "Cold activation", "the time to the first byte by the number of services"),
)
COLUMNS = ("superd", "tcpserver", "xinetd", "openbsd-inetd", "rlinetd", "socket-activate", "systemd")
HEADS = {"socket-activate": "systemd-socket-activate"}


class _Cells:
    """A row's cells, a server each; of a server that failed there, that it did."""

    def __init__(self, results):
        self.results = results
        self.least = None               # turns of what stands on the fewest

    def note(self, *keys):
        """keys: (figure, server, x) of what a number was made of."""
        count = min(len(self.results.turns(*key)) for key in keys)
        self.least = count if self.least is None else min(self.least, count)

    def _make(self, figure, x, form, find, keys):
        cells = []
        for name in COLUMNS:
            if x in self.results.failed(figure, name):
                cells.append("failed")
                continue
            value = find(name)
            cells.append("" if value is None else form.format(value))
            if value is not None:
                self.note(*keys(name))
        return cells

    def ratio(self, figure, x, base="floor", form="{:.2f}"):
        return self._make(figure, x, form, lambda name: self.results.ratio(figure, name, base, x),
                          lambda name: ((figure, name, x), (figure, base, x)))

    def own(self, figure, other, x):
        return self._make(figure, x, "{:.1f}", lambda name: self.results.own_ratio(figure, other, name, x),
                          lambda name: ((figure, name, x), (other, name, x)))

    def middle(self, figure, x, form, scale=1):
        def find(name):
            value = self.results.middle(figure, name, x)
            return None if value is None else value * scale
        return self._make(figure, x, form, find, lambda name: ((figure, name, x),))


def _redirect(results, cells):
    row = cells.ratio("redirect.bytes", 1, "direct")
    proxyd = results.ratio("redirect.bytes", "socket-proxyd", "direct", 1)
    if proxyd is not None:
        cells.note(("redirect.bytes", "socket-proxyd", 1), ("redirect.bytes", "direct", 1))
        row[COLUMNS.index("socket-activate")] = f"{proxyd:.2f}, by systemd-socket-proxyd"
    return row


def make_rows(results):
    """(label, cells) of what was measured, and on how many turns stands what has the fewest; None: nothing."""
    cells, size = _Cells(results), int(results.about.get("goal size", 0))
    crowds = [x for x in results.places("each.rate") if x > 1]
    most, some = max(crowds, default=0), max((x for x in crowds if x <= 32), default=0)
    many = f"{size:,} services"
    rows = [
        ("a process per connection, one at a time: time", cells.ratio("each.time", 1)),
        (f"the same, {some} at a time: rate", cells.ratio("each.rate", some)),
        (f"the same, {most} at a time: rate", cells.ratio("each.rate", most)),
        ("a server started by each connection: time", cells.ratio("cold.first", 1)),
        (f"the same, {LATER} ms after the last one", cells.ratio("cold.later", 1)),
        (f"{many}: a start, against its own with one", cells.own("size.first", "size.one", size)),
        (f"{many}: until all listen", cells.middle("start.time", size, "{:.2f} s")),
        (f"{many}: memory (PSS)", cells.middle("memory.pss", size, "{:.1f} MB", 1e-3)),
        (f"{many}: reload, until an added one listens", cells.middle("reload.time", size, "{:.2f} s", 1e-3)),
        ("the longest wait for an answer meanwhile", cells.middle("reload.silence", size, "{:.2f} s", 1e-3)),
        ("`redirect`, one stream: throughput of a direct connection", _redirect(results, cells)),
    ]
    return [(label, row) for label, row in rows if any(row)], cells.least


def _tell_trust(results, least):
    """How few turns a number stands on, and whether the machine did something else."""
    told = f"Medians of {least} turn{'s' * (least > 1)} or more"
    loud = [at["part"] for at in results.noise if at["doubt"] is not None and not at["is_quiet"]]
    return f"{told}; the machine was not quiet ({', '.join(loud)})." if loud else f"{told}."


def _write_section(results, folder):
    here = [picture for picture in PICTURES if os.path.exists(os.path.join(folder[0], picture[0]))]
    rows, least = make_rows(results)
    lines = [BEGIN, ""]
    for name, title, says in here:
        lines += [f"![{title}: {says}]({folder[1]}/{name})", ""]
    told = (f"{results.about['machine']}; "
            f"{results.about['date']}. {_tell_trust(results, least) if rows else ''} Times and rates are relative to a floor that "
            "only accepts, clones and execs. *failed*: lost clients at this number, or a lower one:")
    lines += [*textwrap.wrap(told, 120, break_on_hyphens=False), "",
              "| | " + " | ".join(HEADS.get(name, name) for name in COLUMNS) + " |", "|---|" + "---|" * len(COLUMNS)]
    lines += [f"| {label} | " + " | ".join(row) + " |" for label, row in rows]
    return "\n".join(lines + ["", END])


def write_readme(results, path, pictures):
    """Replaces what stands between the marks; `pictures`: the folder that the pictures are in."""
    with open(path) as file:
        text = file.read()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{path}: the marks of the figures are not there")
    before, rest = text.split(BEGIN)
    behind = rest.split(END)[1]
    folder = os.path.relpath(os.path.abspath(pictures), os.path.dirname(os.path.abspath(path)))
    text = before + _write_section(results, (pictures, folder)) + behind
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)
