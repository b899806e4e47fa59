"""superd's image built and run by podman, where there is one that works: without a registry, as nothing is below it.

Podman is root's or, by a user namespace, another user's; it has images and containers of its own, below a folder of the test.
The hard thing is to leave nothing: what podman starts to tidy up, and what holds a user's namespace, go on when it has ended.
"""
import contextlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import time

PATIENCE = 120          # beside a whole suite the start of a container has taken 20 seconds
BUILDING = 400
IMAGE = "localhost/superd-test"
SUBORDINATE = "{0}:524288:65536\n"
# Locks in shared memory are all podmen's of a user: one whose folders are new would free those of the others.
SETTINGS = '[engine]\nlock_type = "file"\n'

# What a user's podman wants is written where this call alone sees it; both hierarchies of control groups at once are more
# than crun can deal with.
APART = """
set -e
[ ! -d /sys/fs/cgroup/unified ] || mount -t cgroup2 none /sys/fs/cgroup
[ -z "$1" ] || for name in subuid subgid; do
	[ -e /etc/$name ] || { mount -t tmpfs none /mnt && mkdir /mnt/u /mnt/w &&
		mount -t overlay -o lowerdir=/etc,upperdir=/mnt/u,workdir=/mnt/w none /etc && : >/etc/$name; }
	mount --bind "$1" /etc/$name
done
shift
exec "$@"
"""


class Refused(Exception):
    """There is no podman, or none that works here."""


class Wrong(OSError):
    """What is not as it is claimed."""


def need(condition, what):
    if not condition:
        raise Wrong(what)


class Podman:
    """One with images and containers of its own, for whoever runs the test, or for a user, by a name, that root becomes."""

    def __init__(self, place, user=None):
        if shutil.which("podman") is None:
            raise Refused("it is not installed")
        self.user = pwd.getpwnam(user) if user else None
        self.rootless = bool(user) or os.geteuid() != 0
        if self.rootless and shutil.which("newuidmap") is None:
            raise Refused("a user's podman needs newuidmap (Debian: uidmap)")
        self.place = f"{place}/podman{'-' + user if user else ''}"
        self.store = ["--root", self.place + "/root", "--runroot", self.place + "/run", "--storage-driver", "vfs",
                      "--cgroup-manager", "cgroupfs", "--events-backend", "file"]
        if not self.rootless:           # for a user it is below XDG_RUNTIME_DIR
            self.store += ["--tmpdir", self.place + "/tmp"]
        self.names = []
        os.mkdir(self.place)
        try:
            self.probe()
        except Refused:
            self.clean()
            raise

    def probe(self):
        probe = self.place + "/probe"
        os.mkdir(probe)
        write(self.place + "/containers.conf", SETTINGS)
        write(self.place + "/subordinate", SUBORDINATE.format(self.user.pw_name if self.user else ""))
        write(probe + "/Containerfile", 'FROM scratch\nCOPY --chown=65532:65532 true /true\nUSER 65532\nENTRYPOINT ["/true"]\n')
        write(probe + "/true.c", "int main(void) { return 0; }\n")
        compiler = os.environ.get("CC", "cc").split()
        if subprocess.run([*compiler, "-static", "-o", probe + "/true", probe + "/true.c"], check=False).returncode != 0:
            raise Refused("no program for a trial can be linked statically")
        self.hand_over(self.place)
        for words in (["build", "--isolation", "chroot", "-t", "localhost/superd-probe", probe],
                      ["run", "--rm", *self.limits(), "localhost/superd-probe"]):
            try:
                code, said = self.call(*words)
            except subprocess.TimeoutExpired as late:
                raise Refused(f"podman {words[0]} does not come to an end within {late.timeout} s") from late
            if code != 0:
                raise Refused(f"podman {words[0]} does not work here: {said.strip().splitlines()[-1:]}")

    def hand_over(self, folder):
        """What root has written becomes the user's who is to read it."""
        if self.user:
            os.chmod(os.path.dirname(self.place), 0o755)
            for path, folders, files in os.walk(folder):
                for name in [path, *(os.path.join(path, one) for one in folders + files)]:
                    os.lchown(name, self.user.pw_uid, self.user.pw_gid)

    @staticmethod
    def limits():
        """No network, as there may be no means for one; limits that an engine without all rights can set."""
        return ["--network", "none", "--cgroups", "disabled", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=500:500"]

    def words(self, *words):
        """The command that is podman with these words, for whoever runs the test."""
        inner = ["podman", *self.store, *words]
        if os.geteuid() != 0:
            return inner
        if self.user:
            inner = ["setpriv", f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups", *inner]
        return ["unshare", "-m", "sh", "-c", APART, "sh", self.place + "/subordinate" if self.user else "", *inner]

    def environment(self):
        home = {"HOME": self.place, "XDG_RUNTIME_DIR": self.place, "TMPDIR": self.place} if self.rootless else {}
        return {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin",
                "CONTAINERS_CONF": self.place + "/containers.conf", **home}

    def call(self, *words):
        done = subprocess.run(self.words(*words), check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd="/",
                              stderr=subprocess.STDOUT, timeout=BUILDING if words[0] == "build" else PATIENCE,
                              env=self.environment())
        return done.returncode, done.stdout.decode(errors="replace")

    def expect(self, *words):
        code, said = self.call(*words)
        need(code == 0, f"podman {' '.join(words)}: {code}: {said}")
        return said

    def start(self, *words):
        name = f"superd-test-{os.getpid()}-{len(self.names)}"
        self.names.append(name)
        self.expect("run", "-d", "--name", name, *self.limits(), *words)
        return name

    def helpers(self):
        """Processes that podman has left to themselves: conmon and its end, and what holds a user's namespace."""
        mark, found = self.place.encode() + b"/", set()
        for entry in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{entry}/cmdline", "rb") as file:
                if mark in file.read() and int(entry) != os.getpid():
                    found.add(int(entry))
        return found

    def pause(self):
        """The process that holds the namespaces of a user's podman, or None."""
        with contextlib.suppress(OSError, ValueError), \
             open(self.place + "/libpod/tmp/pause.pid", encoding="ascii") as file:
            return int(file.read())
        return None

    def clean(self):
        for words in [*(["rm", "-f", "-t", "0", name] for name in self.names), ["rmi", "-a", "-f"]]:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.call(*words)
        until = time.monotonic() + PATIENCE
        while self.helpers() and time.monotonic() < until:      # or they'd make anew what is removed here
            time.sleep(0.05)
        left = self.helpers()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.rootless:               # what belongs to the numbers of a user namespace
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.call("unshare", "rm", "-rf", self.place + "/root", self.place + "/run")
        pause = self.pause()
        if pause:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pause, signal.SIGTERM)
        shutil.rmtree(self.place, ignore_errors=True)
        need(not left, f"podman has left {len(left)} processes")


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o644)


def wait_until(condition, what):
    until = time.monotonic() + PATIENCE
    while not condition():
        need(time.monotonic() < until, f"waited in vain: {what() if callable(what) else what}")
        time.sleep(0.1)


def wait_healthy(engine, name):
    wait_until(lambda: engine.call("exec", name, "/usr/bin/superctl", "health")[0] == 0,
               lambda: f"superctl health in {name}: {engine.call('logs', name)[1]}")


def ended_well(engine, name):
    engine.expect("stop", "-t", "20", name)
    need(engine.expect("wait", name).strip() == "0", "ended otherwise than well: " + engine.call("logs", name)[1])


def build(engine, archive, sources):
    folder = engine.place + "/context"
    os.mkdir(folder)
    shutil.copy(archive, folder + "/superd.tar")
    shutil.copy(sources + "/contrib/container/Containerfile.rootfs", folder + "/Containerfile")
    os.chmod(folder + "/superd.tar", 0o644)
    engine.hand_over(folder)
    engine.expect("build", "--isolation", "chroot", "--format", "docker", "-t", IMAGE, "-f", folder + "/Containerfile", folder)
    image = json.loads(engine.expect("inspect", IMAGE))[0]
    need(image.get("Healthcheck", {}).get("Test") == ["CMD", "/usr/bin/superctl", "health"], f"another HEALTHCHECK: {image}")
    need(image["Config"].get("StopSignal") == "SIGTERM", f"another STOPSIGNAL: {image}")


def three_ways(engine, run):
    """run is where superd of this build has what changes."""
    strict = ["--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges"]
    tmpfs = ["--tmpfs", run + ":size=1m,mode=1777"]     # podman's own of /run is root's
    made_up = "1000:0" if engine.rootless else "1000660000:0"
    for words in ([], [*strict, *tmpfs, "--user", made_up], [*strict, "--read-only-tmpfs=false", "-e", "SUPERD_CONTROL=@superd"]):
        bare = "SUPERD_CONTROL=@superd" in words
        name = engine.start("--systemd=false", *words, IMAGE, *(["--control", "@superd"] if bare else []))
        wait_healthy(engine, name)
        code, said = engine.call("healthcheck", "run", name)
        need(code == 0, f"the image's own HEALTHCHECK: {code}: {said}")
        said = engine.expect("exec", name, "/usr/bin/superctl", "list")
        need("health" in said, "superctl list: " + said)
        ended_well(engine, name)


def unhealthy(engine):
    """A socket that can't be bound: superd goes on, and the image's own HEALTHCHECK says that it isn't well."""
    table = engine.place + "/unhealthy.conf"
    write(table, 'include("superd.d/*.conf")\nservice gone { listen = "192.0.2.1:8012"  accept = yes  builtin = echo }\n')
    name = engine.start("--systemd=false", "-v", table + ":/etc/superd.conf:ro", IMAGE)
    wait_until(lambda: "gone" in engine.call("exec", name, "/usr/bin/superctl", "health")[1],
               lambda: f"for superd to be unhealthy: {engine.call('logs', name)[1]}")
    code, said = engine.call("healthcheck", "run", name)
    need(code == 1, f"the image's own HEALTHCHECK of an unhealthy superd: {code}: {said}")
    ended_well(engine, name)


def sockets_from_outside(engine, superd, port, ask):
    """superd -> podman -> superd, as the README has it: a container without a network serves a port of the host."""
    endpoint = f'listen = {{ "127.0.0.1:{port}" }}'
    inner, outer = engine.place + "/inner.conf", engine.place + "/outer.conf"
    write(inner, f"service echo {{ {endpoint}  accept = yes  builtin = echo }}\n")
    words = ["/usr/bin/env", *engine.words("run", "--rm", *engine.limits(), "--systemd=false",
                                           "-v", inner + ":/etc/superd.conf:ro", IMAGE)]
    write(outer, f"service echo {{\n{endpoint}\nexec = {{ {', '.join(map(json.dumps, words))} }}\n"
                 f'user = "{os.geteuid()}"\nkill_mode = process\nenv = {{ {environment_words(engine)} }}\n}}\n')
    with open(engine.place + "/outer.log", "w+", encoding="utf-8") as log:
        def said():
            log.seek(0)
            return log.read()

        with subprocess.Popen([superd, "-f", outer, "--control", "none", "--stop-timeout", f"{PATIENCE}s"],
                              stdin=subprocess.DEVNULL, stdout=log, stderr=log) as daemon:
            try:
                wait_until(lambda: "listening on" in said() or daemon.poll() is not None, said)
                need(daemon.poll() is None, "superd outside does not run: " + said())
                need(ask(port, "hello\n") == "hello\n", "the container does not answer: " + said())
                wait_until(lambda: "(inherited)" in said(), said)
                daemon.terminate()
                need(daemon.wait(PATIENCE) == 0, "superd outside ended otherwise than well: " + said())
            finally:
                if daemon.poll() is None:
                    daemon.kill()
    wait_until(lambda: set(engine.expect("ps", "-a", "--format", "{{.Names}}").split()) <= set(engine.names),
               lambda: "for the container to be gone: " + engine.call("ps", "-a")[1])


def environment_words(engine):
    names = ("CONTAINERS_CONF", "HOME", "XDG_RUNTIME_DIR", "TMPDIR", "PATH")
    return ", ".join(json.dumps(f"{name}={value}") for name, value in engine.environment().items() if name in names)


def deploy(engine, archive, sources, run, superd, port, ask):
    build(engine, archive, sources)
    three_ways(engine, run)
    unhealthy(engine)
    sockets_from_outside(engine, superd, port, ask)
    return "built from scratch; as its own user, as one made up, with nothing to write to; HEALTHCHECK says well and unwell; " \
           "a socket from outside"
