"""Locks, and what comes in the place of what: versions are upgraded under load, and nobody is turned away.
"""
import os
import socket
import sys
import time

from dysnomia_target import Target, Visitors, cat, component, hello
from places import PATIENCE, SUPERCTL, Load, ask, free_port, is_refused, skip, wait_until


def upgrade(target, old, new, load):
    """What Disnix does, in its order."""
    target.does("lock", old)
    load.expect_waiting()
    target.does("deactivate", old)
    target.does("activate", new)
    load.expect_waiting()
    target.does("unlock", new)
    load.wait_served(20)
    shown = target.world.ask_superctl("--json", "list", "hello-world-server").stdout
    assert f'"command":"{new}/bin/' in shown, shown


def upgrades_under_load_and_refuses_nobody(world):
    target, port = Target(world), free_port()
    old, new = hello(world, "v1", port), hello(world, "v2", port)
    target.does("activate", old)
    load = Visitors(port)
    load.wait_served(20)
    upgrade(target, old, new, load)
    upgrade(target, new, old, load)
    load.stop()
    target.does("deactivate", old)
    assert is_refused(port)


def upgrades_without_a_lock_too(world):
    """A new version in the place of the old: its links change, its socket stays."""
    target, port = Target(world), free_port()
    target.does("activate", cat(world, "v1", "cat", port))
    load = Load(port)
    target.does("activate", cat(world, "v2", "cat", port))
    wait_until("the new version", lambda: "cat v2" in load.heard)
    load.stop()
    target.does("deactivate", world.path("v1/cat"))
    assert ask(port) == "cat v2\n", "the old version took the new one with it"


def vetoes_an_upgrade_in_time(world):
    target, port = Target(world), free_port()
    path = cat(world, "v1", "cat", port)
    target.does("activate", path)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        assert client.recv(100) == b"cat v1\n"
        began = time.monotonic()
        target.fails("lock", path, "not locked")
        assert 1 < time.monotonic() - began < 20
        assert ask(port) == "cat v1\n", "it is held after a lock that was refused"
        client.sendall(b"still here\n")
        assert client.recv(100) == b"still here\n"
    target.does("lock", path)
    target.does("lock", path)
    target.does("unlock", path)
    target.does("unlock", path)
    assert ask(port) == "cat v1\n"


def a_hold_of_an_operator_outlives_an_unlock(world):
    target, port = Target(world), free_port()
    path = cat(world, "v1", "cat", port)
    target.does("activate", path)
    world.ask_superctl("hold", "cat")
    target.does("lock", path)
    target.does("unlock", path)
    assert '"held":true' in world.ask_superctl("--json", "list", "cat").stdout


def says_what_an_unlock_leaves_held(world):
    """superd releases nothing that is disabled."""
    target, port = Target(world), free_port()
    path = cat(world, "v1", "cat", port)
    target.does("activate", path)
    target.does("lock", path)
    world.ask_superctl("disable", "cat")
    said = target.call("unlock", path)
    assert said.returncode == 0 and "cat is disabled, and stays held" in said.stdout, said


def what_is_locked_and_not_replaced_goes_in_the_end(world):
    target, port, other = Target(world), free_port(), free_port()
    path, stays = cat(world, "v1", "cat", port), cat(world, "v1", "stays", other)
    for each in path, stays:
        target.does("activate", each)
        target.does("lock", each)
    target.does("deactivate", path)
    assert not is_refused(port) and not target.is_marked(path)
    target.does("unlock", stays)
    assert is_refused(port) and target.linked() == ["superd.d/stays.conf"] and ask(other) == "stays v1\n"
    target.properties["superdUpgradeWindow"] = "1"
    target.does("activate", path)
    target.does("lock", path)
    target.does("deactivate", path)
    wait_until("the window to close", lambda: target.linked() == ["superd.d/stays.conf"])
    wait_until("its socket, too", lambda: is_refused(port))
    target.properties["superdUpgradeWindow"] = "0"
    target.does("activate", path)
    assert ask(port) == "cat v1\n", "it is held, or disabled, after it was withdrawn"
    target.does("lock", path)
    target.does("deactivate", path)
    assert is_refused(port)


def takes_the_place_of_what_waits_under_another_name(world):
    """A component that was renamed. The lock of the old name holds what is the new one's by now."""
    target, port, other = Target(world), free_port(), free_port()
    old, new = cat(world, "v1", "web", port, within="foo"), cat(world, "v2", "web", port, within="bar")
    cat(world, "v1", "more", other, within="foo")
    target.does("activate", old)
    target.fails("activate", new, "deactivate that first")
    target.does("lock", old)
    target.does("deactivate", old)
    target.does("activate", new)
    assert target.is_held("web")
    target.does("unlock", new)
    assert ask(port) == "web v2\n" and target.linked() == ["superd.d/web.conf"] and is_refused(other)
    assert target.is_marked(new) and not target.is_marked(old)
    assert not os.listdir(world.path("state/superd/superd-service/locked"))


def what_was_replaced_takes_no_lock_and_no_mark_with_it(world):
    """By hand: the new version comes before the old one goes."""
    target, port = Target(world), free_port()
    old, new = cat(world, "v1", "cat", port), cat(world, "v2", "cat", port)
    target.does("activate", old)
    target.does("lock", old)
    target.does("activate", new)
    target.does("deactivate", old)
    assert target.is_marked(new) and target.is_held("cat")
    target.does("unlock", new)
    assert ask(port) == "cat v2\n"
    target.does("deactivate", new)
    assert not target.is_marked(new) and is_refused(port)


def an_unlock_that_failed_is_done_again(world):
    target, port = Target(world), free_port()
    path, broken = cat(world, "v1", "cat", port), world.write("broken", "")
    world.write("bin/superctl", f'#!/bin/sh\ncase "$*" in\nrelease*) [ ! -e {broken} ] || exit 1 ;;\nesac\n'
                f'exec {SUPERCTL} "$@"\n', 0o755)
    target.properties["superdPath"] = world.path("bin")
    target.does("activate", path)
    target.does("lock", path)
    target.fails("unlock", path)
    assert target.is_held("cat")
    os.unlink(broken)
    target.does("unlock", path)
    assert ask(port) == "cat v1\n"


def a_signal_gives_a_lock_up(world):
    target, port = Target(world), free_port()
    path = cat(world, "v1", "cat", port)
    target.does("activate", path)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        assert client.recv(100) == b"cat v1\n"
        target.properties["superdLockTimeout"] = "3"
        with target.begins("lock", path) as module:
            wait_until("it is held", lambda: target.is_held("cat"))
            module.terminate()
            assert module.wait(PATIENCE) == 1
        assert ask(port) == "cat v1\n", "it is held after a lock that was given up"
        client.sendall(b"still here\n")
        assert client.recv(100) == b"still here\n"


def sees_connections_behind_a_socket_of_ipv6(world):
    """What has datagram sockets alone is stopped by a lock; this one has a client, whom that would cut off."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind(("::1", 0))
        except OSError:
            skip("there is no IPv6")
    target, port = Target(world), free_port()
    server = world.write("server.py", "import os, socket\nclient = socket.socket(fileno=4).accept()[0]\n"
                         "while True:\n    said = client.recv(100)\n"
                         "    client.sendall(said) if said else os._exit(0)\n")
    path = component(world, "v1", "both", "etc/superd.d/both.conf", f"""service both {{
    exec = {{ "{sys.executable}", "{server}" }}
    user = "{world.user}"
    socket datagrams {{ listen = "udp:[::1]:{free_port()}" }}
    socket streams {{ listen = "127.0.0.1:{port}" }}
}}
""")
    target.does("activate", path)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        for words in b"hello\n", b"still here\n":
            client.sendall(words)
            assert client.recv(100) == words
            target.fails("lock", path, "has clients still")
    wait_until("its server has ended", lambda: '"instances":0' in world.ask_superctl("--json", "list", "both").stdout)
    target.does("lock", path)


def composes_client_proxy_and_server(world):
    """The TCP proxy example of Disnix: a client that knows the proxy, which knows the server."""
    target, server, proxy = Target(world), free_port(), free_port()
    old, new = hello(world, "v1", server), hello(world, "v2", server)
    between = component(world, "v1", "disnix-tcp-proxy", "etc/superd.d/disnix-tcp-proxy.conf",
                        f"""service disnix-tcp-proxy {{
    listen   = "127.0.0.1:{proxy}"
    accept   = yes
    redirect = "127.0.0.1 {server}"
}}
""")
    for path in old, between:
        target.does("activate", path)
    load = Visitors(proxy)
    load.wait_served(10)
    for path in between, old:
        target.does("lock", path)
    load.expect_waiting()
    target.does("deactivate", old)
    target.does("activate", new)
    for path in new, between:
        target.does("unlock", path)
    load.wait_served(10)
    load.stop()
    for path in between, new:
        target.does("deactivate", path)
    assert is_refused(proxy) and is_refused(server)
