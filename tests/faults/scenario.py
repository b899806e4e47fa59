"""One life of a superd with a service of every kind: start, clients, a reload, idle stop, freeze, thaw, upgrade, stop. Run with
a site that fails, each step holds what superd promises all the same: a client is answered or refused plainly and the next is
answered; an order is done or its failure is answered; nothing spins, leaks or is left."""
import os
import signal
import socket
import time

from world import PLACE, Broken, Superd, ask, clean, processes, reap, words_of

STREAM, DATAGRAM = socket.SOCK_STREAM, socket.SOCK_DGRAM
SPINS = 3000 # turns of the loop beyond those of a run without a failure

DEFAULTS = "defaults {\n user = root\n}\n"


def service(name, listen, *options):
    return f"service {name} {{\n listen = \"{listen}\"\n" + "".join(f" {option}\n" for option in options) + "}\n"


def tables(tests):
    backend, notifier = f"{tests}/backend", f"{tests}/notifier"
    lazy, each, notes = f'exec = "{backend} serve"', f'exec = "{backend} stdio"', f'exec = "{notifier} \\"say READY=1\\""'
    kept = (DEFAULTS +
            service("forks", "127.0.0.1:7002", "type = forking", f'exec = "{backend} daemon"') +
            service("notes", "127.0.0.1:7003", "type = notify", notes) +
            service("echo", "127.0.0.1:7004", "accept = yes", "builtin = echo") +
            service("relay", "127.0.0.1:7005", "accept = yes", 'redirect = { "127.0.0.1", "7004" }') +
            service("dgram", "udp:127.0.0.1:7006", f'exec = "{backend} datagrams 20"') +
            service("sleeps", "127.0.0.1:7007", lazy, "idle_timeout = 100ms"))
    first = kept + service("lazy", f"{PLACE}/lazy", lazy) + service("each", "127.0.0.1:7001", "accept = yes", each) + \
        service("local", f"{PLACE}/local", "accept = yes", each)
    second = kept + service("lazy", f"{PLACE}/lazy", lazy, 'env = { "CHANGED=1" }') + \
        service("local", f"{PLACE}/local", "accept = yes", each, "backlog = 17") + \
        service("added", "127.0.0.1:7010", "accept = yes", each)
    return first, second


FIRST = {"lazy": (STREAM, f"{PLACE}/lazy"), "each": (STREAM, 7001), "local": (STREAM, f"{PLACE}/local"),
         "forks": (STREAM, 7002), "notes": (STREAM, 7003), "echo": (STREAM, 7004), "relay": (STREAM, 7005),
         "dgram": (DATAGRAM, 7006), "sleeps": (STREAM, 7007)}
SECOND = {"added": (STREAM, 7010), **{name: where for name, where in FIRST.items() if name != "each"}}
PHASES = ["start", "clients", "freeze", "idle stop", "reload", "upgrade", "stop"]


class Run:
    """A run. found: the invariants that did not hold. refused: whether anything was refused. reached: the phase it came to."""

    def __init__(self, settings, shared, usual):
        self.shared, self.usual, self.found, self.refused, self.kinds, self.final = shared, usual, [], [], {}, None
        first, self.second = tables(settings["tests"])
        self.settings, self.phase = settings, 0
        clean()
        self.started = time.monotonic()
        self.superd = Superd(settings["superd"], settings["injector"], shared, first, usual["seconds"] if usual else 12)

    def enter(self, name):
        self.phase = PHASES.index(name)
        self.shared.set_word(8, self.phase)

    def fault(self, text):
        self.found.append(f"{PHASES[self.phase]}: {text}")

    def is_gone(self, what):
        if not self.superd.has_ended():
            return False
        self.fault(f"superd has ended with {self.superd.status} at {what}")
        return True

    def serve(self, clients):
        """Each service answers a client, or refuses it plainly and answers one of the next."""
        for name, (kind, where) in clients.items():
            for attempt in range(3):
                try:
                    answer = ask(self.superd, kind, where)
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
                if not self.superd.wait(lambda kind=kind, where=where: ask(self.superd, kind, where)):
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
            self.refused.append(f"superctl {line}: {answer[-1] if answer else 'the connection ends'}")
            self.shared.disarm()
        self.fault(f"superctl {line} fails again after the failure: {answer}")
        return False

    def freeze(self):
        if self.order("freeze lazy"):
            self.serve({"lazy": FIRST["lazy"]})
            self.order("freeze lazy")
            self.order("thaw lazy")

    def stop_idle(self):
        def is_idle():
            rows = self.superd.order("list sleeps") or [{}]
            return rows[0].get("state") == "listening"
        if not self.superd.wait(is_idle):
            self.fault(f"no idle stop: {self.superd.order('list sleeps')}")
        self.serve({"sleeps": FIRST["sleeps"]})

    def reload(self):
        self.superd.write_table(self.second)
        if not self.order("reload"):
            return
        self.serve(SECOND)

    def look(self):
        """Stops all instances and compares what superd has with a run without a failure: its table, and its descriptors."""
        self.shared.disarm()
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
            return not usual or all(count <= usual["kinds"].get(kind, 0) for kind, count in self.kinds.items())
        if not self.superd.wait(has_no_more, self.superd.patience / 4) and not self.is_gone("a look"):
            more = {kind: count - usual["kinds"].get(kind, 0) for kind, count in self.kinds.items()
                    if count > usual["kinds"].get(kind, 0)}
            self.fault(f"descriptors leak: {more}")

    def stop(self):
        if self.superd.has_ended():
            return
        os.kill(self.superd.pid, signal.SIGTERM)
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
        if (self.refused or self.superd.status) and error and self.shared.word(32) and \
                os.strerror(error).lower() not in log.lower():
            reason = " ".join(self.refused).lower()
            if os.strerror(error).lower() not in reason:
                self.fault(f"refused without '{os.strerror(error)}' in the log: {self.refused[:3]}")

    def live(self):
        steps = [("clients", lambda: self.serve(FIRST)), ("freeze", self.freeze), ("idle stop", self.stop_idle),
                 ("reload", self.reload), ("upgrade", self.upgrade), ("upgrade", self.look)]
        for name, step in steps:
            self.enter(name)
            step()
            if self.superd.has_ended():
                return
        self.enter("stop")
        self.stop()

    def upgrade(self):
        if self.order("upgrade"):
            self.serve(SECOND)

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
        turns = self.shared.word(16)
        if self.usual and turns > self.usual["turns"] * 4 + SPINS:
            self.fault(f"spins: {turns} turns of its loop")
        if self.shared.word(32) > 500:
            self.fault(f"spins: makes the call {self.shared.word(32)} times again")
        self.superd.close()
        return {"found": self.found, "refused": self.refused, "hits": self.shared.word(32), "turns": turns,
                "seconds": round(time.monotonic() - self.started, 2), "kinds": self.kinds, "state": self.final,
                "log": self.superd.log()[-6000:] if self.found or not self.usual else ""}
