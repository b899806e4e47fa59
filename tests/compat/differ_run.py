"""Runs a daemon with a table, and observes it: its sockets, its messages, what its clients get. For tests/compat/differ."""
import collections
import os
import re
import signal
import socket
import subprocess
import threading
import time

PATIENCE = 10
# poll, select, epoll_wait, pselect6, ppoll, epoll_pwait of x86-64 and of the kernel's common table: a daemon that waits.
WAITING = {"7", "23", "232", "270", "271", "281", "72", "73", "22"}
# What the children of a daemon show of themselves, without a program of ours: cat(1) prints the files that it is told.
MARK = "/run/mark"
SHOWN = ["/proc/self/cmdline", MARK, "/proc/self/environ", MARK, "/proc/self/limits", MARK, "/proc/self/stat", MARK,
         "/proc/self/status"]
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "LANG": "C", "TZ": "UTC", "SIDE": "here"}


NOTIFIES = "by sd_notify"               # how a daemon says that it is ready; else a text in its messages, or it waits


class Gone(Exception):
    """The daemon ended by itself."""


def sockets_now():
    """What listens in this network: (protocol, family, address, port). A socket for both families counts as two."""
    found = set()
    words = ["ss", "-H", "-l", "-n", "-t", "-u", "-w", "-S"]
    for line in subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines():
        fields = line.split()
        kind, state, (address, port) = fields[0], fields[1], fields[4].rsplit(":", 1)
        address = address.split("%")[0]
        if state not in ("LISTEN", "UNCONN") or port == "*":
            continue
        for family, text in families_of(address):
            found.add((kind, family, text, int(port)))
    for line in read("/proc/net/unix").splitlines()[1:]:
        fields = line.split()
        if len(fields) > 7 and fields[7].startswith("/run/x/"):
            found.add(({"0001": "stream", "0002": "dgram", "0005": "seqpacket"}[fields[4]], "unix", fields[7], 0))
    return found


def families_of(address):
    if address == "*":
        return [("4", "any"), ("6", "any")]
    if address.startswith("["):
        text = address[1:-1]
        if text.startswith("::ffff:"):
            return families_of(text[7:])
        return [("6", "any" if text == "::" else text)]
    return [("4", "any" if address == "0.0.0.0" else address)]


def read(path):
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""


def write(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
    os.chmod(path, mode)


class Daemon:
    """One daemon, from its start to its end. log: a file of its own; output and log are `messages`."""

    def __init__(self, words, folder, name, ready=None):
        self.notify = None
        environment = dict(ENVIRONMENT)
        if ready == NOTIFIES:
            path = os.path.join(folder, name + ".notify")
            if os.path.exists(path):
                os.unlink(path)
            self.notify, environment["NOTIFY_SOCKET"] = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), path
            self.notify.bind(path)
            self.notify.setblocking(False)
        self.output, self.log = os.path.join(folder, name + ".out"), os.path.join(folder, name + ".log")
        self.ready, self.status = ready, None
        for path in (self.output, self.log):
            if os.path.exists(path):
                os.unlink(path)
        with open(self.output, "wb") as out:
            self.process = subprocess.Popen(words, stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd="/",
                                            env=environment, start_new_session=True)

    def messages(self):
        return read(self.output) + read(self.log)

    def is_waiting(self):
        call = read(f"/proc/{self.process.pid}/syscall").split()
        return bool(call) and call[0] in WAITING

    def is_ready(self):
        if self.notify:
            try:
                return b"READY=1" in self.notify.recv(4096)
            except BlockingIOError:
                return False
        return self.ready in self.messages() if self.ready else self.is_waiting()

    def wait_until_ready(self):
        end = time.monotonic() + PATIENCE
        while not self.is_ready():
            if self.process.poll() is not None:
                raise Gone(self.process.returncode)
            if time.monotonic() > end:
                raise Gone("hangs")
            time.sleep(0.003)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.status = self.process.wait()
        if self.notify:
            self.notify.close()
        return self.status


class Syslog:
    """/dev/log. A thread reads it, for syslog(3) waits for a reader that is slow."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        self.found = collections.deque()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            text = self.socket.recv(65536).decode("utf-8", "surrogateescape").rstrip("\n\0")
            self.found.append(re.sub(r"^<\d+>(?:\w{3} [ \d]\d [\d:]{8} )?(?:[\w./-]+(?:\[\d+\])?: )?", "", text))

    def lines(self):
        """What came since the last time, without priority, time and sender."""
        return [self.found.popleft() for _ in range(len(self.found))]


def visit(kind, family, address, port, source=None):
    """What a client gets that says nothing; None: it is refused at once."""
    inet = socket.AF_INET if family == "4" else socket.AF_INET6
    target = address if address != "any" else "127.0.0.1" if family == "4" else "::1"
    if kind != "tcp":
        return None
    with socket.socket(inet, socket.SOCK_STREAM) as client:
        client.settimeout(3)
        said = b""
        try:
            if source:
                client.bind((source, 0))
            client.connect((target, port))
            client.shutdown(socket.SHUT_WR)
            while len(said) < 100000:
                got = client.recv(100000)
                if not got:
                    break
                said += got
        except socket.timeout:
            return said.decode("utf-8", "surrogateescape") + "<silence>"
        except OSError:
            pass
        return said.decode("utf-8", "surrogateescape")


def understood(said):
    """What cat(1) has shown of itself, as a dict; other answers as they are."""
    # xinetd cannot open every banner in a user namespace; superd can.
    parts = said.removeprefix("welcome\n").removeprefix("welcome\n").split("\n--\n")
    if len(parts) != len(SHOWN[::2]) or len(parts[3].split()) < 30:
        return {"answer": re.sub(r"\d+", "N", said)}
    line, environment, limits, stat, status = parts
    seen = {"argv": line.split("\0")[:-1]}
    words = dict(word.partition("=")[::2] for word in environment.split("\0") if word)
    words.pop("inetd_dummy", None)
    seen["environment"] = sorted(f"{name}={re.sub('^::ffff:', '', value)}" for name, value in words.items()
                                 if name not in ("REMOTE_PORT",))
    for limit in limits.splitlines()[1:]:
        fields = re.split(r"\s{2,}", limit.strip())
        if len(fields) >= 3:
            seen["limit " + fields[0]] = tuple(fields[1:3])
    seen["nice"] = stat.rpartition(")")[2].split()[16]
    for name in ("Uid", "Gid", "Groups", "Umask", "SigIgn"):
        value = re.search(rf"^{name}:[ \t]*(.*)$", status, re.M)
        seen[name] = " ".join(value[1].split()) if value else None
    # It makes no difference whether the group of the process is among its others, too.
    if seen["Gid"] and seen["Groups"] is not None:
        seen["Groups"] = " ".join(sorted(set(seen["Groups"].split()) | {seen["Gid"].split()[0]}))
    # cat(1) complains of the files that a fuzzed word names. That is no part of it.
    return seen


DIAGNOSTIC = re.compile(r"(?:^|: )(?:(/[^\s:]*):)(\d+)(?::(\d+))?: (.*)$")
CITED = re.compile(r"(cannot listen .*) \((/[^\s:]*):(\d+)\)")


def diagnostics(messages):
    """superd's, as (file, line, text)."""
    found = []
    for line in messages.splitlines():
        match = DIAGNOSTIC.search(line)
        if match and not match[4].startswith("hint:"):
            found.append((match[1], int(match[2]), match[4]))
        cited = CITED.search(line)
        if cited:
            found.append((cited[2], int(cited[3]), cited[1]))
    return found


def masked(text):
    """A message without what differs from table to table."""
    text = re.sub(r"^warning: (?:(?!user|group)[^\s:]\S*: )?|; services? '[^;]*' (?:is|are) skipped$", "", text)
    text = re.sub(r"(?<!\w)'[^']*'", "'…'", text)
    text = re.sub(r"\"[^\"]*\"", '"…"', text)
    text = re.sub(r"(?<![\w/])/[^\s:;,]*", "/…", text)
    text = re.sub(r"^\S*(?<=[\d/…])/?(tcp|udp|unix|…): ", "…: ", text)
    text = re.sub(r" = \S+: ", " = …: ", text)
    return re.sub(r"\d+", "N", text)[:200]
