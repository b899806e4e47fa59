"""What all measurements share: the tools, the servers that run, the load that is put on them, and how much is asked."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time

import machine
from machine import Trouble
from figures import find_doubt
from results import Results
from servers import find_servers

HERE = os.path.dirname(os.path.abspath(__file__))
SLICE = 2                               # seconds at most that clients are begun for in a turn
SURE = .03                              # doubt about the median of what all are compared with, at most
LEAST_ROUNDS = 6                        # fewer turns tell nothing of how sure they are (find_doubt)
PATIENCE = 5.0                          # seconds in which no client of a load ends, until the rest are lost
STATIC = ("hi", "once")                 # backends, so that a start is no test of the dynamic linker


class Amounts:
    """How much is measured: the environment's word, else that of a long or of a quick run."""

    def __init__(self):
        self.quick = os.environ.get("BENCH_QUICK", "") not in ("", "0")
        self.minutes = _numbers("BENCH_MINUTES", "0" if self.quick else "15", 0, 600)[0]
        self.goal_size = _numbers("BENCH_SERVICES", "10000", 2, 100000)[0]
        sizes = "1" if self.quick else "1 10 100 1000 10000 100000"
        self.sizes = sorted({self.goal_size, *_numbers("BENCH_SIZES", sizes, 1, 100000)})
        clients = "1 32" if self.quick else "1 2 4 8 16 32 64 128 256 512"
        self.clients = sorted({1, *_numbers("BENCH_CLIENTS", clients, 1, 1000)})
        self.megabytes = 100 if self.quick else 400
        self.streams = sorted({1, *_numbers("BENCH_STREAMS", "1" if self.quick else "1 4 8 64", 1, 64)})
        self.memory = _numbers("BENCH_MEMORY", "1" if self.quick else "1 10 100 500", 1, 4000)

    def allow_sizes(self, spare):
        """Leaves out what the limit of descriptors forbids; what was left out."""
        allowed = machine.allow_descriptors(self.sizes[-1] + spare) - spare
        over = [size for size in self.sizes if size > allowed]
        self.sizes = [size for size in self.sizes if size <= allowed]
        return over


class Bench:
    def __init__(self, superd, folder):
        self.folder, self.superd = folder, superd
        self.amounts = Amounts()
        self.tools = {}
        for name in ("floor", "load", "hi", "once", "stay", "stream"):
            self.tools[name] = self._compile(name)
        self.servers = find_servers(superd, self.tools["floor"])
        self.listening = machine.Listening()
        self.running = []
        self.results = Results()
        self._folders = 0
        self.end = None                 # of the run's time (time.monotonic()); None: a round of each part is enough
        self.is_over = False            # no part gets another round

    @staticmethod
    def compiler():
        return shlex.split(os.environ.get("CC") or "cc")

    def _compile(self, name):
        command = self.compiler() + ["-std=c17", "-D_GNU_SOURCE", "-O2", "-o", f"{self.folder}/{name}", f"{HERE}/{name}.c",
                              "-pthread"]
        if name in STATIC and subprocess.run(command + ["-static"], capture_output=True).returncode == 0:
            return f"{self.folder}/{name}"
        subprocess.run(command, check=True)
        return f"{self.folder}/{name}"

    def backend(self, kind):
        return self.tools["once" if kind == "cold" else "hi"]

    def make_folder(self):
        """A new one for a server's table and log."""
        self._folders += 1
        folder = os.path.join(self.folder, str(self._folders))
        os.mkdir(folder)
        return folder

    def launch(self, server, job):
        running = server.launch(job)
        self.running.append(running)
        return running

    def stop(self, running):
        running.stop()
        self.running.remove(running)
        shutil.rmtree(running.job.folder, ignore_errors=True)

    def stop_all(self):
        for running in list(self.running):
            self.stop(running)
        machine.end_orphans(known=set())

    def is_late(self):
        return self.end is not None and time.monotonic() > self.end

    def rounds(self, part, figure, server, x):
        """The number of each round, until this figure of this server is sure, or the run's time is over. It is the
        one that all are compared with: its turns have no other reason to differ than the machine. A part yields behind
        each round, so that parts take turns, too."""
        number = 0
        while True:
            self.tell(f"{part}, round {number + 1}")
            yield number
            number += 1
            doubt = find_doubt(self.results.turns(figure, server, x).values())
            is_sure = doubt is not None and doubt <= SURE and number >= LEAST_ROUNDS
            if is_sure or self.is_over:
                break
        self.results.note_noise(part, number, figure, server, x, SURE)

    def share(self, parts):
        """Each part's rounds, {name: generator}, the parts by turns: one round of each, then of the part that has had
        the fewest and whose next one fits into what is left. So a part has time by what its rounds need."""
        rounds, taken = dict.fromkeys(parts, 0), dict.fromkeys(parts, 0)
        waiting = dict(parts)
        while waiting:
            since = time.monotonic()
            fits = [name for name in waiting if not rounds[name] or (self.end and since + taken[name] < self.end)]
            self.is_over = not fits
            name = min(fits or waiting, key=rounds.get)
            try:
                next(waiting[name])
                rounds[name] += 1
                taken[name] = time.monotonic() - since
                self.tell(f"{name}: {taken[name]:.0f} s")
            except StopIteration:
                del waiting[name]
            finally:
                self.stop_all()

    def tell(self, text):
        """Where a run is, for who waits for it."""
        if sys.stderr.isatty():
            print(f"bench: {text}", file=sys.stderr)

    def _load(self, place, total, at_once, ports, limit=None, patience=PATIENCE, more=()):
        begin_for = ["-b", f"{limit * 1e3:.0f}"] if limit else []
        address, port = place
        return [self.tools["load"], "-a", address, "-c", str(at_once), "-t", f"{patience * 1e3:.0f}", *begin_for,
                *more, str(port), str(ports), str(total)]

    def load(self, running, total, at_once=1, ports=1, number=0, **bounds):
        """Puts a load on a service of a server, and on those behind it, and gives what the clients saw; what was lost
        is counted."""
        command = self._load(running.job.place(number), total, at_once, ports, **bounds)
        done = subprocess.run(command, capture_output=True, text=True)
        return self.take(running, done.returncode, done.stdout, done.stderr)

    def load_meanwhile(self, running, total, at_once, ports, limit=2 * SLICE, more=()):
        command = self._load(running.job.place(0), total, at_once, ports, limit, more=more)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def take(self, running, status, text, errors):
        if status not in (0, 1):
            raise Trouble(f"the load could not be made: {errors.strip()}")
        seen = json.loads(text)
        seen["mean"] = seen["seconds"] * 1e6 / seen["total"]
        self.results.count(running.name, seen)
        if not seen["answered"]:
            raise Trouble(f"it answered nobody: {seen['loss']}; its log: {running.last_words()}")
        return seen

    def load_whole(self, running, total, **how):
        """The same where a loss ends what is measured: each costs seconds, and a figure of the rest would flatter. A
        server that is slow is asked as long as the others, not as often."""
        seen = self.load(running, total, **{"limit": SLICE, **how})
        if seen["lost"]:
            raise Trouble(f"it lost {seen['lost']} of {total} connections: {seen['loss']}")
        return seen


def _numbers(name, default, least, most):
    words = (os.environ.get(name) or default).replace(",", " ").split()
    if not words or not all(word.isdigit() and least <= int(word) <= most for word in words):
        sys.exit(f"bench: {name}={' '.join(words)}: numbers from {least} to {most} are wanted")
    return [int(word) for word in words]
