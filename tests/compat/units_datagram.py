"""Daemons of UDP and of other datagrams."""
import socket
import struct

from server_case import PATIENCE, need, run_well, write
from unit_case import processes, status_of, superd_with, unit_case


def exchange(port, text, host="127.0.0.1"):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE)
        client.sendto(text, (host, port))
        return client.recvfrom(65536)


@unit_case("lbcd.socket (lbcd)")
def lbcd():
    with superd_with("lbcd.socket"):
        for host in ("127.0.0.1", "::1"):
            answer, _ = exchange(4330, struct.pack(">4H", 3, 4711, 1, 0), host)
            version, number = struct.unpack(">2H", answer[:4])
            need(version == 3 and number == 4711, repr(answer))


# UDP and TCP on one port. What it asks further cannot be reached here: an answer, too, is one that says so.
@unit_case("dnss.socket (dnss)")
def dnss():
    question = struct.pack(">6H", 4711, 0x0100, 1, 0, 0, 0) + b"\7example\3org\0" + struct.pack(">2H", 1, 1)
    with superd_with("dnss.socket"):
        answer, _ = exchange(53, question)
        need(answer[:2] == question[:2] and answer[2] & 0x80, repr(answer))
        daemon, = processes("dnss")
        need(int(status_of(daemon)["CapBnd"], 16) == 1 << 10, "it could have other capabilities")


@unit_case("lldpad.socket (lldpad)", "/usr/sbin/lldptool (lldpad)")
def lldpad():
    with superd_with("lldpad.socket"):
        need("eth9" not in run_well("lldptool", "ping"), "another answer")


@unit_case("atftpd.socket (atftpd, in the place of tftpd-hpa)")
def atftpd():
    write("/srv/tftp/boot", b"x" * 700)
    with superd_with("atftpd.socket"):
        answer, sender = exchange(69, b"\0\1boot\0octet\0")
        need(answer[:4] == b"\0\3\0\1" and len(answer) == 516 and sender[1] != 69, repr(answer[:20]))
