"""The Containerfiles of contrib/container, read and carried out without an engine: a stage is a folder of its own, or a layer in
memory over a Debian that is there; a RUN line runs in it, in namespaces that end with it. What is not in our files is an error.
"""
import json
import os
import re
import shlex
import shutil
import subprocess

WORDS = ("ARG", "FROM", "RUN", "COPY", "ADD", "WORKDIR", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD")
FLAG = re.compile(r"^--([a-z-]+)=(\S+)\s+")
INSTALLS = re.compile(r"apt-get\s.*?\binstall\s(.*?)(?:&&|;|$)")
LIMIT = 600

# One RUN line: its own processes, devices and temporary files; the network, which apt-get needs, is the machine's.
RUN = """
set -e
cd "$1"
mkdir -p proc dev tmp
mount -t proc proc proc
mount -t tmpfs -o mode=755 dev dev
for one in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 dev/${one%:*} c 1 ${one#*:}; done
ln -s /proc/self/fd dev/fd
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=1777 tmp tmp
exec chroot . /bin/sh -c 'cd "$1" && eval "$2"' sh "$2" "$3"
"""


class Wrong(Exception):
    """What is not as it is claimed."""


class NotHere(Exception):
    """What this machine lacks for it."""


def need(condition, what):
    if not condition:
        raise Wrong(what)


def lines_of(path):
    """(instruction, the rest) of each, as in Dockerfile(5): a backslash goes on, a comment is a whole line."""
    with open(path, encoding="utf-8") as file:
        text = "\n".join(line for line in file.read().splitlines() if not line.startswith("#"))
    for line in filter(None, (one.strip() for one in text.replace("\\\n", " ").split("\n"))):
        word, _, rest = line.partition(" ")
        need(word in WORDS, f"{path}: {word}: an instruction that the test does not know")
        yield word, rest.strip()


def flags_of(rest):
    flags = {}
    while (found := FLAG.match(rest)) is not None:
        flags[found[1]] = found[2]
        rest = rest[found.end():]
    return flags, rest


class Image:
    """What the last stage of a file says of how it is to be run."""

    def __init__(self, path):
        self.forget()
        for word, rest in lines_of(path):
            if word == "FROM":
                self.forget()
            elif word == "USER":
                self.user = rest
            elif word == "EXPOSE":
                self.ports.append(int(rest))
            elif word == "STOPSIGNAL":
                self.signal = rest
            elif word == "ENTRYPOINT":
                self.entry = json.loads(rest)
            elif word == "CMD":
                self.command = json.loads(rest)
            elif word == "HEALTHCHECK":
                self.health = json.loads(flags_of(rest)[1].removeprefix("CMD"))

    def forget(self):
        self.user, self.ports, self.signal, self.entry, self.command, self.health = "0:0", [], "SIGTERM", None, None, None


def packages_of(path):
    """Those that apt-get is told to install; not what a variable adds."""
    found = set()
    for word, rest in lines_of(path):
        for names in INSTALLS.findall(rest) if word == "RUN" else ():
            found |= {name for name in names.split() if name[0] not in "-$"}
    return found


def look_over(path, sources):
    """What needs no building: each source, stage, script and option of a script that is spoken of is there."""
    stages, made = set(), {"superd.tar"}
    for word, rest in lines_of(path):
        if word == "FROM" and " AS " in rest:
            stages.add(rest.split(" AS ")[1].strip())
        if word in ("COPY", "ADD"):
            flags, rest = flags_of(rest)
            need(flags.get("from") is None or flags["from"] in stages, f"{path}: COPY from {flags.get('from')}, which is no stage")
            for name in [] if "from" in flags else rest.split()[:-1]:
                need(name in made or os.path.exists(os.path.join(sources, name)), f"{path}: {word} {name}: it is not there")
        if word == "RUN":
            for name in re.findall(r"(?:/src/)?(contrib/[\w./-]+)", rest):
                need(os.path.exists(os.path.join(sources, name)), f"{path}: {name} is not there")
            for call in re.findall(r"contrib/container/rootfs ([^;&]*)", rest):
                with open(os.path.join(sources, "contrib/container/rootfs"), encoding="utf-8") as file:
                    known = set(re.findall(r"--[a-z]+", file.read().split("set -eu")[0]))
                for option in re.findall(r"--[a-z]+", call):
                    need(option in known, f"{path}: rootfs has no {option}")


class Builder:
    """Carries a file out, below a folder: sources as the context, base in place of the Debian that it names. images: folders
    in place of other images, by name; "/" is laid below, any other is copied."""

    def __init__(self, place, sources, base="/", say=print, images=None):
        self.place, self.sources, self.base, self.say, self.stages = place, sources, base, say, []
        self.images = images or {}

    def build(self, path, **given):
        """The root file system that the last stage comes to."""
        args, names, root, folder = {}, {}, None, "/"
        for word, rest in lines_of(path):
            if word == "ARG":
                name, _, value = rest.partition("=")
                args[name] = given.get(name, value)
            elif word == "FROM":
                image, _, name = (one.strip() for one in rest.partition(" AS "))
                root, folder = self.stage(re.sub(r"\$\{?(\w+)\}?", lambda found: args[found[1]], image)), "/"
                names[name] = root
            elif word == "WORKDIR":
                folder = rest
                os.makedirs(root + folder, exist_ok=True)
            elif word in ("COPY", "ADD"):
                self.copy(root, rest, names)
            elif word == "RUN":
                self.run(root, folder, rest, args)
        return root

    def stage(self, image):
        folder = f"{self.place}/{len(self.stages)}"
        self.stages.append(folder)
        os.makedirs(folder + "/root")
        if image == "scratch":
            return folder + "/root"
        if self.images.get(image, "/") != "/":
            subprocess.run(["cp", "-a", self.images[image] + "/.", folder + "/root"], check=True)
            return folder + "/root"
        need(image in self.images or image.startswith("docker.io/library/debian:bookworm"), f"FROM {image}: the test has Debian 12 alone to build in")
        os.makedirs(folder + "/upper")
        os.makedirs(folder + "/work")
        made = subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir={self.base},upperdir={folder}/upper,workdir={folder}/work",
                               "stage", folder + "/root"], check=False, capture_output=True, text=True)
        if made.returncode != 0:
            raise NotHere(f"nothing can be laid over {self.base}: {made.stderr.strip()}")
        root = folder + "/root"
        shutil.copyfile("/etc/resolv.conf", root + "/etc/resolv.conf")
        with open(root + "/usr/sbin/policy-rc.d", "w", encoding="ascii") as file:       # as the image has
            file.write("#!/bin/sh\nexit 101\n")
        os.chmod(root + "/usr/sbin/policy-rc.d", 0o755)
        return root

    def copy(self, root, rest, names):
        flags, rest = flags_of(rest)
        source, target = rest.split()
        os.makedirs(root + target, exist_ok=True)
        if "from" in flags:
            subprocess.run(["cp", "-a", (names.get(flags["from"]) or self.images[flags["from"]]) + source + "/.", root + target], check=True)
        elif source.endswith(".tar"):
            subprocess.run(["tar", "-x", "-f", os.path.join(self.place, source), "-C", root + target], check=True)
        elif os.path.isfile(os.path.join(self.sources, source)):
            need(target.endswith("/"), f"COPY {source}: a file goes into a folder here")
            shutil.copy(os.path.join(self.sources, source), root + target)
        else:
            self.copy_context(os.path.join(self.sources, source), root + target)

    @staticmethod
    def copy_context(source, target):
        """Without what has been built below it, which is the machine's."""
        built = [f"--exclude=./{name}" for name in os.listdir(source)
                 if name == ".git" or os.path.exists(os.path.join(source, name, "config.status")) or name == "build-ci"]
        with subprocess.Popen(["tar", "-c", "-h", *built, "-C", source, "."], stdout=subprocess.PIPE) as tar:
            subprocess.run(["tar", "-x", "--no-same-owner", "-C", target], stdin=tar.stdout, check=True)
        need(tar.returncode == 0, "the context cannot be copied")

    def run(self, root, folder, command, args):
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
               "DEBIAN_FRONTEND": "noninteractive", **args}
        self.say(f"   RUN {command[:100]}")
        done = subprocess.run(["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "sh", "-c", RUN, "sh",
                               root, folder, command], check=False, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT)
        said = done.stdout.decode(errors="replace")
        if done.returncode != 0 and re.search(r"Unable to fetch|Failed to fetch|Unable to locate|Could not resolve", said):
            raise NotHere(f"the packages can't be had: {said[-300:]}")
        need(done.returncode == 0, f"RUN {shlex.quote(command)}: {done.returncode}:\n{said[-3000:]}")
