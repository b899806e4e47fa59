"""The table of figures: a row a figure, a column a server."""

import os
import platform

AT_MOST, AT_LEAST = "≤", "≥"

# key, what it is, the goal as (comparison, number) or None, how a number of it is written
ROWS = (
    ("each", "accept = yes, one at a time: time × floor", (AT_MOST, 1.05), "{:.2f}"),
    ("crowd", "accept = yes, 32 at a time: rate × floor", None, "{:.2f}"),
    ("best", "accept = yes, 32 at a time: rate × best peer", (AT_LEAST, 1.2), "{:.2f}"),
    ("cold", "cold activation: time to first byte × floor", (AT_MOST, 1.1), "{:.2f}"),
    ("mean", "cold activations one after the other: mean time × floor", None, "{:.2f}"),
    ("size", "cold activation with {n} services: × its own with 1", (AT_MOST, 1.1), "{:.2f}"),
    ("start", "start until all {n} listen, s", (AT_MOST, .25), "{:.3f}"),
    ("memory", "memory with {n} services (PSS), kB", (AT_MOST, 6000), "{:.0f}"),
    ("used", "memory when each of them has been started once, kB", None, "{:.0f}"),
    ("wakeups", "wake-ups in 2 s of idling with {n} services", (AT_MOST, 0), "{:.0f}"),
    ("ticks", "processor ticks in 2 s of idling", (AT_MOST, 0), "{:.0f}"),
    ("reload", "reload of {n} unchanged services under load, ms", (AT_MOST, 100), "{:.0f}"),
    ("silence", "longest answer in such a reload, ms", None, "{:.0f}"),
    ("lost", "connections lost", (AT_MOST, 0), "{:.0f}"),
)


def _reaches(goal, value):
    return value <= goal[1] if goal[0] == AT_MOST else value >= goal[1]


class Report:
    def __init__(self, names):
        self.names = names
        self.values = {}                # (key, name): a number, or text
        self.lost = dict.fromkeys(names, 0)
        self.made = dict.fromkeys(names, 0)
        self.losses = []
        self.problems = []              # (name, text)

    def set(self, key, name, value):
        self.values[key, name] = value

    def count(self, name, seen):
        self.made[name] += seen["total"]
        self.lost[name] += seen["lost"]
        if seen["lost"]:
            self.losses.append(f"{name}: lost {seen['lost']} of {seen['total']}: {seen['loss']}")

    def problem(self, name, trouble):
        self.problems.append((name, str(trouble)))

    def is_bad(self, name):
        """Whether it lost somebody, or one of its figures could not be had. What peers do is their affair."""
        return bool(self.lost[name] or self.lost["floor"] or any(who in (name, "floor") for who, _ in self.problems))

    def _cell(self, key, name, form):
        value = self.lost[name] if key == "lost" else self.values.get((key, name))
        if value is None:
            return ""
        return value if isinstance(value, str) else form.format(value)

    def _rows(self, services):
        for key, label, goal, form in ROWS:
            cells = [self._cell(key, name, form) for name in self.names]
            if not any(cells):
                continue
            wanted, reached = "", ""
            if goal:
                value = self.lost["superd"] if key == "lost" else self.values.get((key, "superd"))
                wanted = f"{goal[0]} {goal[1]}"
                reached = "" if value is None or _reaches(goal, value) else "short"
            yield [label.replace("{n}", f"{services:,}"), wanted] + cells + [reached]

    def write(self, bench, markdown):
        head = ["", "goal"] + self.names + [""]
        rows = list(self._rows(bench.services))
        if markdown:
            head, rows = head[:-1], [row[:-1] for row in rows]
            lines = [head, ["---"] + ["---:"] * (len(head) - 1)] + rows
            print("\n".join("| " + " | ".join(line) + " |" for line in lines))
        else:
            widths = [max(len(line[n]) for line in [head] + rows) for n in range(len(head))]
            for line in [head] + rows:
                cells = [line[0].ljust(widths[0])] + [cell.rjust(widths[n]) for n, cell in enumerate(line[1:], 1)]
                print("  ".join(cells).rstrip())
        print(f"\nLinux {platform.release()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, "
              f"{bench.rounds} rounds, {self.made['superd']:,} connections to superd; medians; "
              "the floor's own figures are absolute.")
        for text in self.losses + [f"{name}: {trouble}" for name, trouble in self.problems]:
            print(text)
