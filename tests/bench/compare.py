"""A connection's way through every server: with an instance each, one at a time and many at once, and by a cold
activation.

All servers run beside each other, idle but for the one whose turn it is, and a turn is a fraction of a second,
so that what else the machine does falls on all alike. A ratio is that of two turns next to each other; the
median of all of them is what counts.
"""

import os
from statistics import median

from machine import Trouble, find_ports
from servers import Job

TURNS = 3                               # of each server, a round
ONE, CROWD, COLD = 150, 600, 150        # connections a turn
AT_ONCE = 32


def _start_all(bench, kind, servers, number):
    """The servers that run; who does not is out of the comparison from now on."""
    running = []
    port = find_ports(len(servers))
    for n, server in enumerate(list(servers)):
        folder = os.path.join(bench.folder, f"{kind}-{number}-{server.name}")
        os.mkdir(folder)
        try:
            one = bench.launch(server, Job(kind, port + n, bench.backend(kind), folder))
            one.wait_until_listening(bench.listening)
            bench.load(one, 20)         # what is done only once
            running.append(one)
        except Trouble as trouble:
            bench.report.problem(server.name, trouble)
            servers.remove(server)
    return running


def _turn(bench, running, number, total, at_once=1):
    """What each server's clients saw; another server begins each time. Who loses somebody takes part no longer."""
    begin = number % len(running)
    seen = {}
    for one in running[begin:] + running[:begin]:
        try:
            answer = bench.load(one, total, at_once)
        except Trouble as trouble:
            bench.report.problem(one.name, trouble)
            running.remove(one)
            continue
        if answer["lost"]:
            running.remove(one)
        else:
            seen[one.name] = answer
    return seen


def _turns(bench, kind, measures):
    """All turns of all rounds of a kind of job, a list for each of the measures (connections, at once)."""
    servers = [server for server in bench.servers if kind in server.abilities]
    seen = [[] for _ in measures]
    for number in range(bench.rounds):
        running = _start_all(bench, kind, servers, number)
        for turn in range(TURNS):
            for at, (total, at_once) in enumerate(measures):
                seen[at].append(_turn(bench, running, number * TURNS + turn, total, at_once))
        servers = [server for server in servers if any(one.name == server.name for one in running)]
        bench.stop_all()
    return seen


def _ratio(turns, name, other, figure):
    ratios = [turn[name][figure] / turn[other][figure] for turn in turns if name in turn and other in turn]
    return median(ratios) if ratios else None


def _fill(bench, key, turns, figure, unit):
    for name in bench.report.names:
        bench.report.set(key, name, _ratio(turns, name, "floor", figure))
    own = [turn["floor"][figure] for turn in turns if "floor" in turn]
    bench.report.set(key, "floor", f"{median(own):.0f} {unit}" if own else None)


def _fill_best(bench, turns):
    peers = [name for name in bench.report.names if name not in ("floor", "superd")]
    against = [ratio for ratio in (_ratio(turns, "superd", name, "rate") for name in peers) if ratio]
    bench.report.set("best", "superd", min(against) if against else None)


def compare_connections(bench):
    one, crowd = _turns(bench, "each", [(ONE, 1), (CROWD, AT_ONCE)])
    _fill(bench, "each", one, "end_p50", "µs")
    _fill(bench, "crowd", crowd, "rate", "/s")
    _fill_best(bench, crowd)
    cold, = _turns(bench, "cold", [(COLD, 1)])
    _fill(bench, "cold", cold, "first_p50", "µs")
    _fill(bench, "mean", cold, "mean", "µs")
