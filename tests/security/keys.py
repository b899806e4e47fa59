#!/usr/bin/python3
"""keys.py put COMMAND…: runs COMMAND in a session keyring with a secret. get: what of it can be read. leave NAME: puts a
key of that name into the session keyring. find NAME: whether it is found there. keyctl(2) without its library."""
import ctypes
import os
import platform
import sys

SESSION = -3
JOIN, SEARCH, READ = 1, 10, 11
NAME = b'backup:passphrase'
libc = ctypes.CDLL(None, use_errno=True)
add_key, keyctl = {'x86_64': (248, 250), 'i686': (286, 288)}.get(platform.machine(), (217, 219))


def search(name):
    return libc.syscall(keyctl, SEARCH, SESSION, b'user', name, 0)


def read():
    text = ctypes.create_string_buffer(100)
    key = search(NAME)
    length = libc.syscall(keyctl, READ, key, text, 100, 0) if key > 0 else -1
    return text.raw[:length].decode() if length > 0 else 'nothing'


def add(name, secret):
    return libc.syscall(add_key, b'user', name, secret, len(secret), SESSION) > 0


def main():
    what = sys.argv[1]
    if what == 'put':
        if libc.syscall(keyctl, JOIN, None, 0, 0, 0) < 0 or not add(NAME, b'hunter2'):
            sys.exit('no keys here')
        os.execvp(sys.argv[2], sys.argv[2:])
    elif what == 'get':
        print(read())
    elif what == 'leave':
        print('left' if add(sys.argv[2].encode(), b'of another') else 'refused')
    else:
        print('found' if search(sys.argv[2].encode()) > 0 else 'nothing')


main()
