"""redirect against the peers' own, and against no redirect at all: bytes, connections and requests a second, of one
client and of several. All take turns, slice by slice, another first each time."""

import os
import subprocess

import versions
from machine import LOOPBACK, Trouble, find_ports
from servers import Job, Running, find_program

SECONDS = ".2"                          # of connections and requests
FIRST, LEAST, SLICE = .25, 8, .3        # of the MB there are; MB; seconds of a slice of bytes
LOADS = ("bytes", "upload", "connections", "requests")  # of stream.c


def _superd(program, job, target):
    text = (f'service pass {{ listen = "{LOOPBACK}:{job.port}"  accept = yes  redirect = "{LOOPBACK} {target}"  '
            f'user = "{job.user}" }}\n')
    return [program, "-f", job.write("superd.conf", text), *job.control(), "--log-level", "warning"]


def _relay(program, job, target):
    """One process for all clients, as systemd-socket-proxyd."""
    text = (f'service pass {{ listen = "{LOOPBACK}:{job.port}"  redirect = "{LOOPBACK} {target}"  '
            f'user = "{job.user}" }}\n')
    return [program, "-f", job.write("superd.conf", text), *job.control(), "--log-level", "warning"]


def _xinetd(program, job, target):
    text = ("defaults\n{\n\tinstances = UNLIMITED\n\tper_source = UNLIMITED\n\tcps = 10000000 1\n}\n"
            f"service pass\n{{\n\ttype = UNLISTED\n\tbind = {LOOPBACK}\n\tport = {job.port}\n\tsocket_type = stream\n"
            f"\tprotocol = tcp\n\twait = no\n\tuser = {job.user}\n\tredirect = {LOOPBACK} {target}\n}}\n")
    return [program, "-dontfork", "-f", job.write("xinetd.conf", text), "-pidfile", os.path.join(job.folder, "pid")]


def _socat(program, job, target):
    return [program, f"TCP-LISTEN:{job.port},bind={LOOPBACK},reuseaddr,fork,backlog=4096",
            f"TCP:{LOOPBACK}:{target}"]


def _proxyd(program, job, target):
    """It takes its listener as systemd gives it; its neighbour socket-activate does that for the first client."""
    activate = find_program("systemd-socket-activate", "systemd")
    return [activate, "-l", f"{LOOPBACK}:{job.port}", program, f"{LOOPBACK}:{target}"] if activate else None


def _find_starters(superd):
    starters = [("superd", superd, _superd), ("superd, accept = no", superd, _relay)]
    for name, program, package, arguments in (("xinetd", "xinetd", "xinetd", _xinetd),
                                              ("socket-proxyd", "systemd-socket-proxyd", "systemd", _proxyd),
                                              ("socat", "socat", "socat", _socat)):
        path = find_program(program, package)
        if path:
            starters.append((name, path, arguments))
    return starters


def _tell_server(bench, name, program, command):
    """superd and xinetd are known from elsewhere: then this is one more thing that they were started for."""
    for server in bench.results.servers:
        if server["name"] == name:
            if command:
                server["commands"]["redirect"] = command
            return
    version = versions.find_version(program) if program else ""
    commands = {"redirect": command} if command else {}
    bench.results.servers.append({"name": name, "program": program or "", "version": version, "commands": commands})


def _fail_all(bench, name, trouble):
    for load in LOADS:
        for place in bench.amounts.streams:
            bench.results.fail(f"redirect.{load}", name, place, trouble)


def _start_all(bench, target):
    """The ports of those that run; the clients of `direct` go to the target itself."""
    ports = {"direct": target}
    _tell_server(bench, "direct", None, None)
    for name, program, arguments in _find_starters(bench.superd):
        job = Job("redirect", find_ports(1), None, bench.make_folder())
        command = arguments(program, job, target)
        if not command:
            continue
        _tell_server(bench, name, program, " ".join(command).replace(job.folder + "/", ""))
        running = Running(name, command, job)
        bench.running.append(running)
        try:
            running.wait_until_listening(bench.listening)
            ports[name] = job.port
        except Trouble as trouble:
            _fail_all(bench, name, trouble)
    return ports


def _take_slice(bench, port, target, kind, *arguments):
    command = [bench.tools["stream"], kind, str(port), str(target), *map(str, arguments)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except subprocess.TimeoutExpired as error:
        raise Trouble("it stands still") from error
    if done.returncode:
        raise Trouble(done.stderr.strip() or f"stream ended with {done.returncode}")
    return float(done.stdout)


def _take_turn(bench, ports, turn, load, place):
    figure = f"redirect.{load}"
    names = list(ports)
    begin = turn % len(names)
    for name in names[begin:] + names[:begin]:
        if place in bench.results.failed(figure, name):
            continue
        try:
            amount = find_amount(bench, figure, name, place) if load in ("bytes", "upload") else SECONDS
            value = _take_slice(bench, ports[name], ports["direct"], load, amount, place)
            bench.results.add(figure, name, place, turn, value)
        except Trouble as trouble:
            bench.results.fail(figure, name, place, trouble)


def find_amount(bench, figure, name, streams):
    """MB of each stream: part of all at first, then what takes a SLICE by the rate seen so far. A slow one would need
    the time of several others."""
    seen, most = bench.results.middle(figure, name, streams), bench.amounts.megabytes
    whole = most * FIRST if seen is None else min(most, seen * SLICE)
    return max(1, round(max(LEAST, whole) / streams))


def compare_redirects(bench):
    for turn in bench.rounds("redirects", "redirect.connections", "direct", 1):
        ports = _start_all(bench, find_ports(1))
        for streams in bench.amounts.streams:
            for load in LOADS:
                _take_turn(bench, ports, turn, load, streams)
        yield
