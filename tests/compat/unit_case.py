"""What the cases of `units` are made of: a world in which a package may have its own way, superd with the package's units,
and what is left of both at the end.

A case runs in namespaces of its own (network, mounts, processes, IPC). /usr is read-only there, so the units are what the
package installed; the rest of the machine's root can be written, and forgets it at the end; /run is empty but for the
folders that tmpfiles.d asks for, as after boot."""
import contextlib
import glob
import os
import re
import signal
import subprocess
import time

from server_case import PATIENCE, Failed, Skip, need, read

SUPERD = os.environ.get("SUPERD_BIN", "superd")
LOG = "/srv/superd.log"
SYSTEM, USER = "/usr/lib/systemd/system", "/usr/lib/systemd/user"

cases = {}


def unit_case(*needs):
    """A package at work. needs: the units, and the programs of server and client, each as PATH or NAME with " (PACKAGE)"
    behind it; a unit's NAME alone is one of the system's."""
    def wrap(function):
        cases[function.__name__] = (needs, function)
        return function
    return wrap


def path_of(unit):
    for folder in (SYSTEM, "/lib/systemd/system", USER):
        if os.path.exists(f"{folder}/{unit}"):
            return f"{folder}/{unit}"
    return None


def look_for(needs):
    for word in needs:
        name, package = word.rstrip(")").split(" (")
        there = os.path.exists(name) if name.startswith("/") else path_of(name)
        if not there:
            raise Skip(f"{name} is missing (Debian: {package})")


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def make_run_folders():
    """The folders below /run that packages ask for: lines as "d /run/dbus 0755 messagebus - -"."""
    for conf in sorted(glob.glob("/usr/lib/tmpfiles.d/*.conf")):
        for line in read(conf).decode(errors="replace").splitlines():
            words = line.split() + ["-"] * 5
            if words[0] != "d" or not words[1].startswith("/run/") or "%" in words[1]:
                continue
            os.makedirs(words[1], exist_ok=True)
            os.chmod(words[1], 0o755 if words[2] == "-" else int(words[2].lstrip("~:"), 8))
            owner = [word if word != "-" else "root" for word in words[3:5]]
            subprocess.run(["chown", ":".join(owner), words[1]], check=False, stderr=subprocess.DEVNULL)


def lay_over(folder, place):
    """What is written to the folder, seen at a place, goes to /srv, and is forgotten at the end."""
    top = "/srv/.over" + folder
    os.makedirs(top + "/upper")
    os.makedirs(top + "/work")
    os.chmod(top + "/upper", os.stat(folder).st_mode & 0o7777)
    mount("-t", "overlay", "-o", f"lowerdir={folder},upperdir={top}/upper,workdir={top}/work", "none", place)


def mounts_below_root():
    """The paths of what is mounted on the root's file system itself."""
    rows = [line.split() for line in read("/proc/self/mountinfo").decode().splitlines()]
    root = [row[0] for row in rows if row[4] == "/"][-1]
    return [re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), row[4]) for row in rows if row[1] == root]


def enter_root(writable):
    """A root of its own, laid over the machine's: so none of its folders becomes a mount, which units may look at. What is
    mounted below a folder that may be written to stays out."""
    here = os.getcwd()
    below = [path for path in mounts_below_root() if not path.startswith(tuple(folder + "/" for folder in writable))]
    mount("-t", "tmpfs", "none", "/srv")
    os.mkdir("/srv/root")
    lay_over("/", "/srv/root")
    for path in below:
        mount("--rbind", path, "/srv/root" + path)
    subprocess.run(["pivot_root", "/srv/root", "/srv/root/srv"], check=True)
    subprocess.run(["umount", "-l", "/srv"], check=True)
    with contextlib.suppress(OSError):
        os.chdir(here)


def make_world(*writable):
    """In the namespaces: what a case may write, and what not. writable: further folders that may be changed, and are
    forgotten at the end."""
    changes = ("/etc", "/var", "/root", "/tmp", *writable)
    mount("--make-rprivate", "/")
    mount("-t", "proc", "proc", "/proc")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    enter_root(changes)
    for folder in ("/srv", "/dev/shm"):
        mount("-t", "tmpfs", "none", folder)
    for folder in changes:
        if os.path.ismount(folder):
            lay_over(folder, folder)
    if "/usr" not in writable:
        mount("--rbind", "/usr", "/usr")
        mount("-o", "remount,bind,ro", "/usr")
    mount("-t", "tmpfs", "-o", "mode=0755", "none", "/run")
    make_run_folders()


def log_text():
    return read(LOG).decode(errors="replace") if os.path.exists(LOG) else ""


def wait_until(what, condition):
    limit = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > limit:
            raise Failed("waited in vain for " + what)
        time.sleep(0.02)


def reap():
    """This process is the first of its namespace: it inherits whom everybody left."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def others():
    """The other processes of the namespace."""
    reap()
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]


def processes(program):
    """The pids that run this program (by the end of its path)."""
    found = []
    for pid in others():
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{pid}/exe").endswith("/" + program):
                found.append(pid)
    return found


def status_of(pid):
    """/proc/PID/status as a dictionary."""
    return dict(line.split(":\t", 1) for line in read(f"/proc/{pid}/status").decode().splitlines() if ":\t" in line)


def is_dynamic(pid):
    """Whether it runs as one of those users that systemd keeps for DynamicUser=."""
    return 61184 <= int(status_of(pid)["Uid"].split()[0]) <= 65519


def environment_of(pid):
    return dict(word.split("=", 1) for word in read(f"/proc/{pid}/environ").decode(errors="replace").split("\0") if "=" in word)


def sockets_of(pid):
    """Its descriptors that are sockets."""
    links = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            link = os.readlink(f"/proc/{pid}/fd/{name}")
            if link.startswith("socket:"):
                links[int(name)] = link
    return links


class Running:
    def __init__(self, process):
        self.process = process

    def expect_log(self, text):
        wait_until(f"'{text}' in the log", lambda: text in log_text())

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed("superd does not end") from None


@contextlib.contextmanager
def superd_with(*units, leaves=()):
    """superd with these units as they were installed. At the end it must leave well, and of its backends none but those that
    a unit's own KillMode= spares."""
    sources = [word for unit in units for word in ("-f", "systemd:" + (unit if unit.startswith("/") else path_of(unit)))]
    with open(LOG, "wb") as out:
        process = subprocess.Popen([SUPERD, *sources], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    running = Running(process)
    try:
        wait_until("superd to listen", lambda: process.poll() is not None or log_text().count("listening on ") >= len(units))
        need(process.poll() is None, f"superd ended with {process.returncode}")
        yield running
        need(process.poll() is None, "superd has ended")
    finally:
        if process.poll() is None:
            running.terminate()
    need(process.returncode == 0 and "Sanitizer" not in log_text(), f"superd ended with {process.returncode}")
    spared = {pid for program in leaves for pid in processes(program)}
    wait_until("the end of what superd started", lambda: not set(others()) - spared)
