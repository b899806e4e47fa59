#!/usr/bin/python3
"""extend_timeout.py WHEN: a backend of type = notify that asks for more time: once, for years, when it is told to stop; often,
a little each time; or at its start, without ever being ready."""
import os
import signal
import socket
import sys
import time

when = sys.argv[1]
name = os.environ['NOTIFY_SOCKET']
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.connect('\0' + name[1:] if name[0] == '@' else name)
stopping = when == 'start'


def on_term(*_):
    global stopping
    stopping = True
    if when == 'once':
        notify.send(b'EXTEND_TIMEOUT_USEC=9000000000000000000')


signal.signal(signal.SIGTERM, on_term)
if when != 'start':
    notify.send(b'READY=1')
while True:
    if stopping and when != 'once':
        notify.send(b'EXTEND_TIMEOUT_USEC=400000')
    time.sleep(.1)
