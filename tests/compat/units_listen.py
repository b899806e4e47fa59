"""Daemons that get their listening TCP sockets by LISTEN_FDS."""
import json
import os
import socket
import ssl
import struct

from server_case import hear, need, open_to, run_well, talk, write
from unit_case import is_dynamic, processes, status_of, superd_with, unit_case


@unit_case("beanstalkd.socket (beanstalkd)")
def beanstalkd():
    with superd_with("beanstalkd.socket"):
        with open_to(11300) as connection:
            connection.sendall(b"put 0 0 60 5\r\nhello\r\n")
            need(hear(connection, b"\r\n").startswith(b"INSERTED"), "no job was taken")
        with open_to(11300) as connection:
            connection.sendall(b"reserve\r\n")
            need(b"hello" in hear(connection, b"hello\r\n"), "the job is lost")


@unit_case("epmd.socket (erlang-base)")
def epmd():
    with superd_with("epmd.socket"):
        for host in ("127.0.0.1", "::1"):
            answer = talk(4369, b"\0\1n", host=host, close=False)
            need(answer[:4] == b"\0\0\x11\x11", repr(answer))


@unit_case("owserver.socket (owserver)")
def owserver():
    no_operation = struct.pack(">6i", 0, 0, 2, 0, 0, 0)
    with superd_with("owserver.socket"):
        need(len(talk(4304, no_operation, close=False)) >= 24, "no header came back")


# A unix socket and a TCP port; it is started as the user of another package.
@unit_case("pgbouncer.socket (pgbouncer)")
def pgbouncer():
    request = struct.pack(">II", 8, 80877103)
    write("/etc/pgbouncer/pgbouncer.ini", "[databases]\n[pgbouncer]\nauth_type = any\nlisten_port = 6432\n"
                                          "listen_addr = localhost\nunix_socket_dir = /var/run/postgresql\n")
    with superd_with("pgbouncer.socket"):
        with open_to(6432, host="::1") as connection:
            connection.sendall(request)
            need(connection.recv(1) == b"N", "no answer to a question for TLS")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect("/run/postgresql/.s.PGSQL.6432")
            connection.sendall(request)
            need(connection.recv(1) == b"N", "no answer at the unix socket")


# Type=forking: the daemon leaves its parent, and the socket is not superd's to watch while it lives.
@unit_case("gpsd.socket (gpsd)")
def gpsd():
    with superd_with("gpsd.socket"):
        for host in ("127.0.0.1", "::1"):
            with open_to(2947, host=host) as connection:
                connection.sendall(b"?VERSION;\n")
                answer = json.loads(hear(connection, b"\n").splitlines()[0])
                need(answer["class"] == "VERSION", repr(answer))
        need(len(processes("gpsd")) == 1, f"{len(processes('gpsd'))} daemons")


# Hardened as far as units go: a user made for it, no network but the socket that it was given, and filters.
@unit_case("systemd-journal-gatewayd.socket (systemd-journal-remote)")
def journal_gatewayd():
    write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
    with superd_with("systemd-journal-gatewayd.socket"):
        answer = talk(19531, b"GET /machine HTTP/1.0\r\n\r\n", close=False)
        need(b" 200 " in answer and b"0123456789abcdef0123456789abcdef" in answer, repr(answer))
        daemon, = processes("systemd-journal-gatewayd")
        status = status_of(daemon)
        need(is_dynamic(daemon), "its user is none of those for DynamicUser=")
        need(status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", "it is not confined")


# Several units that need each other: the front server on port 9090 hands its clients to another by a unix socket.
@unit_case("cockpit.socket (cockpit-ws)", "cockpit-wsinstance-http.socket (cockpit-ws)", "/usr/bin/openssl (openssl)")
def cockpit():
    with superd_with("cockpit.socket", "cockpit-wsinstance-http.socket", "cockpit-wsinstance-https-factory.socket"):
        answer = talk(9090, b"GET /ping HTTP/1.1\r\nHost: localhost:9090\r\n\r\n", until=b"}")
        need(b"200" in answer and b"cockpit" in answer, repr(answer))
        front, = processes("cockpit-tls")
        need(status_of(front)["NoNewPrivs"] == "1" and status_of(front)["Uid"].split()[0] != "0", "it is not confined")


# Four listeners in one unit, which it tells apart by their addresses; it stops by a command of its own.
@unit_case("dovecot.socket (dovecot-core)", "/usr/lib/dovecot/imap-login (dovecot-imapd)", "/usr/bin/openssl (openssl)")
def dovecot():
    run_well("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2",
             "-keyout", "/etc/dovecot/private/dovecot.key", "-out", "/etc/dovecot/private/dovecot.pem")
    with superd_with("dovecot.socket"):
        for host in ("127.0.0.1", "::1"):
            answer = talk(143, b"a LOGOUT\r\n", host=host, close=False)
            need(answer.startswith(b"* OK ") and b"a OK " in answer, repr(answer))
        context = ssl.create_default_context(cafile="/etc/dovecot/private/dovecot.pem")
        with context.wrap_socket(open_to(993), server_hostname="localhost") as connection:
            need(hear(connection, b"\r\n").startswith(b"* OK "), "no greeting over TLS")
        master, = processes("sbin/dovecot")
        mounts = [line.split() for line in open(f"/proc/{master}/mountinfo", encoding="utf-8")]
        options = {words[4]: words[5].split(",") for words in mounts}
        need("ro" in options["/usr"] and "ro" in options["/etc"], "ProtectSystem=full was not done")
        need("/tmp" in options, "PrivateTmp= was not done")
        need(not os.path.exists(f"/proc/{master}/root/dev/mem"), "PrivateDevices= was not done")
