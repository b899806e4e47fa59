"""The super-servers that are compared: how each is told to do one job, how it is started, and how it is ended.

A job is `each`: an instance for every connection, which it gets as its standard input and output; or `cold`:
the backend is handed the listener, answers one connection and ends, so that every connection is an activation.
Who can do `many` serves thousands of ports in one process, and who can `reload` takes a new table at HUP. A function
a server gives the arguments that start it in the foreground, with its configuration written into the job's folder.
"""

import os
import pwd
import shutil
import subprocess
import time

import systemd
import versions
from machine import A_BLOCK, LOOPBACK, Trouble, first_child

PATIENCE = 60                           # seconds until a server listens


class Job:
    """What to do: the ports to listen on, the backend to start, and where to write. Of superd's are its options, the form of
    its table (_FORMS), and the terms of each service."""

    def __init__(self, kind, port, backend, folder, count=1, options=(), form="superd.conf", terms=""):
        self.kind, self.port, self.backend, self.folder, self.count = kind, port, backend, folder, count
        self.options, self.form, self.terms = options, form, terms
        self.user = pwd.getpwuid(os.getuid()).pw_name

    @property
    def places(self):
        """(address, port) of each service."""
        return [self.place(n) for n in range(self.count)]

    @property
    def ports(self):
        return [port for _, port in self.places]

    def place(self, number):
        return f"127.0.0.{1 + number // A_BLOCK}", self.port + number % A_BLOCK

    @property
    def waits(self):
        return self.kind == "cold"

    def control(self):
        """superd's own, as more than one run at a time."""
        return ["--control", os.path.join(self.folder, "control")]

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path


def find_program(program, package):
    """On PATH or where an administrator has it, else in an unpacked package below $SUPERD_PEERS."""
    folders = os.environ.get("PATH", "").split(":") + ["/usr/sbin", "/sbin", "/usr/lib/systemd", "/lib/systemd"]
    if os.environ.get("SUPERD_PEERS"):
        parts = ("usr/sbin", "usr/bin", "sbin", "bin", "usr/lib/systemd", "lib/systemd")
        folders += [f"{os.environ['SUPERD_PEERS']}/{package}/{part}" for part in parts]
    return shutil.which(program, path=":".join(folders))


def _write_superd_conf(job):
    accept = "" if job.waits else "accept = yes  "
    text = "".join(f'service s{n} {{ listen = {{ "{address}:{port}" }}  {accept}exec = "{job.backend}"  '
                   f'user = "{job.user}"  {job.terms} }}\n' for n, (address, port) in enumerate(job.places))
    return job.write("superd.conf", text)


def _write_inetd_conf(job):
    way = "wait" if job.waits else "nowait.1000000"
    return job.write("inetd.conf", "".join(f"{address}:{port} stream tcp {way} {job.user} {job.backend} backend\n"
                                           for address, port in job.places))


def _write_units(job):
    """Each with a filter of system calls, all with the same."""
    os.makedirs(os.path.join(job.folder, "units"), exist_ok=True)
    for number, (address, port) in enumerate(job.places):
        job.write(f"units/s{number}.socket", f"[Socket]\nListenStream={address}:{port}\n")
        job.write(f"units/s{number}.service", f"[Service]\nExecStart={job.backend}\nUser={job.user}\n"
                                              "SystemCallFilter=@system-service\n")
    return os.path.join(job.folder, "units")


_FORMS = {                              # of superd's table: what writes it, and gives what superd is to read
    "superd.conf": _write_superd_conf,
    "inetd.conf": lambda job: "inetd+openbsd:" + _write_inetd_conf(job),
    "units": lambda job: "systemd:" + _write_units(job),
}


def _superd(program, job):
    return [program, *job.options, "-f", _FORMS[job.form](job), *job.control()]


def _floor(program, job):
    return [program, job.kind, str(job.port), job.backend]


def _xinetd(program, job):
    text = "defaults\n{\n\tinstances = UNLIMITED\n\tper_source = UNLIMITED\n\tcps = 10000000 1\n}\n"
    text += "".join(f"service s{n}\n{{\n\ttype = UNLISTED\n\tid = s{n}\n\tbind = {address}\n\tport = {port}\n"
                    f"\tsocket_type = stream\n\tprotocol = tcp\n\twait = {'yes' if job.waits else 'no'}\n"
                    f"\tuser = {job.user}\n\tserver = {job.backend}\n}}\n"
                    for n, (address, port) in enumerate(job.places))
    return [program, "-dontfork", "-f", job.write("xinetd.conf", text), "-pidfile", os.path.join(job.folder, "pid")]


def _openbsd_inetd(program, job):
    way = "wait.1000000" if job.waits else "nowait.1000000"
    text = "".join(f"{address}:{port} stream tcp {way} {job.user} {job.backend} backend\n"
                   for address, port in job.places)
    return [program, "-i", "-R", "0", job.write("inetd.conf", text)]


def _tcpserver(program, job):
    return [program, "-HRDl0", "-c", "100000", "-b", "4096", LOOPBACK, str(job.port), job.backend]


def _rlinetd(program, job):
    text = (f'service "backend" {{\n\tport {job.port};\n\tinterface {LOOPBACK};\n\tprotocol tcp;\n'
            f'\tuser "{job.user}";\n\twait {"yes" if job.waits else "no"};\n\texec "{job.backend}";\n}}\n')
    return [program, "-d", "-f", job.write("rlinetd.conf", text)]


def _inetutils_inetd(program, job):
    return [program, "-d", "-R", "100000000", _write_inetd_conf(job)]


def _busybox_inetd(program, job):
    return [program, "inetd", "-f", "-e", "-q", "4096", "-R", "0", _write_inetd_conf(job)]


def _tcpsvd(program, job):
    return [program, "-l0", "-c", "100000", "-b", "4096", LOOPBACK, str(job.port), job.backend]


def _s6_tcpserver(program, job):
    return [program, "-c", "100000", "-b", "4096", LOOPBACK, str(job.port), job.backend]


def _socket_activate(program, job):
    return [program, "-a", "--inetd", "-l", f"{LOOPBACK}:{job.port}", job.backend]


_EVERYTHING = ("each", "cold", "many", "reload")
_PEERS = (
    # name, program, package, arguments, what it can do
    ("xinetd", "xinetd", "xinetd", _xinetd, _EVERYTHING),
    ("openbsd-inetd", "inetd", "openbsd-inetd", _openbsd_inetd, _EVERYTHING),
    ("inetutils", "inetutils-inetd", "inetutils-inetd", _inetutils_inetd, _EVERYTHING),
    ("busybox", "busybox", "busybox", _busybox_inetd, _EVERYTHING),
    ("rlinetd", "rlinetd", "rlinetd", _rlinetd, ("each", "cold")),
    ("tcpserver", "tcpserver", "ucspi-tcp", _tcpserver, ("each",)),
    ("tcpsvd", "tcpsvd", "ipsvd", _tcpsvd, ("each",)),
    ("s6-tcpserver", "s6-tcpserver", "s6-networking", _s6_tcpserver, ("each",)),
    ("socket-activate", "systemd-socket-activate", "systemd", _socket_activate, ("each",)),
    ("systemd", "systemd", "systemd", systemd.arguments, ("each", "cold", "many")),
)
_MOST = {"systemd": 1000}               # services: so many cost it seconds, ten times as many minutes


class Running:
    """A server at work on a job. One that is contained is the child of the program that made its namespaces."""

    def __init__(self, name, arguments, job, contained=False):
        self.name, self.job, self.contained = name, job, contained
        self.log = os.path.join(job.folder, "log")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=job.folder,
                                            start_new_session=True)

    @property
    def pid(self):
        return first_child(self.process.pid) if self.contained else self.process.pid

    def wait_until_listening(self, listening):
        """Returns since when it does (time.monotonic())."""
        places, until = self.job.places, time.monotonic() + PATIENCE
        while (since := listening.find_since(places)) is None:
            if self.process.poll() is not None:
                raise Trouble(f"it ended with status {self.process.returncode}: {self.last_words()}")
            if time.monotonic() > until:
                raise Trouble(f"it did not listen within {PATIENCE} s: {self.last_words()}")
            time.sleep(.001)
        return since

    def last_words(self):
        with open(self.log, errors="replace") as log:
            lines = log.read()[-1000:].strip().split("\n")
        return "; ".join(lines[-2:]) or "it says nothing"

    def stop(self):
        if self.process.poll() is not None:
            return
        if self.contained:
            self.process.kill()         # all within ends with it
        else:
            self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Server:
    """One of those compared."""

    def __init__(self, name, program, arguments, abilities):
        self.name, self.program, self._arguments, self.abilities = name, program, arguments, abilities
        self.most = _MOST.get(name)     # services; None: as many as it has descriptors for
        self.commands = {}              # by kind of job: how it was started, with one service

    def _describe(self, arguments, job):
        """The command and its table, without what is another in every run."""
        text = " ".join(arguments)
        for folder, _, names in os.walk(job.folder):
            for name in sorted(set(names) - {"log"}):
                with open(os.path.join(folder, name)) as file:
                    text += f"\n-- {name} --\n{file.read().strip()}"
        for part, word in ((job.folder + "/", ""), (os.path.dirname(job.backend) + "/", ""), (str(job.port), "PORT")):
            text = text.replace(part, word)
        return text

    def launch(self, job):
        """Starts it, without waiting for anything."""
        arguments = self._arguments(self.program, job)
        if job.count == 1 and job.kind not in self.commands:
            self.commands[job.kind] = self._describe(arguments, job)
        return Running(self.name, arguments, job, contained=arguments[0] == "unshare")

    def check(self, job):
        """Seconds that superd takes to check this job's table."""
        since = time.monotonic()
        done = subprocess.run(self._arguments(self.program, job) + ["--check"], capture_output=True, text=True)
        if done.returncode:
            raise Trouble(f"--check: {done.stderr.strip()[-200:]}")
        return time.monotonic() - since

    def serves(self, ability, size=1):
        return ability in self.abilities and (not self.most or size <= self.most)

    def rewrite(self, job):
        """Its table for another number of services, in the place of the one that it runs with."""
        self._arguments(self.program, job)

    def describe(self):
        version = "built for this run" if self.name == "floor" else versions.find_version(self.program)
        return {"name": self.name, "program": self.program, "version": version, "commands": self.commands}


def _is_ours(name, program):
    """Several programs are called inetd, and not every busybox has one."""
    if name == "openbsd-inetd":
        with open(program, "rb") as file:
            return b"usage: inetd [-dEil]" in file.read()
    if name == "busybox":
        applets = subprocess.run([program, "--list"], capture_output=True, text=True).stdout
        return "inetd" in applets.split()
    if name == "systemd":
        return systemd.may_run(program)
    return True


def find_servers(superd, floor):
    """The floor, superd and those peers that are here."""
    servers = [Server("floor", floor, _floor, ("each", "cold")), Server("superd", superd, _superd, _EVERYTHING)]
    for name, program, package, arguments, abilities in _PEERS:
        path = find_program(program, package)
        if path and _is_ours(name, path):
            servers.append(Server(name, path, arguments, abilities))
    return servers
