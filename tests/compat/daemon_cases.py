"""Daemons as Debian installs them, which open their ports themselves: the row of each, what it needs, and its client."""
import glob
import os
import shutil
import struct

from server_case import Failed, need, read, run, run_well, talk, write

daemons = {}


class Daemon:
    """A daemon, its row, and its client.

    programs: what server and client need, as PATH: PACKAGE.
    listen: the addresses that it binds, in the words of superd.conf. command: how it stays in the foreground.
    client: a real client, which fails with a wrong answer.
    hello: where a client connects (a number for TCP, "udp:NUMBER", a path), and what it sends to get the first byte.
    user: who starts it. options: further lines of the row. kill_signal: what ends it when its clients are served, if that is not
    TERM. prepare: what has to be there before.
    defers: its clients have to speak first (TCP_DEFER_ACCEPT). shuts: it shuts its listeners down when it is stopped, which resets
    who waits there.
    large: its packages are too large to be tried without --all. by: the user whose superd it is, if that is not root's."""

    def __init__(self, name, programs, listen, command, client, hello, **more):
        self.name, self.programs, self.listen, self.command = name, programs, listen, command
        self.client, self.hello = client, hello
        self.user, self.options = more.pop("user", "root"), more.pop("options", [])
        self.prepare, self.large = more.pop("prepare", lambda: None), more.pop("large", False)
        self.by, self.kill_signal = more.pop("by", None), more.pop("kill_signal", "TERM")
        self.defers, self.shuts = more.pop("defers", False), more.pop("shuts", False)
        need(not more, f"{name}: {more}")
        daemons[name] = self

    def row(self, idle_timeout):
        """The service as superd.conf has it."""
        words = ", ".join(f'"{word}"' for word in self.listen)
        lines = [f"listen       = {{ {words} }}", "pass         = bind", f'exec         = "{self.command}"',
                 f'user         = "{self.user}"', f"idle_timeout = {idle_timeout}", *self.options]
        if self.kill_signal != "TERM":
            lines.append(f"kill_signal  = {self.kill_signal}")
        return f"service {self.name} {{\n" + "".join(f"    {line}\n" for line in lines) + "}\n"


def answers(text, *words, **options):
    """A client that has to print this text."""
    def client():
        answer = run_well(*words, **options)
        need(text in answer, f"no '{text}' in {answer[-300:]!r}")
    return client


def fetches(url, text, *options):
    return answers(text, "curl", "-sS", "--noproxy", "*", "--max-time", "20", *options, url)


def writes(*files):
    """Files by path and text."""
    def prepare():
        for path, text in files:
            write(path, text)
    return prepare


def makes(folder, user):
    """A folder below /run, which a package's unit or init script would make."""
    def prepare():
        os.makedirs(folder, exist_ok=True)
        shutil.chown(folder, user)
    return prepare


CURL = {"/usr/bin/curl": "curl"}
GET = b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"

# ---- data ----

Daemon("redis", {"/usr/bin/redis-server": "redis-server", "/usr/bin/redis-cli": "redis-tools"},
       ["tcp4:6379", "tcp6:6379"], "/usr/bin/redis-server --port 6379 --dir /var/lib/redis",
       answers("PONG", "redis-cli", "-h", "127.0.0.1", "ping"), (6379, b"PING\r\n"), user="redis")


# An ordinary user's, which binds an IPv4 and an IPv6 socket, for which superd has one that is both. Once they are known, who waited
# at that one is reset, and superd says what to write; later clients are served.
def redis_of_a_user_client():
    ask = answers("PONG", "redis-cli", "-h", "127.0.0.1", "-p", "6380", "ping")
    try:
        ask()
    except Failed as failed:
        need("reset by peer" in str(failed), str(failed))
        ask()


Daemon("redis-of-a-user", {"/usr/bin/redis-server": "redis-server", "/usr/bin/redis-cli": "redis-tools"},
       ["6380"], "/usr/bin/redis-server --port 6380 --protected-mode no", redis_of_a_user_client,
       (6380, b"PING\r\n"), user="redis", by="redis", options=['working_directory = "/var/lib/redis"'])


def memcached_client():
    answer = talk(11211, b"set a 0 0 1\r\nb\r\nget a\r\nquit\r\n", close=False)
    need(b"VALUE a 0 1\r\nb\r\n" in answer, repr(answer))


Daemon("memcached", {"/usr/bin/memcached": "memcached"}, ["tcp4:11211", "tcp6:11211"], "/usr/bin/memcached",
       memcached_client, (11211, b"version\r\n"), user="memcache")

POSTGRES = max(glob.glob("/usr/lib/postgresql/*/bin/postgres"), default="/usr/lib/postgresql/15/bin/postgres")
CLUSTER = POSTGRES.split("/")[4] + "/main"


def postgresql_client():
    """A client of a PostgreSQL that was stopped hears that it is starting up, and comes again."""
    for host in ("127.0.0.1", "/run/postgresql"):
        status, answer = None, "starting up"
        while "starting up" in answer:
            status, answer = run("psql", "-h", host, "-U", "postgres", "-Atc", "select 6 * 7")
        need(status == 0 and answer.strip() == "42", repr(answer))


def prepare_postgresql():
    table = f"/etc/postgresql/{CLUSTER}/pg_hba.conf"
    write(table, read(table).decode().replace("scram-sha-256", "trust").replace("peer", "trust"))


Daemon("postgresql", {POSTGRES: "postgresql", "/usr/bin/psql": "postgresql-client"},
       ["127.0.0.1:5432", "[::1]:5432", "/run/postgresql/.s.PGSQL.5432"],
       f"{POSTGRES} -D /var/lib/postgresql/{CLUSTER} -c config_file=/etc/postgresql/{CLUSTER}/postgresql.conf",
       postgresql_client, (5432, struct.pack(">II", 8, 80877103)), user="postgres", prepare=prepare_postgresql,
       options=["type         = notify"], kill_signal="INT")

Daemon("mariadb", {"/usr/sbin/mariadbd": "mariadb-server", "/usr/bin/mariadb": "mariadb-client"},
       ["127.0.0.1:3306", "/run/mysqld/mysqld.sock"], "/usr/sbin/mariadbd",
       answers("42", "mariadb", "-N", "-e", "select 6 * 7"), (3306, b""), user="mysql", prepare=makes("/run/mysqld", "mysql"))


def prepare_slapd():
    makes("/run/slapd", "openldap")()
    need(os.path.exists("/etc/ldap/slapd.d/cn=config.ldif"), "slapd has no configuration: its package was set up without one")


Daemon("slapd", {"/usr/sbin/slapd": "slapd", "/usr/bin/ldapsearch": "ldap-utils"}, ["tcp4:389", "tcp6:389", "/run/slapd/ldapi"],
       "/usr/sbin/slapd -h 'ldap:/// ldapi:///' -g openldap -u openldap -F /etc/ldap/slapd.d -d 0",
       answers("objectClass: top", "ldapsearch", "-x", "-LLL", "-H", "ldap://127.0.0.1/", "-b", "", "-s", "base", "objectClass"),
       (389, bytes.fromhex("300c020101600702010304008000")), prepare=prepare_slapd, shuts=True)

Daemon("mosquitto", {"/usr/sbin/mosquitto": "mosquitto", "/usr/bin/mosquitto_pub": "mosquitto-clients"},
       ["127.0.0.1:1883", "[::1]:1883"], "/usr/sbin/mosquitto -c /etc/mosquitto/mosquitto.conf",
       answers("retained", "sh", "-c", "mosquitto_pub -h 127.0.0.1 -r -t a -m retained && "
                                       "mosquitto_sub -h 127.0.0.1 -t a -C 1 -W 20"),
       (1883, bytes.fromhex("100c00044d5154540402003c0000")), user="mosquitto", prepare=makes("/run/mosquitto", "mosquitto"))

# ---- HTTP ----

Daemon("nginx", {"/usr/sbin/nginx": "nginx-light", **CURL}, ["tcp4:80", "tcp6:80"], "/usr/sbin/nginx -g 'daemon off;'",
       fetches("http://127.0.0.1/", "<html"), (80, GET), kill_signal="QUIT")

Daemon("apache2", {"/usr/sbin/apache2": "apache2", **CURL}, ["80"], "/usr/sbin/apachectl -D FOREGROUND",
       fetches("http://127.0.0.1/", "<html"), (80, GET), kill_signal="WINCH", defers=True)

Daemon("lighttpd", {"/usr/sbin/lighttpd": "lighttpd", **CURL}, ["tcp4:80", "tcp6:80"],
       "/usr/sbin/lighttpd -D -f /etc/lighttpd/lighttpd.conf", fetches("http://127.0.0.1/", "Hello"), (80, GET),
       prepare=writes(("/var/www/html/index.html", "Hello\n")), kill_signal="INT")

Daemon("caddy", {"/usr/bin/caddy": "caddy", **CURL}, ["80"], "/usr/bin/caddy run --config /etc/caddy/Caddyfile",
       fetches("http://127.0.0.1/", "<html"), (80, GET))

Daemon("haproxy", {"/usr/sbin/haproxy": "haproxy", **CURL}, ["tcp4:8000"], "/usr/sbin/haproxy -W -f /srv/haproxy.cfg",
       fetches("http://127.0.0.1:8000/", "Hello"), (8000, GET), kill_signal="USR1",
       prepare=writes(("/srv/haproxy.cfg", "defaults\n mode http\n timeout client 10s\n timeout connect 1s\n timeout server 10s\n"
                                           "frontend hello\n bind 0.0.0.0:8000\n"
                                           " http-request return status 200 content-type text/plain string Hello\n")))

Daemon("squid", {"/usr/sbin/squid": "squid", **CURL}, ["3128"], "/usr/sbin/squid --foreground -sYC",
       fetches("http://127.0.0.1:3128/squid-internal-mgr/menu", "menu"), (3128, GET))

Daemon("tinyproxy", {"/usr/bin/tinyproxy": "tinyproxy", **CURL}, ["tcp4:8888", "tcp6:8888"], "/usr/bin/tinyproxy -d",
       answers("Total requests", "curl", "-sS", "--max-time", "20", "-x", "http://127.0.0.1:8888", "http://tinyproxy.stats/"),
       (8888, GET), prepare=makes("/run/tinyproxy", "tinyproxy"))

Daemon("node-exporter", {"/usr/bin/prometheus-node-exporter": "prometheus-node-exporter", **CURL}, ["9100"],
       "/usr/bin/prometheus-node-exporter", fetches("http://127.0.0.1:9100/metrics", "node_load1"), (9100, GET),
       user="prometheus")

# ---- applications: what somebody writes, and its server ----

HELLO = fetches("http://127.0.0.1:8000/", "Hello")

Daemon("node", {"/usr/bin/node": "nodejs", **CURL}, ["8000"], "/usr/bin/node /srv/hello.js", HELLO, (8000, GET), user="nobody",
       prepare=writes(("/srv/hello.js", 'const http = require("http");\n'
                                        'http.createServer((request, response) => response.end("Hello\\n")).listen(8000);\n')))


def prepare_java():
    write("/srv/Hello.java", """import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;

public class Hello {
    public static void main(String[] words) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(8000), 0);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, 6);
            exchange.getResponseBody().write("Hello\\n".getBytes());
            exchange.close();
        });
        server.start();
    }
}
""")
    run_well("javac", "-d", "/srv", "/srv/Hello.java")


Daemon("java", {"/usr/bin/java": "openjdk-17-jre-headless", "/usr/bin/javac": "openjdk-17-jdk-headless", **CURL}, ["8000"],
       "/usr/bin/java -cp /srv Hello", HELLO, (8000, GET), user="nobody", prepare=prepare_java, large=True)

Daemon("gunicorn", {"/usr/bin/gunicorn": "gunicorn", **CURL}, ["tcp4:8000"],
       "/usr/bin/gunicorn -b 0.0.0.0:8000 --chdir /srv --workers 2 hello", HELLO, (8000, GET), user="www-data",
       prepare=writes(("/srv/hello.py", "def application(environ, start_response):\n"
                                        '    start_response("200 OK", [("Content-Type", "text/plain")])\n'
                                        '    return [b"Hello\\n"]\n')))

Daemon("uvicorn", {"/usr/bin/uvicorn": "uvicorn", **CURL}, ["tcp4:8000"],
       "/usr/bin/uvicorn --host 0.0.0.0 --port 8000 --app-dir /srv --lifespan off hello:application",
       HELLO, (8000, GET), user="www-data",
       prepare=writes(("/srv/hello.py", "async def application(scope, receive, send):\n"
                                        '    await send({"type": "http.response.start", "status": 200, "headers": []})\n'
                                        '    await send({"type": "http.response.body", "body": b"Hello\\n"})\n')))

Daemon("puma", {"/usr/bin/puma": "puma", **CURL}, ["tcp4:8000"], "/usr/bin/puma --dir /srv -p 8000", HELLO, (8000, GET),
       user="www-data",
       prepare=writes(("/srv/config.ru", 'run ->(_) { [200, { "Content-Type" => "text/plain" }, ["Hello\\n"]] }\n')))

Daemon("php", {"/usr/bin/php": "php-cli", **CURL}, ["tcp4:8000"], "/usr/bin/php -S 0.0.0.0:8000 -t /srv", HELLO, (8000, GET),
       user="nobody", prepare=writes(("/srv/index.php", "<?php echo 'Hel', 'lo';\n")))


def prepare_php_fpm():
    write("/srv/index.php", "<?php echo 'Hel', 'lo';\n")
    os.makedirs("/run/php", exist_ok=True)


FPM = max(glob.glob("/usr/sbin/php-fpm*"), default="/usr/sbin/php-fpm8.2")
FPM_SOCKET = f"/run/php/php{FPM.removeprefix('/usr/sbin/php-fpm')}-fpm.sock"

Daemon("php-fpm", {FPM: "php-fpm", "/usr/bin/cgi-fcgi": "libfcgi-bin"}, [FPM_SOCKET], f"{FPM} -F",
       answers("Hello", "cgi-fcgi", "-bind", "-connect", FPM_SOCKET,
               env={"SCRIPT_FILENAME": "/srv/index.php", "REQUEST_METHOD": "GET", "PATH": os.environ.get("PATH", "/usr/bin")}),
       (FPM_SOCKET, bytes.fromhex("0101000100080000000100000000000001040001000000000105000100000000")),
       prepare=prepare_php_fpm, kill_signal="QUIT", options=['socket_user  = "www-data"'])

# ---- names, files, mail, shells ----

QUERY = struct.pack(">6H", 4711, 0x100, 1, 0, 0, 0) + b"\x09localhost\0" + struct.pack(">HH", 1, 1)
DIG = {"/usr/bin/dig": "bind9-dnsutils"}


def dns_client():
    for way in ("+notcp", "+tcp"):
        answer = run_well("dig", "+time=5", "+tries=3", "+short", way, "@127.0.0.1", "localhost")
        need(answer.strip() == "127.0.0.1", f"dig {way}: {answer!r}")


Daemon("dnsmasq", {"/usr/sbin/dnsmasq": "dnsmasq", **DIG}, ["tcp4:53", "tcp6:53", "udp4:53", "udp6:53"],
       "/usr/sbin/dnsmasq --keep-in-foreground --no-resolv", dns_client, ("udp:53", QUERY))

# The key of the root zone is another package's.
Daemon("unbound", {"/usr/sbin/unbound": "unbound", **DIG},
       ["127.0.0.1:53", "[::1]:53", "udp:127.0.0.1:53", "udp:[::1]:53"], "/usr/sbin/unbound -d", dns_client, ("udp:53", QUERY),
       prepare=writes(("/etc/unbound/unbound.conf.d/root-auto-trust-anchor-file.conf", "")))


def prepare_vsftpd():
    write("/srv/ftp/pub/file", "by ftp\n")
    os.makedirs("/run/vsftpd/empty", exist_ok=True)
    table = read("/etc/vsftpd.conf").decode().replace("anonymous_enable=NO", "anonymous_enable=YES")
    write("/etc/vsftpd.conf", table + "anon_root=/srv/ftp\n")


Daemon("vsftpd", {"/usr/sbin/vsftpd": "vsftpd", **CURL}, ["21"], "/usr/sbin/vsftpd /etc/vsftpd.conf",
       fetches("ftp://127.0.0.1/pub/file", "by ftp"), (21, b""), prepare=prepare_vsftpd)

Daemon("rsync", {"/usr/bin/rsync": "rsync"}, ["tcp4:873", "tcp6:873"], "/usr/bin/rsync --daemon --no-detach",
       answers("content", "sh", "-c", "rsync rsync://127.0.0.1/data/file /srv/copy && cat /srv/copy"), (873, b""),
       prepare=writes(("/srv/data/file", "content\n"), ("/etc/rsyncd.conf", "[data]\npath = /srv/data\n")))

Daemon("dovecot", {"/usr/sbin/dovecot": "dovecot-imapd", **CURL}, ["tcp4:143", "tcp6:143"], "/usr/sbin/dovecot -F",
       fetches("imap://127.0.0.1/", "IMAP4rev1", "-X", "CAPABILITY"), (143, b""),
       prepare=writes(("/etc/dovecot/conf.d/10-ssl.conf", "ssl = no\n")))


def prepare_sshd():
    os.makedirs("/run/sshd", exist_ok=True)
    run_well("ssh-keygen", "-q", "-A")
    run_well("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/srv/key")
    os.makedirs("/root/.ssh", 0o700, exist_ok=True)
    shutil.copy("/srv/key.pub", "/root/.ssh/authorized_keys")


Daemon("sshd", {"/usr/sbin/sshd": "openssh-server", "/usr/bin/ssh": "openssh-client"}, ["tcp4:22", "tcp6:22"],
       "/usr/sbin/sshd -D",
       answers("let in", "ssh", "-i", "/srv/key", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
               "-o", "LogLevel=ERROR", "127.0.0.1", "echo", "let", "in"),
       (22, b""), prepare=prepare_sshd)
