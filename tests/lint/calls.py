"""Which functions call which, by the machine's code: a call, or an address that is taken, also by way of a table."""
import os
import re
import subprocess
from bisect import bisect_right

from sources import BUILD, objects_of

FUNCTION = re.compile(r"^[0-9a-f]+ <([\w.$]+)>:$")
TARGET = re.compile(r"<([\w.$]+)(?:\+0x[0-9a-f]+)?>$")
RELOCATION = re.compile(r"^\s*([0-9a-f]+):?\s+(R_\w+)\s+([\w.$@]+?)([+-]0x[0-9a-f]+)?$")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


class Object:
    """Its functions and tables, and per one of them what it refers to. A name that it does not define is another's."""

    def __init__(self, path):
        self.globals, self.functions, self.edges, self.starts = set(), set(), {}, {}
        objdump = os.environ.get("OBJDUMP") or "objdump"
        self.read_symbols(run(objdump, "-t", path))
        self.read_code(run(objdump, "-d", "-r", "--no-show-raw-insn", path))
        self.read_tables(run(objdump, "-r", path))

    def read_symbols(self, lines):
        for line in lines:
            found = re.match(r"([0-9a-f]+) (.{7}) (\S+)\s+([0-9a-f]+)\s+(?:\.hidden )?(\S+)$", line)
            if not found or found[3] in ("*UND*", "*ABS*", "*COM*") or found[2][6] not in "FO ":
                continue
            if found[2][6] == " " and found[5].startswith("."):
                continue
            self.starts.setdefault(found[3], []).append((int(found[1], 16), found[5]))
            self.edges[found[5]] = set()
            if found[2][6] == "F":
                self.functions.add(found[5])
            if found[2][0] in "gu!" or found[2][1] == "w":
                self.globals.add(found[5])
        for symbols in self.starts.values():
            symbols.sort()

    def symbol_at(self, section, offset):
        symbols = self.starts.get(section, [])
        place = bisect_right([start for start, _ in symbols], offset) - 1
        return symbols[place][1] if place >= 0 else None

    def target(self, kind, name, addend):
        """What a relocation means: a name, or a place in a section."""
        if name not in self.starts:
            return name.split("@")[0]
        # An operand that is relative to the program counter counts from its own end.
        return self.symbol_at(name, addend + 4 if "PC32" in kind or "PLT32" in kind else addend)

    def add(self, source, target):
        if source in self.edges and target and target != source and not target.startswith("."):
            self.edges[source].add(target)

    def read_code(self, lines):
        function = jump = None
        for line in lines:
            relocation = RELOCATION.match(line)
            if relocation:  # until then the operand is the place behind it, where another function may begin
                self.add(function, self.target(relocation[2], relocation[3], int(relocation[4] or "0", 16)))
                jump = None
                continue
            if jump and jump[1] in self.edges:
                self.add(function, jump[1])
            head, jump = FUNCTION.match(line), TARGET.search(line)
            if head:
                function = head[1]
        if jump and jump[1] in self.edges:
            self.add(function, jump[1])

    def read_tables(self, lines):
        section = None
        for line in lines:
            if line.startswith("RELOCATION RECORDS FOR ["):
                section = line.split("[")[1].split("]")[0]
            elif section and section.startswith((".data", ".rodata")):
                relocation = RELOCATION.match(line)
                if relocation:
                    self.add(self.symbol_at(section, int(relocation[1], 16)),
                             self.target(relocation[2], relocation[3], int(relocation[4] or "0", 16)))


def read_objects():
    return {source: Object(path) for source, path in objects_of().items()}


def homes_of(objects):
    return {name: source for source, parts in objects.items() for name in parts.globals}


def walk(objects, roots):
    """{(source, function): the one that calls it}, and {name outside of superd: who calls it}."""
    home, seen, outside = homes_of(objects), {}, {}
    todo = [(root, None) for root in roots]
    while todo:
        node, caller = todo.pop()
        if node in seen:
            continue
        seen[node] = caller
        source, function = node
        for name in sorted(objects[source].edges.get(function, ())):
            if name in objects[source].edges:
                todo.append(((source, name), node))
            elif name in home:
                todo.append(((home[name], name), node))
            else:
                outside.setdefault(name, set()).add(node)
    return seen, outside
