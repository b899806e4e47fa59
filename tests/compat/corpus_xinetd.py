"""xinetd.conf for check-corpus: which lines are entries, and how one is switched on."""
import re

NAME = "xinetd"
HEAD = re.compile(r"\s*service\s+\S", re.I)
END = re.compile(r"\s*\}\s*$")
DISABLE = re.compile(r"(\s*disable\s*=\s*)yes\s*$", re.I)
FILLED = {"port": "1"}                  # what stands for a placeholder; elsewhere a name


def is_collection(name):
    """A file is a table, also the one service of a README."""
    return False


def blocks(lines):
    """(first, last) of each service, counted from 0."""
    first = None
    for number, line in enumerate(lines):
        if HEAD.match(line) and first is None:
            first = number
        elif END.match(line) and first is not None:
            yield first, number
            first = None


def fill(line):
    """A template's @NAME@, which nobody fills in as long as the service is disabled."""
    match = re.match(r"\s*(\w+)\s*=", line)
    attribute = match.group(1).lower() if match else ""
    line = re.sub(r"@\w*DIR@", "/dir", line, flags=re.I)
    return re.sub(r"@\w+@", FILLED.get(attribute, "/file" if attribute == "server" else "name"), line)


def switch_on(text):
    lines = text.split("\n")
    for first, last in blocks(lines):
        block = lines[first:last + 1]
        if any(DISABLE.match(line.rstrip("\r")) for line in block):
            lines[first:last + 1] = [fill(DISABLE.sub(r"\1no", line)) for line in block]
    return "\n".join(lines)


def entries(text):
    from __main__ import Entry
    lines = text.split("\n")
    return [Entry(first + 1, last + 1, "\n    ".join(line.rstrip() for line in lines[first:last + 1]))
            for first, last in blocks(lines)]
