"""Reads systemd's src/test/test-execute.c: which units its functions start, what they prepare, what end they expect.

It is no compiler. A function is taken as blocks, ifs and statements; what a statement prepares is found by its form, and
whatever has another form prepares nothing. Every condition has to be known, as a unit behind it would be lost else.
"""
import errno
import os
import re
import shlex
import shutil
import signal
import subprocess

EXITS = {"EXIT_SUCCESS": 0, "EXIT_FAILURE": 1, "EXIT_EXEC": 203}
UNITS = "/run/test-execute-unit-dir"            # where the tests' units are, by the names they have for themselves
STRING = r'"((?:[^"\\]|\\.)*)"'


class Unknown(Exception):
    pass


def group_of(number, default):
    for line in open("/etc/group", encoding="utf-8", errors="replace"):
        words = line.split(":")
        if len(words) > 2 and words[2] == str(number):
            return words[0]
    return default


def architecture():
    machine = os.uname().machine
    return {"aarch64": "__aarch64__", "x86_64": "__x86_64__", "s390x": "__s390x__", "i686": "__i386__"}.get(machine, "")


def is_compiled(condition):
    """Of #if. What a build of systemd has; and what it is not, as one with sanitizers."""
    if condition.startswith("defined"):
        return architecture() != "" and architecture() in condition
    return "__BYTE_ORDER" not in condition and not re.search(r"(?<!!)HAS_FEATURE", condition)


def preprocess(text):
    """Without comments and without what #if leaves out."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r"^((?:[^\"\n]|\"(?:[^\"\\\n]|\\.)*\")*?)//.*$", r"\1", text, flags=re.M)
    text = text.replace("\\\n", " ")
    kept, taken = [], []                # taken: [whether this branch counts, whether one before it did]
    for line in text.splitlines():
        words = line.strip()
        if re.match(r"#\s*if", words):
            condition = re.sub(r"#\s*if(def|ndef)?\s*", "", words)
            good = is_compiled(condition)
            taken.append([good, good])
        elif re.match(r"#\s*elif", words):
            good = not taken[-1][1] and is_compiled(re.sub(r"#\s*elif\s*", "", words))
            taken[-1] = [good, taken[-1][1] or good]
        elif re.match(r"#\s*else", words):
            taken[-1] = [not taken[-1][1], True]
        elif re.match(r"#\s*endif", words):
            taken.pop()
        elif all(good for good, _ in taken) and not words.startswith("#"):
            kept.append(line)
    return "\n".join(kept)


def close_of(text, start):
    """Behind what closes the bracket at start."""
    depth, n = 0, start
    while n < len(text):
        if text[n] == '"':
            n = re.compile(STRING).match(text, n).end()
            continue
        if text[n] == "'":
            n += 4 if text[n + 1] == "\\" else 3
            continue
        depth += text[n] in "({["
        depth -= text[n] in ")}]"
        n += 1
        if not depth:
            return n
    raise Unknown("a bracket is not closed")


def skip_blanks(text, n):
    while n < len(text) and text[n].isspace():
        n += 1
    return n


def parse_one(text, n):
    """A statement from n on: (it, where the next begins). A block is a list, an if ("if", condition, then, else), a
    loop ("loop",), and all else its text."""
    n = skip_blanks(text, n)
    if text[n] == "{":
        end = close_of(text, n)
        return parse_all(text[n + 1:end - 1]), end
    match = re.compile(r"if\s*(?=\()").match(text, n)
    if match:
        end = close_of(text, match.end())
        condition = text[match.end() + 1:end - 1]
        then, end = parse_one(text, end)
        after = re.compile(r"\s*else\b").match(text, end)
        if not after:
            return ("if", condition, then, []), end
        other, end = parse_one(text, after.end())
        return ("if", condition, then, other), end
    match = re.compile(r"(STRV_FOREACH|FOREACH_STRING|for|while)\s*(?=\()").match(text, n)
    if match:
        return ("loop",), parse_one(text, close_of(text, match.end()))[1]
    start = n
    while text[n] != ";":
        if text[n] == '"':
            n = re.compile(STRING).match(text, n).end()
        elif text[n] in "({[":
            n = close_of(text, n)
        else:
            n += 1
    return " ".join(text[start:n].split("\n")), n + 1


def parse_all(text):
    found, n = [], skip_blanks(text, 0)
    while n < len(text):
        statement, n = parse_one(text, n)
        found.append(statement)
        n = skip_blanks(text, n)
    return found


def functions_of(path):
    """{name: statements} of the tests, in the order in which they are run."""
    with open(path, encoding="utf-8") as file:
        text = preprocess(file.read())
    bodies = {}
    for match in re.finditer(r"^static void (test_exec_\w+)\(Manager \*m\)\s*(?={)", text, re.M):
        bodies[match.group(1)] = text[match.end() + 1:close_of(text, match.end()) - 1]
    return {name: parse_all(bodies[name]) for name in re.findall(r"\bentry\((test_exec_\w+)\)", text)}


def unquote(text):
    """The string that C makes of one or more literals."""
    literals = re.findall(STRING, text)
    return "".join(re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match.group(1), match.group(1)), literal)
                   for literal in literals)


def split_outside(text, sign):
    """At the first such sign that is in no bracket; None: there is none."""
    n = 0
    while n < len(text):
        if text[n] in "({[":
            n = close_of(text, n)
            continue
        if text[n] == sign:
            return text[:n].strip(), text[n + 1:].strip()
        n += 1
    return None


class Interpreter:
    """Goes through a function's statements. run(unit, expected, wants_result) is called for each unit it starts."""

    def __init__(self, run):
        self.run = run
        self.names = {"NOBODY_USER_NAME": "nobody", "NOBODY_GROUP_NAME": group_of(65534, "nogroup")}
        self.found = True               # whether the program that was looked for last is there

    def number(self, text):
        """Of an expression that names how a unit ends."""
        text = text.strip()
        ternary = split_outside(text, "?")
        if ternary:
            then, other = self.branches(ternary[1])
            return self.number(then if self.holds(ternary[0]) else other)
        match = re.fullmatch(r'errno_from_name\("(\w+)"\)', text)
        if match:
            return getattr(errno, match.group(1))
        if text in EXITS:
            return EXITS[text]
        if text in self.names:
            return self.names[text]
        if hasattr(signal, text):
            return int(getattr(signal, text))
        if not re.fullmatch(r"\d+", text):
            raise Unknown(f"not known what it is: {text}")
        return int(text)

    @staticmethod
    def branches(text):
        """A ternary's two: the colon is the first that belongs to no ternary within."""
        depth = 0
        for n, char in enumerate(text):
            if char == "?":
                depth += 1
            elif char == ":" and depth == 0:
                return text[:n], text[n + 1:]
            elif char == ":":
                depth -= 1
        raise Unknown(f"no else in {text}")

    def holds(self, condition):
        """superd runs as root, outside of a container, with every right that test-execute looks for."""
        text = condition.strip()
        for sign, combine in (("||", any), ("&&", all)):
            parts = self.parts(text, sign)
            if len(parts) > 1:
                return combine([self.holds(part) for part in parts])
        if text.startswith("!") and not text.startswith("!="):
            return not self.holds(text[1:])
        if text.startswith("(") and close_of(text, 0) == len(text):
            return self.holds(text[1:-1])
        return self.is_so(text)

    @staticmethod
    def parts(text, sign):
        found, start, n = [], 0, 0
        while n < len(text):
            if text[n] in "({[":
                n = close_of(text, n)
            elif text[n] == '"':
                n = re.compile(STRING).match(text, n).end()
            elif text.startswith(sign, n):
                found.append(text[start:n])
                start = n = n + len(sign)
            else:
                n += 1
        return [*found, text[start:]]

    def is_so(self, text):
        known = (
            (r"can_unshare|MANAGER_IS_SYSTEM\(m\)|have_userns_privileges\(\)|have_net_dummy|have_netns", True),
            (r"is_inaccessible_available\(\)|is_seccomp_available\(\)|check_nobody_user_and_group\(\)", True),
            (r"MANAGER_IS_USER\(m\)|detect_container\(\) > 0|bad|strstr_ptr\(ci_environment\(\), .*\)", False),
            (r"path_is_read_only_fs\(.*\) > 0|path_is_read_only_fs\(.*\)", False),
            (r"have_effective_cap\(\w+\) > 0", True), (r"have_effective_cap\(\w+\) <= 0", False),
            (r"STR_IN_SET\(NOBODY_\w+, .*\)", True),
            (r"r < 0|r == -ENOENT|IN_SET\(errno, .*\)|r == -ENOEXEC", not self.found),
            (r"ERRNO_IS_NEG_\w+\(r\)", not self.found),
        )
        for form, value in known:
            if re.fullmatch(form, text):
                return value
        match = re.fullmatch(r'access\("([^"]+)", \w+\) (>=|<) 0', text)
        if match:
            return os.path.exists(match.group(1)) == (match.group(2) == ">=")
        match = re.fullmatch(r"CPU_ISSET_S\((\d+), .*\)", text)
        if match:
            return int(match.group(1)) in os.sched_getaffinity(0)
        match = re.fullmatch(r'check_user_has_group_with_same_name\("(\w+)"\)', text)
        if match:
            return self.has_group(match.group(1))
        raise Unknown(f"not known whether it holds: {text}")

    @staticmethod
    def has_group(name):
        for line in open("/etc/passwd", encoding="utf-8", errors="replace"):
            words = line.split(":")
            if words[0] == name:
                return group_of(words[3], "") == name
        return False

    def walk(self, statements):
        """False: it has returned."""
        for statement in statements if isinstance(statements, list) else [statements]:
            if isinstance(statement, list):
                goes_on = self.walk(statement)
            elif isinstance(statement, tuple):
                goes_on = statement[0] != "if" or self.walk(statement[2 if self.holds(statement[1]) else 3])
            else:
                goes_on = self.perform(statement)
            if not goes_on:
                return False
        return True

    def perform(self, text):
        """One statement: a unit that is started, or something prepared."""
        if re.match(r"return\b", text):
            return False
        match = re.search(r"\btest(_service)?\(m, ((?:\"[^\"]*\"|\w+|\s)+), (.*)\)$", text)
        if match:
            self.start(match)
            return True
        match = re.match(r"(?:static )?(?:const )?(char|int) (\w+)(?:\[\])? = (.*)$", text)
        if match:
            self.names[match.group(2)] = self.number(match.group(3)) if match.group(1) == "int" else unquote(match.group(3))
            return True
        match = re.search(r"\b(\w+)\((" + STRING + r"(?:, .*)?)\)", text)
        if match:
            self.prepare(match.group(1), unquote(match.group(2).split(", ")[0]), match.group(2))
        if "write_drop_in(" in text:
            add_programs(UNITS + "/exec-mount-apivfs-no.service.d")
        return True

    def start(self, match):
        words = re.findall(r'"([^"]*)"|(\w+)', match.group(2))
        unit = "".join(literal or self.names[name] for literal, name in words)
        if match.group(1):
            return self.run(unit, "result " + match.group(3).replace("SERVICE_", "").lower().replace("_", "-"))
        end, how = match.group(3).rsplit(",", 1)
        number = self.number(end)
        if how.strip() == "CLD_EXITED":
            return self.run(unit, f"status {number}")
        return self.run(unit, "signal " + signal.Signals(number).name[3:])

    def prepare(self, verb, first, arguments):
        if verb == "mkdir_p":
            os.makedirs(first, exist_ok=True)
        elif verb == "touch":
            open(first, "ab").close()
        elif verb in ("rm_rf", "unlink"):
            subprocess.run(["rm", "-rf", first], check=True)
        elif verb == "copy_file":
            shutil.copy(first, re.findall(STRING, arguments)[1])
        elif verb == "setenv":
            os.environ[first] = unquote(re.match(STRING + r", (" + STRING + ")", arguments).group(2))
        elif verb == "unsetenv":
            os.environ.pop(first, None)
        elif verb == "find_executable":
            self.found = shutil.which(first) is not None
        elif verb == "write_string_file":
            what = arguments.split(", ")[1]
            with open(first, "w", encoding="utf-8") as file:
                file.write((self.names[what] if what in self.names else unquote(what)).rstrip("\n") + "\n")




def add_programs(folder):
    """test_exec_mount_apivfs() writes this drop-in: two programs that run in a root without anything."""
    programs = [shutil.which("touch"), shutil.which("test")]
    needed = set(programs)
    for program in programs:
        said = subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True, check=True).stdout
        needed.update(word for word in shlex.split(said) if word.startswith("/"))
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/10-bind-mount.conf", "w", encoding="ascii") as file:
        file.write(f"[Service]\nExecStart={programs[0]} /aaa\nExecStart={programs[1]} -f /aaa\n")
        file.writelines(f"BindReadOnlyPaths={path}\n" for path in sorted(needed))
