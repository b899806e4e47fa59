"""What the bench asks of this machine: free ports, who listens, what a process has cost so far."""

import ctypes
import errno
import os
import platform
import random
import resource
import signal
import socket
import struct
import time

LOOPBACK = "127.0.0.1"
A_BLOCK = 20000                         # ports of one address; more services go to further addresses of 127.0.0.0/8


class Trouble(Exception):
    """Something that could not be measured; the text says why."""


def _is_free(port):
    """As a server would bind it, with SO_REUSEADDR, so that what lingers in TIME_WAIT does not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
        return True


def find_ports(count):
    """The first of so many free ports in a row, off those the kernel gives to clients; of a block at most."""
    count = min(count, A_BLOCK)
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        low, high = map(int, file.read().split())
    for first, behind in ((1024, low), (high + 1, 65536), (low, high + 1)):
        if behind - first < count:
            continue
        start = random.randrange(first, behind - count + 1)
        for origin, end in ((start, behind), (first, min(start + count, behind))):
            run = 0
            for port in range(origin, end):
                run = run + 1 if _is_free(port) else 0
                if run == count:
                    return port - count + 1
    raise Trouble(f"there are no {count} free ports in a row")


class Listening:
    """Asks the kernel (sock_diag) who listens on loopback, without connecting: a connection would start a backend."""

    BY_FAMILY, DONE, ERROR = 20, 3, 2
    LISTEN = 10

    def __init__(self):
        self.diag = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)

    def close(self):
        self.diag.close()

    def _ask(self, flags, address, port):
        address = socket.inet_aton(address) + bytes(12)
        request = struct.pack("=BBBBI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 1 << self.LISTEN)
        request += struct.pack("!HH", port, 0) + address + bytes(16) + struct.pack("=III", 0, 0xffffffff, 0xffffffff)
        self.diag.send(struct.pack("=IHHII", 16 + len(request), self.BY_FAMILY, flags, 0, 0) + request)

    def is_listening(self, address, port):
        self._ask(1, address, port)
        reply = self.diag.recv(4096)
        return struct.unpack_from("=H", reply, 4)[0] == self.BY_FAMILY and reply[17] == self.LISTEN

    def find_all(self):
        """Every (address, port); addresses as bytes."""
        found = set()
        self._ask(0x301, LOOPBACK, 0)
        while True:
            reply, at = self.diag.recv(1 << 16), 0
            while at < len(reply):
                length, kind = struct.unpack_from("=IH", reply, at)
                if kind == self.DONE:
                    return found
                if kind == self.ERROR:
                    raise Trouble("the kernel does not say who listens (sock_diag)")
                found.add((reply[at + 24:at + 28], struct.unpack_from("!H", reply, at + 20)[0]))
                at += (length + 3) & ~3

    def find_since(self, places):
        """When all of these listened (time.monotonic()); None: not yet. The last is looked for first: that costs the
        kernel and whoever is being started next to nothing. Looking at all of them takes this program some time,
        which is not the server's."""
        if not self.is_listening(*places[-1]):
            return None
        since = time.monotonic()
        return since if self.find_all().issuperset((socket.inet_aton(at), port) for at, port in places) else None


def first_child(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        children = file.read().split()
    if not children:
        raise Trouble("it has ended")
    return int(children[0])


def list_family(pid):
    """The process and all below it."""
    found, todo = [], [pid]
    while todo:
        at = todo.pop()
        found.append(at)
        try:
            for task in os.listdir(f"/proc/{at}/task"):
                with open(f"/proc/{at}/task/{task}/children") as file:
                    todo += map(int, file.read().split())
        except OSError:
            continue                    # it has ended
    return found


def memory(pid, kind="Pss"):
    """Proportional set size of a process and all below it, or of that what is Anonymous, in kB."""
    total = 0
    for member in list_family(pid):
        try:
            with open(f"/proc/{member}/smaps_rollup") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith(f"{kind}:"))
        except OSError as error:
            if member == pid:
                raise Trouble(f"its memory can't be read: {error.strerror}") from error
    return total


def memory_available():
    """MB that programs can have without swapping."""
    with open("/proc/meminfo") as file:
        return next((int(line.split()[1]) >> 10 for line in file if line.startswith("MemAvailable:")), 0)


def processor_ticks(pid):
    total = 0
    for member in list_family(pid):
        try:
            with open(f"/proc/{member}/stat") as file:
                total += sum(map(int, file.read().rpartition(")")[2].split()[11:13]))
        except OSError as error:
            if member == pid:
                raise Trouble("it has ended") from error
    return total


def wakeups(pid):
    """How often its threads have gone to sleep: a sleeper that is woken has to do so again."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status") as file:
            total += sum(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt_switches"))
    return total


def adopt_orphans():
    """What outlives a server becomes a child of this process (PR_SET_CHILD_SUBREAPER), to be ended by its pid."""
    if ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0) != 0:
        raise Trouble(f"prctl: {os.strerror(ctypes.get_errno())}")


def end_orphans(known):
    """Ends the children that are not known, until none is left; a pid can't be another's before it is waited for."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            strays = [int(pid) for pid in file.read().split() if int(pid) not in known]
        if not strays:
            return
        for pid in strays:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    raise Trouble("processes are left that do not end")


def describe():
    """One line of what the figures were made on."""
    model = platform.machine()
    with open("/proc/cpuinfo") as file:
        model = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), model)
    with open("/proc/meminfo") as file:
        size = next((int(line.split()[1]) >> 10 for line in file if line.startswith("MemTotal:")), 0)
    return f"Linux {platform.release().partition('-')[0]}, {len(os.sched_getaffinity(0))} processors ({model}), {size:,} MB of memory"


def allow_descriptors(count):
    """Raises the soft limit; how many there may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        soft = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return count if soft == resource.RLIM_INFINITY else soft
