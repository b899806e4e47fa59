"""A connection's way through every server: with an instance each, for one client and for more at once, and by a cold
activation, of a client right after another and of an occasional one; and what superd's sandbox adds to a start.

All servers run beside each other, idle but for the one whose turn it is, and a turn is a fraction of a second,
so that what else the machine does falls on all alike. A ratio is that of two turns next to each other.
"""

import os
import shutil
import tempfile

from bench import PATIENCE, SLICE
from machine import Trouble, find_ports
from servers import Job

TURNS, GOAL_TURNS = 2, 6                # of each server, a round; those that a goal is for take little time
GOAL_CROWD = 32                         # clients at once
FEW, CROWD, COLD = 150, 300, 300        # connections a turn; three of the last are beyond the 99th percentile
FEW_LATER, LATER = 12, 50               # occasional clients a turn, and the ms from the end of one to the next
SLOW, LEAST_SLICE = 4, .25              # times the floor's turn, seconds: then no more connections are begun
PATIENT, LEAST_PATIENCE = 10, 2         # times the floor's turn; seconds: what the kernel drops it sends again after one
WARM = 20                               # before the first turn: what is done only once
SANDBOXED = (                           # the name in the results, and what each service has more
    ("plain", ""),
    ("superd", 'no_new_privileges = yes  private_tmp = yes  system_call_filter = "@system-service"'),
)


class Measure:
    """One kind of turn: so many clients, which figure takes what of their answers, and how many turns a round has."""

    def __init__(self, at_once, total, figures, turns=TURNS, more=()):
        self.at_once, self.total, self.figures, self.turns, self.more = at_once, total, figures, turns, more
        self.taken = None               # seconds that a turn of the floor took

    def bounds(self):
        """For all alike: how long connections are begun, and how long clients wait while none has an answer."""
        if self.taken is None:
            return {}
        return {"limit": min(SLICE, max(LEAST_SLICE, SLOW * self.taken)),
                "patience": min(PATIENCE, max(LEAST_PATIENCE, PATIENT * self.taken))}


def _start_all(bench, kind, servers, measures):
    """The servers that run; who does not is out of the comparison from now on."""
    running = []
    for server in list(servers):
        try:
            one = bench.launch(server, Job(kind, find_ports(1), bench.backend(kind), bench.make_folder()))
            one.wait_until_listening(bench.listening)
            bench.load_whole(one, WARM, limit=LEAST_SLICE)
            running.append(one)
        except Trouble as trouble:
            _fail(bench, server.name, measures, trouble)
            servers.remove(server)
    return running


def _fail(bench, name, measures, trouble):
    for measure in measures:
        for figure in measure.figures:
            bench.results.fail(figure, name, measure.at_once, trouble)


def _fails_before(bench, name, measure):
    """With how many clients at once a server has failed already, with fewer or as many. It is not asked with more: each
    loss costs all the patience there is. With more than those its failure is told as one that was not measured."""
    for figure in measure.figures:
        places = [x for x in bench.results.failed(figure, name) if x <= measure.at_once]
        if not places:
            continue
        if measure.at_once not in places:
            why = f"not asked, as it failed with {places[0]} at once"
            bench.results.fail(figure, name, measure.at_once, why, asked=False)
        return True
    return False


def _take_turn(bench, running, number, measure):
    """A turn of each server, another first each time, but the floor before all in the first: the others' patience is
    by what it needed. Who loses somebody takes no further part in this measure."""
    begin = number % len(running)
    for one in running[begin:] + running[:begin]:
        if _fails_before(bench, one.name, measure):
            continue
        try:
            seen = bench.load_whole(one, measure.total, at_once=measure.at_once, more=measure.more, **measure.bounds())
            if one.name == "floor":
                measure.taken = seen["seconds"]
            for figure, key in measure.figures.items():
                bench.results.add(figure, one.name, measure.at_once, number, seen[key])
        except Trouble as trouble:
            _fail(bench, one.name, [measure], trouble)


def _compare(bench, part, kind, measures):
    servers = [server for server in bench.servers if server.serves(kind)]
    base = next(iter(measures[0].figures))
    for number in bench.rounds(part, base, "floor", measures[0].at_once):
        running = _start_all(bench, kind, servers, measures)
        for turn in range(GOAL_TURNS):
            for measure in measures:
                if turn < measure.turns:
                    _take_turn(bench, running, number * GOAL_TURNS + turn, measure)
        yield


def _compare_sandboxes(bench, number):
    """Both ways start one program, which is in /run, as private_tmp hides all of /tmp."""
    folder = tempfile.mkdtemp(prefix="superd-bench-", dir="/run")
    try:
        os.chmod(folder, 0o755)
        backend = shutil.copy(bench.backend("each"), folder)
        running = []
        for way, terms in SANDBOXED:
            job = Job("each", find_ports(1), backend, bench.make_folder(), terms=terms)
            running.append((way, bench.launch(bench.servers[1], job)))
            running[-1][1].wait_until_listening(bench.listening)
            bench.load_whole(running[-1][1], WARM)
        for turn in range(GOAL_TURNS):
            for way, one in running if turn % 2 else running[::-1]:
                seen = bench.load_whole(one, FEW, limit=LEAST_SLICE)
                bench.results.add("sandbox.time", way, 1, number * GOAL_TURNS + turn, seen["end_p50"])
    except (Trouble, OSError) as trouble:
        bench.results.fail("sandbox.time", "superd", 1, trouble)
    finally:
        shutil.rmtree(folder)


def compare_connections(bench):
    one = Measure(1, FEW, {"each.time": "end_p50", "each.rate": "rate"}, GOAL_TURNS)
    crowds = [Measure(count, max(CROWD, 2 * count), {"each.rate": "rate"}, GOAL_TURNS if count == GOAL_CROWD else TURNS)
              for count in bench.amounts.clients if count > 1]
    for number, _ in enumerate(_compare(bench, "connections", "each", [one] + crowds)):
        if os.geteuid() == 0:           # a user without rights has no sandbox
            _compare_sandboxes(bench, number)
        yield


def compare_activations(bench):
    figures = {"cold.first": "first_p50", "cold.tail": "first_p99", "cold.mean": "mean"}
    later = Measure(1, FEW_LATER, {"cold.later": "first_p50"}, more=("-d", str(LATER)))
    yield from _compare(bench, "activations", "cold", [Measure(1, COLD, figures, GOAL_TURNS), later])
