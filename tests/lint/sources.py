"""What the lints of src read: its order of folders, its files, and the symbols of the objects."""
import os
import re
import subprocess
from pathlib import Path

ROOT = Path(os.environ.get("SRCDIR", Path(__file__).resolve().parents[2]))
BUILD = Path(os.environ.get("BUILDDIR", "."))
SRC = ROOT / "src"
LINT = ROOT / "tests" / "lint"


def folder(file):
    return file.rsplit("/", 1)[0]


def unit(file):
    return file.rsplit(".", 1)[0]


def names_in(words):
    """The folders of a row of ORDER: superd/{loop,log} is two."""
    for word in words.split():
        found = re.fullmatch(r"([\w/]+)\{([\w,]+)\}", word)
        yield from (found[1] + name for name in found[2].split(",")) if found else (word,)


def read_order():
    """{folder: (purpose, the folders that it may know)}, from the ground up."""
    order, last = {}, None
    for line in (SRC / "ORDER").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        if not line[0].isspace():
            last, purpose = line.split(None, 1)
            order[last] = (purpose, set())
        else:
            order[last][1].update(names_in(line))
    return order


def files_of():
    return sorted(path.relative_to(SRC).as_posix() for path in SRC.rglob("*.[ch]"))


def text_of(file):
    return (SRC / file).read_text(errors="replace")


def objects_of():
    """{source without .c: its object}. Objects without a source are left over from an older build."""
    objects = {}
    for path in sorted((BUILD / "src").rglob("*.o")):
        name = path.relative_to(BUILD / "src").as_posix()
        source = re.sub(r"[^/]*-", "", name[:-2])       # PROGRAM-SOURCE.o where a program has flags of its own
        if (SRC / (source + ".c")).is_file():
            objects[source] = str(path)
    return objects


def symbols_of():
    """Per object, named as its source without .c, what it defines and what it wants."""
    objects, sources = {}, {path: source for source, path in objects_of().items()}
    command = [os.environ.get("NM") or "nm", "-A", "-P", *sources]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines() if sources else ():
        path, listing = line.split(": ", 1)
        fields = listing.split()
        if len(fields) < 2:
            continue
        defined, wanted = objects.setdefault(sources[path], (set(), set()))
        if fields[1] in "Uwv":
            wanted.add(fields[0])
        elif fields[1].isupper():
            defined.add(fields[0])
    return objects


def homes_of(objects):
    """{symbol: the source that defines it}"""
    home = {}
    for source, (defined, _) in objects.items():
        for symbol in defined:
            home.setdefault(symbol, source)
    return home


def off_list(name, what, found):
    """Whether something is found that tests/lint/NAME.allow does not list, or the list has a line for what is not there any
    more. found: {what a line begins with: what to print}. A line: KEY: REASON. Without such a file nothing is allowed.
    """
    path, allowed, wrong = LINT / (name + ".allow"), {}, False
    for line in path.read_text().splitlines() if path.is_file() else ():
        if line and not line.startswith("#"):
            key, _, reason = line.partition(": ")
            allowed[key] = reason
    for key, text in sorted(found.items()):
        if key not in allowed:
            print(text)
            wrong = True
    for key, reason in allowed.items():
        if key not in found or not reason:
            print(f"{path.name}: {key}: {'needs a reason' if key in found else 'is true no more; take the line out'}")
            wrong = True
    print(f"{len(found)} {what}, {len(found.keys() & allowed.keys())} allowed")
    return wrong
