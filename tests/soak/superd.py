"""The superd of a soak, what it uses, and who descends from it. Nothing is ended but by the pid of what it started."""
import ctypes
import json
import os
import signal
import subprocess
import time

PR_SET_CHILD_SUBREAPER = 36


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

    def main_pid(self):
        """Of superd itself; None: it has just died."""
        if not self.guarded:
            return self.pid
        return next((pid for pid, (parent, name, _) in parents().items() if parent == self.pid and name == "superd"), None)

    def write_table(self, text):
        """The whole table at once, as a reload may read it at any time."""
        with open(self.table + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(self.table + ".new", self.table)

    def order(self, *words):
        """superctl with these words, on its way."""
        return subprocess.Popen([self.superctl, "--control", self.control, *words], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

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
        """How many it has open; None: superd lets root alone look."""
        try:
            return len(os.listdir(f"/proc/{self.main_pid()}/fd"))
        except OSError:
            return None

    def descriptor_kinds(self):
        """What they lead to, counted."""
        kinds = {}
        if self.descriptors() is None:
            return kinds
        pid = self.main_pid()
        for number in os.listdir(f"/proc/{pid}/fd"):
            try:
                where = os.readlink(f"/proc/{pid}/fd/{number}").partition(":[")[0]
            except OSError:
                continue
            kinds[where] = kinds.get(where, 0) + 1
        return kinds

    def backends(self):
        """Processes below it that are none of its own: pid -> (name, state)."""
        return {pid: what for pid, what in descendants(self.pid).items() if not what[0].startswith("superd")}

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


def end_children(but=()):
    """Kills and reaps what is left below this process: who it was."""
    left = {pid: what for pid, what in descendants(os.getpid()).items() if pid not in but}
    for pid in left:
        kill_descendant(os.getpid(), pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(pid in left for pid in descendants(os.getpid())):
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        time.sleep(0.01)
    return left
