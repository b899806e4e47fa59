"""The clients of `daemons`, and who it was that sent one away without an answer.

A connection that the kernel resets out of a listener's queue and one that a program closes with bytes unread look alike to
a client. So a client here says nothing until sock_diag(7) shows that its connection was accepted. A reset before that is
superd's loss, and so is a refused connection. What ends later was in the program's hands.
"""
import os
import select
import socket
import struct
import threading
import time

from server_case import PATIENCE

SOCK_DIAG = 4           # NETLINK_SOCK_DIAG
BY_FAMILY = 20          # SOCK_DIAG_BY_FAMILY
SHOW_PEER = 4           # UDIAG_SHOW_PEER
PEER = 2                # UNIX_DIAG_PEER
ANY = 0xffffffff        # any state, any cookie
PAUSE = 0.002           # between two clients
ASKS = 0.0002           # between two looks whether one was accepted
DATAGRAM_PATIENCE = 5   # after that dig, too, asks again


class Cut(Exception):
    """A program accepted the connection and ended it without an answer."""


class Kernel:
    """What sock_diag(7) knows of a connection's other end."""

    def __init__(self):
        self.netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, SOCK_DIAG)

    def ask(self, request):
        """The answer behind its header, or None: there is no such socket."""
        self.netlink.send(struct.pack("=IHHII", 16 + len(request), BY_FAMILY, 1, 0, 0) + request)
        answer = self.netlink.recv(65536)
        return answer[16:] if struct.unpack_from("=H", answer, 4)[0] == BY_FAMILY else None

    def accepted_tcp(self, connection):
        """struct inet_diag_req_v2, as the server sees the connection; struct inet_diag_msg."""
        try:
            ends = connection.getpeername(), connection.getsockname()
        except OSError:         # it was reset
            return False
        request = struct.pack("=BBBxI", socket.AF_INET, socket.IPPROTO_TCP, 0, ANY)
        request += b"".join(struct.pack(">H", port) for _, port in ends)
        request += b"".join(struct.pack("4s12x", socket.inet_aton(host)) for host, _ in ends)
        answer = self.ask(request + struct.pack("=III", 0, ANY, ANY))
        return answer is not None and struct.unpack_from("=I", answer, 68)[0] != 0

    def accepted_unix(self, connection):
        """struct unix_diag_req; struct unix_diag_msg and the inode of the other end."""
        inode = os.fstat(connection.fileno()).st_ino
        answer = self.ask(struct.pack("=BBHIIIII", socket.AF_UNIX, 0, 0, ANY, inode, SHOW_PEER, ANY, ANY))
        at = 16
        while answer and at + 8 <= len(answer):
            length, kind, peer = struct.unpack_from("=HHI", answer, at)
            if kind == PEER:
                return peer != 0
            at += max(length + 3 & ~3, 4)
        return False

    def accepted(self, connection):
        """Whether a process has the other end. One that waits in the queue has no inode."""
        if connection.family == socket.AF_UNIX:
            return self.accepted_unix(connection)
        return self.accepted_tcp(connection)


class Client:
    """A client that says hello, waits for the first byte and goes.

    where: a number for TCP, "udp:NUMBER", or a path. defers: the program has its listener keep clients until they have sent
    something (TCP_DEFER_ACCEPT of tcp(7))."""

    def __init__(self, where, greeting, defers=False):
        self.greeting, self.datagrams, self.defers = greeting, False, defers
        self.family, self.address = socket.AF_INET, ("127.0.0.1", where)
        if isinstance(where, str) and where.startswith("/"):
            self.family, self.address = socket.AF_UNIX, where
        elif isinstance(where, str):
            self.datagrams, self.address = True, ("127.0.0.1", int(where.removeprefix("udp:")))

    def connect(self):
        connection = socket.socket(self.family, socket.SOCK_DGRAM if self.datagrams else socket.SOCK_STREAM)
        try:
            connection.settimeout(PATIENCE)
            connection.connect(self.address)
        except OSError:
            connection.close()
            raise
        return connection

    def greet(self, connection):
        if self.greeting:
            connection.sendall(self.greeting)

    def hear(self, connection):
        """The first byte of a connection, or a whole datagram; nothing at its end."""
        return connection.recv(512 if self.datagrams else 1)

    def hello(self):
        """Milliseconds from before connect to the first byte."""
        since = time.perf_counter()
        with self.connect() as connection:
            self.greet(connection)
            if not self.hear(connection):
                raise ConnectionResetError("closed without an answer")
        return (time.perf_counter() - since) * 1000

    def call(self, kernel):
        """hello, by a client that finds out who sends it away: the program (Cut), or superd and the kernel (OSError)."""
        with self.connect() as connection:
            if self.datagrams:
                self.ask(connection)
                return
            if self.defers:
                self.greet(connection)
            self.wait_accepted(connection, kernel)
            try:
                if not self.defers:
                    self.greet(connection)
                if self.hear(connection):
                    return
            except (ConnectionResetError, BrokenPipeError) as error:
                raise Cut(str(error)) from None
            raise Cut("closed")

    def ask(self, connection):
        """A datagram that no socket takes is refused. One without an answer was read by a program that then ended."""
        connection.settimeout(DATAGRAM_PATIENCE)
        self.greet(connection)
        try:
            self.hear(connection)
        except TimeoutError:
            raise Cut("no answer") from None

    @staticmethod
    def wait_accepted(connection, kernel):
        """Until the other end was accepted, or something came: only an accepted connection has bytes or an end for us, and
        one that was reset in the queue an error."""
        heard = select.poll()
        heard.register(connection, select.POLLIN)
        until = time.monotonic() + PATIENCE
        while not kernel.accepted(connection):
            if heard.poll(0):
                connection.recv(1, socket.MSG_PEEK)
                return
            if time.monotonic() > until:
                raise TimeoutError("not accepted")
            time.sleep(ASKS)


class Load(threading.Thread):
    """Clients that come one after the other until they are told to end, and how they fared."""

    def __init__(self, client, ended):
        super().__init__()
        self.client, self.ended, self.kernel = client, ended, Kernel()
        self.answered, self.cut, self.lost = 0, [], []

    def run(self):
        while not self.ended.is_set():
            try:
                self.client.call(self.kernel)
                self.answered += 1
            except Cut as cut:
                self.cut.append(str(cut))
            except OSError as error:
                self.lost.append(str(error))
            time.sleep(PAUSE)
