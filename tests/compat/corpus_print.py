"""For check-corpus: the table that superd prints of a source, read and printed again."""
import difflib
import os
import subprocess
import tempfile

tables, wrong = 0, []


def print_table(superd, source, env):
    """What --print writes of the services without errors."""
    run = subprocess.run([superd, "--print", "--keep-going", "-f", source], capture_output=True, text=True, errors="replace",
                         timeout=60, env=env)
    return run.stdout, run.stderr


def read_back(superd, name, source, env=None):
    """Notes the first difference between the printed table and what superd prints of it."""
    global tables
    printed, _ = print_table(superd, source, env)
    if not printed.strip():
        return                          # no entry of it is understood, which is counted elsewhere
    tables += 1
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "superd.conf")
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as out:
            out.write(printed)
        again, said = print_table(superd, "superd:" + path, env)
    if again != printed:
        lines = [line for line in difflib.unified_diff(printed.split("\n"), again.split("\n"), lineterm="", n=0)
                 if not line.startswith(("---", "+++", "@@"))]
        wrong.append("%s: %s" % (name, "; ".join(lines[:4]) or said.strip()))


def report():
    """Whether a table differs."""
    print("printed, and read again: %d tables: %d differ" % (tables, len(wrong)))
    for line in wrong:
        print("  " + line)
    return bool(wrong) or not tables
