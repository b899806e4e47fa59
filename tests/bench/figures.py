"""What many measurements of one thing come to: a middle, a spread, and ratios of what was measured in the same turn."""

import math
from collections import namedtuple

Summary = namedtuple("Summary", "count least low middle high most")


def _at(ordered, part):
    """The value at a part of the way from the least to the most, between two neighbours where it falls there."""
    place = (len(ordered) - 1) * part
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def summarise(values):
    """The least, the quartiles and the most; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    return Summary(len(ordered), ordered[0], _at(ordered, .25), _at(ordered, .5), _at(ordered, .75), ordered[-1])


def pair_ratios(ours, theirs):
    """A ratio for each turn that both have ({turn: value}): what slowed the machine in that turn slowed both."""
    return [ours[turn] / theirs[turn] for turn in ours if theirs.get(turn)]


def find_doubt(values):
    """How unsure the median of these is, as a part of it: half of the range that holds the true one in 19 of 20 cases
    (by the order of the values alone, whatever their distribution); None of too few."""
    ordered, count = sorted(values), len(values)
    if count < 6 or not ordered[0]:
        return None
    reach = .98 * math.sqrt(count)
    low, high = max(0, math.floor(count / 2 - reach)), min(count - 1, math.ceil(count / 2 + reach))
    return (ordered[high] - ordered[low]) / 2 / _at(ordered, .5)


def find_spread(values):
    """The range of the middle half of these, as a part of their median: how much the machine did besides."""
    summary = summarise(values)
    return None if summary is None or not summary.middle else (summary.high - summary.low) / summary.middle
