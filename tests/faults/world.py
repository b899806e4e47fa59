"""A superd in namespaces of this process alone, and what is done with it from outside: clients, orders, and looks at what it
has. Every wait is for a condition. One that lasts ends the failing first, as only a failure that goes on may last."""
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import time

from shared import LOCK

PATIENCE = 4      # times as long as a whole run without a failure: until what has not come is lost
SHORT = 0.3      # seconds that a failure goes on for when something waits
PLACE = "/run/faults"


class Broken(Exception):
    """An invariant that does not hold."""


def prepare():
    """Makes this process's namespaces fit: /run is empty, the loopback is up."""
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def processes():
    """All of the namespace but this one, and what ps runs for."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def words_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def clean():
    """Kills what is left of a run, and removes its files."""
    while left := processes():
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        reap()
    for name in os.listdir("/run"):
        path = os.path.join("/run", name)
        shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    os.makedirs(PLACE)


class Superd:
    """superd, and its guard, if its arguments do not refuse one. faulty: the program whose first process has a call fail."""

    def __init__(self, program, injector, shared, table, usual_seconds, arguments=(), faulty=None):
        self.shared, self.status, self.patience = shared, None, max(8.0, PATIENCE * usual_seconds)
        self.log_path = f"{PLACE}/log"
        self.control_path = f"{PLACE}/control"
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(f"{PLACE}/notify")
        self.write_table(table)
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "NOTIFY_SOCKET": f"{PLACE}/notify", "LD_PRELOAD": injector,
                       "FAULTS_FILE": shared.path, "FAULTS_PROGRAM": faulty or program}
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [program, "-f", f"{PLACE}/superd.conf", "--control", self.control_path, "--log-level", "info", *arguments],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, close_fds=True)
        self.top = self.process.pid # superd's guard, or superd itself

    def write_table(self, text):
        with open(f"{PLACE}/superd.conf", "w", encoding="utf-8") as file:
            file.write(text)

    def log(self):
        """What it has printed, and what is in the files that its tables name."""
        text = ""
        for path in [self.log_path, *sorted(glob.glob(f"{PLACE}/*.log"))]:
            with open(path, encoding="utf-8", errors="replace") as file:
                text += file.read()
        return text

    def has_ended(self):
        if self.status is None:
            self.status = self.process.poll()
        return self.status is not None

    def below(self):
        """superd's process below its guard; 0: there is none now. What superd has left is the guard's child, too, but leads no
        process group of superd's name."""
        try:
            with open(f"/proc/{self.top}/task/{self.top}/children", encoding="utf-8") as file:
                children = [int(word) for word in file.read().split()]
            return next((pid for pid in children if name_of(pid) == "superd" and os.getpgid(pid) == pid), 0)
        except OSError:
            return 0

    def kill(self):
        """Kills superd below its guard. Whether another one answers then."""
        before = self.wait(self.below)
        if not before:
            return False
        os.kill(before, signal.SIGKILL)
        self.shared.set_word(LOCK, 0)
        return bool(self.wait(lambda: self.below() not in (0, before) and self.answers()))

    def wait(self, condition, patience=None):
        """Waits until the condition holds; returns its value, None if superd has ended, or it was in vain."""
        start, pause = time.monotonic(), 0.002
        while not (value := condition()):
            waited = time.monotonic() - start
            if self.has_ended():
                return condition() or None
            if waited > SHORT:
                self.shared.disarm()
            if waited > (patience or self.patience):
                return None
            time.sleep(pause)
            pause = min(pause * 1.5, 0.02)
        return value

    def is_ready(self):
        """Waits until superd has said that it is ready, or, as what it said may be lost, until it answers. False: neither."""
        said = b""

        def heard():
            nonlocal said
            try:
                said += self.notify.recv(4096, socket.MSG_DONTWAIT)
            except BlockingIOError:
                pass
            return b"READY=1" in said
        return bool(self.wait(heard, self.patience / 4) or (not self.has_ended() and self.wait(lambda: heard() or self.answers())))

    def answers(self):
        try:
            return self.order("version") is not None
        except Broken:
            return False

    def order(self, line):
        """What superd answers at its control socket: its lines, the last of which says how it went. None: nothing."""
        with socket.socket(socket.AF_UNIX) as control:
            try:
                control.connect(self.control_path)
            except OSError:
                return None
            data, start, asked = b"", time.monotonic(), False
            control.settimeout(SHORT)
            while time.monotonic() - start < self.patience and not self.has_ended():
                try:
                    got = control.recv(65536)
                except TimeoutError:
                    self.shared.disarm()
                    continue
                except OSError:
                    return None
                if not got:
                    return None
                data += got
                if not asked and b'"hello":"' in data and b"\n" in data:
                    word = data.split(b'"hello":"')[1].split(b'"')[0]
                    asked = True
                    try:
                        control.sendall(b"hello " + word + b"\n" + line.encode() + b"\n")
                    except OSError:
                        return None
                lines = data.decode().splitlines()
                if data.endswith(b"\n") and ('"done"' in lines[-1] or '"error":' in lines[-1] and '"code"' in lines[-1]):
                    rows = [json.loads(each) for each in lines]
                    return rows[1:] if "protocol" in rows[0] else rows # who is refused gets no greeting
            if self.has_ended():
                return None
        raise Broken(f"superctl {line}: no answer within {self.patience:.0f} s: {data[-200:]!r}")

    def was_upgraded(self):
        """An upgrade that succeeds ends the connection, and the next greeting tells of it."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(0.3)
            try:
                control.connect(self.control_path)
                return b'"upgraded_from"' in control.recv(65536)
            except OSError:
                return False

    def state(self):
        """The state of the table: each service with its options and whether it listens."""
        shown, listed = self.order("show"), self.order("list")
        if not shown or not listed or "done" not in shown[-1] or "done" not in listed[-1]:
            return None
        return [json.dumps(row, sort_keys=True) for row in shown[:-1]] + [
            f"{row['service']}: {row['state']}" for row in listed[:-1]]

    def descriptors(self):
        """How many descriptors it has, by kind. Those of a guard are the same."""
        kinds = {}
        try:
            for name in os.listdir(f"/proc/{self.top}/fd"):
                try:
                    kind = os.readlink(f"/proc/{self.top}/fd/{name}").split(":[")[0]
                except OSError:
                    continue
                if kind.startswith("/sys/fs/cgroup/"): # two of each service, open from its first start on
                    continue
                kinds[kind] = kinds.get(kind, 0) + 1
        except OSError:
            pass
        return kinds

    def close(self):
        self.notify.close()


def open_client(kind, where):
    family = socket.AF_UNIX if isinstance(where, str) else socket.AF_INET
    client = socket.socket(family, kind)
    client.settimeout(SHORT)
    client.connect(where if isinstance(where, str) else ("127.0.0.1", where))
    return client


def ask(superd, kind, where, says="hello\n"):
    """Sends a line and waits for the answer. Returns it, "" where the client was refused."""
    try:
        client = open_client(kind, where)
    except OSError:
        return ""
    with client:
        start, data = time.monotonic(), b""
        try:
            client.sendall(says.encode())
            while time.monotonic() - start < superd.patience:
                try:
                    got = client.recv(4096)
                except TimeoutError:
                    superd.shared.disarm()
                    if superd.has_ended():
                        return ""
                    if kind == socket.SOCK_DGRAM:
                        client.sendall(says.encode()) # a datagram may be lost: whoever sends one asks again
                    continue
                data += got
                if not got or data.endswith((b"\n", b"hello")) and data != b"+Go\r\n":
                    return "" if data.startswith(b"-") else data.decode() # - is the refusal of RFC 1078
        except OSError:
            return ""
    raise Broken(f"the client of {where} is neither answered nor refused within {superd.patience:.0f} s")
