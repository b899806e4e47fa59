"""Where a document is walked through: namespaces in which nothing that is done lasts."""
import os
import re
import shutil
import subprocess

# Process 1 there is a shell, which reaps as init does: who ends a daemon waits for its pid to be gone.
APART = ["unshare", "-n", "-m", "-p", "-f", "-u", "--mount-proc", "--kill-child", "sh", "-c", '"$@"; exit $?', "sh"]
# Folders that get a copy, as what is in them counts; those whose data stay what they are; and those that begin empty, with the
# folders they have.
COPIED = ("/etc", "/var/lib/nginx", "/var/lib/php")
COVERED = ("/var/lib/mysql", "/var/lib/postgresql", "/var/lib/redis", "/var/lib/mosquitto", "/var/lib/caddy")
EMPTIED = ("/run", "/srv", "/var/log", "/var/www")
PEERS = {"openbsd-inetd": "inetd", "xinetd": "xinetd"}


def unfit():
    """Why this can't be done here, or None."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return "needs root and unshare for an /etc of its own"
    if os.environ.get("SUPERD_SYSCONFDIR", "/etc") != "/etc":
        return "this superd reads " + os.environ["SUPERD_SYSCONFDIR"] + ": the documents are of one with --sysconfdir=/etc"
    for path in EMPTIED:
        if not os.path.isdir(path):
            return f"there is no {path}"
    if subprocess.run([*APART, "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
        return "namespaces are not to be had here"
    return None


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def copy(path, scratch):
    copied = os.path.join(scratch, path.strip("/").replace("/", "-"))
    shutil.copytree(path, copied, symlinks=True)
    for folder, _, files in os.walk(path):
        for name in (folder, *(os.path.join(folder, file) for file in files)):
            status = os.lstat(name)
            os.lchown(copied + name[len(path):], status.st_uid, status.st_gid)
    mount("--bind", copied, path)


def cover(path, scratch):
    """What is written there goes to memory: much data to be copied for each document. A copy, where there are no overlays."""
    top = os.path.join(scratch, "covered", path.strip("/").replace("/", "-"))
    status = os.stat(path)
    for name in ("upper", "work"):
        os.makedirs(os.path.join(top, name))
    os.chmod(top + "/upper", status.st_mode & 0o7777)
    os.chown(top + "/upper", status.st_uid, status.st_gid)
    options = f"lowerdir={path},upperdir={top}/upper,workdir={top}/work"
    if subprocess.run(["mount", "-t", "overlay", "-o", options, "none", path], check=False, stderr=subprocess.DEVNULL).returncode:
        copy(path, scratch)


def empty(path):
    folders = []
    if path == "/var/log":
        for entry in os.scandir(path):
            if entry.is_dir(follow_symlinks=False):
                folders.append((entry.path, entry.stat()))
    mount("-t", "tmpfs", "-o", "mode=755", "none", path)
    for folder, status in folders:
        os.mkdir(folder)
        os.chmod(folder, status.st_mode & 0o7777)
        os.chown(folder, status.st_uid, status.st_gid)


def links_for(path, scratch):
    """In place of a folder of programs one of links to them."""
    aside = os.path.join(scratch, "aside")
    os.mkdir(aside)
    mount("--bind", path, aside)
    mount("-t", "tmpfs", "-o", "mode=755", "none", path)
    for name in os.listdir(aside):
        os.symlink(os.path.join(aside, name), os.path.join(path, name))


def bring_programs():
    """superd and superctl as they are installed, and no other super-server but those that SUPERD_PEERS has unpacked."""
    for name, program in (("superd", os.environ["SUPERD_BIN"]), ("superctl", os.environ.get("SUPERCTL_BIN", ""))):
        if program:
            if os.path.lexists("/usr/sbin/" + name):
                os.unlink("/usr/sbin/" + name)
            os.symlink(os.path.abspath(program), "/usr/sbin/" + name)
    peers = os.environ.get("SUPERD_PEERS", "")
    for package, program in PEERS.items():
        if os.path.lexists("/usr/sbin/" + program):
            os.unlink("/usr/sbin/" + program)
        if is_unpacked(package):
            shutil.copy(os.path.join(peers, package, "usr/sbin", program), "/usr/sbin/" + program)
            shutil.copy(os.path.join(peers, package, "etc/init.d", package), "/etc/init.d/" + package)


def prepare(sources):
    scratch = os.environ["SUPERD_DOCS_PLACE"]
    mount("-t", "tmpfs", "-o", "mode=755", "none", scratch)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["hostname", "localhost"], check=True)
    for path in COPIED:
        if os.path.isdir(path):
            copy(path, scratch)
    for path in COVERED:
        if os.path.isdir(path):
            cover(path, scratch)
    links_for("/usr/sbin", scratch)
    for path in EMPTIED:
        if not sources.startswith(path + "/") and not os.environ["SUPERD_BIN"].startswith(path + "/"):
            empty(path)
    for name in ("inetd.conf", "xinetd.conf"):
        shutil.copy(os.path.join(sources, "conf", name), "/etc/" + name)
    with open("/etc/hosts", "w", encoding="ascii") as hosts:
        hosts.write("127.0.0.1 localhost\n::1 localhost\n")
    for folder in ("info", "updates"):
        os.makedirs(os.path.join(scratch, "dpkg", folder))
    for file in ("status", "diversions"):
        with open(os.path.join(scratch, "dpkg", file), "w", encoding="ascii"):
            pass
    bring_programs()
    home = os.path.join(scratch, "home")
    os.mkdir(home)
    os.environ.update({"DPKG_ADMINDIR": os.path.join(scratch, "dpkg"), "HOME": home, "NO_COLOR": "1", "TERM": "xterm", "TZ": "UTC",
                       "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "SRC": sources})
    os.environ.pop("SUPERD_CONTROL", None)
    os.chdir(home)


def is_unpacked(package):
    program = os.path.join(os.environ.get("SUPERD_PEERS", ""), package, "usr/sbin", PEERS[package])
    return os.environ.get("SUPERD_PEERS") and os.access(program, os.X_OK) and shutil.which("dpkg-divert")


def is_there(package):
    if package in PEERS:
        return is_unpacked(package)
    if shutil.which("dpkg-query") is None:
        return False
    status = subprocess.run(["dpkg-query", "--admindir=/var/lib/dpkg", "-W", "-f", "${Status}", package], check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return status.endswith(b" installed")


def missing(packages):
    return [package for package in packages if not is_there(package)]


def forgiven(packages, sources):
    """Whether these may be missing: where CI is set, those of contrib/quickstart may not."""
    with open(os.path.join(sources, "contrib/quickstart"), encoding="utf-8") as file:
        lists = " ".join(re.findall(r"_packages='([^']*)'", file.read())).split()
    return not os.environ.get("CI") or not any(package in lists for package in packages)


def log():
    """The end of superd's log, where the document has one."""
    try:
        with open("/var/log/superd.log", encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-12:])
    except OSError:
        return ""
