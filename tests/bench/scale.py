"""What a long table costs: until all of it listens, in memory, for an activation, while nothing happens, and at a
reload. Every server is measured at every size by itself, as ports would not suffice for all at once, but round by
round; an activation is compared with the floor's and with the same server's with one service, turn by turn. And what
units cost that all have the same filter of system calls, which superd has compiled once."""

import time

import machine
from machine import Trouble, find_ports
from servers import Job

TURNS, COLD = 3, 40                     # of activations: turns, and connections a turn
SLICE = .5                              # seconds at most that they are begun for in a turn
ALL = ("start.time", "memory.pss", "memory.anonymous", "size.first")
REST = .5                               # seconds until a server that listens has nothing left to do
IDLE, IDLE_ROUNDS = 2.0, 2              # seconds; it is nothing, or the same every round
SPARE = 200                             # descriptors a server needs beside its listeners
FILTERED = 200                          # units with a filter of system calls


def start_many(bench, server, size, spare=0, kind="cold", **how):
    """Starts it, with the seconds until all of the table listens; so many more ports are kept free for it."""
    job = Job(kind, find_ports(size + spare), bench.backend(kind), bench.make_folder(), size, **how)
    since = time.monotonic()
    running = bench.launch(server, job)
    return running, running.wait_until_listening(bench.listening) - since


def _measure_idle(bench, running, size, turn):
    ticks, wakeups = machine.processor_ticks(running.pid), machine.wakeups(running.pid)
    time.sleep(IDLE)
    bench.results.add("idle.ticks", running.name, size, turn, machine.processor_ticks(running.pid) - ticks)
    bench.results.add("idle.wakeups", running.name, size, turn, machine.wakeups(running.pid) - wakeups)


def _measure_memory(bench, running, size, turn):
    bench.results.add("memory.pss", running.name, size, turn, machine.memory(running.pid))
    bench.results.add("memory.anonymous", running.name, size, turn, machine.memory(running.pid, "Anonymous"))


def _compare_activations(bench, server, many, turn):
    """On the last port, where who searches has to search longest."""
    size = many.job.count
    one, _ = start_many(bench, server, 1)
    floor, _ = start_many(bench, bench.servers[0], 1)
    running = {"first": many, "one": one, "floor": floor}
    for other in running.values():
        bench.load_whole(other, 20, limit=SLICE, number=other.job.count - 1)
    for slice_ in range(TURNS):
        order = list(running) if slice_ % 2 else list(running)[::-1]
        for key in order:
            number = running[key].job.count - 1
            seen = bench.load_whole(running[key], COLD, limit=SLICE, number=number)["first_p50"]
            name = "floor" if key == "floor" else server.name
            figure = "size.one" if key == "one" else "size.first"
            bench.results.add(figure, name, size, f"{server.name} {turn}.{slice_}", seen)
    bench.stop(one)
    bench.stop(floor)


def _measure_used(bench, running, size, turn):
    """The memory when every service has run once."""
    seen = bench.load(running, size, at_once=4, ports=size)
    if seen["lost"]:
        raise Trouble(f"it lost {seen['lost']} of {size} connections: {seen['loss']}")
    time.sleep(.1)
    bench.results.add("memory.used", running.name, size, turn, machine.memory(running.pid))


def _wakeups_of_all(running):
    return sum(machine.wakeups(member) for member in machine.list_family(running.pid))


def _measure_guard(bench, server, size, turn):
    """What superd takes with a guard and without: both share memory, so the guard costs the difference."""
    try:
        for way, option in (("guarded", "--guard"), ("alone", "--no-guard")):
            running, seconds = start_many(bench, server, size, options=(option,))
            time.sleep(REST)
            bench.results.add("guard.time", way, size, turn, seconds * 1e3)
            bench.results.add("guard.memory", way, size, turn, machine.memory(running.pid))
            wakeups = _wakeups_of_all(running)
            time.sleep(IDLE)
            bench.results.add("guard.wakeups", way, size, turn, _wakeups_of_all(running) - wakeups)
            bench.stop(running)
    except Trouble as trouble:
        for figure in ("guard.time", "guard.memory", "guard.wakeups"):
            bench.results.fail(figure, "superd", size, trouble)
    finally:
        bench.stop_all()


def _measure_filters(bench, server, turn):
    try:
        running, seconds = start_many(bench, server, FILTERED, form="units")
        bench.results.add("filter.start", server.name, FILTERED, turn, seconds)
        bench.load_whole(running, 1, number=FILTERED - 1)
        bench.stop(running)
        job = Job("cold", find_ports(FILTERED), bench.backend("cold"), bench.make_folder(), FILTERED, form="units")
        bench.results.add("filter.check", server.name, FILTERED, turn, server.check(job))
    except Trouble as trouble:
        for figure in ("filter.start", "filter.check"):
            bench.results.fail(figure, server.name, FILTERED, trouble)
    finally:
        bench.stop_all()


def _measure(bench, server, size, turn):
    """What goes wrong at one of these leaves no figure of the rest."""
    left = list(ALL)
    try:
        running, seconds = start_many(bench, server, size)
        bench.results.add(left.pop(0), server.name, size, turn, seconds)
        time.sleep(REST)
        _measure_memory(bench, running, size, turn)
        left = left[2:]
        if turn < IDLE_ROUNDS and (size == bench.amounts.sizes[-1] or size == bench.amounts.goal_size):
            _measure_idle(bench, running, size, turn)
        _compare_activations(bench, server, running, turn)
        left = ["memory.used"]
        if server.name == "superd" and size == bench.amounts.goal_size and turn == 0:
            _measure_used(bench, running, size, turn)
    except Trouble as trouble:
        for figure in left:
            bench.results.fail(figure, server.name, size, trouble)
    finally:
        bench.stop_all()


def has_failed(bench, figure, name, size):
    """Who has failed with fewer services is not asked again: it would only cost the time until patience ends."""
    return any(at <= size for at in bench.results.failed(figure, name))


def compare_sizes(bench):
    for size in bench.amounts.allow_sizes(SPARE):
        bench.results.skip("superd", "sizes", size)     # so many descriptors are not allowed (ulimit -Hn)
    for turn in bench.rounds("sizes", "size.first", "floor", bench.amounts.sizes[0]):
        for size in bench.amounts.sizes:
            for server in bench.servers:
                if not server.serves("many", size) or has_failed(bench, "start.time", server.name, size):
                    continue
                if bench.is_late() and server.name != "superd":
                    bench.results.skip(server.name, "sizes", size)
                    continue
                bench.tell(f"{size} services, {server.name}")
                _measure(bench, server, size, turn)
                if server.name == "superd" and turn < IDLE_ROUNDS and size in (1, bench.amounts.goal_size):
                    bench.tell(f"{size} services, superd with a guard")
                    _measure_guard(bench, server, size, turn)
        bench.tell(f"{FILTERED} units with a filter")
        _measure_filters(bench, bench.servers[1], turn)
        yield
