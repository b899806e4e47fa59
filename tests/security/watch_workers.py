#!/usr/bin/python3
"""watch_workers.py FILE: looks for superd's worker processes again and again, until it is killed, and writes a line for each kind
that it meets in its sandbox: name, permitted capabilities, NoNewPrivs, Seccomp, and the owner of its files."""
import os
import sys

FIELDS = ('CapPrm', 'NoNewPrivs', 'Seccomp')
seen = set()


def look(pid):
    try:
        with open(f'/proc/{pid}/comm', encoding='ascii') as file:
            name = file.read().strip()
        if not name.startswith('superd-'):
            return
        with open(f'/proc/{pid}/status', encoding='ascii', errors='replace') as file:
            status = dict(line.split(':\t', 1) for line in file.read().splitlines() if ':\t' in line)
        owner = os.stat(f'/proc/{pid}/fd').st_uid
    except OSError:
        return
    line = ' '.join([name, *(status.get(field, '-').strip() for field in FIELDS), str(owner)])
    if status.get('Seccomp', '0').strip() == '2' and line not in seen:
        seen.add(line)
        with open(sys.argv[1], 'a', encoding='ascii') as out:
            out.write(line + '\n')


while True:
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            look(entry)
