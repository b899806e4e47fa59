"""One life of a superd with a service of every kind: start, clients, a reload, idle stop, freeze, thaw, upgrade, stop. Run with
a site that fails, each step holds what superd promises all the same: a client is answered or refused plainly and the next is
answered; an order is done or its failure is answered; nothing spins, leaks or is left."""
import errno
import os
import signal
import socket
import time

from calls import leaving, own_words
from shared import HITS, PHASE, TURNS
from world import PLACE, Broken, Superd, ask, clean, processes, reap, words_of

STREAM, DATAGRAM = socket.SOCK_STREAM, socket.SOCK_DGRAM
SPINS = 3000 # turns of the loop beyond those of a run without a failure

DEFAULTS = "defaults {\n user = root\n}\n"


def service(name, listen, *options):
    return f"service {name} {{\n listen = \"{listen}\"\n" + "".join(f" {option}\n" for option in options) + "}\n"


def log_to(name):
    return f"superd {{\n log = \"file:{PLACE}/{name}.log\"\n}}\n"


class Whole:
    """All kinds of services, files of the log, and a reload that changes, adds and removes some. superd is killed before and
    after the reload, and its guard starts the next."""
    program, arguments = "superd", ()
    does = ["serve", "freeze", "stop_idle", "die", "reload", "die", "upgrade", "look"]

    def __init__(self, tests):
        backend = f"{tests}/backend"
        notes = f'exec = "{tests}/notifier \\"say READY=1\\""'
        lazy, each = f'exec = "{backend} serve"', f'exec = "{backend} stdio"'
        kept = (DEFAULTS +
                service("forks", "127.0.0.1:7002", "type = forking", f'exec = "{backend} daemon"') +
                service("notes", "127.0.0.1:7003", "type = notify", notes) +
                service("echo", "127.0.0.1:7004", "accept = yes", "builtin = echo") +
                service("relay", "127.0.0.1:7005", "accept = yes", 'redirect = { "127.0.0.1", "7004" }') +
                service("dgram", "udp:127.0.0.1:7006", f'exec = "{backend} datagrams 20"') +
                service("sleeps", "127.0.0.1:7007", lazy, "idle_timeout = 100ms") +
                service("mux", "127.0.0.1:7008", "accept = yes", "builtin = tcpmux") +
                service("named", "tcpmux:+named", "accept = yes", each) +
                service("prints", "127.0.0.1:7009", lazy, f'output = "append:{PLACE}/output"') +
                service("logs", "127.0.0.1:7013", "accept = yes", each,
                        f'log_type = {{ "FILE", "{PLACE}/access" }}', 'log_on_success = { "HOST", "PID", "EXIT" }'))
        self.first = log_to("first") + kept + service("lazy", f"{PLACE}/lazy", lazy) + \
            service("each", "127.0.0.1:7001", "accept = yes", each) + \
            service("local", f"{PLACE}/local", "accept = yes", each) + service("moves", "127.0.0.1:7011", "accept = yes", each)
        self.second = log_to("second") + kept + service("lazy", f"{PLACE}/lazy", lazy, 'env = { "CHANGED=1" }') + \
            service("local", f"{PLACE}/local", "accept = yes", each, "backlog = 17") + \
            service("added", "127.0.0.1:7010", "accept = yes", each) + service("moves", "127.0.0.1:7012", "accept = yes", each)
        self.before = {"lazy": (STREAM, f"{PLACE}/lazy"), "each": (STREAM, 7001), "local": (STREAM, f"{PLACE}/local"),
                       "forks": (STREAM, 7002), "notes": (STREAM, 7003), "echo": (STREAM, 7004), "relay": (STREAM, 7005),
                       "dgram": (DATAGRAM, 7006), "sleeps": (STREAM, 7007), "mux": (STREAM, 7008, "named\r\nhello\n"),
                       "prints": (STREAM, 7009), "logs": (STREAM, 7013), "moves": (STREAM, 7011)}
        self.after = {"added": (STREAM, 7010), **{name: where for name, where in self.before.items() if name != "each"},
                      "moves": (STREAM, 7012)}


class Helper:
    """A helper of superd's, whose first process has a call fail, while superd itself has none."""
    program, arguments = "superd-builtin", ()
    does = ["serve", "serve", "reload", "look"]

    def __init__(self, tests, *options):
        options += ('passenv = { "LD_PRELOAD", "FAULTS_FILE", "FAULTS_PROGRAM" }',)
        each = service("each", "127.0.0.1:7001", "accept = yes", f'exec = "{tests}/backend stdio"')
        self.first = DEFAULTS + each + service("helped", "127.0.0.1:7002", *options)
        self.second = DEFAULTS + each + service("helped", "127.0.0.1:7002", *options, "backlog = 17")
        self.before = {"helped": (STREAM, 7002), "each": (STREAM, 7001)}
        self.after = self.before


class Mux(Helper):
    def __init__(self, tests):
        super().__init__(tests, "accept = yes", "builtin = tcpmux")
        named = service("named", "tcpmux:+named", "accept = yes", f'exec = "{tests}/backend stdio"')
        self.first, self.second = self.first + named, self.second + named
        self.before["helped"] = (STREAM, 7002, "named\r\nhello\n")


TARGET = 'redirect = { "127.0.0.1", "7001" }'
SCENES = {"whole": Whole, "mux": Mux, "redirect": lambda tests: Helper(tests, TARGET),
          "redirect-each": lambda tests: Helper(tests, "accept = yes", TARGET)}
PHASES = ["start", "serve", "freeze", "stop_idle", "reload", "upgrade", "look", "die", "stop"]


class Run:
    """A run. found: the invariants that did not hold. refused: whether anything was refused. reached: the phase it came to."""

    def __init__(self, settings, shared, scene, usual):
        self.shared, self.usual, self.found, self.refused, self.kinds, self.final = shared, usual, [], [], {}, None
        self.scene = SCENES[scene](settings["tests"])
        self.clients = self.scene.before
        self.settings, self.phase, self.deaf = settings, 0, False
        clean()
        self.started = time.monotonic()
        self.superd = Superd(settings["superd"], settings["injector"], shared, self.scene.first,
                             usual["seconds"] if usual else 12, self.scene.arguments,
                             os.path.join(os.path.dirname(settings["superd"]), self.scene.program))

    def enter(self, name):
        self.phase = PHASES.index(name)
        self.shared.set_word(PHASE, self.phase)

    def fault(self, text):
        self.found.append(f"{PHASES[self.phase]}: {text}")

    def is_gone(self, what):
        if not self.superd.has_ended():
            return False
        self.fault(f"superd has ended with {self.superd.status} at {what}")
        return True

    def serve(self, clients=None):
        """Each service answers a client, or refuses it plainly and answers one of the next."""
        for name, client in (clients or self.clients).items():
            for attempt in range(3):
                try:
                    answer = ask(self.superd, *client)
                except Broken as broken:
                    self.fault(f"{name}: {broken}")
                    break
                if self.is_gone(f"a client of {name}"):
                    return
                if answer:
                    break
                self.refused.append(f"client of {name}")
                self.shared.disarm() if attempt else None
            else:
                if not self.superd.wait(lambda client=client: ask(self.superd, *client)):
                    self.fault(f"{name}: refuses its clients after the failure, too")

    def order(self, line):
        """Gives an order, and once more if it fails. Whether it was done in the end."""
        for _ in range(2):
            try:
                answer = self.superd.order(line)
            except Broken as broken:
                self.fault(str(broken))
                return False
            if self.is_gone(f"superctl {line}"):
                return False
            if answer and "done" in answer[-1] and all(row.get("ok", True) and row.get("result") != "failed" for row in answer):
                return True
            if line == "upgrade" and not answer and self.superd.wait(self.superd.was_upgraded, 3):
                return True
            failed = [row for row in answer or [] if not row.get("ok", True) or row.get("result") == "failed" or "error" in row]
            self.refused.append(f"superctl {line}: {(failed or answer)[-4:] if answer else 'the connection ends'}")
            self.shared.disarm()
            if not answer and ("no control socket" in self.superd.log() or "was removed: creating it again" in self.superd.log()):
                if not self.superd.wait(self.superd.answers, 3):
                    self.deaf = True # by a reason in the log: superd goes on without orders
                    return False
        self.fault(f"superctl {line} fails again after the failure: {answer}")
        return False

    def freeze(self):
        if self.order("freeze lazy"):
            self.serve({"lazy": self.clients["lazy"]})
            self.order("freeze lazy")
            self.order("thaw lazy")

    def stop_idle(self):
        def is_idle():
            rows = self.superd.order("list sleeps") or [{}]
            return rows[0].get("state") == "listening"
        if not self.superd.wait(is_idle):
            self.fault(f"no idle stop: {self.superd.order('list sleeps')}")
        self.serve({"sleeps": self.clients["sleeps"]})

    def reload(self):
        self.superd.write_table(self.scene.second)
        if not self.order("reload"):
            return
        self.clients = self.scene.after
        self.serve()
        self.order("reopen")

    def die(self):
        """superd is killed, and the next one goes on."""
        if "runs without a guard" in self.superd.log():
            self.refused.append("a guard")
            return
        if not self.superd.kill():
            self.is_gone("a kill of superd") or self.fault("no other superd after it was killed")
        self.serve()

    def look(self):
        """Stops all instances and compares what superd has with a run without a failure: its table, and its descriptors."""
        self.shared.disarm()
        if "its guard restarted it" in self.superd.log().rpartition(": upgraded from ")[2]:
            self.order("reload") # it goes on by the text of its rows, which has no places
        self.order("stop *")
        usual = self.usual

        def is_same():
            self.final = self.superd.state()
            return not usual or self.final == usual["state"]
        if not self.superd.wait(is_same) and not self.is_gone("a look"):
            wrong = set(self.final or []) ^ set(usual["state"])
            self.fault(f"the table is not that of a run without a failure: {sorted(wrong)[:4]}")

        def has_no_more():
            self.kinds = self.superd.descriptors()
            room = dict(usual["kinds"]) if usual else {}
            # libev takes a pipe where it gets no eventfd
            room["pipe"] = room.get("pipe", 0) + 2 * max(0, room.get("anon_inode", 0) - self.kinds.get("anon_inode", 0))
            return not usual or all(count <= room.get(kind, 0) for kind, count in self.kinds.items())
        if not self.superd.wait(has_no_more, self.superd.patience / 4) and not self.is_gone("a look"):
            more = {kind: count - usual["kinds"].get(kind, 0) for kind, count in self.kinds.items()
                    if count > usual["kinds"].get(kind, 0)}
            self.fault(f"descriptors leak: {more}")

    def stop(self):
        if self.superd.has_ended():
            return
        os.kill(self.superd.top, signal.SIGTERM)
        if not self.superd.wait(self.superd.has_ended):
            self.fault(f"does not stop within {self.superd.patience:.0f} s of TERM")
        elif self.superd.status:
            self.fault(f"ends with {self.superd.status} at TERM")

    def look_after_end(self):
        def none():
            reap()
            return not processes()
        end = time.monotonic() + self.superd.patience / 4
        while not none() and time.monotonic() < end:
            time.sleep(0.005)
        if left := processes():
            self.fault(f"left over: {[words_of(pid) for pid in left][:4]}")

    def look_at_log(self, error):
        """What was refused has a reason in the log, or in the answer. A sanitizer or an assertion has none."""
        log = self.superd.log()
        for sign in ("ERROR: AddressSanitizer", "runtime error:", "Assertion", "corrupt", "free():", "malloc():", "buffer overflow"):
            if sign in log:
                self.fault(f"the log has '{sign}'")
        if (self.refused or self.superd.status) and error and self.shared.word(HITS) and not self.gives_reason(log, error):
            self.fault(f"refused without '{os.strerror(error)}' in the log: {self.refused[:3]}")

    def gives_reason(self, log, error):
        name = errno.errorcode[error]
        said = (log + " ".join(self.refused)).lower()
        return name in leaving or any(words in said for words in [os.strerror(error).lower(), *own_words.get(name, [])])

    def live(self):
        for name in self.scene.does:
            if self.deaf:
                self.serve()
                break
            self.enter(name)
            try:
                getattr(self, name)()
            except Broken as broken: # while it waited for something else
                self.fault(str(broken))
            if self.superd.has_ended():
                return
        self.enter("stop")
        self.stop()

    def upgrade(self):
        if "runs without a guard" in self.superd.log():
            self.refused.append("a guard")
            return
        if self.order("upgrade"):
            self.read_files()
            self.serve()

    def read_files(self):
        """Behind an upgrade superd reads its files. Where it cannot, it says so, and goes on by what it had until a reload."""
        def said():
            return self.superd.log().rpartition(": upgraded from ")[2]
        self.superd.wait(lambda: "reloaded: " in said())
        if " reloaded: " not in said() or "not reloaded: " in said():
            if "not reloaded: " in said(): # else the log may be what fails
                self.refused.append(f"the files behind an upgrade: {said()[-300:]}")
            self.shared.disarm()
            self.order("reload")

    def whole(self, error):
        self.enter("start")
        if self.superd.is_ready():
            self.live()
        elif not self.superd.has_ended():
            self.fault("neither ready nor ended")
            self.stop()
        elif self.superd.status <= 0:
            self.fault(f"does not start, and ends with {self.superd.status}")
        if self.superd.status is not None and self.superd.status < 0:
            self.fault(f"died of signal {-self.superd.status}")
        self.look_after_end()
        self.look_at_log(error)
        turns = self.shared.word(TURNS)
        if self.usual and turns > self.usual["turns"] * 4 + SPINS:
            self.fault(f"spins: {turns} turns of its loop")
        if self.shared.word(HITS) > 500 + turns: # what is due is tried again once a turn
            self.fault(f"spins: makes the call {self.shared.word(HITS)} times again")
        self.superd.close()
        return {"found": self.found, "refused": self.refused, "hits": self.shared.word(HITS), "turns": turns,
                "seconds": round(time.monotonic() - self.started, 2), "kinds": self.kinds, "state": self.final,
                "log": self.superd.log()[-20000:] if self.found or not self.usual else ""}
