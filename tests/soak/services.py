"""The services of a soak: one of each kind, how each is loaded, and what an order may do to its clients."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from ports import free_port  # noqa: E402

OWN_SHARE = 0.45


class Service:
    """A row of the table.

    load     the kind of its clients (load.c), their number in a second, and for how many seconds they come and stay away
    is_calm  nothing is ordered by its name: what its clients wait for is superd's doing alone
    cut      stop and restart end its instances at once, as each has a client of its own (accept = yes)
    serial   an instance has one client at a time, so a kill costs one at most
    """

    def __init__(self, name, endpoint, options, load, **traits):
        self.name, self.endpoint, self.options, self.load = name, endpoint, options, load
        self.is_calm = traits.pop("calm", False)
        self.cut = traits.pop("cut", False)
        self.serial = traits.pop("serial", True)
        self.carries = traits.pop("carries", ())
        if traits:
            raise TypeError(f"{name}: no such traits: {traits}")

    def row(self, variant=0):
        """Its lines of the table; each variant is another entry for the same service."""
        more = ["", "nice = 1", "backlog = 2000"][variant % 3]
        if more.startswith("backlog") and self.endpoint.startswith(("tcpmux:", "udp:")):
            more = "nice = 2"
        lines = [f'listen = "{self.endpoint}"', *self.options, *([more] if more else [])]
        return "service %s {\n\t%s\n}\n" % (self.name, "\n\t".join(lines))

    def address(self):
        """What load.c connects to."""
        return self.endpoint if self.endpoint.startswith("/") else self.endpoint.rpartition(":")[2]


def services(folder, programs, rate, own=OWN_SHARE):
    """One of each kind. folder: for sockets and files; programs: where the backends are; rate: clients a second, in all;
    own: the share of those who have a process of their own, which cost some twenty times as much."""
    backend = f"{programs}/backend"
    share, own_share = rate * (1 - own) / 9.8, rate * own / 7.5

    def at():
        return f"127.0.0.1:{free_port()}"

    def runs(words):
        return f'exec = "{backend} {words}"'

    calm_at, mux_at, bound_at = at(), at(), at()
    quick = ["backoff_max = 1s", "timeout_stop = 10s"]
    lazy = [*quick, runs("few 400")]
    each = ["accept = yes", *quick]
    return [
        Service("calm", calm_at, [*quick, runs("few 1000000000")], ("line", share), calm=True),
        Service("calm-each", at(), [*each, runs("stdio")], ("line", own_share), calm=True, cut=True),
        Service("lazy", at(), lazy, ("line", share)),
        Service("draining", at(), [*lazy, "on_change = drain"], ("line", share)),
        Service("each", at(), [*each, runs("stdio")], ("line", own_share), cut=True),
        Service("forking", at(), [*quick, runs(f"fork few,pid={folder}/daemon"), "type = forking",
                                  f'pid_file = "{folder}/daemon"'], ("line", share)),
        Service("notify", at(), [*quick, runs("-n few 400"), "type = notify"], ("line", share)),
        Service("echo", at(), [*each, "builtin = echo"], ("echo", own_share), cut=True, serial=False),
        Service("daytime", at(), [*each, "builtin = daytime"], ("daytime", own_share), cut=True, serial=False),
        Service("time", at(), [*each, "builtin = time"], ("time", own_share), cut=True, serial=False),
        Service("redirect", at(), [*each, 'redirect = { "127.0.0.1", "%s" }' % calm_at.rpartition(":")[2]],
                ("line", own_share), cut=True, serial=False),
        Service("mux", mux_at, [*each, "builtin = tcpmux"], None, cut=True, serial=False, carries=("muxed",)),
        Service("muxed", "tcpmux:+muxed", [*each, runs("stdio")], ("mux", own_share, mux_at), cut=True),
        Service("datagram", f"udp:{at()}", lazy, ("datagram", share)),
        Service("local", f"{folder}/local.sock", lazy, ("line", share)),
        Service("stopping", at(), [*lazy, "idle_timeout = 300ms", "idle_action = stop"], ("line", share * 2, 0.6, 1.2)),
        Service("freezing", at(), [*lazy, "idle_timeout = 300ms", "idle_action = freeze"],
                ("line", share * 2, 0.6, 1.2)),
        Service("bound", bound_at, [*quick, "pass = bind", f'exec = "{programs}/binder tcp4 nonblock bind={bound_at} '
                                    'listen=64 serve=level"'], ("line", share), serial=False),
        Service("coming", at(), lazy, ("line", share / 2)),
    ]


def target_order(service):
    """The order that has load.c load it; None: nothing comes to it by its own address."""
    if service.load is None:
        return None
    kind, rate, *times = service.load
    address = service.address()
    if kind == "mux":
        address, times = times[0].rpartition(":")[2], []
    return " ".join(map(str, ("target", service.name, kind, address, f"{rate:.3f}", *times)))


def table(rows, left_out=(), variants=None, also=()):
    """The text of a table. variants: by name; also: names of services that are nobody's, which only come and go."""
    text = f'defaults {{\n\tuser = "{os.getuid()}"\n\trlimit_core = 0\n}}\n'
    text += "".join(row.row((variants or {}).get(row.name, 0)) for row in rows if row.name not in left_out)
    for name in also:
        text += f'service {name} {{\n\tlisten = "127.0.0.1:0"\n\taccept = yes\n\texec = "/bin/cat"\n}}\n'
    return text
