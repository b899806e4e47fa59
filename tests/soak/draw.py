"""A picture of a soak, SVG by hand: panels below each other with one axis of time."""
from html import escape

WIDTH, HEIGHT, LEFT, TOP, GAP = 960, 170, 90, 40, 46
COLOURS = ("#1f5fa8", "#c2571a", "#2f7d32", "#7b3fa0")


def nice(value):
    """A number as people write it."""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def panel(title, lines, top, end, marks):
    """A panel: lines is name -> points (seconds, value); marks: times of upgrades."""
    values = [y for points in lines.values() for _, y in points] or [0]
    low, high = 0, max(values) * 1.1 or 1
    if min(values) > high * 0.5:
        low = min(values) * 0.9

    def x_of(seconds):
        return LEFT + (WIDTH - LEFT - 20) * seconds / end

    def y_of(value):
        return top + HEIGHT - HEIGHT * (value - low) / (high - low)

    out = [f'<text x="{LEFT}" y="{top - 8}" class="title">{escape(title)}</text>',
           f'<rect x="{LEFT}" y="{top}" width="{WIDTH - LEFT - 20}" height="{HEIGHT}" class="frame"/>']
    for part in range(5):
        value = low + (high - low) * part / 4
        out.append(f'<text x="{LEFT - 6}" y="{y_of(value) + 4:.1f}" class="scale">{nice(value)}</text>')
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - 20}" y1="{y_of(value):.1f}" y2="{y_of(value):.1f}" class="grid"/>')
    for mark in marks:
        out.append(f'<line x1="{x_of(mark):.1f}" x2="{x_of(mark):.1f}" y1="{top}" y2="{top + HEIGHT}" class="mark"/>')
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        out.append(f'<text x="{WIDTH - 24}" y="{top + 16 + 15 * number}" class="name" fill="{colour}">{escape(name)}</text>')
    for part in range(7):
        seconds = end * part / 6
        text = f"{seconds / 3600:.2g} h" if end >= 7200 else f"{seconds / 60:.2g} min" if end >= 180 else f"{seconds:.3g} s"
        out.append(f'<text x="{x_of(seconds):.1f}" y="{top + HEIGHT + 15}" class="time">{text}</text>')
    return out


def picture(title, panels, end, marks):
    """The whole picture: panels is a list of (title, lines)."""
    height = TOP + len(panels) * (HEIGHT + GAP) + 10
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif">',
           "<style>text{font-size:11px;fill:#222}.title{font-size:13px;font-weight:bold}.scale,.name{text-anchor:end}"
           ".time{text-anchor:middle}.frame{fill:none;stroke:#888}.grid{stroke:#ddd}.mark{stroke:#bbb;stroke-dasharray:2 3}"
           "</style>", f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
           f'<text x="{LEFT}" y="18">{escape(title)}</text>']
    for number, (name, lines) in enumerate(panels):
        out += panel(name, lines, TOP + 6 + number * (HEIGHT + GAP), max(end, 1), marks)
    return "\n".join([*out, "</svg>", ""])
