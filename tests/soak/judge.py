"""What is right and what is wrong in a soak: which lost client an order explains, and whether figures drift."""
import math
import statistics

# What a client suffers from when its process is ended: what it had of its answer by then decides how it looks.
CUT = frozenset(("reset", "unanswered", "wrong"))
CLOSED = CUT | {"refused", "late"}


class Excuse:
    """For a time, clients of a service may be lost in these ways, because of an order."""

    def __init__(self, why, name, kinds, begun, most=None):
        self.why, self.name, self.kinds, self.begun, self.most = why, name, kinds, begun, most
        self.ended = math.inf
        self.used = 0

    def explains(self, loss):
        return (loss.name == self.name and loss.kind in self.kinds and loss.ended >= self.begun and
                loss.begun <= self.ended and (self.most is None or self.used < self.most))


class Loss:
    """A client without its whole answer, as load.c tells of it."""

    def __init__(self, words):
        self.name, self.kind = words[0], words[1]
        self.errno = int(words[2])
        self.begun, self.ended = float(words[3]), float(words[4])
        self.serial = int(words[5])

    def __str__(self):
        return f"{self.name}: client {self.serial} {self.kind} (errno {self.errno}), {self.begun:.3f} to {self.ended:.3f}"


class Ledger:
    """All excuses and losses. An excuse with a bound is kept for what has no other."""

    FORGET_SECONDS = 400            # longer than load.c's patience

    def __init__(self):
        self.excuses, self.explained, self.unexplained = [], {}, []

    def excuse(self, *arguments):
        self.excuses.append(Excuse(*arguments))
        return self.excuses[-1]

    def forget(self, now):
        self.excuses = [one for one in self.excuses if one.ended + self.FORGET_SECONDS > now]

    def settle(self, loss):
        """The excuse of this loss, or None."""
        able = [one for one in self.excuses if one.explains(loss)]
        able.sort(key=lambda one: one.most is not None)
        if not able:
            self.unexplained.append(loss)
            return None
        able[0].used += 1
        key = (loss.name, loss.kind, able[0].why)
        self.explained[key] = self.explained.get(key, 0) + 1
        return able[0]


class Descriptors:
    """What superd's descriptors lead to at a rest, counted. Those of control groups are no measure of a leak: superd keeps the
    groups open whose services began twice within ten seconds (src/superd/instance/instance_cgroup), and an upgrade or a death closes
    them all. So they are few at a rest behind one of these and more at the next. They have a bound instead."""

    GROUPS_MOST = 2 * 16            # the folder of each, and its cgroup.events
    MORE = 8                        # at last than at first: processes that are about to end, and the output of a service

    def __init__(self, kinds):
        self.kinds = kinds
        self.groups = sum(count for kind, count in kinds.items() if kind.startswith("/sys/fs/cgroup/"))
        self.others = sum(kinds.values()) - self.groups

    def is_beyond(self, first):
        """Whether they are too many, behind those of a first rest."""
        return self.groups > self.GROUPS_MOST or self.others > first.others + self.MORE

    def __str__(self):
        return f"{self.others} and {self.groups} of control groups: {dict(self.kinds)}"


def fit(points):
    """The straight line through points (x, y) with the least squares: its slope, and how many times its own error that is."""
    count = len(points)
    if count < 3:
        return 0.0, 0.0
    mean_x = statistics.fmean(x for x, _ in points)
    mean_y = statistics.fmean(y for _, y in points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    if spread == 0:
        return 0.0, 0.0
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    left = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in points)
    error = math.sqrt(left / (count - 2) / spread)
    if error == 0:
        return slope, math.inf if slope else 0.0
    return slope, slope / error


class Drift:
    """Whether a figure rises over a run: by more than a share of what it was at first and more than a floor, and by more than
    chance brings about."""

    FEWEST = 12                     # points: with fewer nothing is judged
    FIRST = 10                      # points that tell how it was at first
    CERTAIN = 4                     # errors that a slope must be away from none

    def __init__(self, name, points, share, floor, unit):
        self.name, self.points, self.unit = name, points, unit
        self.bound = 0.0
        self.rise = self.certainty = self.base = 0.0
        if points:
            self.base = statistics.median(y for _, y in points[:self.FIRST])
            slope, self.certainty = fit(points)
            self.rise = slope * (points[-1][0] - points[0][0])
            self.bound = max(self.base * share, floor)

    def is_judged(self):
        return len(self.points) >= self.FEWEST

    def is_too_much(self):
        return self.is_judged() and self.rise > self.bound and self.certainty > self.CERTAIN

    def __str__(self):
        if not self.points:
            return f"{self.name}: no figures"
        verdict = "RISES" if self.is_too_much() else "flat" if self.is_judged() else "too few points to judge"
        return (f"{self.name}: {verdict}; {self.base:.4g} {self.unit} at first, by the fit {self.rise:+.4g} over "
                f"{len(self.points)} points (at most {self.bound:.4g}), {self.certainty:+.1f} errors from none")
