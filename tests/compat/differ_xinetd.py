"""Random tables of xinetd.conf, and how xinetd understands them, by the dump of its state. For tests/compat/differ."""
import ipaddress
import pwd
import grp
import os
import re
import signal
import time

from differ_run import NOTIFIES, PATIENCE, SHOWN, read
from differ_table import Block, Chance, Table

FIRST_PORT = 3000
DUMP = "/var/run/xinetd.dump"
NAMES = {"echo": 7, "discard": 9, "chargen": 19, "daytime": 13, "time": 37, "ftp": 21, "telnet": 23, "finger": 79, "pop3": 110,
         "smtp": 25, "imap2": 143}
SMALL = "echo", "discard", "chargen", "daytime", "time"
ADDRESSES = ["127.0.0.1", "127.0.0.0", "127.0.0.0/8", "10.0.0.0", "0.0.0.0", "0.0.0.0/0", "::1", "::1", "::/0", "::",
             "192.168.1.{1,2,3}", "127.0.0.{1,4}", "127.0.{0,1}", "127.0.0.1/32", "127.0.0.2/31", "fe80::/10", "localhost",
             ".example.org", "loopback", "127.0.0.1/33", "127.0.0.1,127.0.0.2", "nosuch.invalid", "127", "127.0", "127.1",
             "::ffff:127.0.0.1", "127.0.0.1/255.0.0.0", "-127.0.0.1", "!127.0.0.1", "127.0.0.{1}", "127.0.0.{1,2", "127.0.0.",
             "1.2.3.4.5", "256.1.1.1", "127.0.0.1/", "/8", "::1/129", "127.0.0.0/0", "10.1.0.0/16", "010.0.0.1", "*", "ALL"]
TIMES = ["0:00-23:59", "02:00-03:00", "2:0-3:5", "22:00-2:00", "0:00-24:00", "12:00", "12:00-12:00", "1:60-2:00", "x", "8-17",
         "00:00-00:01", "23:58-23:59", "1:00-2:00,3:00-4:00", "-1:00-2:00", "1:00-2:00-3:00", "000:00-023:059"]
NUMBERS = ["0", "1", "2", "5", "30", "UNLIMITED", "unlimited", "-1", "x", "1 2", "", "99999999999", "0x10", "010", "+5", "5.5", "1k",
           "2147483647", "2147483648", "4294967296"]
# Those that are read are enough for cat(1): near what it needs, it would end now with one daemon and now with the other.
SIZES = ["64M", "64m", "64000K", "64000k", "100000000", "UNLIMITED", "unlimited", "-1", "x", "1G", "1MB", "", "0x1000000", "64.5M", "512M"]
WORDS = ["one", '"a', 'b"', "'x y'", "a\\ b", "$HOME", "%p", "#x", "a#b", "{1,2}", "=", "+=", "k=v", "*", "}", "{", "\u00e9",
         "x" * 200]
SOURCES = {"4": ["127.0.0.1", "127.0.0.4", "127.1.2.3"], "6": ["::1"]}


def values(chance, most, *choices):
    return " ".join(chance.some(1, most, lambda: chance.one(*choices)))


def attribute_values(chance, name):
    """Some value for this attribute, mostly a good one."""
    number = chance.one(*NUMBERS[:7]) if chance.maybe(0.7) else chance.one(*NUMBERS)
    size = chance.one(*SIZES[:6]) if chance.maybe(0.7) else chance.one(*SIZES)
    yes = chance.one("yes", "no", "yes", "no", "YES", "No", "true", "1", "", "yes no")
    return {
        "instances": number, "per_source": number,
        "cps": f"{chance.one('5', '50', '25', number)} {chance.one('10', '1', '30', number)}",
        "max_load": chance.one("2.5", "1000", "0", "x", "-1", "1e3", ""),
        "nice": chance.one("0", "5", "19", "10", "-5", "20", "100", "x", "1 2", "+3"),
        "umask": chance.one("022", "077", "0", "7", "0777", "1000", "8", "x", "-1", "0x12", "002"),
        "groups": yes, "disable": yes, "v6only": yes, "wait": yes,
        "deny_time": chance.one("FOREVER", "NEVER", "5", "0", "-1", "x", "forever"),
        "only_from": values(chance, 3, *ADDRESSES[:10], *ADDRESSES), "no_access": values(chance, 2, *ADDRESSES[:10], *ADDRESSES),
        "access_times": values(chance, 2, "0:00-23:59", "0:00-23:59", *TIMES),
        "log_on_success": values(chance, 4, "PID", "HOST", "EXIT", "DURATION", "USERID", "TRAFFIC", "pid", "NOSUCH", ""),
        "log_on_failure": values(chance, 3, "HOST", "ATTEMPT", "USERID", "host", "NOSUCH", ""),
        "log_type": chance.one("SYSLOG daemon", "SYSLOG daemon info", "SYSLOG authpriv notice", "FILE /run/x/log", "SYSLOG", "FILE",
                               "FILE /run/x/log 100000", "FILE /run/x/log 100000 200000", "FILE /run/x/log 10k 20k", "syslog local0",
                               "SYSLOG nosuch", "SYSLOG daemon nosuch", "FILE /run/x/log 10 5", "NONE", "FILE relative"),
        "env": values(chance, 2, "A=b", "C=d e", "NOVALUE", "A=c", "=x", "B='q'", "SIDE=other", "P=$PATH", "A==", "A="),
        "passenv": values(chance, 2, "PATH", "SIDE", "HOME", "NOSUCH", ""),
        "banner": chance.one("/run/banner", "/run/nosuch", "relative"), "banner_success": "/run/banner", "banner_fail": "/run/banner",
        "rlimit_as": size, "rlimit_cpu": chance.one("10", "UNLIMITED", "0", "x", "1m", "-1", "600"), "rlimit_data": size,
        "rlimit_rss": size, "rlimit_stack": size, "rlimit_files": chance.one("100", "UNLIMITED", "256", "x", "1k", "-1"),
        "user": chance.one("root", "nobody", "daemon", "65534", "0", "nosuch", "99999", "x y", "", "Nobody", "-1", "4294967296"),
        "group": chance.one("daemon", "nogroup", "0", "1", "nosuch", "", "x y", "-1", "99999"),
        "flags": values(chance, 2, "KEEPALIVE", "NODELAY", "IPv4", "IPv6", "NOLIBWRAP", "NORETRY", "IDONLY", "REUSE", "INTERCEPT",
                        "NAMEINARGS", "NOSUCH", "ipv4", "SENSOR", "LABELED", "NONE", ""),
        "type": values(chance, 2, "UNLISTED", "UNLISTED", "UNLISTED", "INTERNAL", "RPC", "TCPMUX", "TCPMUXPLUS", "SPECIAL", "NOSUCH", ""),
        "socket_type": chance.one("stream", "stream", "dgram", "raw", "seqpacket", "STREAM", "rdm", "x", ""),
        "protocol": chance.one("tcp", "tcp", "udp", "TCP", "icmp", "sctp", "tcp6", "6", "nosuch", ""),
        "server": chance.one("/bin/cat", "cat", "/bin/nosuch", "/bin", "", "/etc/passwd", "./cat", "/bin/cat extra"),
        "server_args": " ".join([*SHOWN, *chance.some(0, 4, lambda: chance.one(*WORDS))]) if chance.maybe(0.9) else
                       chance.one("", "x", "cat /proc/self/cmdline"),
        "redirect": chance.one("127.0.0.1 9", "::1 9", "localhost 9", "127.0.0.1 echo", "127.0.0.1 0", "127.0.0.1 99999",
                               "127.0.0.1", "nosuch.invalid 9", "127.0.0.1 nosuch"),
        "bind": chance.one("127.0.0.1", "127.0.0.2", "::1", "0.0.0.0", "::", "localhost", "nosuch.invalid", "127.1", "10.9.9.9", "*",
                           "", "[::1]", "::ffff:127.0.0.1", "256.0.0.1"),
        "libwrap": chance.one("x", "cat", "a b", ""),
        "rpc_version": chance.one("1", "1-2", "2-1", "x", "1-", ""), "rpc_number": chance.one("300000", "x", "-1", ""),
        "nosuch": chance.one("x", "", "1 2"), "mdns": yes, "id": chance.one("unique", "a b", "", "other"),
        "port": chance.one("0", "65536", "x", "", "1 2"), "enabled": "s3000", "disabled": chance.one("s3000 s3001", ""),
    }[name]


EXTRA = ["instances", "per_source", "cps", "max_load", "nice", "umask", "groups", "disable", "v6only", "deny_time", "only_from",
         "only_from", "only_from", "no_access", "access_times", "log_on_success", "log_on_failure", "log_type", "env", "passenv",
         "banner", "banner_success", "banner_fail", "rlimit_as", "rlimit_cpu", "rlimit_data", "rlimit_rss", "rlimit_stack",
         "rlimit_files", "group", "flags", "flags", "redirect", "bind", "bind", "libwrap", "nosuch", "mdns", "rpc_version",
         "rpc_number", "type"]
BASIC = ["user", "socket_type", "protocol", "server", "wait", "port", "id", "server_args"]
COMMON = ["instances", "per_source", "cps", "max_load", "umask", "groups", "v6only", "only_from", "no_access", "log_on_success",
          "log_on_failure", "log_type", "passenv", "banner", "banner_success", "banner_fail", "bind", "disabled", "enabled",
          "nosuch", "access_times", "nice"]
LISTS = {"only_from", "no_access", "log_on_success", "log_on_failure", "env", "passenv"}


def line(chance, name, value):
    operator = "="
    if name in LISTS and chance.maybe(0.35):
        operator = chance.one("+=", "-=", "+=")
    elif chance.maybe(0.01):
        operator = chance.one("+=", "-=", "==", ":=", "")
    if chance.maybe(0.03):
        name = name.upper() if chance.maybe(0.5) else name.capitalize()
    space = "" if chance.maybe(0.004) else chance.one(" ", "\t", "\t\t", "  ")
    text = chance.one("\t", "\t", "    ", "") + name + space + operator + chance.one(" ", " ", "\t", "") + value
    return text + (chance.one(" ", "\t", " # tail", "\r", " \\") if chance.maybe(0.02) else "")


def service(chance, port, name, given):
    """A block of a service. given: the attributes with their values, in order."""
    if chance.maybe(0.15):
        at = chance.number(0, len(given))
        key = chance.one(*BASIC)
        given.insert(at, (key, attribute_values(chance, key)))
    if chance.maybe(0.12):
        del given[chance.number(0, len(given) - 1)]
    for key in chance.some(0, 3, lambda: chance.one(*EXTRA)):
        given.insert(chance.number(0, len(given)), (key, attribute_values(chance, key)))
    body = [line(chance, key, value) for key, value in given]
    for _ in range(2):
        if chance.maybe(0.06):
            body.insert(chance.number(0, len(body)), chance.one("# comment", "", "\t# comment }", "\t", "#}"))
    if chance.maybe(0.01):
        body.insert(chance.number(0, len(body)), chance.one("garbage", "=", "= x", "port", "{", "service x", "\tport 80"))
    head = chance.one("service", "service", "service", "service", "Service", "SERVICE", " service") + chance.one(" ", "\t", "  ")
    opening, closing = "{", "}"
    if chance.maybe(0.03):
        opening = chance.one(" {", "{ ", "\t{", "\n{", "# x\n{", "{\n\n")
    if chance.maybe(0.03):
        closing = chance.one(" }", "} ", "\t}", "\n}")
    if chance.maybe(0.006):
        return Block([head + name + " {", *body, "}"], port)
    if chance.maybe(0.006):
        return Block([head + name, "{", *body[:-1], body[-1] + " }"], port)
    return Block([head + name + (chance.one(" ", " extra", " # x") if chance.maybe(0.02) else ""), opening, *body, closing], port)


def ordinary(chance, port):
    kind = "dgram" if chance.maybe(0.1) else "stream"
    given = [("type", "UNLISTED"), ("port", str(port)), ("socket_type", kind), ("protocol", "udp" if kind == "dgram" else "tcp"),
             ("wait", "yes" if kind == "dgram" or chance.maybe(0.1) else "no"), ("user", chance.one("nobody", "root", "nobody")),
             ("server", "/bin/cat"), ("server_args", attribute_values(chance, "server_args"))]
    if chance.maybe(0.15):
        chance.random.shuffle(given)
    return service(chance, port, f"s{port}", given)


def by_name(chance, left):
    name = chance.one(*sorted(left))
    left.discard(name)
    kind = "stream" if name not in SMALL or chance.maybe(0.6) else "dgram"
    given = [("socket_type", kind), ("wait", "no" if kind == "stream" else "yes"), ("id", f"{name}-{kind}")]
    if name in SMALL:
        given.insert(0, ("type", "INTERNAL"))
    else:
        given += [("user", "nobody"), ("server", "/bin/cat"), ("server_args", " ".join(SHOWN))]
    if chance.maybe(0.5):
        given.append(("protocol", "tcp" if kind == "stream" else "udp"))
    if chance.maybe(0.2):
        given.append(("port", str(NAMES[name])))
    return service(chance, NAMES[name], name, given)


def defaults(chance):
    body = []
    for key in chance.some(0, 5, lambda: chance.one(*COMMON)):
        value = attribute_values(chance, key)
        if chance.maybe(0.9):
            # A wrong value ends xinetd. One in ten may be wrong, or all tables would be of no use.
            value = {"only_from": "127.0.0.0 ::1", "no_access": "10.0.0.0", "log_on_success": "PID HOST", "instances": "30",
                     "log_on_failure": "HOST", "log_type": "SYSLOG daemon info", "per_source": "10", "cps": "100 5",
                     "umask": "027", "groups": "yes", "v6only": "no", "passenv": "PATH SIDE", "bind": "127.0.0.1",
                     "max_load": "1000", "banner": "/run/banner", "access_times": "0:00-23:59", "nice": "5"}.get(key, value)
        body.append(line(chance, key, value))
    return Block([chance.one("defaults", "defaults", "Defaults", "defaults x"), "{", *body, "}"])


def make(random, count):
    chance, blocks, left = Chance(random), [], set(NAMES)
    in_files = chance.maybe(0.25)
    for number in range(count):
        port = FIRST_PORT + number
        block = by_name(chance, left) if left and chance.maybe(0.1) else ordinary(chance, port)
        if chance.maybe(0.03):
            blocks.append(Block([chance.one("# comment", "", "garbage", "}", "include /nosuch", "includedir /nosuch", "\t", "service",
                                            "include", "# service x")]))
        if in_files and chance.maybe(0.4):
            block.file = chance.one("a", "b", "C", "with.dot", "tilde~", "1")
        blocks.append(block)
        if chance.maybe(0.03):
            again = Block(list(block.lines), block.port, block.file)
            again.lines[-1:-1] = [line(chance, "id", chance.one("again", f"s{port}"))] if chance.maybe(0.6) else []
            blocks.append(again)
    if in_files:
        blocks.insert(chance.number(0, len(blocks)), Block([chance.one("includedir {folder}", "includedir {folder}/",
                                                                      "includedir {folder}", "include {folder}/a")]))
    if chance.maybe(0.8):
        blocks.insert(0 if chance.maybe(0.8) else chance.number(0, len(blocks)), defaults(chance))
        if chance.maybe(0.05):
            blocks.insert(chance.number(0, len(blocks)), defaults(chance))
    return Table(blocks)


def network(text):
    """An address of only_from as xinetd reads it: the zeros at the end of an IPv4 one are any."""
    try:
        if "/" in text:
            return str(ipaddress.ip_network(text, strict=False))
        one = ipaddress.ip_address(text)
    except ValueError:
        return text.lower()
    if one.version == 6:
        return str(ipaddress.ip_network(text))
    number, bits = int(one), 32
    while bits and not number & (0xFF << (32 - bits)):
        bits -= 8
    return str(ipaddress.ip_network(f"{text}/{bits}"))


def networks(words):
    found = set()
    for word in words:
        masked = re.fullmatch(r"([0-9a-f:]+)/([0-9a-f:]*:[0-9a-f:]*)", word)
        if masked:
            word = f"{masked[1]}/{bin(int(ipaddress.ip_address(masked[2]))).count('1')}"
        factored = re.fullmatch(r"([\d.]*)\{([\d,]*)\}", word)
        found |= {network(factored[1] + last) for last in factored[2].split(",")} if factored else {network(word)}
    return sorted(found)


def identity(word, table):
    if word is None or re.fullmatch(r"\d+", str(word)):
        return None if word is None else str(word)
    try:
        return str(table(word)[2])
    except KeyError:
        return word


def seconds(text):
    """A time as superd prints it, in the way of xinetd: 1min is 60."""
    units = {"us": 0, "s": 1, "min": 60, "h": 3600, "d": 86400}
    parts = re.findall(r"(\d+) *([a-z]+)", text)
    return str(sum(int(number) * units[unit] for number, unit in parts)) if parts else text


def meaningful(entry):
    """Without what has no meaning: limits of a service that runs one server, the user of a builtin."""
    for key in ("instances", "per_source") if entry["wait"] else ():
        del entry[key]
    for key in ("user", "group", "groups") if entry["builtin"] else ():
        del entry[key]
    if entry["umask"] == -1:
        entry["umask"] = 0o022
    if entry["passenv"] == ["-"]:
        entry["passenv"] = []
    if entry["wait"]:
        entry["keep_alive"] = entry["no_delay"] = False
    return entry


class Xinetd:
    make = staticmethod(make)
    compat, path, package = "xinetd", "usr/sbin/xinetd", "xinetd"
    # It has lost its place, and may have taken a part of the next entry for the rest of this one.
    lost = re.compile(r"missing service keyword|service name missing|Bad operator|needs a space before operator|"
                      r"Unable to open included|expects port \d+, not 0")
    sources = SOURCES

    def theirs(self, program, table, log, folder):
        return [program, "-dontfork", "-f", table, "-filelog", log, "-pidfile", folder + "/pid"], "Started working"

    def ours(self, links, table, log):
        return [links + "/xinetd", "-dontfork", "-f", table, "-filelog", log, "-pidfile", links + "/pid"], NOTIFIES

    def source(self, table):
        return f"xinetd:{table}"

    def dump(self, daemon):
        """xinetd's state as it prints it."""
        if os.path.exists(DUMP):
            os.unlink(DUMP)
        daemon.process.send_signal(signal.SIGUSR1)
        end = time.monotonic() + PATIENCE
        while "END OF DUMP" not in read(DUMP) and daemon.process.poll() is None and time.monotonic() < end:
            time.sleep(0.002)
        return read(DUMP)

    def understood(self, _messages, dump):
        seen = {}
        common = re.search(r"^\tInstances = (\S+)", dump.partition("Service defaults")[2].partition("\nService = ")[0], re.M)
        for part in dump.split("\nService = ")[1:]:
            part = part.partition("\nServer table dump")[0]
            port = re.search(r"^\t\tport = (\d+)", part, re.M)
            seen.setdefault(int(port[1]) if port else None, []).append(self.of_dump(part, common and common[1]))
        return seen

    @staticmethod
    def of_dump(part, instances):
        """An entry of the dump. What means nothing for a service is left away: superd prints no such thing."""
        def one(pattern, default=None):
            match = re.search(r"^\t\t" + pattern, part, re.M)
            return match[1] if match else default

        def addresses(what):
            return networks(re.findall(r"(\S+)\((?:NUMERIC|NET|HOST)\)", one(what + r":\s*(.*)$", "")))

        flags = one(r"flags = (.*)$", "").split()
        entry = {"wait": one(r"wait = (\w+)") == "yes", "user": one(r"user = (-?\d+)"), "group": one(r"group = (-?\d+)"),
                 "groups": one(r"Groups = (\w+)") == "yes", "nice": int(one(r"Nice = (-?\d+)", "0")),
                 "umask": int(one(r"umask = (\d+)", "-1"), 8), "builtin": "INTERNAL" in one(r"type = (.*)$", ""),
                 "instances": one(r"Instances = (\S+)", instances or "UNLIMITED").lower(),
                 "per_source": one(r"PER_SOURCE = (-?\d+)", "-1").replace("-1", "unlimited"),
                 "only_from": addresses("Only from") or
                              ("all" if one("Only from: (.*)$", "").strip() in ("All sites", "") else []),
                 "no_access": addresses("No access"), "times": sorted(one(r"Access times =(.*)$", "").split()),
                 "success": sorted(one(r"Log_on_success flags =(.*)$", "").split()),
                 "failure": sorted(one(r"Log_on_failure flags =(.*)$", "").split()),
                 "passenv": sorted(set(one(r"Passenv =(.*)$", "-").split())), "keep_alive": "KEEPALIVE" in flags,
                 "no_delay": "NODELAY" in flags}
        if re.search(r"CPS = max conn", part):
            entry["cps"] = re.findall(r"\d+", one(r"CPS = (.*)$"))
        env = re.search(r"Environment additions:\n((?:\t\t\t.*\n)*)", part)
        entry["env"] = [text.strip() for text in env[1].splitlines()] if env else []
        if one(r"Server argv =(.*)$") is not None:
            entry["argv"] = one(r"Server argv =(.*)$").split()
        return meaningful(entry)

    @staticmethod
    def understood_by_superd(service):
        cps = service.get("cps")
        entry = {"wait": not service["accept"], "user": identity(service.get("user"), pwd.getpwnam),
                 "group": identity(service.get("group"), grp.getgrnam), "groups": service.get("groups", True),
                 "nice": service.get("nice", 0), "umask": int(service.get("umask", "-1"), 8),
                 "builtin": bool(service.get("builtin") or not (service.get("exec") or "redirect" in service)),
                 "instances": str(service.get("instances", "unlimited")),
                 "per_source": str(service.get("per_source", "unlimited")),
                 "only_from": networks(service["only_from"]) if "only_from" in service else "all",
                 "no_access": networks(service.get("no_access", [])),
                 "times": sorted("-".join("%02d:%02d" % tuple(map(int, half.split(":"))) for half in text.split("-"))
                                 for text in service.get("access_times", [])),
                 "success": sorted(service.get("log_on_success", [])), "failure": sorted(service.get("log_on_failure", [])),
                 "passenv": sorted(set(service.get("passenv", ["-"]))), "keep_alive": service.get("keep_alive", False),
                 "no_delay": service.get("no_delay", False), "env": service.get("env", [])}
        if cps:
            entry["cps"] = [cps[0], seconds(cps[1])]
        if not entry["builtin"] and service.get("exec") and "redirect" not in service:
            entry["argv"] = [service.get("argv0", service["exec"][0]), *service["exec"][1:]]
        return meaningful(entry)

    @staticmethod
    def says(lines, block, table):
        names = {text.split()[1] for text in block.lines if text.lower().strip().startswith("service") and len(text.split()) > 1}
        found = []
        for text in lines:
            place = re.search(r"\[file=(.*)\] \[line=(\d+)\]", text)
            if place:
                file = os.path.basename(place[1]) if ".d/" in place[1] else ""
                if table.block_at(file, int(place[2])) is block:
                    found.append(re.sub(r"^.*?: \w+: | \[file=.*", "", text))
            elif any(re.search(rf"\b{re.escape(name)}\b", text) for name in names) and "available" not in text:
                found.append(re.sub(r"^.*?: \w+: ", "", text))
        return found


PEERS = [Xinetd()]
