"""What is done to superd, and when: a sequence that follows from the seed alone, whatever comes of it."""
import random

# How often each is drawn, beside the others.
WEIGHTS = {
    "stop": 6, "stop-soon": 5, "restart": 5, "restart-soon": 5, "start": 3, "hold": 6, "disable": 3, "freeze": 6,
    "drain": 4, "kill": 5, "reload": 8, "look": 8, "reopen": 1, "upgrade": 3, "upgrade-signal": 3, "silence": 2,
}
LOOKS = (("status",), ("list",), ("why",), ("metrics",), ("health",), ("version",), ("show",))
# Of these the end belongs to the order: what undoes it, and after how many seconds at most.
ENDS = {"hold": ("release", 1.5), "disable": ("enable", 1.0), "freeze": ("thaw", 1.0), "drain": ("release", 1.0)}


class Order:
    """kind; name of the service or ""; detail: what kind needs, e.g. a signal or the variants of a reload"""

    def __init__(self, at, kind, name="", detail=None):
        self.at, self.kind, self.name, self.detail = at, kind, name, detail

    def __str__(self):
        return " ".join(str(part) for part in (f"{self.at:.3f}", self.kind, self.name, self.detail or "") if part != "")


class Sequence:
    """The orders of a run, in the order of their times, in seconds since the start. Times are those of a clock that stands
    still while superd is at rest, so that they too follow from the seed."""

    def __init__(self, seed, names, every, calm_of_upgrades=lambda at: False):
        self.lot = random.Random(seed)
        self.names, self.every = sorted(names), every
        self.calm_of_upgrades = calm_of_upgrades
        self.at = 0.0
        self.pending = []

    def _draw(self):
        lot = self.lot
        self.at += lot.expovariate(1 / self.every)
        kind = lot.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        name = lot.choice(self.names)
        number, after = lot.randrange(1 << 30), lot.random()
        if kind.startswith("upgrade") and self.calm_of_upgrades(self.at):
            kind = "look"
        if kind == "silence":
            self.at += after * 2
            return
        if kind == "look":
            self.pending.append(Order(self.at, kind, "", LOOKS[number % len(LOOKS)]))
        elif kind == "kill":
            self.pending.append(Order(self.at, kind, name, "SEGV" if number % 3 == 0 else "KILL"))
        elif kind == "reload":
            few = random.Random(number)
            variants = {one: few.randrange(3) for one in self.names}
            self.pending.append(Order(self.at, kind, "", (variants, few.random() < 0.3, few.randrange(4))))
        elif kind in ("reopen", "upgrade", "upgrade-signal"):
            self.pending.append(Order(self.at, kind))
        else:
            self.pending.append(Order(self.at, kind, name))
        if kind in ENDS:
            verb, most = ENDS[kind]
            self.pending.append(Order(self.at + after * most, verb, name))

    def until(self, at):
        """All orders up to this time that were not had yet."""
        while self.at <= at:
            self._draw()
        self.pending.sort(key=lambda order: order.at)
        due = [order for order in self.pending if order.at <= at]
        self.pending = self.pending[len(due):]
        return due

    def ends(self):
        """What still has to be undone, at once; the rest of the sequence is as it was."""
        undoing = {verb for verb, _ in ENDS.values()}
        due = [order for order in self.pending if order.kind in undoing]
        self.pending = [order for order in self.pending if order.kind not in undoing]
        return due
