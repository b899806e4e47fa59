#!/usr/bin/env python3
"""Many services that sleep are wanted at once: how long does each client wait for its first byte?

    stampede.py --superd build/superd --services 60 --work 0.4 --limits default,2,4,none

Each service has a socket of its own, and a backend that needs so many seconds of processor time before it takes its
first client. All clients connect at the same moment. --limits runs the whole once for each value of --max-starting;
`default` leaves the option out. `single` gives the cold start of a service alone, one after another."""

import argparse
import os
import selectors
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

BACKEND = """
import socket, sys, time
work, ready = float(sys.argv[1]), sys.argv[2] == "notify"
time.sleep(float(sys.argv[4]))
while time.process_time() < work:
    pass
if ready:
    import os
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.connect(os.environ["NOTIFY_SOCKET"])
        notify.send(b"READY=1")
server = socket.socket(fileno=3)
if sys.argv[3] == "yes":
    server.sendall(b"y")
while sys.argv[3] == "no":
    server.accept()[0].sendall(b"y")
"""
PATIENCE = 120                          # seconds until the last client has its answer
CLIENT_GIVES_UP = 10                    # seconds after which a usual client would have given up


def make_group(options):
    """A control group with a limit of memory, of cgroup v1 or v2, below this process's own. None: there is no limit."""
    if not options.memory:
        return None
    for line in open("/proc/self/cgroup"):
        number, controllers, path = line.strip().split(":", 2)
        if controllers not in ("memory", ""):
            continue
        mount = "/sys/fs/cgroup/memory" if controllers else "/sys/fs/cgroup"
        name = "memory.limit_in_bytes" if controllers else "memory.max"
        folder = f"{mount}{path}/stampede.{os.getpid()}"
        try:
            os.mkdir(folder)
            with open(f"{folder}/{name}", "w") as file:
                file.write(options.memory)
            return folder
        except OSError:
            if os.path.isdir(folder):
                os.rmdir(folder)
    sys.exit("no control group with a limit of memory can be made here")


def start_superd(options, folder, limit, group):
    backend = os.path.join(folder, "backend.py")
    with open(backend, "w") as file:
        file.write(BACKEND)
    with open(os.path.join(folder, "superd.conf"), "w") as file:
        for number in range(options.services):
            file.write(f'service s{number} {{ listen = "{folder}/{number}.sock"  user = "root"  type = {options.type}\n'
                       f'    accept = {options.accept} pass = systemd {options.options}\n'
                       f'    exec = "{sys.executable} -S -E {backend} {options.work} {options.type} {options.accept} '
                       f'{options.sleep}" }}\n')
    command = [options.superd, "-f", f"{folder}/superd.conf", "--control", "none"]
    if limit == "none":
        command += ["--max-starting", "0"]
    elif limit != "default":
        command += ["--max-starting", limit]
    with open(os.path.join(folder, "log"), "w") as log:
        superd = subprocess.Popen(command, stderr=log, preexec_fn=lambda: group and open(
            f"{group}/cgroup.procs", "w").write(str(os.getpid())) or None)
    last = f"s{options.services - 1}: listening on"
    while last not in open(os.path.join(folder, "log"), errors="replace").read():
        if superd.poll() is not None:
            sys.exit(open(os.path.join(folder, "log")).read())
        time.sleep(.01)
    return superd


def wake(folder, numbers):
    """Seconds from one moment until each client's first byte."""
    clients, taken = selectors.DefaultSelector(), []
    since = time.monotonic()
    for number in numbers:
        client = socket.socket(socket.AF_UNIX)
        client.connect(f"{folder}/{number}.sock")
        clients.register(client, selectors.EVENT_READ)
    while len(taken) < len(numbers) and time.monotonic() < since + PATIENCE:
        for key, _ in clients.select(1):
            try:
                if key.fileobj.recv(1) == b"y":
                    taken.append(time.monotonic() - since)
            except ConnectionError:
                pass
            clients.unregister(key.fileobj)
            key.fileobj.close()
    return taken


def run(options, limit):
    folder = tempfile.mkdtemp(prefix="stampede.", dir="/tmp")
    group = make_group(options)
    superd = start_superd(options, folder, limit, group)
    try:
        if options.single:
            taken = [wake(folder, [number])[0] for number in range(options.services)]
        else:
            taken = sorted(wake(folder, range(options.services)))
    finally:
        superd.send_signal(signal.SIGTERM)
        superd.wait()
        log = open(os.path.join(folder, "log"), errors="replace").read()
        if group:
            os.rmdir(group)
        shutil.rmtree(folder)
    served = sum(one < CLIENT_GIVES_UP for one in taken)
    taken = taken or [float("nan")]
    killed = log.count("signal KILL")
    print(f"{limit:>8} {len(taken):5d} {min(taken):7.3f} {statistics.mean(taken):7.3f} {statistics.median(taken):7.3f} "
          f"{max(taken):7.3f} {served:6d} {killed:6d}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--superd", default="build/superd")
    parser.add_argument("--services", type=int, default=60)
    parser.add_argument("--work", type=float, default=.4, help="seconds of processor time of each start")
    parser.add_argument("--sleep", type=float, default=0, help="seconds that each start sleeps before that")
    parser.add_argument("--type", choices=("simple", "notify"), default="simple")
    parser.add_argument("--accept", choices=("no", "yes"), default="no")
    parser.add_argument("--options", default="", help="further options of each service")
    parser.add_argument("--memory", default="", help="limit of superd's control group, in bytes or as 300M; for root")
    parser.add_argument("--limits", default="default", help="values of --max-starting, separated by commas")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--single", action="store_true", help="one start after another, each alone")
    options = parser.parse_args()
    print("   limit  all   first    mean  median    last  <10 s killed   (seconds until the first byte)")
    for _ in range(options.rounds):
        for limit in options.limits.split(","):
            run(options, limit)


if __name__ == "__main__":
    main()
