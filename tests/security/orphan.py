#!/usr/bin/env python3
"""A backend: answers each client with its name and pid, and prints a line of it.

orphan.py NAME [deaf | own ADDRESS PORT]: deaf does not hear TERM; own opens the address by itself, in place of superd's
socket, once the file go-NAME is beside the log."""
import os
import signal
import socket
import sys
import time

name = sys.argv[1]
listener = socket.socket(fileno=3)
listener.setblocking(True)
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "own" in sys.argv:
    while not os.path.exists("/run/lab/go-" + name):
        time.sleep(0.02)
    listener.close()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    while True:
        try:
            listener.bind(("127.0.0.1", int(sys.argv[-1])))
            break
        except OSError:
            time.sleep(0.02)
    listener.listen(16)
    open("/run/lab/owned/" + name, "w").close()
while True:
    client, _ = listener.accept()
    try:
        print("a client of", name, flush=True)
    except OSError:
        pass
    client.sendall(b"%s %d\n" % (name.encode(), os.getpid()))
    client.close()
