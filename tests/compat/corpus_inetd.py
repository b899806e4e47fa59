"""inetd.conf for check-corpus: which lines are entries, and how one is switched on."""
import re

NAME = "inetd"
TYPES = ("stream", "dgram", "raw", "rdm", "seqpacket")


def is_collection(name):
    """Lines gathered from prose are alternatives to each other, no table."""
    return name.endswith("doc-lines.conf")


def is_shaped(line):
    """Whether a line, uncommented, would be an entry."""
    words = line.split()
    return len(words) >= 6 and re.split("[,:]", words[1])[0] in TYPES and words[3].startswith(("wait", "nowait"))


def uncomment(line):
    bare = re.sub(r"^#+(<off>#)?\s*", "", line)
    return bare if line.startswith("#") and is_shaped(bare) else line


def switch_on(text):
    return "\n".join(uncomment(line) for line in text.split("\n"))


def entries(text):
    from __main__ import Entry
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0] in " \t" and found and found[-1].last == number - 1:
            found[-1].last = number
        elif not (len(line.split()) == 1 and line.rstrip().endswith(":")) and not line.startswith("."):
            found.append(Entry(number, number, line.rstrip()))
    return found
