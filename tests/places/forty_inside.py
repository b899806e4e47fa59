"""What contrib/container/forty measures inside a container whose first process is superd: the container is of engine.py, and has
this machine's /usr for Python and Ruby, which belong to no image of ours; its memory is counted by a control group of its own
where one is to be had.
"""
import contextlib
import os
import re
import shutil
import subprocess
import time

from engine import PATIENCE, Container

PYTHON, PLACE = "/usr/bin/python3", "/superd"
GROUPS = "/sys/fs/cgroup"
ROW = re.compile(r"\| ([^|]+) \| (\d+) \| ([\d.]+) MB \| ([\d.]+) MB \| ([\d.]+) MB \| ([\d.]+) ms \|(?: (-?[\d.]+) MB \|)?")
WAYS = {"awake": ("never started", "awake, all of them"), "stop": ("stopped when idle",), "freeze": ("frozen",)}
ASLEEP = ("never started", "stopped when idle")


class Wrong(OSError):
    """What is not as it is claimed."""


def need(condition, what):
    if not condition:
        raise Wrong(what)


def why_not():
    """What keeps a container of this machine's programs from being had."""
    if not os.access(PYTHON, os.X_OK):
        return f"there is no {PYTHON}"
    if not all(os.path.islink("/" + name) for name in ("bin", "lib")):
        return "this machine's programs are not all below /usr"
    return None


def rows_of(said):
    """The figures of each row, by its name."""
    found = [ROW.fullmatch(line) for line in said.splitlines()]
    return {row[1]: [float(one) if one is not None else None for one in row.groups()[1:]] for row in found if row}


class Inside:
    """A root with nothing of its own but superd with its programs, superctl, forty and the examples."""

    def __init__(self, place, image, sources, count, uid):
        self.place, self.root, self.count, self.uid, self.logs = place, place + "/inside", count, uid, 0
        os.makedirs(self.root + PLACE)
        for name in ("usr", "proc", "dev", "run", "sys/fs/cgroup/memory"):
            os.makedirs(f"{self.root}/{name}")
        for name in ("bin", "sbin", "lib", "lib64"):
            if os.path.islink("/" + name):
                os.symlink(os.readlink("/" + name), f"{self.root}/{name}")
        helpers = [f"/usr/libexec/superd/{name}" for name in os.listdir(image + "/usr/libexec/superd")]
        for path in ("/usr/sbin/superd", "/usr/bin/superctl", *helpers):
            shutil.copy(image + path, self.root + PLACE)
        for name in ("container/forty", "examples/http-server.py", "examples/echo-server.rb"):
            os.makedirs(os.path.dirname(f"{self.root}{PLACE}/contrib/{name}"), exist_ok=True)
            shutil.copy(f"{sources}/contrib/{name}", f"{self.root}{PLACE}/contrib/{name}")
        subprocess.run(["chmod", "-R", "a+rX", self.root + PLACE], check=True)

    def run(self, *argv, group=None, **more):
        self.logs += 1
        volumes = [("/usr", "/usr")]
        if group:
            volumes.append((group, "/sys/fs/cgroup/memory" if group.startswith(GROUPS + "/memory/") else "/sys/fs/cgroup"))
        env = {"PATH": PLACE + ":/usr/bin", "PYTHONDONTWRITEBYTECODE": "yes"}
        return Container(self.root, list(argv), f"{self.place}/inside{self.logs}", uid=self.uid, run="/run", env=env,
                         volumes=volumes, group=group, **more)

    def forty(self, *words):
        return [PYTHON, PLACE + "/contrib/container/forty", "--services", str(self.count), *words]

    def measure(self, way, group, **more):
        """What forty prints in that container."""
        with self.run(*self.forty("--config", way), **more) as container:
            need(container.wait() == 0, "no table: " + container.said())
            with open(f"{self.root}{PLACE}/table.conf", "w", encoding="utf-8") as file:
                file.write(container.said())
        with self.run(PLACE + "/superd", "-f", PLACE + "/table.conf", "--control", "/run/superd/control", group=group,
                      **more) as container:
            until = time.monotonic() + PATIENCE
            while container.said().count(": listening on ") < self.count:
                need(time.monotonic() < until, "superd does not listen: " + container.said())
                time.sleep(0.02)
            code, said = container.execute(*self.forty("--measure", way))
            need(code == 0, f"forty --measure {way}: {code}: {said}")
            return rows_of(said)


@contextlib.contextmanager
def control_group(name):
    """One that counts memory, or None; version 2's where it has the controller, else version 1's."""
    folders = []
    with contextlib.suppress(OSError), open(GROUPS + "/cgroup.subtree_control", encoding="ascii") as file:
        folders += [f"{GROUPS}/{name}"] if "memory" in file.read().split() else []
    folders += [f"{GROUPS}/memory/{name}"] if os.path.isdir(GROUPS + "/memory") else []
    made = None
    for folder in folders:
        with contextlib.suppress(OSError):
            os.mkdir(folder)
            made = folder
            break
    try:
        yield made
    finally:
        until = time.monotonic() + PATIENCE
        while made and os.path.isdir(made) and time.monotonic() < until:
            with contextlib.suppress(OSError):
                os.rmdir(made)
            time.sleep(0.01)


def measured(place, image, sources, way, uid, count=3):
    """A row for each way to sleep, and figures that can be."""
    inside = Inside(place, image, sources, count, uid)
    rows = {}
    ways = ["freeze"] if way["mapped"] else list(WAYS)          # a user namespace makes no difference to the others
    for kind in ways:
        with control_group(f"superd-forty-{os.getpid()}") as group:
            rows.update(inside.measure(kind, group, **way))
            counted = "by a control group, too" if group else "by PSS alone, as no control group counts memory here"
    awake = {name: 0 if name in ASLEEP else count for kind in ways for name in WAYS[kind]}
    need({name: int(figures[0]) for name, figures in rows.items()} == awake, f"other rows, or processes: {rows}")
    for name, (processes, resident, swapped, own, wait, group) in rows.items():
        need((resident + swapped > 0) == (processes > 0) and own > 0 and wait > 0, f"{name}: figures that can't be: {rows}")
        need(group is None or group > 0, f"{name}: nothing, says the control group: {rows}")
    return rows, counted
