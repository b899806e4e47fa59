"""From connect to the first byte of a backend that was frozen, and of one that was stopped, when nobody used it,
against one that always runs, for backends of more and more memory: three superds for each size beside each other, a
service after the other, in turns."""

import socket
import time

import machine
from machine import LOOPBACK, Trouble, find_ports
from servers import Job, Running

SERVICES = 6                            # each is asked once a turn, so that none is taken for one that never sleeps
MEMORY = 3000                           # MB that all services of one superd may take
PATIENCE = 30                           # seconds until all of them sleep
ANSWER = 20                             # seconds until a client has its answer
WAYS = (                                # name, options, what the log says of each that sleeps
    ("always running", "", None),
    ("frozen", "idle_timeout = 1s idle_action = freeze", "is frozen"),
    ("stopped", "idle_timeout = 1s", " ended: "),
)


class Sleeper:
    """A superd whose services go to sleep in one way, and take so much memory."""

    def __init__(self, bench, megabytes, name, options, word):
        self.name, self.word, self.slept, self.megabytes = name, word, 0, megabytes
        self.services = max(1, min(SERVICES, MEMORY // megabytes))
        job = Job("stay", find_ports(self.services), bench.tools["stay"], bench.make_folder(), self.services)
        text = "".join(f'service s{port} {{ listen = "{address}:{port}"  exec = "{job.backend} {megabytes}"  '
                       f'user = "{job.user}"  {options} }}\n' for address, port in job.places)
        command = [bench.superd, "-f", job.write("superd.conf", text), *job.control()]
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
        self.slept += self.services
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
    """Of the superds of one size."""
    for sleeper in sleepers:
        sleeper.wait_asleep()
    for number in range(sleepers[0].services):
        begin = number % len(sleepers)
        for sleeper in sleepers[begin:] + sleepers[:begin]:
            taken = _ask(sleeper.running.job.port + number)
            bench.results.add("wake.first", sleeper.name, sleeper.megabytes, f"{turn}.{number}", taken * 1e3)


def _begin(bench, megabytes):
    """The superds of one size, all services of which have run once."""
    sleepers = [Sleeper(bench, megabytes, *way) for way in WAYS]
    for sleeper in sleepers:
        for port in sleeper.running.job.ports:
            _ask(port)
    return sleepers


def _has_room(megabytes):
    needed = len(WAYS) * max(megabytes, min(SERVICES * megabytes, MEMORY))
    return 2 * needed < machine.memory_available()


def compare_wakings(bench):
    for name, options, _ in WAYS:
        what = f"superd, each service with {options or 'no idle_timeout'}"
        bench.results.servers.append({"name": name, "program": bench.superd, "version": "", "commands": {"wake": what}})
    try:
        for turn in bench.rounds("wakings", "wake.first", "always running", bench.amounts.memory[0]):
            for megabytes in bench.amounts.memory:
                if not _has_room(megabytes) or (turn and bench.is_late()):
                    bench.results.skip("superd", "wakings", megabytes)
                    continue
                bench.tell(f"wakings, {megabytes} MB")
                sleepers = _begin(bench, megabytes)
                _take_turn(bench, sleepers, turn)
                bench.stop_all()
            yield
    except (Trouble, OSError) as trouble:
        bench.results.fail("wake.first", "superd", bench.amounts.memory[0], trouble)
    finally:
        bench.stop_all()
