"""A reload under load: how long until a service that was added to the table listens, which any server can be asked by
the kernel alone, and what its clients see meanwhile; superd's own word of when an unchanged table is done; and the
same of a table that another program reads for superd, an inetd.conf."""

import copy
import signal
import time

import machine
from bench import SLICE
from machine import Trouble
from scale import REST, SPARE, has_failed, start_many

CLIENTS, PORTS = 4, 50                  # of the load
LOAD, LONG_LOAD = 1500, 3000            # connections
PATIENCE = 20                           # seconds until a reload is done
FIGURES = ("reload.time", "reload.silence", "reload.lost")
OCCASIONAL = {"at_once": 1, "ports": 1, "limit": SLICE, "more": ("-d", "2")}    # a client 2 ms after the one before
INETD = ("inetd.start", "inetd.memory", "inetd.calm", "inetd.changed", "inetd.unchanged")


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


def _lengthen(server, running):
    """Adds a row to its table, of a port that nobody listened on before; where it is to listen."""
    job = copy.copy(running.job)
    job.count += 1
    server.rewrite(job)
    return job.place(job.count - 1)


def _reload_under_load(bench, running, is_done, total, **load):
    """The seconds, what the clients saw, and whether they were there for all of it."""
    load = bench.load_meanwhile(running, total, **load)
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
    running, _ = start_many(bench, server, size, spare=1)
    place = _lengthen(server, running)
    taken, seen, _ = _reload_under_load(bench, running, lambda: bench.listening.is_listening(*place), LOAD, at_once=CLIENTS,
                                        ports=min(PORTS, size))
    for figure, value in zip(FIGURES, (taken * 1e3, seen["end_max"] / 1e3, seen["lost"])):
        bench.results.add(figure, server.name, size, turn, value)


def _reload_by_its_word(bench, running, unchanged, added, total, **load):
    """Milliseconds until superd says that it has reloaded, and what the clients saw."""
    before = len(_said(running))
    taken, seen, under_load = _reload_under_load(bench, running, lambda: len(_said(running)) > before, total, **load)
    if not under_load:
        raise Trouble("the load was over before the reload was")
    said = _said(running)[-1].strip()
    if f"reloaded: {unchanged} unchanged, 0 changed, {added} added, 0 removed" not in said:
        raise Trouble(f"{added} of {unchanged + added} services were new: {said}")
    if seen["lost"]:
        raise Trouble(f"it lost {seen['lost']} of {seen['total']} connections: {seen['loss']}")
    return taken * 1e3, seen


def _keep_all(bench, server, size, turn):
    running, _ = start_many(bench, server, size)
    taken, _ = _reload_by_its_word(bench, running, size, 0, LONG_LOAD, at_once=CLIENTS, ports=min(PORTS, size))
    bench.results.add("reload.unchanged", server.name, size, turn, taken)


def _read_inetd(bench, server, size, turn):
    """A client of another service finds out how long superd does nothing else during a reload: its longest wait is held
    against the longest in the same time without a reload."""
    def add(figure, value):
        bench.results.add(figure, server.name, size, turn, value)

    running, seconds = start_many(bench, server, size, spare=1, kind="each", form="inetd.conf")
    add("inetd.start", seconds)
    time.sleep(REST)
    add("inetd.memory", machine.memory(running.pid))
    add("inetd.calm", bench.load_whole(running, LONG_LOAD, **OCCASIONAL)["end_max"] / 1e3)
    _lengthen(server, running)
    for figure, unchanged, added in (("inetd.changed", size, 1), ("inetd.unchanged", size + 1, 0)):
        taken, seen = _reload_by_its_word(bench, running, unchanged, added, LONG_LOAD, **OCCASIONAL)
        add(figure, taken)
        add(f"{figure}.longest", seen["end_max"] / 1e3)


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
                    if size == bench.amounts.goal_size:
                        bench.tell(f"{size} services of an inetd.conf")
                        _try(bench, _read_inetd, INETD, server, size, turn)
        yield
