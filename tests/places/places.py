"""What the tests of this folder share: a superd of the test's own, clients that never stop coming, and claims.

A test is a list of claims, functions that are given a world and raise when they do not hold. Each has a folder and a
superd of its own; whatever it started is gone when it ends, or the claim fails. Nothing needs root.
"""
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from ports import free_port  # noqa: E402, F401  (for the tests)

SOURCES = os.path.abspath(os.environ.get("SRCDIR", os.path.join(HERE, "..", "..")))
BUILD = os.path.abspath(os.environ.get("BUILDDIR", "."))
PATIENCE = 120
SKIP = 77
SUBREAPER = 36                          # PR_SET_CHILD_SUBREAPER
WORDS = {0: "ok", SKIP: "skipped"}


def program(name, variable):
    """The installed one where make check has installed it, else the one that was built."""
    path = os.environ.get(variable, "")
    if not os.access(path, os.X_OK):
        path = os.path.join(BUILD, name)
    return os.path.abspath(path)


SUPERD = program("superd", "SUPERD_BIN")
SUPERCTL = program("superctl", "SUPERCTL_BIN")
LIBEXEC = os.environ.get("SUPERD_LIBEXEC", "")
EXAMPLES = os.environ.get("SUPERD_BUILT_EXAMPLES", os.path.join(BUILD, "contrib/examples"))


def skip(reason):
    print("skipped:", reason)
    sys.exit(SKIP)


def skip_unless_checked(reason):
    """What contrib/quickstart installs may be missing, but not where CI is set."""
    if os.environ.get("CI"):
        print("FAILED:", reason)
        sys.exit(1)
    skip(reason)


def need(*programs):
    for name in programs:
        if not shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
            skip(f"there is no {name}")


def wait_until(what, condition, patience=PATIENCE):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)


def ask(port, text="", host="127.0.0.1", patience=PATIENCE):
    """All that a server says to one who says this and no more."""
    with socket.create_connection((host, port), timeout=patience) as client:
        if text:
            client.sendall(text.encode())
        client.shutdown(socket.SHUT_WR)
        said = b""
        while True:
            got = client.recv(4096)
            if not got:
                return said.decode()
            said += got


def is_refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return True
    return False


def children():
    """Processes below this one, those of the claim that have not been waited for among them."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit():
                with open(f"/proc/{entry}/stat", encoding="latin-1") as file:
                    rest = file.read().rpartition(")")[2].split()
                if int(rest[1]) == os.getpid() and rest[0] != "Z":
                    found.append(int(entry))
        except OSError:
            continue
    return found


class Load:
    """Clients, one after the other in each of some threads, from its start to its stop; who is refused or hears nothing is
    a failure."""

    def __init__(self, port, threads=4, text="load\n"):
        self.port, self.text, self.ending = port, text, False
        self.served, self.failures, self.heard = 0, [], set()
        self.guard = threading.Lock()
        self.threads = [threading.Thread(target=self.run) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.ending:
            try:
                said = ask(self.port, self.text)
                failure = None if said else "nothing was said"
            except OSError as error:
                said, failure = "", repr(error)
            with self.guard:
                if failure:
                    self.failures.append(failure)
                else:
                    self.served += 1
                    self.heard.add(said.split("\n")[0])
            time.sleep(0.005)

    def wait_served(self, more):
        goal = self.served + more
        wait_until(f"{more} more clients served", lambda: self.served >= goal or self.failures)

    def stop(self):
        self.ending = True
        for thread in self.threads:
            thread.join()
        assert not self.failures, f"{len(self.failures)} clients of {self.served} lost: {self.failures[:3]}"
        assert self.served


class World:
    """A folder, and a superd whose table is in it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="superd-place-")
        os.chmod(self.folder, 0o755)
        self.control = self.path("control")
        self.log = self.path("log")
        self.superd = None
        self.user = str(os.getuid())

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def environment(self, **more):
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("superd", "OCF_"))}
        surroundings["PATH"] = ":".join((os.path.dirname(SUPERCTL), os.path.dirname(SUPERD),
                                         os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin", "/sbin", "/bin"))
        surroundings["SUPERD_CONTROL"] = self.control
        surroundings.update(more)
        return surroundings

    def start(self, table="superd.conf", *arguments):
        with open(self.log, "ab") as log:
            self.superd = subprocess.Popen([SUPERD, "-f", self.path(table), "--control", self.control, *arguments],
                                           stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until("superd answers", lambda: self.ask_superctl("version").returncode == 0)

    def ask_superctl(self, *arguments):
        return subprocess.run([SUPERCTL, "--control", self.control, *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE * 2, check=False)

    def services(self):
        return self.ask_superctl("list", "--names").stdout.split()

    def starts(self, service):
        """How often a backend of it was started."""
        for line in self.ask_superctl("metrics", service).stdout.splitlines():
            if line.startswith("superd_service_activations_total"):
                return int(float(line.rpartition(" ")[2]))
        raise AssertionError(f"no count of {service}")

    def count(self, name, service):
        for line in self.ask_superctl("metrics", service).stdout.splitlines():
            if line.startswith(name + "{"):
                return float(line.rpartition(" ")[2])
        raise AssertionError(f"no {name} of {service}")

    def logged(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self):
        if self.superd:
            self.superd.terminate()
            assert self.superd.wait(PATIENCE) == 0, self.logged()
            self.superd = None

    def end(self):
        """Whether something was left is told; it goes in either case."""
        left = []
        if self.superd:
            self.superd.terminate()
            try:
                self.superd.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.superd.kill()
                self.superd.wait()
                left.append("superd, which did not end")
        try:
            wait_until("all is gone", lambda: not children(), 10)
        except AssertionError:
            for pid in children():
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    left.append(file.read().replace(b"\0", b" ").decode(errors="replace"))
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)
        return left


def hold_up(claims):
    """Each claim in a process of its own, which is the reaper of all that it starts. The exit status of the test, which writes
    a line of TAP for each claim where it is called with --tap=FILE."""
    if not os.access(SUPERD, os.X_OK) or not os.access(SUPERCTL, os.X_OK):
        skip("superd or superctl was not built")
    wanted = [word for word in sys.argv[1:] if not word.startswith("--tap=")]
    lines = []
    for claim in claims:
        if wanted and claim.__name__ not in wanted:
            continue
        sys.stdout.flush()
        began = time.monotonic()
        pid = os.fork()
        if pid == 0:
            os._exit(hold_one(claim))
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        name = claim.__name__.replace("_", " ")
        print(f"{WORDS.get(status, 'NOT OK')} - {name} ({time.monotonic() - began:.1f} s)")
        lines.append(f"{'ok' if status in WORDS else 'not ok'} - {name}{' # SKIP' if status == SKIP else ''}\n")
    report(lines)
    return 1 if any(line.startswith("not") for line in lines) else 0


def report(lines):
    for path in (word.removeprefix("--tap=") for word in sys.argv[1:] if word.startswith("--tap=")):
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"1..{len(lines)}\n" + "".join(lines))


def hold_one(claim):
    ctypes.CDLL(None, use_errno=True).prctl(SUBREAPER, 1, 0, 0, 0)
    world = World()
    status = 0
    try:
        claim(world)
    except SystemExit as ended:
        status = ended.code
    except BaseException:               # a claim that breaks is told of, and the next one is tried
        traceback.print_exc(file=sys.stdout)
        if os.path.exists(world.log):
            print(world.logged())
        status = 1
    left = world.end()
    if left:
        print("left behind:", *left, sep="\n  ")
        status = status or 1
    sys.stdout.flush()
    return status
