"""Charts in SVG: curves against a size, and rows of one value each. Colours are classes, which the page gives two
looks; a server's marker has a shape of its own, so that nobody has to tell colours apart.

What failed is drawn where it failed, as a cross at the bad end of the axis: a curve that only stops looks like a win.
"""

import re
from html import escape
from statistics import median

from axis import Axis, find_decades, find_steps, spread_labels, write_number

WIDTH, LEFT, RIGHT = 800, 96, 170
TOP, BOTTOM, HEIGHT = 18, 54, 400
LINE = 16                               # between labels
ROW = 30                                # of a chart of rows
ROW_LEFT, ROW_RIGHT = 140, 190
GROUP_LEFT, GROUP_ROW, GROUP_GAP = 180, 19, 12
FAR = 4                                 # times the middle server's: beyond the axis of rows
SHAPES = ("circle", "square", "diamond", "up", "down")


class Chart:
    """What is drawn of which figure, and how. `better` is "less" or "more"."""

    def __init__(self, figure, title, says, across, up, better, logarithmic=False, grouped=False):
        self.figure, self.title, self.says, self.across, self.up = figure, title, says, across, up
        self.better, self.logarithmic = better, logarithmic
        self.grouped = grouped          # rows, a group of them for each x, which is a word

    @property
    def is_curve(self):
        return self.across is not None and not self.grouped

    def tell_place(self, x):
        """Where something is on it, in words; nothing where there is but one place."""
        return f"{x:,} {self.across}" if self.is_curve else str(x) if self.grouped else ""


def tell_point(chart, server, x, summary):
    where = chart.tell_place(x)
    return (f"{server}{', ' if where else ''}{where}: {write_number(summary.middle)} {chart.up}; half of {summary.count} turns from "
            f"{write_number(summary.low)} to {write_number(summary.high)}, all from {write_number(summary.least)} to "
            f"{write_number(summary.most)}")


def _shape(kind, x, y, size, rest):
    """One element, with the rest of its attributes and of its content."""
    if kind == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" {rest}</circle>'
    corners = {"square": ((-1, -1), (1, -1), (1, 1), (-1, 1)), "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
               "up": ((0, -1.2), (1.1, .9), (-1.1, .9)), "down": ((0, 1.2), (1.1, -.9), (-1.1, -.9))}[kind]
    points = " ".join(f"{x + size * a:.1f},{y + size * b:.1f}" for a, b in corners)
    return f'<polygon points="{points}" {rest}</polygon>'


def _marker(look, x, y, told=None, size=4.5):
    title = f"<title>{escape(told)}</title>" if told else ""
    return _shape(SHAPES[look % len(SHAPES)], x, y, size, f'class="mark c{look}">{title}')


def _cross(look, x, y, told):
    return (f'<path d="M{x - 5:.1f},{y - 5:.1f}l10,10m0,-10l-10,10" class="cross c{look}"><title>{escape(told)}</title>'
            '</path>')


def _text(x, y, text, anchor="start", kind=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{escape(text)}</text>'


def _line(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def _frame(width, height, title, parts):
    body = "\n".join(parts)
    return (f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}" '
            f'xmlns="http://www.w3.org/2000/svg">\n{body}\n</svg>')


class _Curves:
    """One chart of curves while it is drawn."""

    def __init__(self, chart, results, looks):
        self.chart, self.results, self.looks = chart, results, looks
        self.names = results.names(chart.figure)
        self.places = results.places(chart.figure)
        self.points = {name: self._find_points(name) for name in self.names}
        seen = [summary for points in self.points.values() for _, summary in points]
        self.x = Axis(self.places, LEFT, WIDTH - RIGHT, logarithmic=True)
        self.y = Axis(self._find_ticks(seen), HEIGHT - BOTTOM, TOP, chart.logarithmic)

    def _find_points(self, name):
        """What failed at a place has no value there, whatever it did before it failed."""
        failed = self.results.failed(self.chart.figure, name)
        return [(x, self.results.summary(self.chart.figure, name, x)) for x in self.places
                if x not in failed and self.results.turns(self.chart.figure, name, x)]

    def _find_ticks(self, seen):
        least = min((summary.low for summary in seen if summary.low > 0), default=1)
        most = max((summary.high for summary in seen), default=1)
        return find_decades(least, max(most, least)) if self.chart.logarithmic else find_steps(most)

    def draw_axes(self):
        parts = []
        for tick in self.y.ticks:
            y = self.y.place(tick)
            parts.append(_line(LEFT, y, WIDTH - RIGHT, y, "grid"))
            parts.append(_text(LEFT - 8, y + 4, write_number(tick), "end", "tick"))
        last = None
        for place in self.places:
            x = self.x.place(place)
            parts.append(_line(x, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 5, "axis"))
            if last is None or x > last + 34:
                parts.append(_text(x, HEIGHT - BOTTOM + 19, f"{place:,}", "middle", "tick"))
                last = x
        across, scale = f"{self.chart.across} (logarithmic)", ", logarithmic" if self.chart.logarithmic else ""
        middle = (TOP + HEIGHT - BOTTOM) / 2
        parts.append(_line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "axis"))
        parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, across, "middle", "name"))
        parts.append(f'<text transform="translate(14,{middle:.0f}) rotate(-90)" text-anchor="middle" class="name">'
                     f"{escape(self.chart.up + scale)}</text>")
        return parts

    def draw_series(self, name):
        look, points = self.looks[name], self.points[name]
        at = [(self.x.place(x), self.y.place(summary.middle)) for x, summary in points]
        edge = [(self.x.place(x), self.y.place(summary.high)) for x, summary in points]
        edge += [(self.x.place(x), self.y.place(summary.low)) for x, summary in reversed(points)]
        parts = []
        if len(points) > 1:
            parts.append('<polygon class="band c{}" points="{}"/>'.format(look, _join(edge)))
            parts.append('<polyline class="curve c{}" points="{}"/>'.format(look, _join(at)))
        for (x, y), (place, summary) in zip(at, points):
            parts.append(_line(x, self.y.place(summary.low), x, self.y.place(summary.high), f"spread c{look}"))
            parts.append(_marker(look, x, y, tell_point(self.chart, name, place, summary)))
        return parts

    def draw_failures(self):
        """Beside each other where several failed at one place."""
        y = TOP + 4 if self.chart.better == "less" else HEIGHT - BOTTOM - 7
        parts, taken = [], {}
        for name in self.names:
            for place, why in self.results.seen_failing(self.chart.figure, name).items():
                x = self.x.place(place) - 13 * taken.get(place, 0)
                taken[place] = taken.get(place, 0) + 1
                parts.append(_cross(self.looks[name], x, y, f"{name} failed at {place:,}: {why}"))
        return parts

    def draw_labels(self):
        """Each beside the end of its curve; who has none, where its cross is."""
        bad = TOP + 4 if self.chart.better == "less" else HEIGHT - BOTTOM - 7
        ends = []
        for name in self.names:
            place, summary = self.points[name][-1] if self.points[name] else (self.places[0], None)
            ends.append((self.x.place(place), self.y.place(summary.middle) if summary else bad))
        moved = spread_labels([y for _, y in ends], LINE, TOP + 4, HEIGHT - BOTTOM)
        parts = []
        for name, (x, y), label in zip(self.names, ends, moved):
            look, side = self.looks[name], WIDTH - RIGHT + 16
            failed = " ×" if self.results.failed(self.chart.figure, name) else ""
            parts.append(_line(x + 6, y, side - 4, label, f"lead c{look}"))
            parts.append(_marker(look, side + 4, label, size=3.5))
            parts.append(_text(side + 13, label + 4, name + failed, "start", "label"))
        return parts


def _join(points):
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _draw_curves(chart, results, looks):
    curves = _Curves(chart, results, looks)
    parts = curves.draw_axes()
    for name in reversed(curves.names):
        parts += curves.draw_series(name)
    return _frame(WIDTH, HEIGHT, chart.title, parts + curves.draw_failures() + curves.draw_labels())


def _draw_row(chart, results, name, look, axis, y):
    place = results.places(chart.figure)[-1]
    summary, why = results.summary(chart.figure, name, place), results.failed(chart.figure, name).get(place)
    parts = [_text(ROW_LEFT - 12, y + 4, name, "end", "label")]
    if why is not None or summary is None:
        return parts + [_cross(look, ROW_LEFT + 8, y, f"{name}: {why}"),
                        _text(ROW_LEFT + 20, y + 4, "failed", "start", "tick")]
    told = tell_point(chart, name, place, summary)
    least, low, middle, high, most = (axis.place(value) for value in summary[1:])
    parts += [_line(least, y, most, y, f"range c{look}"), _line(least, y - 5, least, y + 5, f"range c{look}"),
              _line(low, y, high, y, f"quartiles c{look}"), _marker(look, middle, y, told)]
    beyond = "→ " if summary.middle > axis.ticks[-1] else ""
    text = f"{beyond}{write_number(summary.middle)}" + ("" if beyond else f"  (least {write_number(summary.least)})")
    return parts + [_text(WIDTH - ROW_RIGHT + 14, y + 4, text, "start", "tick")]


def _find_end(seen):
    most = max((summary.high for summary in seen), default=1)
    middles = [summary.middle for summary in seen if summary.middle]
    return min(most * 1.05, FAR * median(middles)) if middles else most


def _draw_rows(chart, results, looks):
    """The axis ends a little beyond the last quartile, and not far beyond the middle server: one slow turn or one slow
    server must not press all others together. What is beyond has an arrow, and its number."""
    names, place = results.names(chart.figure), results.places(chart.figure)[-1]
    height = TOP + ROW * len(names) + BOTTOM
    seen = [summary for summary in (results.summary(chart.figure, name, place) for name in names) if summary]
    axis = Axis(find_steps(_find_end(seen)), ROW_LEFT, WIDTH - ROW_RIGHT)
    parts = []
    for tick in axis.ticks:
        x = axis.place(tick)
        parts += [_line(x, TOP, x, height - BOTTOM, "grid"),
                  _text(x, height - BOTTOM + 17, write_number(tick), "middle", "tick")]
    parts.append(_text((ROW_LEFT + WIDTH - ROW_RIGHT) / 2, height - 12, chart.up, "middle", "name"))
    for number, name in enumerate(names):
        parts += _draw_row(chart, results, name, looks[name], axis, TOP + ROW * number + ROW / 2)
    return _frame(WIDTH, height, chart.title, parts)


def _draw_group_row(chart, results, name, place, looks, axis, y):
    summary, why = results.summary(chart.figure, name, place), results.failed(chart.figure, name).get(place)
    parts = [_text(GROUP_LEFT - 12, y + 4, name, "end", "tick")]
    if why is not None or summary is None:
        return parts + [_cross(looks[name], WIDTH - ROW_RIGHT - 8, y, f"{name}, {place}: {why}"),
                        _text(WIDTH - ROW_RIGHT + 14, y + 4, "failed", "start", "tick")]
    low, middle, high = (axis.place(value) for value in (summary.low, summary.middle, summary.high))
    return parts + [_line(GROUP_LEFT, y, middle, y, f"lead c{looks[name]}"),
                    _line(low, y, high, y, f"quartiles c{looks[name]}"),
                    _marker(looks[name], middle, y, tell_point(chart, name, place, summary)),
                    _text(WIDTH - ROW_RIGHT + 14, y + 4, f"{write_number(summary.middle)} {chart.up}", "start", "tick")]


def _draw_groups(chart, results, looks):
    """A group of rows for each place, and in it a row for each server that was measured there."""
    groups, seen = [], []
    for place in results.places(chart.figure):
        names = [name for name in results.names(chart.figure)
                 if results.turns(chart.figure, name, place) or place in results.failed(chart.figure, name)]
        groups.append((place, names))
        seen += [summary for summary in (results.summary(chart.figure, name, place) for name in names) if summary]
    height = TOP + sum(GROUP_ROW * len(names) + GROUP_GAP for _, names in groups) + BOTTOM
    least = min((summary.low for summary in seen if summary.low > 0), default=1)
    most = max((summary.high for summary in seen), default=1)
    ticks = find_decades(least, max(most, least)) if chart.logarithmic else find_steps(most)
    axis = Axis(ticks, GROUP_LEFT, WIDTH - ROW_RIGHT, chart.logarithmic)
    parts = []
    for tick in ticks:
        x = axis.place(tick)
        parts += [_line(x, TOP, x, height - BOTTOM, "grid"),
                  _text(x, height - BOTTOM + 17, write_number(tick), "middle", "tick")]
    scale = ", logarithmic" if chart.logarithmic else ""
    parts.append(_text((GROUP_LEFT + WIDTH - ROW_RIGHT) / 2, height - 14, chart.up + scale, "middle", "name"))
    y = TOP + GROUP_GAP / 2
    for place, names in groups:
        parts.append(_text(14, y + GROUP_ROW / 2 + 4, str(place), "start", "label"))
        for name in names:
            parts += _draw_group_row(chart, results, name, place, looks, axis, y + GROUP_ROW / 2)
            y += GROUP_ROW
        y += GROUP_GAP
    return _frame(WIDTH, height, chart.title, parts)


def draw_chart(chart, results, looks):
    """An SVG element; looks: a number for every server."""
    if chart.grouped:
        return _draw_groups(chart, results, looks)
    draw = _draw_curves if chart.is_curve and len(results.places(chart.figure)) > 1 else _draw_rows
    return draw(chart, results, looks)


HEAD, FOOT = 44, 30                     # of a picture, above and below the chart


def make_picture(svg, head, foot, style):
    """A file of its own of a chart: with its title, lines below it, and the colours."""
    width, height = re.match(r'<svg viewBox="0 0 (\d+) (\d+)"', svg).groups()
    room = FOOT + LINE * (len(foot) - 1)
    box = f'viewBox="0 -{HEAD} {width} {int(height) + HEAD + room}"'
    back = f'<rect x="0" y="-{HEAD}" width="100%" height="100%" class="paper"/>'
    title, note = head
    texts = [f'<text x="14" y="-18" class="title">{escape(title)}<tspan class="name" dx="8">{escape(note)}</tspan></text>',
             *(_text(14, int(height) + 16 + LINE * n, line, kind="tick") for n, line in enumerate(foot))]
    return (svg.replace(f'viewBox="0 0 {width} {height}"', box, 1)
            .replace(">", f">\n<style>{style}</style>\n{back}\n" + "\n".join(texts), 1) + "\n")
