"""The goals: a row a figure, a column a server, made from the raw numbers; as text, as Markdown, and for the page."""

from connections import LATER
from scale import FILTERED

AT_MOST, AT_LEAST = "≤", "≥"
BASE = "floor"                          # what ratios are of
RELAY = "superd, accept = no"           # redirect by one process for all clients, which is the default
REDIRECTS = (("bytes", "MB/s down"), ("upload", "MB/s up"), ("connections", "connections/s"), ("requests", "requests/s"))
REDIRECT_WAYS = (RELAY, "superd")
REDIRECT_PEERS = ("xinetd", "socket-proxyd")
REDIRECT_GOALS = (1, 4, 64)             # clients
GUARD = ("guarded", "alone")


class Row:
    """One figure: what it is, what is wanted of superd, and how a server's is found."""

    ours = "superd"                     # whose value the goal is for

    def __init__(self, label, goal, form, figure, place, against=None):
        self.label, self.goal, self.form = label, goal, form
        self.figure, self.place, self.against = figure, place, against

    def value(self, results, name):
        if self.against is None:
            return results.middle(self.figure, name, self.place)
        if name == self.against:
            return None
        return results.ratio(self.figure, name, self.against, self.place)

    def cell(self, results, name):
        if self.place in results.failed(self.figure, name):
            return "failed"             # whatever was measured before it failed
        value = self.value(results, name)
        if value is not None:
            return self.form.format(value)
        if name == self.against and results.middle(self.figure, name, self.place) is not None:
            return "1"
        return ""

    def verdict(self, results):
        """Whether superd reaches the goal; nothing where there is none, or where it was not measured."""
        if self.goal is None:
            return ""
        if self.place in results.failed(self.figure, self.ours):
            return "failed"
        value = self.value(results, self.ours)
        if value is None:
            return ""
        reached = value <= self.goal[1] if self.goal[0] == AT_MOST else value >= self.goal[1]
        return "reached" if reached else "short"


class BestRow(Row):
    """superd against the best of its peers."""

    def value(self, results, name):
        peers = [peer for peer in results.names(self.figure) if peer not in (BASE, "superd")]
        ratios = [results.ratio(self.figure, "superd", peer, self.place) for peer in peers]
        ratios = [ratio for ratio in ratios if ratio is not None]
        return min(ratios) if ratios and name == "superd" else None

    def cell(self, results, name):
        return super().cell(results, name) if name == "superd" else ""


class OwnRow(Row):
    """A server against itself with a table of one."""

    def value(self, results, name):
        return results.own_ratio(self.figure, self.against, name, self.place)


class MoreRow(Row):
    """How much longer superd's clients wait in one way than in another."""

    def value(self, results, name):
        figures = [results.middle(self.figure, way, self.place) for way in self.against]
        return None if name != "superd" or None in figures else figures[0] - figures[1]


class RedirectRow(Row):
    """superd's redirect by one process for all clients; what the others do is in the table of redirects."""

    ours = RELAY

    def cell(self, results, name):
        return super().cell(results, name) if name in (self.ours, self.against) else ""


class LostRow(Row):
    def value(self, results, name):
        return results.lost.get(name)


def find_rows(results):
    """The goals' figures; those of long tables at the size that the goals are for, or the longest there is."""
    sizes = sorted({0, *results.places("start.time"), *results.places("reload.time")})
    n = int(results.about.get("goal size", 0))
    n = n if n in sizes else sizes[-1]
    crowds = [x for x in results.places("each.rate") if x <= 32] or [0]
    crowd = crowds[-1]
    many = f"{n:,} services"
    return (
        Row("a process per connection, one at a time: time × floor", (AT_MOST, 1.05), "{:.2f}", "each.time", 1, BASE),
        Row(f"the same, {crowd} at a time: rate × floor", None, "{:.2f}", "each.rate", crowd, BASE),
        BestRow(f"the same, {crowd} at a time: rate × best peer", (AT_LEAST, 1.2), "{:.2f}", "each.rate", crowd),
        Row("a process in a sandbox per connection: time × without", None, "{:.2f}", "sandbox.time", 1, "plain"),
        Row("cold activation: time to first byte × floor", (AT_MOST, 1.1), "{:.2f}", "cold.first", 1, BASE),
        OwnRow("the same, 99th percentile × its own median", (AT_MOST, 1.5), "{:.2f}", "cold.tail", 1, "cold.first"),
        Row("the same, 99th percentile × floor's", None, "{:.2f}", "cold.tail", 1, BASE),
        Row("cold activations one after the other: mean time × floor", None, "{:.2f}", "cold.mean", 1, BASE),
        Row(f"cold activation, {LATER} ms after the one before: time to first byte × floor", None, "{:.2f}", "cold.later", 1,
            BASE),
        OwnRow("the same × its own one right after the other", None, "{:.2f}", "cold.later", 1, "cold.first"),
        OwnRow(f"cold activation with {many} × its own with 1", (AT_MOST, 1.1), "{:.2f}", "size.first", n, "size.one"),
        Row(f"start until all {many} listen, s", (AT_MOST, .25), "{:.3f}", "start.time", n),
        Row(f"memory with {many} (PSS), kB", (AT_MOST, 6000), "{:.0f}", "memory.pss", n),
        Row("of it anonymous, kB", None, "{:.0f}", "memory.anonymous", n),
        Row("memory when each has been started once, kB", None, "{:.0f}", "memory.used", n),
        Row("wake-ups in 2 s without clients", (AT_MOST, 0), "{:.0f}", "idle.wakeups", n),
        Row("processor ticks in 2 s without clients", (AT_MOST, 0), "{:.0f}", "idle.ticks", n),
        MoreRow("the guard, with 1 service: memory (PSS) more, kB", (AT_MOST, 300), "{:+.0f}", "guard.memory", 1, GUARD),
        MoreRow(f"the same with {many}", None, "{:+.0f}", "guard.memory", n, GUARD),
        MoreRow("the guard: wake-ups more in 2 s without clients", (AT_MOST, 0), "{:+.0f}", "guard.wakeups", n, GUARD),
        MoreRow(f"the guard: ms more until all {many} listen", None, "{:+.1f}", "guard.time", n, GUARD),
        Row(f"reload of {many}, none changed, ms", (AT_MOST, 100), "{:.0f}", "reload.unchanged", n),
        Row("reload with one added: until that one listens, ms", None, "{:.0f}", "reload.time", n),
        Row("longest answer in such a reload, ms", None, "{:.0f}", "reload.silence", n),
        Row("clients lost in such a reload", (AT_MOST, 0), "{:.0f}", "reload.lost", n),
        Row(f"start from an inetd.conf until all {many} listen, s", (AT_MOST, .4), "{:.3f}", "inetd.start", n),
        Row("the same, memory (PSS), kB", (AT_MOST, 6000), "{:.0f}", "inetd.memory", n),
        Row("reload of this inetd.conf, none changed, ms", (AT_MOST, 100), "{:.0f}", "inetd.unchanged", n),
        OwnRow("the same: longest answer × without a reload", None, "{:.1f}", "inetd.unchanged.longest", n, "inetd.calm"),
        Row("reload of this inetd.conf, one added, ms", (AT_MOST, 300), "{:.0f}", "inetd.changed", n),
        OwnRow("the same: longest answer × without a reload", None, "{:.1f}", "inetd.changed.longest", n, "inetd.calm"),
        Row(f"start of {FILTERED} units with a SystemCallFilter, s", (AT_MOST, .3), "{:.3f}", "filter.start", FILTERED),
        Row("--check of the same, s", (AT_MOST, .3), "{:.3f}", "filter.check", FILTERED),
        Row("redirect, one stream: throughput × direct", None, "{:.2f}", "redirect.bytes", 1, "direct"),
        Row("redirect: connections a second × direct", None, "{:.2f}", "redirect.connections", 1, "direct"),
        *(RedirectRow(f"redirect (accept = no), {clients} client{'s' * (clients > 1)}: {label} × xinetd", (AT_LEAST, 1.5),
                      "{:.2f}", f"redirect.{load}", clients, "xinetd")
          for load, label in REDIRECTS if load != "upload" for clients in REDIRECT_GOALS),
        MoreRow("first byte of a frozen backend: ms more than of one that runs", (AT_MOST, 1), "{:+.2f}", "wake.first",
                1, ("frozen", "always running")),
        MoreRow("first byte of a stopped backend: ms more", None, "{:+.2f}", "wake.first",
                1, ("stopped", "always running")),
        LostRow("connections lost in all", (AT_MOST, 0), "{:.0f}", "lost", 0),
    )


def make_table(results):
    """The heads, and the rows as text; the last of a row is what the goal has come to."""
    rows = find_rows(results)
    names = list(dict.fromkeys(server["name"] for server in results.servers))
    compared = [row for row in rows if not isinstance(row, LostRow)]
    names = [name for name in names if any(row.cell(results, name) not in ("", "1") for row in compared) or name == BASE]
    lines = []
    for row in rows:
        cells = [row.cell(results, name) for name in names]
        if any(cells):
            wanted = f"{row.goal[0]} {row.goal[1]:g}" if row.goal else ""
            lines.append([row.label, wanted] + cells + [row.verdict(results)])
    return ["", "goal"] + names + [""], lines


def make_redirect_table(results):
    """superd's redirect, by one process for all clients and by one for each, × each peer's; the last column is half of
    the distance between the quartiles without a redirect, which no ratio is more exact than."""
    head = ["redirect", "clients"] + [f"{'one for all' if way != 'superd' else 'one each'} × {peer}"
                                      for peer in REDIRECT_PEERS for way in REDIRECT_WAYS] + ["direct, spread"]
    lines = []
    for load, label in REDIRECTS:
        figure = f"redirect.{load}"
        for place in results.places(figure):
            ratios = [results.ratio(figure, way, peer, place) for peer in REDIRECT_PEERS for way in REDIRECT_WAYS]
            direct = results.summary(figure, "direct", place)
            if direct is None or not any(ratios):
                continue
            spread = (direct.high - direct.low) / 2 / direct.middle
            lines.append([label, str(place)] + [f"{ratio:.1f}" if ratio else "" for ratio in ratios] +
                         [f"± {spread:.0%}"])
    return head, lines


def tell_failures(results):
    """Every failure and every loss in words, once."""
    failed = {(at["server"], at["why"]) for at in results.failures}
    told = [f"{at['server']}: lost {at['lost']} of {at['total']}: {at['why']}" for at in results.losses
            if (at["server"], f"it lost {at['lost']} of {at['total']} connections: {at['why']}") not in failed]
    together = {}                       # one reason often leaves several figures without a number
    for at in results.failures:
        if not at.get("asked", True):
            continue                    # what it failed with before that is told
        together.setdefault((at["server"], at["x"], at["why"]), []).append(at["figure"])
    told += [f"{server}, {', '.join(dict.fromkeys(figures))} at {x}: {why}"
             for (server, x, why), figures in together.items()]
    return list(dict.fromkeys(told))


def tell_noise(results):
    """How far a run can be trusted: what the machine did beside it, seen by what all are compared with."""
    told = []
    for at in results.noise:
        rounds = f"{at['turns']} turns in {at['rounds']} round{'s' if at['rounds'] > 1 else ''}"
        if at["doubt"] is None:
            told.append(f"{at['part']}: too few turns ({rounds}) to judge how steady the machine was")
            continue
        text = (f"{at['part']}: half of the turns of {at['server']} are within {at['spread'] / 2:.1%} of their median, "
                f"certain to {at['doubt']:.1%}; {rounds}")
        told.append(text if at["is_quiet"] else text + ". THE MACHINE WAS NOT QUIET: trust no smaller difference")
    for part in dict.fromkeys(at["part"] for at in results.skipped):
        names = ", ".join(f"{at['server']} at {at['x']:,}" for at in results.skipped if at["part"] == part)
        told.append(f"{part}: not measured, or less often, for want of time, memory or descriptors: "
                    f"{names}")
    return told


def is_bad(results):
    """Whether superd lost somebody, or one of its figures could not be had. What peers do is their affair."""
    return bool(any(results.lost.get(name) for name in ("superd", BASE)) or
                any(at["server"] in ("superd", BASE) for at in results.failures))


def _write_plain(head, rows):
    widths = [max(len(line[n]) for line in [head] + rows) for n in range(len(head))]
    for line in [head] + rows:
        cells = [line[0].ljust(widths[0])] + [cell.rjust(widths[n]) for n, cell in enumerate(line[1:], 1)]
        print("  ".join(cells).rstrip())


def _write_markdown(head, rows):
    for line in [head, ["---"] + ["---:"] * (len(head) - 1)] + rows:
        print("| " + " | ".join(line) + " |")


def write_table(results, markdown):
    head, rows = make_table(results)
    redirects = make_redirect_table(results)
    if markdown:                        # without the verdicts
        _write_markdown(head[:-1], [row[:-1] for row in rows])
    else:
        _write_plain(head, rows)
    if redirects[1]:
        print()
        (_write_markdown if markdown else _write_plain)(*redirects)
    print(f"\n{results.about['machine']}; {results.made.get('superd', 0):,} connections to superd; medians.")
    for text in tell_noise(results) + tell_failures(results):
        print(text)
