"""The Containerfiles of contrib/doc/own-image.md, done as they say: superd's own image is the root that contrib/container/rootfs
has made, and this machine's Debian stands for python's. Run apart from the test, in a mount namespace of its own, as what a stage
mounts ends with it.

    own_image.py ROOT PLACE    with SRCDIR; ROOT is superd's image, PLACE an empty folder; status 77 and a reason: not here
"""
import os
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from containerfile import Builder, Image, NotHere, Wrong, need
from engine import PATIENCE, Container, Refused

SOURCES = os.path.abspath(os.environ.get("SRCDIR", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")))
CONTAINER = os.path.join(SOURCES, "contrib/container")
sys.path.append(os.path.join(SOURCES, "tests/docs"))
import pages

# What docker leaves to a container's root, by number: chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap,
# net_bind_service, net_raw, sys_chroot, mknod, audit_write, setfcap.
DOCKER_LEAVES = (0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31)
IMAGES = {"small": (8013, b"\n", b":", ()), "python": (8014, b"GET / HTTP/1.0\r\n\r\n", b" 200 ", DOCKER_LEAVES)}


def write_files(place):
    """The files of the page, where it says they are."""
    for section in pages.sections(os.path.join(SOURCES, "contrib/doc/own-image.md")):
        for block in section.blocks:
            if block.file and not os.path.isabs(block.file):
                os.makedirs(os.path.join(place, os.path.dirname(block.file)), exist_ok=True)
                with open(os.path.join(place, block.file), "w", encoding="utf-8") as file:
                    file.write(block.text)


def superds_image(root, place):
    """As in the image that the Containerfiles of contrib/container make, with their table."""
    copied = place + "/superd"
    shutil.copytree(root, copied, symlinks=True)
    shutil.copy(CONTAINER + "/superd.conf", copied + "/etc/superd.conf")
    os.makedirs(copied + "/etc/superd.d", exist_ok=True)
    return copied


def serve(name, place, images):
    path = f"{place}/{name}/Containerfile"
    port, question, answer, kept = IMAGES[name]
    os.makedirs(f"{place}/{name}-stages")
    root = Builder(f"{place}/{name}-stages", f"{place}/{name}", images=images).build(path)
    image, below = Image(path), Image(CONTAINER + "/Containerfile")
    user = below.user if name == "small" else image.user
    uid, gid = (int(word) for word in user.split(":"))
    with Container(root, image.command or below.entry, f"{place}/{name}.log", mapped=False, uid=uid, gid=gid, run="/run",
                   kept=kept) as container:
        until = time.monotonic() + PATIENCE
        while f":{port}" not in container.said():
            need(time.monotonic() < until, "superd does not listen: " + container.said())
            time.sleep(0.02)
        said = container.ask(port, question)
        need(answer in said, f"{name}: port {port} answers {said}: {container.said()}")
        code, said = container.execute("/usr/bin/superctl", "health")
        need(code == 0, f"{name}: superctl health: {code}: {said}")
        if name == "small":
            need(b" 200 " in container.ask(below.ports[0], b"GET / HTTP/1.0\r\n\r\n"), "the health port does not answer")


def main():
    root, place = sys.argv[1:]
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "images", place], check=True)
    write_files(place)
    try:
        images = {"superd": superds_image(root, place), "docker.io/library/python:3-slim": "/"}
        for name in IMAGES:
            serve(name, place, images)
    except (NotHere, Refused) as why:
        print(why)
        return 77
    except (Wrong, OSError, subprocess.SubprocessError) as why:
        print(why)
        return 1
    finally:
        subprocess.run(["umount", "-R", "-l", place], check=False)
    print("two images, made and asked")
    return 0


sys.exit(main())
