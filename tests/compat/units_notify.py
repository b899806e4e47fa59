"""Daemons that say themselves when they are ready (Type=notify)."""
import os

from server_case import need, run_well, talk, write
from unit_case import processes, superd_with, unit_case
from units_local import ask


# ExecStartPre= checks its configuration in a folder that RuntimeDirectory= makes; sessions outlive the daemon.
@unit_case("ssh.socket (openssh-server)", "/usr/bin/ssh (openssh-client)", "/usr/bin/ssh-keygen (openssh-client)")
def ssh():
    run_well("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/srv/key")
    run_well("ssh-keygen", "-A")
    write("/root/.ssh/authorized_keys", open("/srv/key.pub", encoding="ascii").read())
    write("/etc/ssh/sshd_config.d/test.conf", "UsePAM no\nStrictModes no\nPermitRootLogin yes\n")
    with superd_with("ssh.socket", leaves=["sshd"]) as superd:
        for _ in range(2):
            output = run_well("ssh", "-F", "/dev/null", "-i", "/srv/key", "-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes",
                              "-o", "UserKnownHostsFile=/srv/known", "root@127.0.0.1", "echo over ssh")
            need("over ssh" in output, output)
        superd.expect_log(" is ready")


@unit_case("dbus.socket (dbus-system-bus-common)", "/usr/bin/dbus-send (dbus-bin)")
def dbus():
    with superd_with("dbus.socket"):
        for _ in range(2):
            answer = run_well("dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus", "/",
                              "org.freedesktop.DBus.ListNames")
            need("org.freedesktop.DBus" in answer, answer)


@unit_case("cups.socket (cups-daemon)", "/usr/bin/curl (curl)")
def cups():
    with superd_with("cups.socket"):
        answer = run_well("curl", "-sS", "--max-time", "20", "-D", "-", "-o", "/dev/null", "--unix-socket", "/run/cups/cups.sock",
                          "http://localhost/")
        need("CUPS" in answer, answer)
    need(not os.path.exists("/run/cups/cups.sock"), "RemoveOnStop= was not done")


# TCP, UDP and a unix socket, of both families, in one unit.
@unit_case("rpcbind.socket (rpcbind)", "/usr/sbin/rpcinfo (rpcbind)")
def rpcbind():
    with superd_with("rpcbind.socket", leaves=["rpcbind"]):
        for words in (["-p", "127.0.0.1"], ["-T", "udp", "127.0.0.1", "rpcbind"], ["-T", "tcp", "127.0.0.1", "rpcbind"],
                      ["-T", "udp6", "::1", "rpcbind"], []):
            told = run_well("rpcinfo", *words)
            need("portmapper" in told or "100000" in told, told)


# Type=dbus is served as exec; the bus that it wants is another service of superd.
@unit_case("avahi-daemon.socket (avahi-daemon)", "dbus.socket (dbus-system-bus-common)")
def avahi():
    with superd_with("dbus.socket", "avahi-daemon.socket"):
        answer = ask("/run/avahi-daemon/socket", b"RESOLVE-ADDRESS 127.0.0.1\n", b"\n")
        need(answer[:1] in (b"+", b"-"), repr(answer))
        need(len(processes("avahi-daemon")) == 2, "its helper is missing")


@unit_case("mpd.socket (mpd)")
def mpd():
    write("/etc/mpd.conf", 'music_directory "/srv/music"\ndb_file "/srv/mpd.db"\n'
                           'audio_output {\n\ttype "null"\n\tname "none"\n}\n')
    os.makedirs("/srv/music")
    with superd_with("mpd.socket"):
        for host in ("127.0.0.1", "::1"):
            need(talk(6600, b"close\n", host=host, close=False).startswith(b"OK MPD"), "no greeting")


# Two units for one service, which tells their sockets apart by names.
@unit_case("mariadb.socket (mariadb-server)", "mariadb-extra.socket (mariadb-server)",
           "/usr/bin/mariadb (mariadb-client-core)")
def mariadb():
    with superd_with("mariadb.socket", "mariadb-extra.socket"):
        for path in ("/run/mysqld/mysqld.sock", "/run/mysqld/mysqld.sock-extra"):
            told = run_well("mariadb", "--socket", path, "-e", "SELECT 6 * 7")
            need("42" in told, told)
