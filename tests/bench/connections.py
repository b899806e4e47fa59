"""A connection's way through every server: with an instance each, for one client and for more at once, and by a cold
activation.

All servers run beside each other, idle but for the one whose turn it is, and a turn is a fraction of a second,
so that what else the machine does falls on all alike. A ratio is that of two turns next to each other.
"""

from machine import Trouble, find_ports
from servers import Job

TURNS = 3                               # of each server, a round
FEW, CROWD, COLD = 150, 600, 150        # connections a turn; of more clients each comes twice at least
FEW, CROWD, COLD = 150, 600, 300        # connections a turn; three of the last are beyond the 99th percentile
WARM = 20                               # before the first turn: what is done only once


class Measure:
    """One kind of turn: so many clients, and which figure takes what of their answers."""

    def __init__(self, at_once, total, figures):
        self.at_once, self.total, self.figures = at_once, total, figures


def _start_all(bench, kind, servers, measures):
    """The servers that run; who does not is out of the comparison from now on."""
    running = []
    for server in list(servers):
        try:
            one = bench.launch(server, Job(kind, find_ports(1), bench.backend(kind), bench.make_folder()))
            one.wait_until_listening(bench.listening)
            bench.load_whole(one, WARM)
            running.append(one)
        except Trouble as trouble:
            _fail(bench, server.name, measures, trouble)
            servers.remove(server)
    return running


def _fail(bench, name, measures, trouble):
    for measure in measures:
        for figure in measure.figures:
            bench.results.fail(figure, name, measure.at_once, trouble)


def _take_turn(bench, running, number, measure):
    """A turn of each server, another first each time. Who loses somebody takes no further part in this measure."""
    begin = number % len(running)
    for one in running[begin:] + running[:begin]:
        if any(measure.at_once in bench.results.failed(figure, one.name) for figure in measure.figures):
            continue
        try:
            seen = bench.load_whole(one, measure.total, at_once=measure.at_once)
            for figure, key in measure.figures.items():
                bench.results.add(figure, one.name, measure.at_once, number, seen[key])
        except Trouble as trouble:
            _fail(bench, one.name, [measure], trouble)


def _compare(bench, part, kind, measures):
    servers = [server for server in bench.servers if server.serves(kind)]
    base = next(iter(measures[0].figures))
    for number in bench.rounds(part, base, "floor", measures[0].at_once):
        running = _start_all(bench, kind, servers, measures)
        for turn in range(TURNS):
            for measure in measures:
                _take_turn(bench, running, number * TURNS + turn, measure)
        bench.stop_all()


def compare_connections(bench):
    one = Measure(1, FEW, {"each.time": "end_p50", "each.rate": "rate"})
    crowds = [Measure(count, max(CROWD, 2 * count) if count > 4 else 2 * FEW, {"each.rate": "rate"})
              for count in bench.amounts.clients if count > 1]
    _compare(bench, "connections", "each", [one] + crowds)


def compare_activations(bench):
    figures = {"cold.first": "first_p50", "cold.tail": "first_p99", "cold.mean": "mean"}
    _compare(bench, "activations", "cold", [Measure(1, COLD, figures)])
