"""systemd as one that is compared: process 1 of namespaces of its own, over a copy of this machine's root that forgets
what is written, with the units of the job and none else. That takes root, and an overlay file system."""

import os
import shutil
import subprocess

# $1: the folder of the units, $2: that of the backends, $3: the program.
_BOOT = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
cd /mnt/root
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs tmpfs sys/fs/cgroup
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount --bind /dev dev
mkdir -p ".$1" ".$2" units old
mount --bind "$1" units
mount --bind "$2" ".$2"
pivot_root . old
umount -l old
exec env -i container=docker PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_UNIT_PATH=/units \\
	"$3" --log-target=console --log-level=warning --show-status=0 --unit=bench.target
"""
_UNLIMITED = "TriggerLimitIntervalSec=0\nPollLimitIntervalSec=0\nBacklog=4096\n"


def _units(job):
    """(name, text) of each; a service has a unit of its own, as it has for an administrator."""
    yield "bench.target", "[Unit]\nDefaultDependencies=no\nWants=" + \
        " ".join(f"s{n}.socket" for n in range(job.count)) + "\n"
    for n, (address, port) in enumerate(job.places):
        socket = f"[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream={address}:{port}\n{_UNLIMITED}"
        service = f"[Unit]\nDefaultDependencies=no\nStartLimitIntervalSec=0\n[Service]\nExecStart={job.backend}\n"
        if job.waits:
            yield f"s{n}.socket", socket
            yield f"s{n}.service", service
        else:
            yield f"s{n}.socket", socket + "Accept=yes\nMaxConnections=100000\n"
            yield f"s{n}@.service", service + "StandardInput=socket\n"


def arguments(program, job):
    folder = os.path.join(job.folder, "units")
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    for name, text in _units(job):
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)
    return ["unshare", "-pfmCui", "--kill-child", "sh", "-c", _BOOT, "sh", folder, os.path.dirname(job.backend), program]


def may_run(program):
    """Whether it runs at all, an unpacked one wants its libraries, and may have namespaces and an overlay here."""
    probe = "mount --make-rprivate / && mount -t tmpfs tmpfs /mnt && mkdir /mnt/upper /mnt/work /mnt/root && " \
            "mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root && " \
            "mount -t cgroup2 cgroup2 /mnt/upper"
    try:
        return all(subprocess.run(command, capture_output=True).returncode == 0
                   for command in ([program, "--version"], ["unshare", "-pfmCui", "sh", "-c", probe]))
    except OSError:
        return False
