"""Accounts: made before a component is deployed, removed after it, and left to whoever else has them."""
import ctypes
import os
import shutil
import socket
import subprocess

from dysnomia_target import Target, beside_dysnomia, cat
from places import PATIENCE, ask, free_port, skip

NEW_MOUNTS = 0x00020000                 # CLONE_NEWNS


def with_accounts(world, path, users, groups=(), more=""):
    for kind, names in ("users", users), ("groups", groups):
        for name in names:
            world.write(os.path.join(path, "dysnomia-support", kind, name), more if kind == "users" else "")
    return path


def feign_deeds(world):
    """Programs that note what they are to make and remove. What they noted since it was asked last."""
    told = world.write("told", "")
    for deed in "addgroups", "addusers", "delusers", "delgroups":
        world.write(f"bin/dysnomia-{deed}", "#!/bin/sh\n"
                    f'cd "$1/dysnomia-support/{deed[3:]}" 2>/dev/null || exit 0\n'
                    f'for name in *; do echo {deed} $name >>{told}; done\n', 0o755)
    os.environ["PATH"] = world.path("bin") + ":" + os.environ["PATH"]

    def deeds():
        with open(told, "r+", encoding="utf-8") as file:
            noted = [line.strip() for line in file]
            file.truncate(0)
        return noted
    return deeds


def makes_and_removes_users(world):
    """By the programs of Dysnomia; one that needs them and has none is refused."""
    target, port = Target(world), free_port()
    path = with_accounts(world, cat(world, "v1", "cat", port), ["mia"], ["cats"])
    if not beside_dysnomia("dysnomia-addusers"):
        target.fails("activate", path, "not in PATH")
    deeds = feign_deeds(world)
    target.does("activate", path)
    assert deeds() == ["addgroups cats", "addusers mia"]
    target.does("deactivate", path)
    assert deeds() == ["delusers mia", "delgroups cats"]
    world.write("bin/dysnomia-addusers", "#!/bin/sh\nexit 1\n", 0o755)
    target.fails("activate", path)
    assert target.linked() == []


def spares_users_that_others_have(world):
    """A version that was replaced, and what was renamed, leave those that the new one runs by."""
    target, port = Target(world), free_port()
    deeds = feign_deeds(world)
    old = with_accounts(world, cat(world, "v1", "cat", port), ["mia", "tom"])
    new = with_accounts(world, cat(world, "v2", "cat", port), ["mia"])
    for path in old, new:
        target.does("activate", path)
    assert deeds() == ["addusers mia", "addusers tom", "addusers mia"]
    target.does("deactivate", old)
    assert deeds() == ["delusers tom"] and target.is_marked(new) and ask(port) == "cat v2\n"
    renamed = with_accounts(world, cat(world, "v3", "cat", port, within="pet"), ["mia"])
    for activity, path in ("lock", new), ("deactivate", new), ("activate", renamed), ("unlock", renamed):
        target.does(activity, path)
    assert deeds() == ["addusers mia"] and ask(port) == "cat v3\n"
    target.does("deactivate", renamed)
    assert deeds() == ["delusers mia"]


def have_own_etc(world):
    """Mounts of this claim's own, so that the machine has none of the users that are made."""
    shutil.copytree("/etc", world.path("etc"), symlinks=True)
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_MOUNTS) != 0:
        skip("no namespace of mounts can be made")
    for words in ["--make-rprivate", "/"], ["--bind", world.path("etc"), "/etc"]:
        if subprocess.run(["mount", *words], check=False).returncode != 0:
            skip("nothing can be mounted")


def users_in(path):
    with open(path, encoding="utf-8") as file:
        return {line.split(":")[0] for line in file}


def runs_by_users_that_dysnomia_makes(world):
    """With the real programs: a user can only go when nothing runs by it any more."""
    program = beside_dysnomia("dysnomia-addusers")
    if not program:
        skip("there is no dysnomia-addusers")
    if os.getuid() != 0 or not shutil.which("useradd", path=os.environ["PATH"] + ":/usr/sbin"):
        skip("users are made by root, with useradd")
    have_own_etc(world)
    os.environ["PATH"] = os.path.dirname(program) + ":" + os.environ["PATH"]
    mia, tom = f"superd-mia-{os.getpid()}", f"superd-tom-{os.getpid()}"
    target, port = Target(world), free_port()
    world.user = mia
    old = with_accounts(world, cat(world, "v1", "cat", port), [mia, tom], [mia], f"group={mia}\nhomeDir=/nonexistent\n")
    new = with_accounts(world, cat(world, "v2", "cat", port), [mia], [mia], f"group={mia}\nhomeDir=/nonexistent\n")
    target.does("activate", old)
    assert {mia, tom} <= users_in("/etc/passwd") and mia in users_in("/etc/group")
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        assert client.recv(100) == b"cat v1\n"
        shown = subprocess.run(["ps", "-U", mia, "-o", "comm="], capture_output=True, text=True, check=False).stdout
        assert len(shown.split()) == 1, shown
        for activity, path in ("activate", new), ("deactivate", old):
            target.does(activity, path)
        assert users_in("/etc/passwd") & {mia, tom} == {mia}
        client.sendall(b"still here\n")
        assert client.recv(100) == b"still here\n"
        target.does("deactivate", new)
        assert client.recv(100) == b""
    assert not {mia, tom} & (users_in("/etc/passwd") | users_in("/etc/group"))
    for activity, path in ("activate", old), ("lock", old), ("deactivate", old), ("activate", new), ("unlock", new):
        target.does(activity, path)
    assert users_in("/etc/passwd") & {mia, tom} == {mia} and ask(port) == "cat v2\n"
    target.does("deactivate", new)
    assert not {mia, tom} & (users_in("/etc/passwd") | users_in("/etc/group"))
