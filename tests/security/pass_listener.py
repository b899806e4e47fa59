#!/usr/bin/python3
"""pass_listener.py take: a daemon in a session of its own that keeps each descriptor that is sent to /run/take.

pass_listener.py: a backend that sends it its listener, and ends.
"""
import os
import socket
import sys

PLACE = '/run/take'
end = socket.socket(socket.AF_UNIX)
if len(sys.argv) == 1:
    end.connect(PLACE)
    socket.send_fds(end, [b'x'], [3])
    end.recv(1)
    sys.exit()
end.bind(PLACE)
os.chmod(PLACE, 0o666)
end.listen(9)
if os.fork():
    sys.exit()
os.setsid()
if os.fork():
    os._exit(0)
os.closerange(0, 3)
kept = []
while True:
    client, _ = end.accept()
    kept.append(socket.recv_fds(client, 1, 9))
    client.close()
