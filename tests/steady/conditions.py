"""The conditions under which a suite has to pass as well: what is in front of its command, what runs beside it, and why one
can't be had on this machine."""
import os
import pwd
import shutil
import signal
import subprocess
import tempfile

USER = "nobody"
LOCALES = ("C", "tr_TR.UTF-8", "de_DE@euro")
# Compilers one after the other, as a build beside the tests has them.
BUILD = ("while :; do printf '#include <stdlib.h>\\n#include <stdio.h>\\nint main(void) { return puts(\"\"); }\\n' |"
         " cc -O2 -x c -o /dev/null -; done")
BUSY = "while :; do :; done"
# Criterion names a socket in /tmp by its pid, so suites beside each other, and the next one after a crash, need different ones.
SOME_PID = ("n=$(od -An -N2 -tu2 /dev/urandom) && echo $((300 + n % 30000)) >/proc/sys/kernel/ns_last_pid;"
            ' "$@"; exit $?')


class Condition:
    """name; before: words in front of the command; lacks: why it can't be had, or None; patience: how many times as long a
    suite may take."""

    def __init__(self, name, before=(), patience=1, **more):
        self.name, self.before, self.patience = name, list(before), patience
        self.lacks = more.pop("lacks", None)
        self.variables = more.pop("variables", {})
        self.beside = more.pop("beside", ())
        self.umask = more.pop("umask", None)
        if more:
            raise TypeError(f"{name}: no such traits: {more}")
        self.running = []

    def __enter__(self):
        self.running = [subprocess.Popen(["sh", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL, start_new_session=True) for script in self.beside]
        return self

    def __exit__(self, *what):
        for process in self.running:
            os.killpg(process.pid, signal.SIGKILL)      # of its own session, so all that it has started
            process.wait()
        self.running = []


def lacking(*words):
    """Why this command does not work here; None: it does."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError as error:
        return f"{words[0]}: {error.strerror}"
    return None if done.returncode == 0 else (done.stderr.strip() or f"{words[0]} ended with {done.returncode}")


def locale_variables(name, folder):
    """What has a program run in this locale, which is made if the machine knows it but does not have it; or why not."""
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.split()
    plain = name.replace("UTF-8", "utf8")
    if name == "C" or plain in known or name in known:
        return {"LC_ALL": name}, None
    language, _, rest = name.partition(".")
    charset = rest or "ISO-8859-15"
    made = f"{folder}/{plain}"
    why = lacking("localedef", "--no-archive", "-i", language, "-f", charset, made)
    return ({"LC_ALL": name, "LOCPATH": folder}, None) if os.path.isdir(made) else ({}, why or "localedef made nothing")


def conditions(folder, wanted=()):
    """All of them, by name. folder: for what they need; wanted: those whose locale is made, as that takes long; none: all."""
    processors = os.cpu_count() or 1
    is_root = os.geteuid() == 0
    mounts = ["unshare", "--mount", "--propagation", "private"]
    covered = [*mounts, "sh", "-c", 'mount -t tmpfs -o ro,size=4k none /proc/sys && exec "$@"', "sh"]
    own_pids = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", SOME_PID, "sh"]
    try:
        user = pwd.getpwnam(USER)
        as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    except KeyError:
        as_user = ["false"]
    found = [
        Condition("plain"),
        Condition("load", patience=6, beside=[BUSY] * processors + [BUILD] * processors,
                  lacks=None if shutil.which("cc") else "no cc"),
        Condition("nice", ["nice", "-n", "15"], patience=3),
        Condition("pidns", own_pids, lacks=lacking(*own_pids, "true")),
        Condition("no-proc-sys", covered, lacks=lacking(*covered, "true")),
        Condition("user", as_user, variables={"HOME": "/", "XDG_RUNTIME_DIR": ""},
                  lacks=lacking(*as_user, "true") if is_root else "only root can become another user"),
        Condition("umask", umask=0o077),
    ]
    for name in LOCALES:
        variables, why = locale_variables(name, folder) if not wanted or name in wanted else ({}, "not asked for")
        found.append(Condition(name, variables=variables, lacks=why))
    return {one.name: one for one in found}


def new_folder():
    """For made locales; every user may read it."""
    folder = tempfile.mkdtemp(prefix="steady-")
    os.chmod(folder, 0o755)
    return folder
