"""When superd is killed in a soak, and what superd was doing then.

The times follow from a seed of their own. Every other death comes at a random moment. The others are aimed: each at the next order of
a kind that the seed draws, so many seconds behind its begin that superd is in the middle of it."""
import collections
import random

# What a death can be aimed at; the orders of tests/soak/orders.py.
AIMS = ("reload", "upgrade", "upgrade-signal", "drain", "freeze", "thaw", "restart", "restart-soon", "stop", "stop-soon",
        "hold", "release", "disable", "enable", "start", "kill")
DELAY_MOST = 0.08               # seconds behind the begin of an order
PATIENCE = 20.0                 # seconds that a death waits for an order of its kind
LASTING = {"hold": "release", "drain": "release", "disable": "enable", "freeze": "thaw"}


class Deaths:
    """every: seconds from one to the next on average."""

    def __init__(self, seed, every):
        self.lot, self.every = random.Random(f"{seed} deaths"), every
        self.times = []                         # of all of them, by the monotonic clock
        self.under_way = collections.Counter()  # what was under way, over all deaths
        self.lasting = {}                       # name -> orders that hold for it
        self.next, self.aim, self.delay = None, None, 0.0

    def draw(self, now):
        """The next one."""
        self.next = now + self.lot.expovariate(1 / self.every)
        self.aim, self.delay = self.lot.choice(AIMS) if self.lot.random() < 0.5 else None, self.lot.random() * DELAY_MOST

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

    def note(self, now, running):
        """A death, and the kinds of the orders that run."""
        self.times.append(now)
        what = {f"during {kind}" for kind in running}
        what |= {f"with a service under {kind}" for kinds in self.lasting.values() for kind in kinds}
        self.under_way.update(what or {"with no order"})

    def any_since(self, begun):
        return bool(self.times) and self.times[-1] >= begun - 0.5

    def summary(self):
        out = [f"superd was killed {len(self.times)} times, of these:"]
        return out + [f"  {count:>7} {what}" for what, count in sorted(self.under_way.items())]
