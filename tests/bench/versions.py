"""Which version of a program was measured: the package's word where it comes from one, else the program's own."""

import glob
import os
import re
import subprocess


def _say(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout or done.stderr).strip() if done.returncode == 0 else ""


def _of_unpacked(program):
    """A package that was unpacked below $SUPERD_PEERS lies beside its folder, NAME_VERSION_ARCHITECTURE.deb."""
    peers = os.environ.get("SUPERD_PEERS")
    if not peers or not program.startswith(os.path.join(peers, "")):
        return ""
    package = os.path.relpath(program, peers).split(os.sep)[0]
    names = sorted(os.path.basename(path) for path in glob.glob(os.path.join(glob.escape(peers), f"{package}_*.deb")))
    return f"{package} {names[-1].split('_')[1].replace('%3a', ':')}" if names else ""


def _of_installed(program):
    """dpkg knows a file by the name that the package has it by, and that may be before /usr was merged."""
    path = os.path.realpath(program)
    for name in (path, path.removeprefix("/usr")):
        package = _say("dpkg-query", "-S", name).split(": ")[0]
        if package and "," not in package and "\n" not in package:
            return _say("dpkg-query", "-W", "-f", "${Package} ${Version}", package)
    return ""


def find_version(program):
    own = _say(program, "--version").split("\n")[0] if re.search("superd|systemd", program) else ""
    return own or _of_unpacked(program) or _of_installed(program) or "unknown"
