"""Random tables of inetd.conf, and how Debian's openbsd-inetd and inetutils-inetd understand them. For tests/compat/differ."""
import re
import socket

from differ_run import NOTIFIES, SHOWN
from differ_table import Block, Chance, Table

FIRST_PORT = 3000
NAMES = {"ftp": 21, "telnet": 23, "smtp": 25, "finger": 79, "pop3": 110, "time": 37, "daytime": 13, "echo": 7, "discard": 9,
         "chargen": 19, "domain": 53, "ntp": 123, "tftp": 69, "imap2": 143, "sunrpc": 111}
SMALL = "echo", "discard", "chargen", "daytime", "time"
WORDS = ["one", "'a b'", '"c d"', "e\\ f", "g\\", '"h', "it's", "$HOME", "%p", "`id`", "#x", "a#b", "''", '""', "x'y z'w", "\\\\",
         "a,b", "k=v", "{1,2}", "*", "~", ";", "&", "<", "\u00e9", 'p"q"r', "'s\"t'", "--x", "!", "@", ":", "x" * 200]


def blank(chance):
    return chance.one(" ", "\t", "\t", "  ", " \t ", "\t\t")


def address(chance, port):
    return chance.one(
        str(port), str(port), str(port), f"127.0.0.1:{port}", f"127.0.0.2:{port}", f"*:{port}", f"::1:{port}", f"[::1]:{port}",
        f"127.0.0.1,127.0.0.2:{port}", f"localhost:{port}", f"0{port}", f"+{port}", f"{port}x", f"nosuch.invalid:{port}",
        f":{port}", f"127.0.0.1:{port}:", f"::{port}", f"0.0.0.0:{port}", f"[::]:{port}", f"127.0.0.1,:{port}", f"127.1:{port}",
        f"*,127.0.0.1:{port}", f"::ffff:127.0.0.1:{port}", "nosuch-service")


def protocol_and_type(chance):
    pairs = [("tcp", "stream")] * 6 + [("tcp4", "stream")] * 3 + [("tcp6", "stream")] * 3 + [
        ("udp", "dgram"), ("udp4", "dgram"), ("udp6", "dgram"), ("tcp46", "stream"), ("udp46", "dgram"),
        ("tcp6only", "stream"), ("udp6only", "dgram"), ("tcp,sndbuf=16k", "stream"), ("tcp4,rcvbuf=8192", "stream"),
        ("udp,sndbuf=1m,rcvbuf=64k", "dgram"), ("tcp", "seqpacket"), ("tcp", "raw"), ("tcp", "rdm"), ("udp", "stream"),
        ("tcp", "dgram"), ("TCP", "stream"), ("tcp", "STREAM"), ("tcp64", "stream"), ("tcp5", "stream"), ("sctp", "stream"),
        ("icmp", "raw"), ("tcp", "streams"), ("tcp/ttcp", "stream"), ("faith/tcp6", "stream"), ("tcp,sndbuf=x", "stream"),
        ("tcp,", "stream"), ("tcp,buf=3", "stream"), ("udp4", "stream"), ("tcp4", "dgram"), ("", "stream")]
    return chance.one(*pairs)


def wait_word(chance, kind):
    usual = "wait" if kind == "dgram" else chance.one("nowait", "nowait", "nowait", "wait")
    if chance.maybe(0.6):
        return usual
    return chance.one(usual + ".5", usual + ".100", usual + "/5", usual + ":7", usual + ".0", usual + ".", usual + ".x",
                      usual + ".-1", usual + ".99999999999", usual + "x", usual.upper(), usual + ".5.6", usual + ".05",
                      usual + ".+5", usual + ".1", usual + "/5/6", "no", "yes", "Wait", "nowait.3x", "w", "wai")


def user_word(chance):
    if chance.maybe(0.6):
        return chance.one("root", "nobody", "daemon")
    return chance.one("nobody:daemon", "nobody.daemon", "root:daemon", "root.daemon", "nosuch", "nobody:nosuch", "nobody.nosuch",
                      ":daemon", "nobody:", "nobody.", ".daemon", "65534", "1:1", "nobody:1", "no.body", "nobody:daemon:x",
                      "nobody.daemon.x", "nobody:dae.mon", "nobody.daemon:bin", "Nobody", "nobody/default", "nosuch.daemon",
                      "www-data", "www-data:nogroup")


def arguments(chance):
    if chance.maybe(0.05):
        return []
    words = [chance.one("cat", "cat", "cat", "/bin/cat", "-x", '"c d"', "'cat'"), *SHOWN]
    if chance.maybe(0.5):
        words += chance.some(1, 3, lambda: chance.one(*WORDS))
    if chance.maybe(0.05):
        words += [f"w{n}" for n in range(chance.number(5, 20))]
    return words


def joined(chance, words):
    """The words as a line, or as several of which all but the first begin with a blank. Only from the program on: before it
    openbsd-inetd, which reads a line twice for its two families, loses the second or never ends."""
    text = words[0]
    for number, word in enumerate(words[1:], 1):
        text += "\n\t" + word if number > 5 and chance.maybe(0.02) else blank(chance) + word
    if chance.maybe(0.03):
        text += chance.one(" ", "\t", "  # tail", " \\", "\r")
    return text


def ordinary(chance, port):
    protocol, kind = protocol_and_type(chance)
    program = chance.one("/bin/cat", "/bin/cat", "/bin/cat", "/bin/cat", "/bin/cat", "cat", "/bin/nosuch", "internal",
                         "/bin/../bin/cat", "./cat", "/bin", "") if chance.maybe(0.15) else "/bin/cat"
    words = [address(chance, port) if chance.maybe(0.4) else str(port), kind, protocol, wait_word(chance, kind), user_word(chance),
             program]
    words = [word for word in words if word]
    if chance.maybe(0.03):
        words = words[:chance.number(1, 5)]
        return Block([joined(chance, words)], port)
    return Block([joined(chance, words + arguments(chance))], port)


def of_unix(chance, port):
    kind = chance.one("stream", "stream", "dgram", "seqpacket")
    path = chance.one("", "", "", ":nobody:daemon:660:", ":nobody:daemon:0600:", "host:") + f"/run/x/{port}"
    words = [path, kind, "unix", wait_word(chance, kind), user_word(chance), "/bin/cat"]
    return Block([joined(chance, words + arguments(chance))], port)


def by_name(chance, left):
    """A service of services(5), each once a table: a second line of its port would be another matter."""
    name = chance.one(*sorted(left))
    left.discard(name)
    port = NAMES[name]
    protocol, kind = chance.one(("tcp", "stream"), ("tcp4", "stream"), ("udp", "dgram"), ("udp4", "dgram"), ("tcp6", "stream"))
    if name in SMALL and chance.maybe(0.8):
        usual = "wait" if kind == "dgram" else "nowait"
        usual = usual if chance.maybe(0.8) else chance.one("wait", "nowait", usual + ".9")
        return Block([joined(chance, [chance.one(name, name, str(port), name.upper()), kind, protocol, usual, user_word(chance),
                                      chance.one("internal", "internal", "internal", "INTERNAL", "internal x")])], port)
    return Block([joined(chance, [name, kind, protocol, wait_word(chance, kind), user_word(chance), "/bin/cat",
                                  *arguments(chance)])], port)


def other(chance):
    """Lines that are no service, or change those below."""
    return Block([chance.one("# a comment", "", "\t", " ", "#@", "#@ in ipsec esp/transport//require", "*:", "*:", "*:",
                             "127.0.0.1:", "# 4001 stream tcp nowait root /bin/cat", "one two three",
                             "#\ttab", "localhost:", "#" + "y" * 3000, "a b c d e f g")])


def vital(chance):
    """One in a hundred tables has a line that superd does not go on without: it may have been meant as addresses."""
    return Block([chance.one("garbage", "@x", ":", "x" * 1500, ". x")])


def twice(chance, block):
    """The line again, with something else in it."""
    words = block.lines[0].split()
    if len(words) > 4:
        words[4] = user_word(chance)
        if chance.maybe(0.3):
            words[2] = chance.one("tcp", "tcp4", "tcp6", "udp")
    return Block([" ".join(words)], block.port)


def make(random, count):
    chance, blocks, left = Chance(random), [], set(NAMES)
    for number in range(count):
        port = FIRST_PORT + number
        if chance.maybe(0.08):
            blocks.append(other(chance))
        if chance.maybe(0.1) and left:
            block = by_name(chance, left)
        elif chance.maybe(0.08):
            block = of_unix(chance, port)
        else:
            block = ordinary(chance, port)
        blocks.append(block)
        if chance.maybe(0.04):
            blocks.append(twice(chance, block))
    if chance.maybe(0.01):
        blocks.insert(chance.number(0, len(blocks)), vital(chance))
    return Table(blocks)


class Inetd:
    """What both have in common. compat: superd's word for the peer; path: its program in its package."""

    make = staticmethod(make)
    reads_files = False

    def __init__(self, name, path, package):
        self.compat, self.path, self.package = name, path, package

    def ours(self, links, table, _log):
        return [links + "/inetd", "-i", "-e", "--compat=" + self.compat, table], NOTIFIES

    def source(self, table):
        return f"inetd+{self.compat}:{table}"

    def understood_by_superd(self, service):
        limit = service.get("trigger_limit_burst", "unlimited")
        seen = {"wait": not service["accept"], "limit": limit, "builtin": bool(service.get("builtin"))}
        if not seen["builtin"]:
            seen |= {"user": service.get("user"), "group": service.get("group"), "program": service["exec"][0]}
        return seen

    @staticmethod
    def says(lines, block, table):
        """The peer's lines about a block: those with the number of a line of it, or with its service."""
        words = {line.split()[0] for line in block.lines if line.split()} | {str(block.port)}
        first, last = table.lines_of(block)
        found = []
        for line in lines:
            place = re.search(r"/table:(\d+): (.*)", line)
            if "ADD" in line or "REDO" in line or "someone wants" in line or "registered" in line:
                continue
            if place:
                found += [place[2]] if first <= int(place[1]) <= last else []
            elif any(re.search(rf"(^|[^\w]){re.escape(word)}($|[^\w])", line) for word in words):
                found.append(line)
        return found


class OpenBsd(Inetd):
    def theirs(self, program, table, _log, _folder):
        return [program, "-d", "-i", table], None

    def understood(self, messages, _dump):
        seen = {}
        for line in messages.splitlines():
            match = re.match(r"(?:ADD|REDO): (.*?)(?: rpcprog=.*?)? proto=(\S*), wait.max=(\d)\.(\d+) user:group=(.*):(.*?) "
                             r"builtin=(\S+) server=(.*)$", line)
            if match:
                most = int(match[4])
                entry = {"wait": match[3] == "1", "limit": most - 1 if most else "unlimited", "builtin": match[7] != "0"}
                if not entry["builtin"]:
                    # The group of root is printed, and not set.
                    group = None if match[6] == "(default)" or match[5] == "root" else match[6]
                    entry |= {"user": match[5], "group": group, "program": match[8]}
                seen.setdefault(port_of(match[1]), []).append(entry)
        return seen


class Gnu(Inetd):
    def theirs(self, program, table, _log, _folder):
        return [program, "-d", table], None

    def understood(self, messages, _dump):
        seen = {}
        for line in messages.splitlines():
            match = re.search(r"ADD : (\S+) proto=(\S*), wait=(\d), max=(\d+), user=(.*) group=(.*) builtin=(\S+) server=(.*)$",
                              line)
            if match:
                most = int(match[4])
                entry = {"wait": match[3] == "1", "limit": most or 999, "builtin": match[7] != "no"}
                if not entry["builtin"]:
                    group = None if match[5] == "root" else match[6] or None
                    entry |= {"user": match[5], "group": group, "program": match[8]}
                seen.setdefault(port_of(match[1]), []).append(entry)
        return seen


def port_of(text):
    """The number of a service as the peers print it: HOST:SERVICE, a path, a name."""
    last = re.split(r"[:/]", text)[-1]
    if re.fullmatch(r"[+0]*\d+", last):
        return int(last)
    try:
        return socket.getservbyname(last)
    except OSError:
        return last


PEERS = [OpenBsd("openbsd", "usr/sbin/inetd", "openbsd-inetd"), Gnu("gnu", "usr/sbin/inetutils-inetd", "inetutils-inetd")]
