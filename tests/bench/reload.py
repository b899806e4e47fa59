"""A reload under load: how long until a service that was added to the table listens, which any server can be asked by
the kernel alone, and what its clients see meanwhile; and superd's own word of when an unchanged table is done."""

import signal
import time

from machine import Trouble
from scale import SPARE, has_failed, start_many
from servers import Job

CLIENTS, PORTS = 4, 50                  # of the load
LOAD, LONG_LOAD = 1500, 3000            # connections
PATIENCE = 20                           # seconds until a reload is done
FIGURES = ("reload.time", "reload.silence", "reload.lost")


def _said(running):
    with open(running.log, errors="replace") as file:
        return [line for line in file if "reloaded: " in line or "not reloaded" in line]


def _hang_up(running, is_done):
    """Seconds from HUP until it is done."""
    since = time.monotonic()
    running.process.send_signal(signal.SIGHUP)
    while not is_done():
        if running.process.poll() is not None:
            raise Trouble(f"the reload ended it: {running.last_words()}")
        if time.monotonic() > since + PATIENCE:
            raise Trouble(f"it did not reload: {running.last_words()}")
        time.sleep(.0005)
    return time.monotonic() - since


def _reload_under_load(bench, running, total, is_done):
    """The seconds, what the clients saw, and whether they were there for all of it."""
    load = bench.load_meanwhile(running, total, CLIENTS, min(PORTS, running.job.count))
    try:
        time.sleep(.1)
        taken = _hang_up(running, is_done)
        under_load = load.poll() is None
        text, errors = load.communicate()
    finally:
        if load.poll() is None:
            load.kill()
            load.communicate()
    seen = bench.take(running, load.returncode, text, errors)
    return taken, seen, under_load


def _add_one(bench, server, size, turn):
    """The last row of the new table is of a port that nobody listened on before."""
    running, _ = start_many(bench, server, size, spare=1)
    job = running.job
    server.rewrite(Job(job.kind, job.port, job.backend, job.folder, size + 1))
    taken, seen, _ = _reload_under_load(bench, running, LOAD, lambda: bench.listening.is_listening(*job.place(size)))
    for figure, value in zip(FIGURES, (taken * 1e3, seen["end_max"] / 1e3, seen["lost"])):
        bench.results.add(figure, server.name, size, turn, value)


def _keep_all(bench, server, size, turn):
    running, _ = start_many(bench, server, size)
    before = len(_said(running))
    taken, seen, under_load = _reload_under_load(bench, running, LONG_LOAD, lambda: len(_said(running)) > before)
    if not under_load:
        raise Trouble("the load was over before the reload was")
    said = _said(running)[-1].strip()
    if f"reloaded: {size} unchanged, 0 changed, 0 added, 0 removed" not in said:
        raise Trouble(f"an unchanged table is not unchanged: {said}")
    if seen["lost"]:
        raise Trouble(f"it lost {seen['lost']} of {seen['total']} connections: {seen['loss']}")
    bench.results.add("reload.unchanged", server.name, size, turn, taken * 1e3)


def _try(bench, part, figures, server, size, turn):
    try:
        part(bench, server, size, turn)
    except Trouble as trouble:
        for figure in figures:
            bench.results.fail(figure, server.name, size, trouble)
    finally:
        bench.stop_all()


def compare_reloads(bench):
    bench.amounts.allow_sizes(SPARE)
    for turn in bench.rounds("reloads", "reload.time", "superd", bench.amounts.sizes[0]):
        for size in bench.amounts.sizes:
            for server in bench.servers:
                if not server.serves("reload", size) or has_failed(bench, "start.time", server.name, size):
                    continue
                if bench.is_late() and server.name != "superd":
                    bench.results.skip(server.name, "reloads", size)
                    continue
                bench.tell(f"reload of {size} services, {server.name}")
                if not has_failed(bench, FIGURES[0], server.name, size):
                    _try(bench, _add_one, FIGURES, server, size, turn)
                if server.name == "superd":
                    _try(bench, _keep_all, ("reload.unchanged",), server, size, turn)
        yield
