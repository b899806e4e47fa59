"""Ports for tests that run side by side: between the choice of a port and the bind of a program another test could take it, so
each has blocks of its own, as those of tests/behaviour/world.c have."""
import errno
import os
import socket

FIRST, BLOCKS, BLOCK = 10000, 312, 64   # off what the kernel gives to clients
held = []                               # sockets by whose names the blocks are this process's until it ends


def is_free(port):
    try:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as trial:
                trial.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def reserve(block):
    """Whether nobody else has it. Without abstract sockets all are taken as free."""
    held.append(socket.socket(socket.AF_UNIX))
    try:
        held[-1].bind(f"\0superd-test-ports-{block}")
    except OSError as error:
        return error.errno != errno.EADDRINUSE
    return True


def find():
    for block in range(os.getpid(), os.getpid() + BLOCKS):
        begin = FIRST + block % BLOCKS * BLOCK
        if reserve(block % BLOCKS):
            yield from filter(is_free, range(begin, begin + BLOCK))
    raise AssertionError("all ports for tests are reserved")


found = find()


def free_port():
    """One of TCP and UDP that nobody has, so that it can be told before it is bound."""
    return next(found)
