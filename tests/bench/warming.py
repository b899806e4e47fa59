"""What `warm` spares a client of accept = yes: the first byte of a program that was started ahead (warm), of one that is
started for its client (cold), of a server of its own that is there already (resident, where there is one), in several
languages, and of the floor's start of a static program.

In three ways: one client right after the other, where each also pays for the end of the program before it; a client now
and then, when the program before has ended, another one waits, and the machine has been at rest for PAUSE; and many at
once. Of the static program there is a load without a pause, too, where no start ahead can keep up: it must be no
slower than without. All ways of all programs take turns, another first each time, and before each turn superd has done all
it has to do.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from statistics import median

import machine
from machine import LOOPBACK, Trouble, find_ports
from servers import Job, Running

CLIENTS = 8                             # of a turn, one after the other
PACED = 4                               # of a turn, now and then
PAUSE = .05                             # seconds
AT_ONCE = 32
PATIENCE = 60                           # seconds until as many as are wanted are held
BASE = "static C"                       # the program whose start by the floor is measured, too
WAYS = ("warm", "cold", "resident", "floor")
FIGURES = ("warm.paced", "warm.first", "warm.crowd")
LOAD, LOAD_CLIENTS = 1, 2               # seconds without a pause, and clients at once: more than can be started ahead
GIT = "/usr/lib/git-core/git-daemon"
STATIC = ("#include <unistd.h>\nint main(void)\n{\n\tchar b[64];\n\n"
          "\treturn read(0, b, sizeof(b)) < 0 || write(1, \"hi\\n\", 3) != 3;\n}\n")
SCRIPTS = {
    "Python": ("python3", "import os, sys\nsys.stdin.readline()\nos.write(1, b'hi\\n')\n"),
    "Ruby": ("ruby", "$stdout.sync = true\n$stdin.gets\nputs 'hi'\n"),
    "Perl": ("perl", "$| = 1;\n<STDIN>;\nprint \"hi\\n\";\n"),
    "sh": ("sh", "read line\necho hi\n"),
    "bash": ("bash", "read line\necho hi\n"),
}
RESIDENT = ("import os, socket, sys\nlistener = socket.create_server(('127.0.0.1', int(sys.argv[1])), backlog=4096)\n"
            "while True:\n    client = listener.accept()[0]\n    client.recv(64)\n    client.sendall(b'hi\\n')\n"
            "    client.close()\n")


class Program:
    """One that is started: its command, its server that is there already (arguments, by the port), if there is one, and
    what a client sends and gets."""

    def __init__(self, command, resident=None, sends=b"x\n", answer="hi"):
        self.command, self.resident, self.sends, self.answer = command, resident, sends, answer


def find_program(name):
    return sys.executable if name == "python3" else shutil.which(name)


def _write(path, text, mode=0o644):
    with open(path, "wb") as file:
        file.write(text.encode() if isinstance(text, str) else text)
    os.chmod(path, mode)
    return path


def make_programs(bench, folder):
    """{name: Program} of those that this machine can run."""
    made = {}
    for name, (interpreter, text) in SCRIPTS.items():
        if not find_program(interpreter):
            continue
        path = _write(os.path.join(folder, name), f"#!{find_program(interpreter)}\n{text}", 0o755)
        resident = (lambda port: [sys.executable, "-c", RESIDENT, str(port)]) if name == "Python" else None
        made[name] = Program(path, resident)
    if os.access(GIT, os.X_OK):
        store = os.path.join(folder, "store")
        subprocess.run(["git", "init", "-q", "--bare", store], check=True)
        options = f"--export-all --base-path={folder} {store}"
        made["git-daemon"] = Program(f"{GIT} --inetd {options}",
                                     lambda port: [GIT, f"--listen={LOOPBACK}", f"--port={port}", *options.split()],
                                     b"002agit-upload-pack /store\0host=127.0.0.1\0" + b"0000", "00")
    path = os.path.join(folder, "static")
    _write(path + ".c", STATIC)
    subprocess.run([*bench.compiler(), "-O2", "-static", "-o", path, path + ".c"], check=True)
    made[BASE] = Program(path)
    for name, program in made.items():
        program.words = _write(os.path.join(folder, f"{name}.words"), program.sends)
    return made


class Warming:
    """superd with a warm and a cold service of each program, and beside it the floor's and the resident servers."""

    def __init__(self, bench):
        self.bench = bench
        job = Job("warm", 0, None, bench.make_folder())
        self.programs = make_programs(bench, job.folder)
        names = list(self.programs)
        job.port, job.count = find_ports(2 * len(names)), 2 * len(names)
        self.numbers = {(way, name): 2 * at + behind for at, name in enumerate(names)
                        for behind, way in enumerate(("warm", "cold"))}
        self.control = os.path.join(job.folder, "control")
        table = ""
        for name, program in self.programs.items():
            for way, options in (("warm", f"warm = {AT_ONCE}"), ("cold", "")):
                table += (f'service "{way}-{self._key(name)}" {{ listen = "{LOOPBACK}:{job.place(self.numbers[way, name])[1]}"  '
                          f'accept = yes  exec = "{program.command}"  user = "{job.user}"  {options} }}\n')
        self.command = [bench.superd, "-f", job.write("superd.conf", table), "--control", self.control, "--log-level",
                        "warning"]
        self.servers = {"superd": self._start("superd", self.command, job)}
        for name, program in self.programs.items():
            port = find_ports(1)
            if program.resident:
                self.servers["resident", name] = self._start("resident", program.resident(port), self._job(port))
            if name == BASE:            # of an interpreter's start the floor's is the smaller part
                port = find_ports(1)
                self.servers["floor", name] = self._start("floor", [bench.tools["floor"], "each", str(port),
                                                                    program.command], self._job(port))

    @staticmethod
    def _key(name):
        return name.replace(" ", "-")

    def _job(self, port):
        return Job("warm", port, None, self.bench.make_folder())

    def _start(self, name, command, job):
        running = Running(name, command, job)
        self.bench.running.append(running)
        running.wait_until_listening(self.bench.listening)
        return running

    def ways(self, name):
        return [way for way in WAYS if way in ("warm", "cold") or (way, name) in self.servers]

    def _ask(self, service):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.control)
            lines = client.makefile("rw")
            print("hello", json.loads(lines.readline())["hello"], file=lines)
            print("status", service, file=lines, flush=True)
            return json.loads(lines.readline())

    def wait(self, name):
        """Until as many wait as are wanted, and nothing of clients before is left."""
        until = time.monotonic() + PATIENCE
        while True:
            found = self._ask(f"warm-{self._key(name)}")
            warm, cold = found["warm"], self._ask(f"cold-{self._key(name)}")
            if warm["obstacle"]:
                raise Trouble(f"it can't be held: {warm['obstacle']}")
            if warm["held"] == warm["wanted"] and not found["instances"] and not cold["instances"]:
                return
            if time.monotonic() > until:
                raise Trouble(f"{warm['held']} of {warm['wanted']} are held: {self.servers['superd'].last_words()}")
            time.sleep(.005)

    def load(self, way, name, total, at_once=1, limit=None, figure="first_p50"):
        """µs until the first byte, the median of so many clients; or another figure of that load."""
        number = self.numbers.get((way, name), 0)
        running = self.servers["superd"] if (way, name) in self.numbers else self.servers[way, name]
        program = self.programs[name]
        return self.bench.load_whole(running, total, at_once=at_once, number=number, limit=limit,
                                     patience=PATIENCE, more=["-s", program.words, "-e", program.answer, "-f"])[figure]

    def pace(self, way, name):
        """The median of clients now and then."""
        found = []
        for _ in range(PACED):
            self.wait(name)
            time.sleep(PAUSE)
            found.append(self.load(way, name, 1))
        return median(found)

    def memory(self, name):
        """MB (Pss) that one of those that wait takes, and everything below superd that is of this program."""
        command = self.programs[name].command.split()
        found = []
        for pid in machine.list_family(self.servers["superd"].pid)[1:]:
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    if command[0].encode() in file.read().split(b"\0"):
                        found.append(machine.memory(pid))
            except OSError:
                continue
        return median(found) / 1e3 if found else 0

    def take_turn(self, name, turn, figures=FIGURES):
        """Of each way of one program; {figure: {way: µs}}."""
        ways = self.ways(name)
        begin = turn % len(ways)
        kinds = {"warm.paced": lambda way: self.pace(way, name), "warm.first": lambda way: self.load(way, name, CLIENTS),
                 "warm.crowd": lambda way: self.load(way, name, AT_ONCE, AT_ONCE)}
        for figure in figures:
            for way in ways[begin:] + ways[:begin]:
                self.wait(name)
                self.bench.results.add(figure, way, name, turn, kinds[figure](way) / 1e3)

    def take_load(self, name, turn):
        """Clients a second of a load without a pause, with warm and without."""
        for way in ("warm", "cold") if turn % 2 else ("cold", "warm"):
            self.wait(name)
            rate = self.load(way, name, 1000000, LOAD_CLIENTS, limit=LOAD, figure="rate")
            self.bench.results.add("warm.load", way, name, turn, rate)


def tell_ways(bench, command):
    known = {server["name"] for server in bench.results.servers}
    for way in WAYS:
        if way not in known:
            commands = {"warm": command} if way in ("warm", "cold") else {}
            program = bench.superd if commands else ""
            bench.results.servers.append({"name": way, "program": program, "version": "", "commands": commands})


def compare_warm(bench):
    failed = set()
    tell_ways(bench, f"superd, accept = yes, with warm = {AT_ONCE} and without")
    for turn in bench.rounds("warm", "warm.first", "floor", BASE):
        try:
            warming = Warming(bench)
            for name in warming.programs:
                if name in failed:
                    continue
                bench.tell(f"warm, {name}")
                try:
                    if turn and bench.is_late():
                        bench.results.skip(name, "warm", AT_ONCE)
                        continue
                    warming.take_turn(name, turn)
                    if name == BASE:
                        warming.take_load(name, turn)
                    bench.results.add("warm.memory", "warm", name, turn, warming.memory(name))
                except Trouble as trouble:
                    failed.add(name)
                    for figure in FIGURES + ("warm.load",) * (name == BASE):
                        bench.results.fail(figure, "warm", name, trouble)
        except (Trouble, OSError) as trouble:
            for figure in FIGURES:
                bench.results.fail(figure, "superd", BASE, trouble)
        yield
