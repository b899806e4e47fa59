#!/usr/bin/env python3
"""A program with an HTTP server embedded that may be started on demand.

Started by a service manager it finds its listening socket at descriptor 3 (LISTEN_PID, LISTEN_FDS);
started by hand it binds port 8080 itself. With --idle SECONDS it ends once no request has been under
way for so long. The one hard thing is to end without losing a client: it stops waiting, accepts once
more without blocking, and ends only when that found nobody. Whoever comes later stays in the socket's
queue, which is the service manager's, and starts the next server.
"""

import argparse
import os
import select
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FIRST_PASSED_FD = 3


def passed_socket():
    """The one listening socket that was passed, or None when none was."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    count = os.environ.get("LISTEN_FDS")
    if count != "1":
        sys.exit(f"http-server: LISTEN_FDS is {count}: exactly one socket is wanted")
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    os.set_inheritable(FIRST_PASSED_FD, False)
    return socket.socket(fileno=FIRST_PASSED_FD)


def bound_socket(port):
    """One socket for IPv6 and IPv4, or for IPv4 alone where there is no IPv6."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


class Handler(BaseHTTPRequestHandler):
    timeout = 30  # a client that says nothing must not keep the server from ending

    def do_GET(self):
        self.answer(with_body=True)

    def do_HEAD(self):
        self.answer(with_body=False)

    def answer(self, with_body):
        body = f"Hello from http-server, {self.server.origin}\nYou asked for {self.path}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def address_string(self):
        """The peer; those of a unix socket have no address."""
        return self.client_address[0].removeprefix("::ffff:") if self.client_address else "local"


class Server(ThreadingHTTPServer):
    timeout = 0  # handle_request() never waits: run() does
    daemon_threads = False

    def __init__(self, listener, origin, idle):
        super().__init__(listener.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.socket.setblocking(False)
        self.origin = origin
        self.idle = idle
        self.clients = 0
        self.accepted = 0
        self.lock = threading.Lock()
        self.gone_reader, self.gone_writer = os.pipe()

    def process_request(self, request, client_address):
        with self.lock:
            self.clients += 1
        self.accepted += 1
        super().process_request(request, client_address)

    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self.lock:
                self.clients -= 1
            os.write(self.gone_writer, b".")

    def handle_error(self, request, client_address):
        """A client that left early is no news; anything else is."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def remaining(self, deadline):
        """Seconds to wait at most; None, for ever, while a client is here or without an idle time."""
        with self.lock:
            if self.idle is None or self.clients:
                return None
        return max(deadline - time.monotonic(), 0)

    def accepts_one_more(self):
        before = self.accepted
        self.handle_request()
        return self.accepted != before

    def run(self):
        deadline = time.monotonic() + (self.idle or 0)
        while True:
            ready, _, _ = select.select([self.socket, self.gone_reader], [], [], self.remaining(deadline))
            if self.socket in ready:
                self.handle_request()
            if self.gone_reader in ready:
                os.read(self.gone_reader, 4096)
                deadline = time.monotonic() + (self.idle or 0)
            if self.remaining(deadline) == 0 and not self.accepts_one_more():
                return


def main():
    parser = argparse.ArgumentParser(description="HTTP server that may be started on demand")
    parser.add_argument("--idle", type=float, metavar="SECONDS", help="end when nobody has been here for so long")
    parser.add_argument("--port", type=int, default=8080, help="bind this port when started by hand (8080)")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))

    listener = passed_socket()
    origin = "my socket came from the service manager"
    if listener is None:
        listener = bound_socket(options.port)
        origin = f"I bound port {options.port} myself"
    print(f"http-server: {origin}", file=sys.stderr, flush=True)
    Server(listener, origin, options.idle).run()
    print("http-server: nobody is here any more, good night", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
