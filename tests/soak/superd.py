"""The superd of a soak, what it uses, and who descends from it. Nothing is ended but by the pid of what it started."""
import collections
import contextlib
import ctypes
import json
import os
import signal
import subprocess
import tempfile
import time

PR_SET_CHILD_SUBREAPER = 36
OWN = ("superd", "superctl")    # what the names of superd's own processes begin with, and of those that ask it


def become_subreaper():
    """Whatever outlives superd is our child then."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def parents():
    """pid -> (parent, name, state) of all processes."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                text = file.read()
        except OSError:
            continue
        name, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
        found[int(entry)] = (int(rest[1]), name, rest[0])
    return found


def descendants(pid):
    """pid -> (name, state) of all below it."""
    everyone = parents()
    below = {}
    for one, (_, name, state) in everyone.items():
        at = one
        while at in everyone and at != pid:
            at = everyone[at][0]
        if at == pid and one != pid:
            below[one] = (name, state)
    return below


def leads_its_group(pid):
    try:
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False


def reap_strangers(known):
    """Children that came to this process when their parent ended, and have ended themselves."""
    for pid, (parent, _, state) in parents().items():
        if parent == os.getpid() and state == "Z" and pid not in known:
            os.waitpid(pid, os.WNOHANG)


def variables(pid):
    """A process's environment; what cannot be read is empty."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return dict(one.split("=", 1) for one in file.read().decode(errors="replace").split("\0") if "=" in one)
    except OSError:
        return {}


def kill_descendant(of, pid, number):
    """Sends the signal to the very process that is below `of` now. False: there is none of this pid."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        if pid not in descendants(of):
            return False
        signal.pidfd_send_signal(handle, number)
        return True
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)


class Order:
    """A superctl that runs. It writes into a file, because a pipe that is read at the end has room for 64 KiB only, and
    "superctl metrics" prints more."""

    def __init__(self, words):
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as file:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
            self.file = os.fdopen(os.dup(file.fileno()), "r", encoding="utf-8", errors="replace")

    def is_over(self):
        return self.process.poll() is not None

    def end(self):
        """Once it is over: its exit status, and what it printed."""
        self.file.seek(0)
        said = self.file.read()
        self.file.close()
        return self.process.returncode, said

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.file.close()


class Superd:
    """superd with its table, log and control socket in a folder."""

    def __init__(self, folder, program, superctl, text, guarded=False):
        self.folder, self.superctl = folder, superctl
        self.control, self.log, self.table = f"{folder}/control", f"{folder}/superd.log", f"{folder}/superd.conf"
        self.write_table(text)
        with open(f"{folder}/superd.err", "wb") as errors:
            self.process = subprocess.Popen(
                [program, *(["--guard"] if guarded else []), "-f", self.table, "--control", self.control, "--log", f"file:{self.log}", "--log-level",
                 os.environ.get("LOG_LEVEL", "info")], stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                start_new_session=True)
        self.pid = self.process.pid     # of the guard, if there is one
        self.guarded = guarded
        self.load = 0                   # pid of the load generator, which is no backend

    def main_pid(self):
        """Of superd itself; None: it has just died. It leads a process group, unlike what it has forked."""
        if not self.guarded:
            return self.pid
        return next((pid for pid, (parent, name, state) in parents().items()
                     if parent == self.pid and name == "superd" and state != "Z" and leads_its_group(pid)), None)

    def write_table(self, text):
        """The whole table at once, as a reload may read it at any time."""
        with open(self.table + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(self.table + ".new", self.table)

    def order(self, *words):
        """superctl with these words, on its way."""
        return Order([self.superctl, "--control", self.control, *words])

    def ask(self, *words, seconds=60):
        """superctl to its end: its status, and what it printed."""
        try:
            done = subprocess.run([self.superctl, "--control", self.control, *words], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return 124, "superctl did not end"
        return done.returncode, done.stdout + done.stderr

    def instance_pids(self, name):
        """The main processes of a service."""
        status, text = self.ask("--json", "status", name)
        found = []
        for line in text.splitlines() if status in (0, 3) else ():
            try:
                reply = json.loads(line)
            except ValueError:
                continue
            found += [one["pid"] for one in reply.get("instances", ()) if one.get("pid", 0) > 0]
        return found

    def is_up(self):
        return self.ask("version", seconds=10)[0] == 0

    def memory(self):
        """KiB: proportional, anonymous and resident; what cannot be seen is 0."""
        found = {}
        pid = self.main_pid()
        for path in (f"/proc/{pid}/smaps_rollup", f"/proc/{pid}/status"):
            try:
                with open(path, encoding="ascii", errors="replace") as file:
                    for line in file:
                        words = line.split()
                        if len(words) == 3 and words[2] == "kB":
                            found.setdefault(words[0].rstrip(":"), int(words[1]))
            except OSError:
                continue
        return found.get("Pss", 0), found.get("Pss_Anon", found.get("RssAnon", 0)), found.get("Rss", found.get("VmRSS", 0))

    def descriptors(self):
        """What its descriptors lead to, counted; empty: superd lets root alone look."""
        kinds = collections.Counter()
        folder = f"/proc/{self.main_pid()}/fd"
        try:
            for number in os.listdir(folder):
                with contextlib.suppress(FileNotFoundError):
                    kinds[os.readlink(f"{folder}/{number}").partition(":[")[0]] += 1
        except OSError:
            kinds.clear()
        return kinds

    def backends(self):
        """Processes that are none of its own: pid -> (name, state). Those of a superd and a guard that have died are below this
        process."""
        above = os.getpid() if self.guarded else self.pid
        return {pid: what for pid, what in descendants(above).items() if not what[0].startswith(OWN) and pid != self.load}

    def main_processes(self):
        """Name of a service that takes clients itself -> the processes that superd has executed for it."""
        found = {}
        for pid, (_, state) in self.backends().items():
            has = variables(pid) if state != "Z" else {}
            if has.get("LISTEN_PID") == str(pid):
                found.setdefault(has.get("LISTEN_FDNAMES"), []).append(pid)
        return found

    def end(self, seconds=40):
        """TERM; its exit status, or None where it had to be killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                return None
        return self.process.returncode


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def end_children(but=()):
    """Kills and reaps what is left below this process: who it was. Workers of superd end by themselves when it has ended,
    within a moment."""
    deadline = time.monotonic() + 2
    while True:
        reap()
        left = {pid: what for pid, what in descendants(os.getpid()).items() if pid not in but}
        if not any(name.startswith("superd-") for name, _ in left.values()) or time.monotonic() > deadline:
            break
        time.sleep(0.01)
    for pid in left:
        kill_descendant(os.getpid(), pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(pid in left for pid in descendants(os.getpid())):
        reap()
        time.sleep(0.01)
    return left
