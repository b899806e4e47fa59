"""superd's image built and run by podman, where there is one that works: without a registry, as nothing is below it."""
import os
import shutil
import subprocess
import time

PATIENCE = 60
IMAGE = "localhost/superd-test"


class Refused(Exception):
    """There is no podman, or none that works here."""


class Wrong(OSError):
    """What is not as it is claimed."""


def need(condition, what):
    if not condition:
        raise Wrong(what)


class Podman:
    """One with images and containers of its own, below a folder of the test."""

    def __init__(self, place):
        if shutil.which("podman") is None:
            raise Refused("it is not installed")
        self.place = place + "/podman"
        self.store = ["--root", self.place + "/root", "--runroot", self.place + "/run", "--storage-driver", "vfs",
                      "--cgroup-manager", "cgroupfs", "--events-backend", "file"]
        self.names = []
        os.mkdir(self.place)
        probe = self.place + "/probe"
        os.mkdir(probe)
        self.write(probe + "/Containerfile", 'FROM scratch\nCOPY true /true\nENTRYPOINT ["/true"]\n')
        source = probe + "/true.c"
        self.write(source, "int main(void) { return 0; }\n")
        subprocess.run([*os.environ.get("CC", "cc").split(), "-static", "-o", probe + "/true", source], check=True)
        for words in (["build", "--isolation", "chroot", "-t", "localhost/superd-probe", probe],
                      ["run", "--rm", *self.limits(), "localhost/superd-probe"]):
            code, said = self.call(*words)
            if code != 0:
                self.clean()
                raise Refused(f"podman {words[0]} does not work here: {said.strip().splitlines()[-1:]}")

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    @staticmethod
    def limits():
        """No network, as there may be no means for one; limits that an engine without all rights can set."""
        return ["--network", "none", "--cgroups", "disabled", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=500:500"]

    def words(self, words):
        inner = ["podman", *self.store, *words]
        if os.geteuid() == 0 and os.path.isdir("/sys/fs/cgroup/unified"):
            # Both hierarchies of control groups at once are more than crun can deal with.
            return ["unshare", "-m", "sh", "-c", 'mount -t cgroup2 none /sys/fs/cgroup && exec "$@"', "sh", *inner]
        return inner

    def call(self, *words):
        home = {} if os.geteuid() == 0 else {"HOME": self.place, "XDG_RUNTIME_DIR": self.place, "TMPDIR": self.place}
        done = subprocess.run(self.words(words), check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=PATIENCE, env={**os.environ, **home})
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

    def clean(self):
        for name in self.names:
            self.call("rm", "-f", "-t", "0", name)
        self.call("rmi", "-a", "-f")
        if os.geteuid() != 0:           # what belongs to the numbers of a user namespace
            self.call("unshare", "rm", "-rf", self.place + "/root", self.place + "/run")
        shutil.rmtree(self.place, ignore_errors=True)


def wait_healthy(engine, name):
    until = time.monotonic() + PATIENCE
    while True:
        code, said = engine.call("exec", name, "/usr/bin/superctl", "health")
        if code == 0:
            return
        need(time.monotonic() < until, f"superctl health: {code}: {said}\n{engine.call('logs', name)[1]}")
        time.sleep(0.1)


def deploy(engine, archive, sources, run):
    """Builds the image and runs it in three ways; run is where superd of this build has what changes."""
    folder = engine.place + "/context"
    os.mkdir(folder)
    shutil.copy(archive, folder + "/superd.tar")
    engine.expect("build", "--isolation", "chroot", "--format", "docker", "-t", IMAGE, "-f",
                  sources + "/contrib/container/Containerfile.rootfs", folder)
    inspected = engine.expect("inspect", IMAGE)
    need("superctl" in inspected and "SIGTERM" in inspected, "the image has lost its HEALTHCHECK or STOPSIGNAL: " + inspected)
    strict = ["--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges"]
    tmpfs = ["--tmpfs", run + ":size=1m,mode=1777"]     # podman's own of /run is root's
    for words in ([], [*strict, *tmpfs, "--user", "1000660000:0"], [*strict, "--read-only-tmpfs=false", "-e", "SUPERD_CONTROL=@superd"]):
        bare = "SUPERD_CONTROL=@superd" in words
        name = engine.start("--systemd=false", *words, IMAGE, *(["--control", "@superd"] if bare else []))
        wait_healthy(engine, name)
        said = engine.expect("exec", name, "/usr/bin/superctl", "list")
        need("health" in said, "superctl list: " + said)
        engine.expect("stop", "-t", "20", name)
        need(engine.expect("wait", name).strip() == "0", "ended otherwise than well: " + engine.call("logs", name)[1])
    return "built from scratch; as its own user, as one made up, and with nothing to write to"
