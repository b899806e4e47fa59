#!/usr/bin/env python3
"""redirect against the peers' own: bytes a second of one stream and of several, and connections a second.

    redirect.py SUPERD

All take turns, slice by slice, and what is read are ratios within a turn: a busy machine slows all alike. xinetd and
systemd-socket-proxyd are looked for on PATH and in packages unpacked below $PEERS. BENCH_ROUNDS (15) says how many
turns, CC how to compile. The status is 1 when bytes were lost or something could not be measured.
"""

import sys

sys.dont_write_bytecode = True

import os
import pwd
import shlex
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

from machine import LOOPBACK, Listening, Trouble, find_ports

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE = 20                           # seconds until one listens
MEASURES = (                            # what, the arguments of stream, the unit
    ("one stream", "bytes", ("1500",), "MB/s"),
    ("four streams", "bytes", ("500", "4"), "MB/s"),
    ("connections", "connections", (".6",), "/s"),
)


def find(program, package, *places):
    folders = os.environ.get("PATH", "").split(":") + ["/usr/sbin", "/sbin", *places]
    if os.environ.get("PEERS"):
        folders += [f"{os.environ['PEERS']}/{package}/usr/sbin"]
    return shutil.which(program, path=":".join(folders))


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def own_user():
    return pwd.getpwuid(os.getuid()).pw_name


def start(folder, arguments, **options):
    with open(os.path.join(folder, "log"), "a") as log:
        return subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                **options)


def start_superd(program, folder, port, target):
    table = write(folder, "superd.conf", f'service pass {{ listen = "{LOOPBACK}:{port}"  accept = yes  '
                  f'redirect = "{LOOPBACK} {target}"  user = "{own_user()}" }}\n')
    return start(folder, [program, "-f", table, "--log-level", "warning"])


def start_xinetd(program, folder, port, target):
    table = write(folder, "xinetd.conf", "defaults\n{\n\tinstances = UNLIMITED\n\tcps = 10000000 1\n}\n"
                  f"service pass\n{{\n\ttype = UNLISTED\n\tbind = {LOOPBACK}\n\tport = {port}\n\tsocket_type = stream\n"
                  f"\tprotocol = tcp\n\twait = no\n\tuser = {own_user()}\n\tredirect = {LOOPBACK} {target}\n}}\n")
    return start(folder, [program, "-dontfork", "-f", table, "-filelog", os.path.join(folder, "xinetd.log"),
                          "-pidfile", os.path.join(folder, "pid")])


def start_proxyd(program, folder, port, target):
    with socket.create_server((LOOPBACK, port), backlog=1024) as listener:
        number = listener.fileno()
        activate = f"LISTEN_FDS=1 LISTEN_PID=$$; export LISTEN_FDS LISTEN_PID; exec \"$0\" \"$1\" 3<&{number}"
        return start(folder, ["/bin/sh", "-c", activate, program, f"{LOOPBACK}:{target}"], pass_fds=(number,))


def measure(stream, kind, port, target, arguments):
    result = subprocess.run([stream, kind, str(port), str(target), *arguments], capture_output=True, text=True)
    if result.returncode:
        raise Trouble(result.stderr.strip() or f"stream ended with {result.returncode}")
    return float(result.stdout)


def wait_until_listening(ports):
    listening, until = Listening(), time.monotonic() + PATIENCE
    while not all(listening.is_listening(port) for port in ports):
        if time.monotonic() > until:
            raise Trouble("not all of them listen")
        time.sleep(.01)
    listening.close()


def report(what, unit, seen):
    """superd's ratio to each peer is that of one turn, and of those the median."""
    print(f"{what}:")
    for name, values in seen.items():
        ratios = [ours / theirs for ours, theirs in zip(seen["superd"], values)]
        against = "" if name == "superd" else f"   superd has {statistics.median(ratios):.2f} × of it"
        print(f"  {name:24} {statistics.median(values):8.0f} {unit}{against}")


def compare(stream, ports, target, rounds):
    for what, kind, arguments, unit in MEASURES:
        seen = {name: [] for name in ports}
        for _ in range(rounds):
            for name, port in ports.items():
                seen[name].append(measure(stream, kind, port, target, arguments))
        report(what, unit, seen)


def main():
    rounds = int(os.environ.get("BENCH_ROUNDS", "15"))
    starters = [("superd", os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None, start_superd),
                ("xinetd", find("xinetd", "xinetd"), start_xinetd),
                ("systemd-socket-proxyd", find("systemd-socket-proxyd", "systemd", "/usr/lib/systemd"), start_proxyd)]
    with tempfile.TemporaryDirectory() as folder:
        stream, running, ports = os.path.join(folder, "stream"), [], {}
        subprocess.run([*shlex.split(os.environ.get("CC") or "cc"), "-O2", "-D_GNU_SOURCE", "-o", stream,
                        os.path.join(HERE, "stream.c"), "-lpthread"], check=True)
        first = find_ports(len(starters) + 1)
        try:
            for number, (name, program, starter) in enumerate(starters):
                if not program:
                    print(f"{name} is not here")
                    continue
                running.append(starter(program, folder, first + number, first + len(starters)))
                ports[name] = first + number
            wait_until_listening(ports.values())
            compare(stream, ports, first + len(starters), rounds)
        finally:
            for process in running:
                process.terminate()
                process.wait()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Trouble as trouble:
        print(f"redirect: {trouble}", file=sys.stderr)
        sys.exit(1)
