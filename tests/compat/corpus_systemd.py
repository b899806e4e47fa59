"""Units of systemd for check-corpus: whether every socket and what it leads to is read whole, and by which keys it is not."""
import collections
import glob
import os
import re
import shutil
import subprocess
import tempfile

import corpus_print

NAME = "systemd"
FOLDERS = ("systemd", "systemd-extra")
INSTANCE = "first"
NOWHERE = "/nonexistent"        # this machine's own units are no part of the corpus
SAID = re.compile(r"^(.*?):(?:(\d+):)?(?:\d+:)? (error|warning): (.*)$")


class Pair:
    """What superd made of one socket: (file, line, message) of each error, and its warnings."""

    def __init__(self, superd, corpus, socket):
        asked = re.sub(r"@\.socket$", "@%s.socket" % INSTANCE, socket)
        run = subprocess.run([superd, "--check", "--no-preflight", "-f", "systemd:" + asked], capture_output=True, text=True,
                             errors="replace", timeout=60, env={**os.environ, "SYSTEMD_UNIT_PATH": NOWHERE})
        self.name = os.path.relpath(socket, corpus)
        corpus_print.read_back(superd, self.name, "systemd:" + asked, {**os.environ, "SYSTEMD_UNIT_PATH": NOWHERE})
        self.status = run.returncode
        self.errors, self.warnings = [], []
        for line in run.stderr.splitlines():
            match = SAID.match(line)
            if match:
                said = (os.path.relpath(match.group(1), corpus), int(match.group(2) or 0), match.group(4))
                (self.errors if match.group(3) == "error" else self.warnings).append(said)


def key_of(corpus, said):
    """The key of the line that something was said of."""
    file, line, message = said
    try:
        with open(os.path.join(corpus, file), encoding="utf-8", errors="replace") as text:
            lines = text.read().split("\n")
    except OSError:
        lines = []
    match = re.match(r"\s*([A-Za-z0-9-]+)\s*=", lines[line - 1]) if 0 < line <= len(lines) else None
    return match.group(1) if match and line > 1 else re.split(r"[:=]", message)[0]


def sockets(corpus, folder):
    found = glob.glob(os.path.join(corpus, folder, "**", "*.socket"), recursive=True)
    return sorted(path for path in found if os.path.isfile(path))


def print_keys(corpus, title, said):
    keys = collections.Counter(key_of(corpus, one) for one in said)
    if keys:
        print("  %s: %s" % (title, ", ".join("%s %d" % item for item in keys.most_common())))


def enable_all(corpus, folder):
    """Makes folder that of a machine with all system units of packages, and their sockets enabled. How many are."""
    wants = os.path.join(folder, "sockets.target.wants")
    os.mkdir(wants)
    for path in glob.glob(os.path.join(corpus, "systemd", "*", "*.s*")):
        name = os.path.basename(path)
        shutil.copy(path, folder)
        if name.endswith(".socket"):
            os.symlink(os.path.join("..", name), os.path.join(wants, name.replace("@.socket", "@%s.socket" % INSTANCE)))
    return len(os.listdir(wants))


def check_enabled(superd, corpus):
    """README's line for a machine with all of them enabled. Whether it fails: each that is left out has to be named, and
    of two that claim one port the other is run."""
    with tempfile.TemporaryDirectory() as folder:
        enabled = enable_all(corpus, folder)
        run = subprocess.run([superd, "--check", "--no-preflight", "-f",
                              "systemd:" + os.path.join(folder, "sockets.target.wants")], capture_output=True, text=True,
                             errors="replace", timeout=60, env={**os.environ, "SYSTEMD_UNIT_PATH": NOWHERE})
        ports = [line for line in run.stderr.splitlines() if "is claimed already by" in line]
        left = re.search(r" (\d+) services?(?:, (\d+) left out)?$", run.stdout)
        names = len(re.findall(r"service '[^']*' is left out", run.stderr))
        print("all %d sockets enabled: %s" % (enabled, run.stdout.strip().split(": ")[-1]))
        good = run.returncode == 0 and left and int(left.group(1)) >= 20 and int(left.group(2) or 0) == names and ports
        if not good:
            print(run.stderr)
        return not good


def check(superd, corpus, expected, used):
    """Prints the counts of each folder. Whether something was read that is not expected to fail, and failed."""
    failed = check_enabled(superd, corpus)
    for folder in FOLDERS:
        pairs = [Pair(superd, corpus, socket) for socket in sockets(corpus, folder)]
        whole, known, wrong = 0, 0, []
        for pair in pairs:
            key = (pair.name, 1)
            if key in expected:
                used.add(key)
                known += 1
                if not pair.errors:
                    wrong.append((pair, "read whole, but corpus.expected says: " + expected[key]))
            elif pair.errors or pair.status:
                wrong.append((pair, None))
            else:
                whole += 1
        print("%s: %d pairs: %d read whole, %d expected not to be, %d wrong" % (folder, len(pairs), whole, known, len(wrong)))
        print_keys(corpus, "refused by key", [said for pair, _ in wrong for said in set(pair.errors)])
        print_keys(corpus, "warned of by key", [said for pair in pairs for said in set(pair.warnings)])
        for pair, why in wrong:
            print("  %s: %s" % (pair.name, why or "; ".join("%s:%d: %s" % said for said in pair.errors)
                                or "superd ended with status %d" % pair.status))
        failed |= bool(wrong) or not pairs
    return failed
