#!/usr/bin/env python3
"""kernel_sockets.py PID: the bound sockets of a process as the kernel has them, a line each, sorted: address, options, length of the
filter. Sockets of superd's own, which are in the folder of no service, are left out: a name that ends with "/control"."""
import ctypes
import os
import socket
import stat
import struct
import sys

OPTIONS = {
    "type": (socket.SOL_SOCKET, socket.SO_TYPE), "listens": (socket.SOL_SOCKET, socket.SO_ACCEPTCONN),
    "rcvbuf": (socket.SOL_SOCKET, socket.SO_RCVBUF), "sndbuf": (socket.SOL_SOCKET, socket.SO_SNDBUF),
    "keepalive": (socket.SOL_SOCKET, socket.SO_KEEPALIVE), "priority": (socket.SOL_SOCKET, socket.SO_PRIORITY),
    "mark": (socket.SOL_SOCKET, socket.SO_MARK), "reuseport": (socket.SOL_SOCKET, socket.SO_REUSEPORT),
    "broadcast": (socket.SOL_SOCKET, socket.SO_BROADCAST), "passcred": (socket.SOL_SOCKET, socket.SO_PASSCRED),
    "nodelay": (socket.IPPROTO_TCP, socket.TCP_NODELAY), "idle": (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
    "interval": (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL), "probes": (socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
    "defer": (socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT), "v6only": (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY),
    "freebind": (socket.IPPROTO_IP, 15), "transparent": (socket.IPPROTO_IP, 19), "minttl": (socket.IPPROTO_IP, 21),
}
SO_GET_FILTER = 26
SYS_PIDFD_OPEN, SYS_PIDFD_GETFD = 434, 438


def describe(own):
    address = own.getsockname()
    if own.family == socket.AF_UNIX:
        if not address or (isinstance(address, str) and address.endswith("/control")):
            return None
        words = [f"unix:{address}"]
        if isinstance(address, str) and address.startswith("/") and os.path.exists(address):
            status = os.stat(address)
            words.append(f"node={stat.S_IMODE(status.st_mode):o}:{status.st_uid}:{status.st_gid}")
    elif own.family in (socket.AF_INET, socket.AF_INET6):
        if not address[1]:
            return None
        words = [f"{'ip4' if own.family == socket.AF_INET else 'ip6'}:{address[0]}:{address[1]}"]
    else:
        return None
    for name, (level, option) in OPTIONS.items():
        if own.family == socket.AF_UNIX and level != socket.SOL_SOCKET:
            continue
        try:
            words.append(f"{name}={own.getsockopt(level, option)}")
        except OSError:
            pass
    if own.family != socket.AF_UNIX and own.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        words.append(f"backlog={struct.unpack_from('I', own.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 28)[0]}")
    length = ctypes.c_uint(0)
    libc.getsockopt(own.fileno(), socket.SOL_SOCKET, SO_GET_FILTER, None, ctypes.byref(length))
    words.append(f"filter={length.value}")
    return " ".join(words)


libc = ctypes.CDLL(None, use_errno=True)
pid = int(sys.argv[1])
pidfd = libc.syscall(SYS_PIDFD_OPEN, pid, 0)
found = []
for number in os.listdir(f"/proc/{pid}/fd"):
    if not os.readlink(f"/proc/{pid}/fd/{number}").startswith("socket:"):
        continue
    copy = libc.syscall(SYS_PIDFD_GETFD, pidfd, int(number), 0)
    if copy < 0:
        sys.exit(f"descriptor {number}: {os.strerror(ctypes.get_errno())}")
    with socket.socket(fileno=copy) as one:
        try:
            found.append(describe(one))
        except OSError as error:
            if one.family != socket.AF_NETLINK:
                sys.exit(f"descriptor {number}: {error}")
print("".join(f"{line}\n" for line in sorted(filter(None, found))), end="")
