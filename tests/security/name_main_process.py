#!/usr/bin/python3
"""name_main_process.py PID: a backend of type = notify that names PID as its main process, and wants it killed."""
import os
import socket
import sys
import time

name = os.environ['NOTIFY_SOCKET']
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.connect('\0' + name[1:] if name[0] == '@' else name)
notify.send(b'READY=1')
time.sleep(.3)
notify.send(b'MAINPID=%s\nWATCHDOG=trigger' % sys.argv[1].encode())
time.sleep(60)
