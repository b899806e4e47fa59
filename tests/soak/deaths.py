"""When superd, or its guard, is killed in a soak, and what superd was doing then.

The times follow from a seed of their own. Every other death comes at a random moment. The others are aimed: each at the next order of
a kind that the seed draws, so many seconds behind its begin that superd is in the middle of it."""
import collections
import random

# What a death can be aimed at; the orders of tests/soak/orders.py.
AIMS = ("reload", "upgrade", "upgrade-signal", "drain", "freeze", "thaw", "restart", "restart-soon", "stop", "stop-soon",
        "hold", "release", "disable", "enable", "start", "kill")
DELAY_MOST = 0.08               # seconds behind the begin of an order
PATIENCE = 20.0                 # seconds that a death waits for an order of its kind
APART = 3.0                     # seconds around a death of the guard without another: nothing outlives the death of both
LASTING = {"hold": "release", "drain": "release", "disable": "enable", "freeze": "thaw"}


class Deaths:
    """every: seconds from one to the next on average; in_turn: of superd and its guard in turn."""

    def __init__(self, seed, every, in_turn):
        self.lot, self.every, self.in_turn = random.Random(f"{seed} deaths"), every, in_turn
        self.times = []                         # of all of them, by the monotonic clock
        self.under_way = collections.Counter()  # what was under way, over all deaths
        self.guards = 0                         # deaths of the guard
        self.lasting = {}                       # name -> orders that hold for it
        self.next, self.aim, self.delay = None, None, 0.0

    def draw(self, now):
        """The next one."""
        self.next = now + self.lot.expovariate(1 / self.every)
        if self.in_turn:
            self.next = max(self.next, now + APART)
        self.aim, self.delay = self.lot.choice(AIMS) if self.lot.random() < 0.5 else None, self.lot.random() * DELAY_MOST

    def is_guards_turn(self):
        return self.in_turn and len(self.times) % 2 == 1

    def is_due(self, now):
        return self.next is not None and now >= self.next + (PATIENCE if self.aim else 0)

    def is_aimed_at(self, kind, now):
        """Whether an order that begins now is the one."""
        return self.next is not None and self.aim == kind and now >= self.next

    def note_order(self, kind, name):
        """An order that has come about, for what lasts behind it."""
        if kind in LASTING:
            self.lasting.setdefault(name, set()).add(kind)
        for lasting in [one for one, end in LASTING.items() if end == kind]:
            self.lasting.get(name, set()).discard(lasting)

    def note(self, now, running, of_guard):
        """A death, and the kinds of the orders that run."""
        self.times.append(now)
        self.guards += of_guard
        what = {f"during {kind}" for kind in running}
        what |= {f"with a service under {kind}" for kinds in self.lasting.values() for kind in kinds}
        self.under_way.update(what or {"with no order"})

    def any_since(self, begun):
        return bool(self.times) and self.times[-1] >= begun - 0.5

    def summary(self):
        out = [f"superd was killed {len(self.times) - self.guards} times, its guard {self.guards} times, of these:"]
        return out + [f"  {count:>7} {what}" for what, count in sorted(self.under_way.items())]
