"""The agents of contrib/pacemaker, called one action at a time as Pacemaker calls them, and the table they run."""
import os
import subprocess

from places import PATIENCE, SOURCES, SUPERCTL, SUPERD

AGENTS = os.path.join(SOURCES, "contrib/pacemaker")
ROOT = os.environ.get("OCF_ROOT", "/usr/lib/ocf")
SUCCESS, GENERIC, ARGUMENTS, UNIMPLEMENTED, INSTALLED, CONFIGURED, NOT_RUNNING = 0, 1, 2, 3, 5, 6, 7


def table(world, port, more="", name="cat"):
    """Its log has to be a file, as the daemon that the agent starts has no terminal."""
    return world.write("superd.conf", f"""service {name} {{
    listen = "127.0.0.1:{port}"
    accept = yes
    exec   = {{ "/bin/sh", "-c", "echo here; exec cat" }}
    user   = "{world.user}"
    {more}
}}
""")


class Agent:
    def __init__(self, world, name, **parameters):
        self.path = os.path.join(AGENTS, name)
        self.parameters = {"superctl": SUPERCTL, "control": world.control, **parameters}
        self.world = world

    def environment(self, **more):
        told = {f"OCF_RESKEY_{name}": value for name, value in self.parameters.items()}
        return self.world.environment(OCF_ROOT=ROOT, OCF_RESOURCE_INSTANCE="test", HA_RSCTMP=self.world.folder,
                                      HA_LOGFACILITY="none", HA_debug="0", HA_LOGFILE=self.world.path("agent-log"),
                                      **told, **more)

    def act(self, action, **more):
        """The status, and all that was said."""
        result = subprocess.run([self.path, action], env=self.environment(**more), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=2 * PATIENCE,
                                check=False)
        return result.returncode, result.stdout

    def does(self, action, expected=SUCCESS, **more):
        status, said = self.act(action, **more)
        assert status == expected, f"{action}: {status} where {expected} was expected: {said}"
        return said


def daemon(world, **parameters):
    return Agent(world, "superd", superd=SUPERD, config=world.path("superd.conf"), pidfile=world.path("pid"),
                 log="file:" + world.log, **parameters)


def pid_of(world):
    with open(world.path("pid"), encoding="ascii") as file:
        return int(file.read())
