"""A document of Markdown as sections with blocks, and how what is shown is compared with what is printed."""
import glob
import os
import re

FENCE = re.compile(r"^```\s*(\w*)\s*$")
HEADING = re.compile(r"^(#{1,3}) +(.*)")
DURATION = r"(?:\d[\d.]* ?(?:us|ms|s|min|h|d|w))(?: \d[\d.]* ?(?:us|ms|s|min|h|d|w))*"
# Numbers that are claims, looked for before those that vary: a status, a port that is listened on, a line of a table, an
# option's. A client's port has five digits.
STAYS = (
    r"\bstatus:? \d+\b",
    r"\bHTTP/\d\.\d\"? \d{3}\b",
    r"\b(?:tcp|udp)[46]?:\d+\b(?!\.)",
    r"(?:(?<=127\.0\.0\.1)|(?<=localhost)|(?<=\])):\d{1,4}\b",
    r"\.(?:conf|plist|service|socket):\d+(?::\d+)?\b",
    r"^\s+\w+ = .*",
    r"no client has been connected for \d[\d.]* ?\w+$",
)
# What differs from one run to the next, in the order in which it is looked for: what it looks like there, and here.
VARIES = (
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.+Z:\d-]*\d|Z)?", r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\S*"),
    (r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b", r"\w{3}"),
    (r"\b\d\d:\d\d:\d\d\b", r"\d\d:\d\d:\d\d"),
    (r"(?:::ffff:)?127\.0\.0\.1|::1", r"(?:(?:::ffff:)?127\.0\.0\.1|::1)"),
    (DURATION, DURATION),
    (r"\b\d+(?:\.\d+)?[KMG]\b", r"\d+(?:\.\d+)?[KMG]?"),
    (r"\d+(?:\.\d+)?", r"\d+(?:\.\d+)?"),
)
ALL_VARIES = re.compile("|".join(f"(?:{there})" for there in STAYS) + "|" + "|".join(f"({there})" for there, _ in VARIES) +
                        r"|(\.\.\.)|(\s{8,})|(\s+)")


class Block:
    def __init__(self, kind, line, file):
        self.kind, self.line, self.file, self.text = kind, line, file, ""


class Section:
    def __init__(self, heading):
        self.heading, self.blocks, self.needs, self.sleeps = heading, [], [], True


def documents(sources):
    found = sorted(glob.glob(os.path.join(sources, "contrib/doc/*.md")))
    return ["README.md", *(os.path.relpath(path, sources) for path in found)]


def file_named_by(line):
    """The code at the end of a line that ends with a colon."""
    name = re.search(r"`([^`\s]*[./][^`\s]*)`:\s*$", line)
    return name.group(1) if name else None


def sections(path):
    """Every section, with its blocks and the packages it needs. The README alone may have code that is only shown."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    found, before, block, blank = [Section("its beginning")], "", None, True
    for number, line in enumerate(lines, 1):
        section = found[-1]
        if block:
            if line in ("```", "-->"):
                section.blocks.append(block)
                block, before = None, ""
            else:
                block.text += line + "\n"
        elif FENCE.match(line):
            block = Block(FENCE.match(line).group(1), number, file_named_by(before))
        elif line == "<!-- test":
            block = Block("test", number, None)
        elif HEADING.match(line):
            found.append(Section(HEADING.match(line).group(2)))
        elif line.startswith("<!-- needs:"):
            section.needs += line.removeprefix("<!-- needs:").removesuffix("-->").split()
        elif line == "<!-- stays awake -->":
            section.sleeps = False
        elif line.startswith("Packages:"):
            section.needs += re.findall(r"`([^`]+)`", line)
        elif line.startswith("    ") and blank and not path.endswith("README.md"):
            raise SystemExit(f"{path}:{number}: code that nobody runs: put it between fences")
        blank = not line.strip()
        before = line if line.strip() else before
    if block:
        raise SystemExit(f"{path}:{block.line}: this block does not end")
    for section in found[2:]:       # what is needed before the first section is needed in all
        section.needs = found[0].needs + found[1].needs + section.needs
    return found


def dialogue(text):
    """Pairs of a command and what it prints."""
    pairs = []
    goes_on = False
    for line in text.splitlines():
        if line.startswith("$ "):
            pairs.append([line[2:], ""])
        elif goes_on:
            pairs[-1][0] += "\n" + line
        elif pairs:
            pairs[-1][1] += line + "\n"
        else:
            raise SystemExit(f"no command stands before: {line}")
        goes_on = line.endswith("\\") and (goes_on or line.startswith("$ "))
    return pairs


def pattern(line):
    """The lines that may stand for this one."""
    def vary(match):
        if match.lastindex is None:
            return re.escape(match.group())
        if match.lastindex == len(VARIES) + 1:
            return ".*"
        if match.lastindex == len(VARIES) + 2:
            return r"\s+(?:\S+\s+)?"      # an empty place of a table
        if match.lastindex == len(VARIES) + 3:
            return r"\s+"
        return VARIES[match.lastindex - 1][1]

    parts, end = [], 0
    for match in ALL_VARIES.finditer(line):
        parts += [re.escape(line[end:match.start()]), vary(match)]
        end = match.end()
    return "".join(parts) + re.escape(line[end:])


def difference(shown, printed):
    """What is wrong with what was printed, or None. Nothing shown takes anything."""
    if not shown:
        return None
    whole = ""
    for line in shown.splitlines():
        whole += r"(?:.*\n)*?" if line.strip() == "..." else pattern(line.rstrip()) + r"\s*\n"
    if printed and not printed.endswith("\n"):
        printed += "\n"
    return None if re.fullmatch(whole, printed) else ":"
