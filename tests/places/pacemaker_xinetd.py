"""ocf:heartbeat:Xinetd of resource-agents, and superd in the place of xinetd."""
import os
import shutil
import subprocess
import sys
import time

from pacemaker_agents import NOT_RUNNING, ROOT, SUCCESS, Agent
from places import PATIENCE, SUPERD, ask, is_refused, need, skip

XINETD = """set -e
mount -t tmpfs none /run
mount --bind "$1/etc" /etc
mkdir -p /etc/xinetd.d
cp "$1/xinetd.conf" /etc/xinetd.conf
cp "$1/cat" /etc/xinetd.d/cat
ip link set lo up
"$1/bin/xinetd" -dontfork -stayalive -pidfile /run/xinetd.pid 2>>"$1/log" &
exec "$2" "$3" inside "$1"
"""


def obeys_the_agent_of_xinetd(world):
    """In namespaces, for it edits /etc/xinetd.d and sends a HUP to whatever is called xinetd."""
    agent = os.path.join(ROOT, "resource.d/heartbeat/Xinetd")
    if not os.access(agent, os.X_OK):
        skip("there is no ocf:heartbeat:Xinetd")
    if subprocess.run(["unshare", "-rmnpf", "true"], capture_output=True, check=False).returncode != 0:
        skip("namespaces cannot be made")
    need("ip")
    shutil.copytree("/etc", world.path("etc"), symlinks=True, ignore=lambda folder, names: [
        name for name in names if not os.access(os.path.join(folder, name), os.R_OK)])
    os.makedirs(world.path("bin"))
    os.symlink(SUPERD, world.path("bin/xinetd"))
    world.write("xinetd.conf", "defaults\n{\n}\nincludedir /etc/xinetd.d\n")
    world.write("cat", "service cat\n{\n\ttype = UNLISTED\n\tsocket_type = stream\n\tprotocol = tcp\n\tport = 4000\n"
                       "\twait = no\n\tuser = root\n\tserver = /bin/cat\n\tdisable = yes\n}\n")
    environment = Agent(world, "superd", service="cat").environment(XINETD_AGENT=agent)
    result = subprocess.run(["unshare", "-rmnpf", "--mount-proc", "sh", "-c", XINETD, "sh", world.folder,
                             sys.executable, os.path.abspath(sys.argv[0])], env=environment,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            timeout=4 * PATIENCE, check=False)
    assert result.returncode == 0, result.stdout


def run_inside(folder):
    """As PID 1 there; superd, called as xinetd, is beside."""
    agent = os.environ["XINETD_AGENT"]

    def act(action, *expected):
        result = subprocess.run([agent, action], capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert result.returncode in expected, (action, result)

    def wait_for(state):
        end = time.monotonic() + PATIENCE
        while is_refused(4000) == state:
            assert time.monotonic() < end, f"{'refused' if state else 'served'} still"
            time.sleep(0.02)

    os.environ["OCF_RESKEY_service"] = "cat"
    end = time.monotonic() + PATIENCE
    while not os.path.exists("/run/xinetd.pid"):
        assert time.monotonic() < end, open(os.path.join(folder, "log"), encoding="utf-8").read()
        time.sleep(0.02)
    act("validate-all", SUCCESS)
    for _ in range(2):
        act("monitor", NOT_RUNNING)
        act("start", SUCCESS)
        wait_for(True)
        assert ask(4000, "meow\n") == "meow\n"
        act("monitor", SUCCESS)
        act("start", SUCCESS)
        act("stop", SUCCESS)
        wait_for(False)
        act("stop", SUCCESS)
