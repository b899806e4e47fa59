#!/usr/bin/python3
"""tamper_listener.py HOW FOLDER: a backend that changes the listener it is given for all who come after it, once, and ends.
Later it says to each client that it was served."""
import os
import socket
import struct
import sys
import ctypes

SO_BINDTODEVICE, SO_ATTACH_FILTER, SO_DETACH_FILTER, SO_LOCK_FILTER = 25, 26, 27, 44

listener = socket.socket(fileno=3)
libc = ctypes.CDLL(None, use_errno=True)


def detach():
    listener.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)


def drop():
    code = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0))         # RET 0
    listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack('HxxxxxxP', 1, ctypes.addressof(code)))


def lock():
    detach()
    listener.setsockopt(socket.SOL_SOCKET, SO_LOCK_FILTER, 1)


def device():
    listener.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, b'dummy0\0')


def shutdown():
    listener.shutdown(socket.SHUT_RDWR)


def unspec():
    libc.connect(3, struct.pack('H14x', 0), 16)


mark = os.path.join(sys.argv[2], 'tampered')
if not os.path.exists(mark):
    {f.__name__: f for f in (detach, drop, lock, device, shutdown, unspec)}[sys.argv[1]]()
    open(mark, 'w').close()
    sys.exit(0)
listener.settimeout(1)
try:
    while True:
        client, _ = listener.accept()
        client.sendall(b'served\n')
        client.close()
except OSError:
    pass
