"""The runs of the soak that are kept, a line each, in tests/soak/runs: later runs, also on other machines, add to them."""
import datetime
import os
import subprocess

COLUMNS = ("date", "commit", "seed", "shard", "seconds", "clients", "explained", "lost", "upgrades", "kills",
           "memory-first", "memory-last", "descriptors-first", "descriptors-last",
           "p50-first", "p50-last", "p99-first", "p99-last", "result")
FIRST = 5                       # samples whose median is a figure at first, or at last


def median(values):
    values = sorted(values)
    return values[len(values) // 2] if values else 0


def ends_of(samples, figure):
    """A figure at first and at last."""
    values = [figure(one) for one in samples]
    return median(values[:FIRST]), median(values[-FIRST:])


def commit_of(folder):
    """COMMIT of the environment, or that of the folder, with a "+" where it has changes; "-": unknown."""
    if os.environ.get("COMMIT"):
        return os.environ["COMMIT"]
    words = ("git", "-C", folder, "describe", "--always", "--dirty=+", "--abbrev=8", "--exclude=*")
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError:
        return "-"
    return done.stdout.strip() or "-"


def row_of(commit, options, seconds, samples, counts, failed):
    """The line of a run. samples: those behind the warm-up; counts: clients, explained, lost, upgrades, kills."""
    calm = [name for name in samples[0]["load"] if name == "calm-each"][0]
    figures = []
    for figure, form in ((lambda one: one["anonymous"], "d"), (lambda one: one["descriptors"].others, "d"),
                         (lambda one: one["load"][calm][8] / 1000, ".2f"), (lambda one: one["load"][calm][9] / 1000, ".2f")):
        figures += [format(value, form) for value in ends_of(samples, figure)]
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    return " ".join([date, commit, str(options.seed), options.shard, f"{seconds:.0f}", *map(str, counts), *figures,
                     "failed" if failed else "passed"])


def add(path, row):
    with open(path, "a", encoding="utf-8") as file:
        file.write(row + "\n")


def read(path):
    """Each run as column -> word; ValueError: a line is none."""
    runs = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if len(words) != len(COLUMNS):
                raise ValueError(f"{path}:{number}: {len(words)} words, and there are {len(COLUMNS)} columns")
            runs.append(dict(zip(COLUMNS, words)))
    return runs


def total(path):
    """A line on all runs together."""
    runs = read(path)
    seconds, clients, explained, lost = (sum(int(run[name]) for run in runs)
                                         for name in ("seconds", "clients", "explained", "lost"))
    return (f"{len(runs)} runs are recorded: {clients} clients in {seconds / 3600:.1f} hours, {explained} cut or refused as an "
            f"order explains, {lost} lost")
