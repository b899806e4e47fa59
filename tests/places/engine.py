"""What a container engine makes of a root file system, made by system calls alone: namespaces, a user made up, a read-only
root entered by pivot_root, a masked /proc, no privilege, a filter of system calls. The hard thing is that it works for root
and, by a user namespace, for anybody, and that nothing of it outlives the test: whatever is started dies with its parent.
"""
import contextlib
import ctypes
import fcntl
import os
import platform
import signal
import socket
import struct
import time

PATIENCE = 30
libc = ctypes.CDLL(None, use_errno=True)

NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = \
    0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = \
    1, 2, 4, 8, 32, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 22, 23, 24, 38
PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 8, 47, 2
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
CAPSET = {"x86_64": 126, "aarch64": 91}

# What the profiles of Docker and Podman forbid whoever has no privilege, by number on amd64; elsewhere no filter is laid.
FORBIDDEN = (103, 139, 153, 154, 155, 156, 161, 163, 164, 165, 166, 167, 168, 169, 170, 171, 172, 173, 175, 176, 179, 180,
             212, 227, 246, 248, 249, 250, 256, 272, 279, 298, 300, 303, 304, 305, 308, 313, 320, 321, 323, 425, 426, 427, 428,
             429, 430, 431, 432, 433, 442)
CLONE, CLONE3, EPERM, ENOSYS = 56, 435, 1, 38
NEW_ANYTHING = 0x7E020000


class Refused(Exception):
    """This machine does not allow what an engine does."""


def check(result, what):
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def mount(source, target, kind, flags, data=None):
    words = [word.encode() if word is not None else None for word in (source, target, kind, data)]
    check(libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]), f"mount {target}")


def seccomp_program():
    def one(code, yes, no, value):
        return struct.pack("HBBI", code, yes, no, value)

    load, equal, bits, answer = 0x20, 0x15, 0x45, 0x06
    allow, fail = 0x7FFF0000, 0x00050000
    lines = [one(load, 0, 0, 4), one(equal, 1, 0, 0xC000003E), one(answer, 0, 0, allow), one(load, 0, 0, 0)]
    lines += [one(equal, 0, 1, CLONE3), one(answer, 0, 0, fail | ENOSYS)]
    for number in FORBIDDEN:
        lines += [one(equal, 0, 1, number), one(answer, 0, 0, fail | EPERM)]
    lines += [one(equal, 0, 3, CLONE), one(load, 0, 0, 16), one(bits, 0, 1, NEW_ANYTHING), one(answer, 0, 0, fail | EPERM)]
    return lines + [one(answer, 0, 0, allow)]


def lay_filter():
    if platform.machine() != "x86_64":
        return
    lines = seccomp_program()
    program = ctypes.create_string_buffer(b"".join(lines))
    head = struct.pack("HxxxxxxP", len(lines), ctypes.addressof(program))
    check(libc.prctl(PR_SET_SECCOMP, 2, ctypes.c_char_p(head), 0, 0), "seccomp")


def drop_everything(plain_uid, plain_gid, kept=()):
    """All rights but those of `--cap-add`, which a plain user has as podman gives them: as ambient ones."""
    capability = 0
    while libc.prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0:
        if capability not in kept:
            check(libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), "dropping a capability")
        capability += 1
    if plain_uid is not None:
        libc.prctl(PR_SET_KEEPCAPS, 1 if kept else 0, 0, 0, 0)
        os.setgroups([])
        os.setresgid(plain_gid, plain_gid, plain_gid)
        os.setresuid(plain_uid, plain_uid, plain_uid)
    mask = sum(1 << one for one in kept)
    header, sets = struct.pack("Ii", 0x20080522, 0), struct.pack("IIIIII", mask, mask, mask, 0, 0, 0)
    check(libc.syscall(CAPSET[platform.machine()], ctypes.c_char_p(header), ctypes.c_char_p(sets)), "capset")
    for one in kept:
        check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, one, 0, 0), "an ambient capability")
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def bind_file(source, target):
    with open(target, "a", encoding="ascii"):
        mount(source, target, None, MS_BIND)


def make_dev(root):
    mount("tmpfs", root + "/dev", "tmpfs", MS_NOSUID, "mode=755,size=64k")
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        bind_file("/dev/" + name, f"{root}/dev/{name}")
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
                         ("stderr", "/proc/self/fd/2")):
        os.symlink(target, f"{root}/dev/{name}")


def make_proc(root):
    mount("proc", root + "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    for name in ("kcore", "keys", "timer_list", "sched_debug", "latency_stats"):
        if os.path.exists(f"{root}/proc/{name}"):
            mount("/dev/null", f"{root}/proc/{name}", None, MS_BIND)
    for name in ("acpi", "scsi"):
        if os.path.isdir(f"{root}/proc/{name}"):
            mount("tmpfs", f"{root}/proc/{name}", "tmpfs", MS_RDONLY, "size=0")
    for name in ("bus", "fs", "irq", "sys", "sysrq-trigger"):
        path = f"{root}/proc/{name}"
        if os.path.exists(path):
            mount(path, path, None, MS_BIND | MS_REC)
            mount(None, path, None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as some:
        fcntl.ioctl(some, 0x8914, struct.pack("16sh14x", b"lo", 0x41))


def move_in(root, run, volumes):
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount(root, root, None, MS_BIND | MS_REC)
    for source, target in volumes:
        mount(source, root + target, None, MS_BIND | MS_REC)
    make_proc(root)
    make_dev(root)
    if run:
        mount("tmpfs", root + run, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=1m")
    os.chdir(root)
    check(libc.syscall(PIVOT_ROOT[platform.machine()], b".", b"."), "pivot_root")
    check(libc.umount2(b".", 2), "leaving the old root")
    os.chdir("/")
    mount(None, "/", None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)
    check(libc.sethostname(b"container", 9), "sethostname")
    loopback_up()


def child(function):
    """Forks; the child dies with its parent, and a failure of its own is told."""
    pid = os.fork()
    if pid:
        return pid
    code = 125
    try:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        code = function()
    except OSError as error:
        os.write(2, f"engine: {error}\n".encode())
    finally:
        os._exit(125 if code is None else code)


def ended(pid):
    """The status of a child that is to end by now, as a shell tells it."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise TimeoutError(f"did not end within {PATIENCE} seconds")


class Container:
    """Process 1 of its own namespaces, until the end of the block.

    mapped: by a user namespace in which this one user is uid:gid; else uid:gid themselves, for which it takes root
    run: where a tmpfs is mounted; None: there is nothing at all to write to
    listeners: sockets that it is given, as by LISTEN_FDS
    volumes: pairs of a folder of this machine and where it is to be, a folder of the root
    group: the control group it is put into; kept: capabilities, as by --cap-add
    """

    def __init__(self, root, argv, log, mapped, uid, gid=0, run=None, listeners=(), env=None, volumes=(), group=None, kept=()):
        self.root, self.argv, self.log, self.mapped, self.uid, self.gid = root, argv, log, mapped, uid, gid
        self.run, self.listeners, self.env = run, listeners, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **(env or {})}
        self.volumes, self.group, self.kept = volumes, group, kept
        self.pid = self.runtime = None

    def __enter__(self):
        unshared, mapped, begun = os.pipe(), os.pipe(), os.pipe()
        self.runtime = child(lambda: self.be_runtime(unshared[1], mapped[0], begun))
        for end in (unshared[1], mapped[0], begun[1]):
            os.close(end)
        try:
            if self.mapped and os.read(unshared[0], 1):
                self.write_maps()
            os.write(mapped[1], b"x")
            number = os.read(begun[0], 20)
        finally:
            for end in (unshared[0], mapped[1], begun[0]):
                os.close(end)
        if not number:
            code = ended(self.runtime)
            self.runtime = None
            raise Refused(f"namespaces are not to be had here ({code}): {self.said()}")
        self.pid = int(number)
        return self

    def __exit__(self, *_):
        if self.runtime is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            ended(self.runtime)

    def write_maps(self):
        for name, text in (("setgroups", "deny"), ("uid_map", f"{self.uid} {os.geteuid()} 1"),
                           ("gid_map", f"{self.gid} {os.getegid()} 1")):
            with open(f"/proc/{self.runtime}/{name}", "w", encoding="ascii") as file:
                file.write(text)

    def be_runtime(self, unshared, mapped, begun):
        out = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        if self.group:
            with open(self.group + "/cgroup.procs", "w", encoding="ascii") as file:
                file.write(str(os.getpid()))
        if self.mapped:
            check(libc.unshare(NEWUSER), "unshare")
            os.write(unshared, b"x")
        os.read(mapped, 1)
        check(libc.unshare(NEWNS | NEWPID | NEWNET | NEWIPC | NEWUTS | NEWCGROUP), "unshare")
        ready = os.pipe()
        pid = child(lambda: self.be_first(ready[1]))
        os.close(ready[1])
        if os.read(ready[0], 1):
            os.write(begun[1], str(pid).encode())
        os.close(begun[0])
        os.close(begun[1])
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return code if code >= 0 else 128 - code

    def be_first(self, ready):
        move_in(self.root, self.run, self.volumes)
        os.setsid()
        os.write(ready, b"x")
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        held = [fcntl.fcntl(one.fileno(), fcntl.F_DUPFD, 100) for one in self.listeners]
        for number, fd in enumerate(held):
            os.dup2(fd, 3 + number, inheritable=True)
        os.closerange(3 + len(held), 1024)
        env = dict(self.env)
        if held:
            env.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(held)))
        self.let_go_and_run(self.argv, env)

    def let_go_and_run(self, argv, env):
        drop_everything(*(None, None) if self.mapped else (self.uid, self.gid), self.kept)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)   # a change of user has undone it
        lay_filter()
        os.execve(argv[0], argv, env)

    def enter(self, kinds):
        for kind in kinds:
            fd = os.open(f"/proc/{self.pid}/ns/{kind}", os.O_RDONLY)
            check(libc.setns(fd, 0), f"setns {kind}")
            os.close(fd)

    def execute(self, *argv):
        """As `podman exec` does: the status and all it said."""
        ends = os.pipe()

        def inside():
            os.dup2(ends[1], 1)
            os.dup2(ends[1], 2)
            # All at once they can't be joined: the user's first, for the right to the others.
            handles = [os.open(f"/proc/{self.pid}/ns/{kind}", os.O_RDONLY) for kind in
                       (["user"] if self.mapped else []) + ["pid", "net", "ipc", "uts", "mnt"]]
            for fd in handles:
                check(libc.setns(fd, 0), "setns")
            os.closerange(3, 1024)
            pid = child(lambda: self.let_go_and_run(list(argv), self.env))
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255

        pid = child(inside)
        os.close(ends[1])
        with os.fdopen(ends[0], "rb") as pipe:
            said = pipe.read().decode(errors="replace")
        return ended(pid), said

    def ask(self, port, text):
        """What a client inside is answered, up to the end of the line."""
        ends = os.pipe()

        def inside():
            self.enter((["user"] if self.mapped else []) + ["net"])
            with contextlib.suppress(ConnectionError):
                os.write(ends[1], ask_at(port, text))
            return 0

        pid = child(inside)
        os.close(ends[1])
        with os.fdopen(ends[0], "rb") as pipe:
            said = pipe.read()
        return said if ended(pid) == 0 else b""

    def end(self, number):
        """The status after this signal, and how long it took."""
        began = time.monotonic()
        os.kill(self.pid, number)
        return self.wait(), time.monotonic() - began

    def wait(self):
        code = ended(self.runtime)
        self.runtime = None
        return code

    def said(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""


def ask_at(port, text):
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        client.settimeout(PATIENCE)
        client.sendall(text)
        answer = b""
        while not answer.endswith(b"\n"):
            more = client.recv(4096)
            if not more:
                break
            answer += more
        return answer
