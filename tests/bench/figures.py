"""What many measurements of one thing come to: a middle, a spread, and ratios of what was measured in the same turn."""

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
