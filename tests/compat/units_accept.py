"""Accept=yes: superd accepts, and each connection has an instance of the package's template to itself."""
import os
import struct

from server_case import hear, need, open_to, run_well, talk, write
from unit_case import is_dynamic, processes, sockets_of, status_of, superd_with, unit_case


@unit_case("micro-httpd.socket (micro-httpd)")
def micro_httpd():
    write("/var/www/html/page.html", "<p>a page</p>\n")
    with superd_with("micro-httpd.socket"):
        for _ in range(3):
            answer = talk(80, b"GET /page.html HTTP/1.0\r\n\r\n", close=False)
            need(b" 200 " in answer and b"a page" in answer, repr(answer))


@unit_case("gophernicus.socket (gophernicus)")
def gophernicus():
    write("/srv/gopher/hello.txt", "from gopher\n")
    write("/etc/default/gophernicus", "OPTIONS=-h gopher.example -r /srv/gopher\n")
    with superd_with("gophernicus.socket"):
        menu = talk(70, b"\r\n", close=False)
        need(b"hello.txt" in menu and b"gopher.example" in menu, repr(menu))
        need(b"from gopher" in talk(70, b"/hello.txt\r\n", host="::1", close=False), "no text")


@unit_case("tangd.socket (tang)", "/usr/libexec/tangd-keygen (tang-common)")
def tang():
    run_well("/usr/libexec/tangd-keygen", "/var/lib/tang")
    run_well("chown", "-R", "_tang:_tang", "/var/lib/tang")
    with superd_with("tangd.socket"):
        answer = talk(80, b"GET /adv HTTP/1.1\r\nHost: localhost\r\n\r\n", until=b"}")
        need(b" 200 " in answer and b'"payload"' in answer, repr(answer))


@unit_case("approx.socket (approx)")
def approx():
    with superd_with("approx.socket"):
        answer = talk(9999, b"GET / HTTP/1.0\r\n\r\n", close=False)
        need(b" 200 " in answer and b"approx" in answer, repr(answer))


@unit_case("uucp.socket (uucp)")
def uucp():
    with superd_with("uucp.socket"), open_to(540) as connection:
        need(hear(connection, b"login: ").endswith(b"login: "), "not asked for a name")


@unit_case("munin-node-c.socket (munin-node-c)")
def munin_node():
    with superd_with("munin-node-c.socket"), open_to(4949) as connection:
        need(b"# munin node" in hear(connection, b"\n"), "no greeting")
        connection.sendall(b"version\nquit\n")
        need(b"version" in hear(connection, b"\n"), "no version")


@unit_case("dicod.socket (dicod)")
def dicod():
    with superd_with("dicod.socket"):
        for host in ("127.0.0.1", "::1"):
            answer = talk(2628, b"QUIT\r\n", host=host, close=False)
            need(answer.startswith(b"220 ") and b"\r\n221 " in answer, repr(answer))


# Its keys are made before the first start, by ExecStartPre=.
@unit_case("tinysshd.socket (tinysshd)", "/usr/bin/ssh-keyscan (openssh-client)")
def tinysshd():
    with superd_with("tinysshd.socket"):
        for _ in range(2):
            told = run_well("ssh-keyscan", "-T", "20", "-t", "ed25519", "127.0.0.1")
            need("ssh-ed25519" in told, told)
    need(os.path.isdir("/etc/tinyssh/sshkeydir"), "no keys were made")


# Not standard input but descriptor 3, and a log of its own by append:.
@unit_case("saned.socket (sane-utils)")
def saned():
    init = struct.pack(">III", 0, 0x01000003, 5) + b"root\0"
    with superd_with("saned.socket"), open_to(6566) as connection:
        connection.sendall(init)
        status, version = struct.unpack(">II", connection.recv(8))
        need(status == 0 and version >> 24 == 1, f"status {status}, version {version:x}")
        daemon, = processes("saned")
        need(status_of(daemon)["Uid"].split()[0] != "0", "it runs as root")
    need(os.path.exists("/var/log/saned.log"), "no log of its own")


# Type=notify and a user of its own making for every connection. As its units have it, it takes the connection for a
# listener, and is silent under systemd as well.
@unit_case("monopd.socket (monopd)")
def monopd():
    with superd_with("monopd.socket") as superd, open_to(1234):
        superd.expect_log(" is ready")
        daemon, = processes("monopd")
        need(is_dynamic(daemon), "its user is none of those for DynamicUser=")
        need(sockets_of(daemon).get(3), "it has no connection")


@unit_case("oidentd.socket (oidentd, in the place of nullidentd)")
def oidentd():
    with superd_with("oidentd.socket"):
        answer = talk(113, b"1234, 21006\r\n", until=b"\n")
        need(b"ERROR" in answer, repr(answer))


@unit_case("proftpd.socket (proftpd-core, in the place of vsftpd)", "/usr/bin/curl (curl)")
def proftpd():
    run_well("sed", "-i", "s/^ServerType.*/ServerType inetd/", "/etc/proftpd/proftpd.conf")
    with superd_with("proftpd.socket"):
        answer = talk(21, b"QUIT\r\n", close=False)
        need(answer.startswith(b"220 ") and b"\r\n221 " in answer, repr(answer))


@unit_case("nyancat-server.socket (nyancat-server, in the place of inetutils-telnetd)")
def nyancat_server():
    with superd_with("nyancat-server.socket"), open_to(23) as connection:
        need(connection.recv(3) == b"\xff\xfc\x01", "no negotiation")


@unit_case("leafnode.socket (leafnode)")
def leafnode():
    with superd_with("leafnode.socket"):
        answer = talk(119, b"QUIT\r\n", until=b"\n")
        need(answer[:1] in (b"2", b"5"), repr(answer))
