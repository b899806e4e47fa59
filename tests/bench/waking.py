"""From connect to the first byte of a backend that was frozen, and of one that was stopped, when nobody used it,
against one that always runs: three superds beside each other, a service after the other, in turns."""

import os
import socket
import time

from machine import LOOPBACK, Trouble, find_ports
from servers import Job, Running

SERVICES = 12                           # each is asked once a turn, so that none is taken for one that never sleeps
TURNS = 2
PATIENCE = 30                           # seconds until all of them sleep
ANSWER = 20                             # seconds until a client has its answer
WAYS = (                                # name, options, what the log says of each that sleeps
    ("always running", "", None),
    ("frozen", "idle_timeout = 1s idle_action = freeze", "is frozen"),
    ("stopped", "idle_timeout = 1s", " ended: "),
)


class Sleeper:
    """A superd whose services go to sleep in one way."""

    def __init__(self, bench, name, options, word):
        self.name, self.word, self.slept = name, word, 0
        job = Job("stay", find_ports(SERVICES), bench.tools["stay"], bench.make_folder(), SERVICES)
        text = "".join(f'service s{port} {{ listen = "{LOOPBACK}:{port}"  exec = "{job.backend}"  user = "{job.user}"  '
                       f'{options} }}\n' for port in job.ports)
        command = [bench.superd, "-f", job.write("superd.conf", text), "--control", os.path.join(job.folder, "control")]
        self.running = Running(name, command, job)
        bench.running.append(self.running)
        self.running.wait_until_listening(bench.listening)

    def _count(self):
        with open(self.running.log, errors="replace") as log:
            return log.read().count(self.word)

    def wait_asleep(self):
        """All of them, once more than before."""
        if not self.word:
            return
        self.slept += SERVICES
        until = time.monotonic() + PATIENCE
        while self._count() < self.slept:
            if time.monotonic() > until:
                raise Trouble(f"they do not sleep: {self.running.last_words()}")
            time.sleep(.01)


def _ask(port):
    """Seconds from before connect until the first byte."""
    since = time.perf_counter()
    with socket.create_connection((LOOPBACK, port), ANSWER) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(b"x\n")
        if client.recv(1) != b"y":
            raise Trouble("a client was lost")
    return time.perf_counter() - since


def _take_turn(bench, sleepers, turn):
    for sleeper in sleepers:
        sleeper.wait_asleep()
    for number in range(SERVICES):
        begin = number % len(sleepers)
        for sleeper in sleepers[begin:] + sleepers[:begin]:
            taken = _ask(sleeper.running.job.port + number)
            bench.results.add("wake.first", sleeper.name, 1, f"{turn}.{number}", taken * 1e3)


def compare_wakings(bench):
    bench.tell("wakings")
    for name, options, _ in WAYS:
        what = f"superd, each of {SERVICES} services with {options or 'no idle_timeout'}"
        bench.results.servers.append({"name": name, "program": bench.superd, "version": "", "commands": {"wake": what}})
    try:
        sleepers = [Sleeper(bench, *way) for way in WAYS]
        for sleeper in sleepers:
            for port in sleeper.running.job.ports:
                _ask(port)
        for turn in range(min(TURNS, bench.amounts.rounds)):
            _take_turn(bench, sleepers, turn)
    except (Trouble, OSError) as trouble:
        bench.results.fail("wake.first", "superd", 1, trouble)
    finally:
        bench.stop_all()
