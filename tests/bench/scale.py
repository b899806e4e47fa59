"""What a long table costs: until all of it listens, in memory, for an activation, while nothing happens, and at a
reload."""

import os
import signal
import time
from statistics import median

import machine
from machine import Trouble, find_ports
from servers import Job

TURNS, COLD = 7, 60                     # of activations: turns, and connections a turn
IDLE = 2.0                              # seconds
RELOADS = 3
RELOAD_LOAD, RELOAD_PORTS = 3000, 50
SPARE = 200                             # descriptors a server needs beside its listeners


def _load(bench, running, total, **how):
    """Who loses somebody here is not measured further: every loss costs seconds."""
    seen = bench.load(running, total, **how)
    if seen["lost"]:
        raise Trouble("it lost connections: the rest is left out")
    return seen


def _start(bench, server, name, count):
    """Starts it, with the seconds until all of the table listens."""
    folder = os.path.join(bench.folder, f"{name}-{server.name}")
    os.mkdir(folder)
    job = Job("cold", find_ports(count), bench.backend("cold"), folder, count)
    since = time.monotonic()
    running = bench.launch(server, job)
    running.wait_until_listening(bench.listening)
    return running, time.monotonic() - since


def _measure_idle(bench, running):
    ticks, wakeups = machine.processor_ticks(running.pid), machine.wakeups(running.pid)
    time.sleep(IDLE)
    bench.report.set("ticks", running.name, machine.processor_ticks(running.pid) - ticks)
    bench.report.set("wakeups", running.name, machine.wakeups(running.pid) - wakeups)


def _compare_activations(bench, server, many):
    """In turns with the same server with one service, on the last port, where who searches has to search longest."""
    one, _ = _start(bench, server, "one", 1)
    ratios = []
    for running in (one, many):
        _load(bench, running, 20, port=running.job.ports[-1])
    for turn in range(TURNS):
        seen = {}
        for running in (one, many) if turn % 2 else (many, one):
            seen[running] = _load(bench, running, COLD, port=running.job.ports[-1])
        ratios.append(seen[many]["first_p50"] / seen[one]["first_p50"])
    bench.report.set("size", server.name, median(ratios))
    one.stop()


def _reloads(log):
    with open(log, errors="replace") as file:
        return [line for line in file if "reloaded: " in line or "not reloaded" in line]


def _reload_once(bench, running):
    """Seconds from HUP to the log's word that it is done, and the longest that a client waited meanwhile."""
    before = len(_reloads(running.log))
    load = bench.load_meanwhile(running, RELOAD_LOAD, 4, RELOAD_PORTS)
    time.sleep(.1)
    since = time.monotonic()
    running.process.send_signal(signal.SIGHUP)
    while len(_reloads(running.log)) == before:
        if time.monotonic() > since + 20 or running.process.poll() is not None:
            load.kill()
            load.wait()
            raise Trouble(f"it did not reload: {running.last_words()}")
        time.sleep(.0005)
    taken, under_load = time.monotonic() - since, load.poll() is None
    text, errors = load.communicate()
    seen = bench.take(running, load.returncode, text, errors)
    if not under_load:
        raise Trouble("the load was over before the reload was")
    if f"reloaded: {running.job.count} unchanged, 0 changed, 0 added, 0 removed" not in _reloads(running.log)[-1]:
        raise Trouble(f"an unchanged table is not unchanged: {_reloads(running.log)[-1].strip()}")
    return taken, seen["end_max"] / 1e6


def _measure_reload(bench, running):
    measured = [_reload_once(bench, running) for _ in range(RELOADS)]
    bench.report.set("reload", running.name, median(taken for taken, _ in measured) * 1e3)
    bench.report.set("silence", running.name, median(longest for _, longest in measured) * 1e3)


def _measure(bench, server):
    running, seconds = _start(bench, server, "many", bench.services)
    bench.report.set("start", server.name, seconds)
    time.sleep(.3)
    bench.report.set("memory", server.name, machine.memory(running.pid))
    _measure_idle(bench, running)
    _compare_activations(bench, server, running)
    if server.name == "superd":
        _measure_reload(bench, running)
        _load(bench, running, bench.services, at_once=4, ports=bench.services)
        time.sleep(.1)
        bench.report.set("used", server.name, machine.memory(running.pid))


def compare_sizes(bench):
    allowed = machine.allow_descriptors(bench.services + SPARE)
    if allowed < bench.services + SPARE:
        bench.services = allowed - SPARE
    if bench.services < 2:
        raise Trouble(f"only {allowed} descriptors are allowed: ulimit -n says how many")
    for server in bench.servers:
        if "many" not in server.abilities:
            continue
        try:
            _measure(bench, server)
        except Trouble as trouble:
            bench.report.problem(server.name, trouble)
        bench.stop_all()
