"""An axis: which values stand on it, where they fall, and how they are written."""

import math


def write_number(value):
    """As short as it can be read, with three digits that count."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def find_steps(most, count=5):
    """Round values from 0 to not less than the most."""
    if most <= 0:
        return [0, 1]
    power = 10 ** math.floor(math.log10(most / count))
    step = next(power * times for times in (1, 2, 2.5, 5, 10) if most / (power * times) <= count)
    return [step * n for n in range(math.ceil(most / step - 1e-9) + 1)]


def find_decades(least, most):
    """Round values around both, each about as many times the one before."""
    low, high = math.floor(math.log10(least)), math.ceil(math.log10(most))
    parts = (1,) if high - low > 3 else (1, 3) if high - low > 1 else (1, 2, 5)
    values = [part * 10.0 ** power for power in range(low, high + 1) for part in parts]
    first = max([n for n, value in enumerate(values) if value <= least * 1.000001], default=0)
    last = min([n for n, value in enumerate(values) if value >= most * .999999], default=len(values) - 1)
    return values[first:max(last, first + 1) + 1]


class Axis:
    """From pixel `begin` (the first of the ticks) to `end` (the last)."""

    def __init__(self, ticks, begin, end, logarithmic=False):
        self.ticks, self.begin, self.end, self.logarithmic = ticks, begin, end, logarithmic

    def _measure(self, value):
        return math.log(value) if self.logarithmic else value

    def place(self, value):
        """What lies beyond an end of the axis is put on it: a logarithm of nothing is no place."""
        low, high = self.ticks[0], self.ticks[-1]
        if high == low:
            return (self.begin + self.end) / 2
        value = min(max(value, low), high)
        part = (self._measure(value) - self._measure(low)) / (self._measure(high) - self._measure(low))
        return self.begin + (self.end - self.begin) * part


def spread_labels(places, room, low, high):
    """Moves places apart until no two are nearer than `room`, in their order, within low and high where they fit."""
    order = sorted(range(len(places)), key=lambda n: places[n])
    moved = list(places)
    for at, n in enumerate(order):
        least = moved[order[at - 1]] + room if at else low
        moved[n] = max(moved[n], least)
    limit = high
    for n in reversed(order):
        moved[n] = min(moved[n], limit)
        limit = moved[n] - room
    return moved
