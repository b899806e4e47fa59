"""Daemons at unix sockets."""
import os
import re
import socket
import struct
import subprocess

from server_case import PATIENCE, hear, need, run_well, write
from unit_case import USER, Skip, environment_of, processes, status_of, superd_with, unit_case


def connect(path):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(PATIENCE)
    connection.connect(path)
    return connection


def ask(path, text, until=None):
    with connect(path) as connection:
        connection.sendall(text)
        return hear(connection, until)


def is_at(path, mode, user):
    status = os.stat(path)
    need(status.st_mode & 0o777 == mode, f"{path} has mode {status.st_mode & 0o777:o}")
    need(status.st_uid == int(run_well("id", "-u", user)), f"{path} is {status.st_uid}'s")


# Everything that a unit can take from a daemon of a package of Debian.
@unit_case("uuidd.socket (uuid-runtime)", "/usr/sbin/uuidd (uuid-runtime)")
def uuidd():
    with superd_with("uuidd.socket"):
        told = run_well("/usr/sbin/uuidd", "-r", "-s", "/run/uuidd/request")
        need(re.search("[0-9a-f]{8}-[0-9a-f]{4}-4", told), told)
        told = run_well("/usr/sbin/uuidd", "-t", "-n", "3", "-s", "/run/uuidd/request")
        need("and 2 subsequent UUIDs" in told, told)
        daemon, = processes("uuidd")
        status = status_of(daemon)
        need(status["Uid"].split()[0] != "0", "it runs as root")
        need(status["NoNewPrivs"] == "0" and status["Seccomp"] == "2", "its filter of system calls is not as systemd has it")
        for kind in ("mnt", "user"):
            need(os.readlink(f"/proc/{daemon}/ns/{kind}") != os.readlink(f"/proc/self/ns/{kind}"), f"no {kind} of its own")
        mounts = [line.split() for line in open(f"/proc/{daemon}/mountinfo", encoding="utf-8")]
        options = {words[4]: words[5].split(",") for words in mounts}
        need("ro" in options["/"] and "ro" in options["/srv"], "ProtectSystem=strict was not done")
        need("rw" in options["/var/lib/libuuid"], "ReadWritePaths= was not done")
        need(not os.path.exists(f"/proc/{daemon}/root/dev/mem"), "PrivateDevices= was not done")


def record(kind, content):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


@unit_case("fcgiwrap.socket (fcgiwrap)")
def fcgiwrap():
    write("/srv/script", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nby %s\\n' \"$(id -un)\"\n")
    os.chmod("/srv/script", 0o755)
    variables = {b"SCRIPT_FILENAME": b"/srv/script", b"REQUEST_METHOD": b"GET", b"QUERY_STRING": b""}
    params = b"".join(bytes([len(name), len(value)]) + name + value for name, value in variables.items())
    request = record(1, b"\0\1\0\0\0\0\0\0") + record(4, params) + record(4, b"") + record(5, b"")
    with superd_with("fcgiwrap.socket"):
        is_at("/run/fcgiwrap.socket", 0o660, "www-data")
        for _ in range(2):
            answer = ask("/run/fcgiwrap.socket", request)
            need(b"by www-data" in answer, repr(answer))


# Four units, one service, and descriptors that it knows by their names.
@unit_case(*(f"gpg-agent{part}.socket (gpg-agent)" for part in ("", "-extra", "-browser", "-ssh")))
def gpg_agent():
    units = [f"{USER}/gpg-agent{part}.socket" for part in ("", "-extra", "-browser", "-ssh")]
    with superd_with(*units):
        folder, = (where for where, _, files in os.walk("/run") if "S.gpg-agent" in files)
        need(b"OK Pleased to meet you" in ask(folder + "/S.gpg-agent", b"", b"\n"), "no greeting")
        need(b"OK Pleased to meet you" in ask(folder + "/S.gpg-agent.extra", b"", b"\n"), "no greeting at the second")
        # SSH_AGENTC_REQUEST_IDENTITIES; SSH_AGENT_IDENTITIES_ANSWER, none
        with connect(folder + "/S.gpg-agent.ssh") as connection:
            connection.sendall(b"\0\0\0\1\x0b")
            need(hear(connection, b"\x0c\0\0\0\0") == b"\0\0\0\5\x0c\0\0\0\0", "another answer at the socket of ssh")
        daemon, = processes("gpg-agent")
        need(environment_of(daemon)["LISTEN_FDNAMES"] == "std:extra:browser:ssh", environment_of(daemon)["LISTEN_FDNAMES"])


@unit_case("dirmngr.socket (dirmngr)")
def dirmngr():
    with superd_with(f"{USER}/dirmngr.socket"):
        folder, = (where for where, _, files in os.walk("/run") if "S.dirmngr" in files)
        need(b"OK Dirmngr" in ask(folder + "/S.dirmngr", b"", b"OK Dirmngr"), "no greeting")


@unit_case("json2file-go.socket (json2file-go)", "/usr/bin/curl (curl)")
def json2file():
    write("/etc/json2file-go/dirlist", "box:token\n")
    write("/etc/json2file-go/basedir", "/srv/boxes\n")
    run_well("install", "-d", "-o", "www-data", "/srv/boxes/box")
    with superd_with("json2file-go.socket"):
        is_at("/run/json2file-go/socket", 0o660, "www-data")
        said = run_well("curl", "-sS", "--max-time", "20", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket",
                        "/run/json2file-go/socket", "http://localhost/box")
        need(said == "405", said)


@unit_case("pcscd.socket (pcscd)")
def pcscd():
    with superd_with("pcscd.socket"):
        with connect("/run/pcscd/pcscd.comm") as connection:
            connection.sendall(struct.pack("=IIiiI", 12, 0x11, 4, 4, 0))
            major, _, status = struct.unpack("=iiI", connection.recv(12))
        need(major == 4 and status == 0, f"version {major}, status {status:x}")


# Conditions by patterns; the socket is the user's whom the unit names, and goes with superd.
@unit_case("clamav-daemon.socket (clamav-daemon)")
def clamav():
    for name in ("main", "daily"):
        write(f"/var/lib/clamav/{name}.inc/x", "")
    write("/var/lib/clamav/test.hdb", "44d88612fea8a8f36de82e1278abb02f:68:Test.File\n")
    run_well("chown", "-R", "clamav", "/var/lib/clamav")
    with superd_with("clamav-daemon.socket"):
        is_at("/run/clamav/clamd.ctl", 0o666, "clamav")
        need(ask("/run/clamav/clamd.ctl", b"zPING\0", b"\0") == b"PONG\0", "no answer")
    need(not os.path.exists("/run/clamav/clamd.ctl"), "RemoveOnStop= was not done")


# StandardInput=socket where superd does not accept: the listener is standard input, as inetd's wait.
@unit_case("acpid.socket (acpid)")
def acpid():
    if subprocess.run(["systemd-detect-virt", "--container", "--quiet"], check=False).returncode == 0:
        raise Skip("acpid.socket has ConditionVirtualization=!container, and this is one")
    with superd_with("acpid.socket"), connect("/run/acpid.socket") as connection:
        connection.settimeout(2)
        try:
            hear(connection)
        except TimeoutError:
            return
        need(False, "it closed the connection")


@unit_case("virtlogd.socket (libvirt-daemon-system)", "virtlogd-admin.socket (libvirt-daemon-system)",
           "/usr/bin/virt-admin (libvirt-clients)")
def virtlogd():
    with superd_with("virtlogd.socket", "virtlogd-admin.socket"):
        told = run_well("virt-admin", "-c", "virtlogd:///system", "server-list")
        need("virtlogd" in told, told)


@unit_case("podman.socket (podman)", "/usr/bin/curl (curl)")
def podman():
    with superd_with("podman.socket"):
        told = run_well("curl", "-sS", "--max-time", "20", "--unix-socket", "/run/podman/podman.sock", "http://d/_ping")
        need(told == "OK", told)


@unit_case("lircd.socket (lirc)")
def lircd():
    with superd_with("lircd.socket"):
        need(b"SUCCESS" in ask("/run/lirc/lircd", b"VERSION\n", b"END\n"), "no version")
