"""A machine that components are deployed to, and components to deploy. Read by tests/places/dysnomia.

"""
import os
import shutil
import subprocess
import time

from places import EXAMPLES, PATIENCE, SOURCES, Load, skip

MODULES = os.path.join(SOURCES, "contrib/dysnomia")
DYSNOMIA = os.environ.get("SUPERD_DYSNOMIA") or shutil.which("dysnomia")
NO_PROPERTIES = ("lock", "unlock")      # Disnix tells them none


def beside_dysnomia(name):
    """A program of the dysnomia that is tried, or of this machine."""
    folder = os.path.dirname(os.path.realpath(DYSNOMIA)) + ":" if DYSNOMIA else ""
    return shutil.which(name, path=folder + os.environ["PATH"])


class Target:
    """A machine that components are deployed to: a folder for links, a superd that takes it in, Dysnomia's state."""

    def __init__(self, world, start=True):
        self.world = world
        world.target = self
        self.links = world.path("target")
        for folder in ("superd.d", "xinetd.d", "units"):
            os.makedirs(os.path.join(self.links, folder))
        table = open(os.path.join(MODULES, "superd.conf"), encoding="utf-8").read()
        assert "/var/lib/superd/" in table
        world.write("superd.conf", table.replace("/var/lib/superd/", self.links + "/"))
        self.properties = {"superdTargetDir": self.links, "superdControlSocket": world.control,
                           "superdLockTimeout": "2", "superdUpgradeWindow": "60"}
        if start:
            world.start()

    def call(self, activity, component, form="environment"):
        """As Disnix does, or as one who names a file that describes the container."""
        if form == "container":
            return self.call_container(activity, component)
        environment = self.environment({} if activity in NO_PROPERTIES else self.properties)
        if DYSNOMIA:
            words = [DYSNOMIA, "--type", "superd-service", "--operation", activity, "--component", component,
                     "--container", "superd-service", "--environment"]
        else:
            words = [os.path.join(MODULES, "superd-service"), activity, component, "superd-service"]
        return self.run(words, environment)

    def environment(self, properties):
        """Where superd listens is a property, and told in no other way."""
        environment = self.world.environment(DYSNOMIA_STATEDIR=self.world.path("state"), DYSNOMIA_MODULES_PATH=MODULES,
                                             **properties)
        del environment["SUPERD_CONTROL"]
        return environment

    def call_container(self, activity, component):
        """The environment is empty but for what stands in the file, PATH and DYSNOMIA_STATEDIR."""
        container = self.container_file()
        environment = self.environment({})
        words = [str(DYSNOMIA), "--operation", activity, "--component", component, "--container", container]
        if not DYSNOMIA:
            environment = {name: environment[name] for name in ("PATH", "DYSNOMIA_STATEDIR")}
            environment.update(self.properties)
            words = [os.path.join(MODULES, "superd-service"), activity, component, container]
        return self.run(words, environment)

    def container_file(self):
        lines = "".join(f"{name}={value}\n" for name, value in self.properties.items())
        return self.world.write("superd-service", "type=superd-service\n" + lines)

    @staticmethod
    def run(words, environment):
        return subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=2 * PATIENCE, check=False)

    def does(self, activity, component, form="environment"):
        result = self.call(activity, component, form)
        assert result.returncode == 0, f"{activity} {component}: {result.returncode}: {result.stdout}"

    def fails(self, activity, component, words=""):
        result = self.call(activity, component)
        assert result.returncode != 0, f"{activity} {component} has not failed: {result.stdout}"
        assert words in result.stdout, f"'{words}' is not in: {result.stdout}"
        return result.stdout

    def begins(self, activity, component):
        """The module by itself, so that it can be sent a signal."""
        return subprocess.Popen([os.path.join(MODULES, "superd-service"), activity, component, "superd-service"],
                                env=self.environment(self.properties), stdin=subprocess.DEVNULL)

    def is_held(self, service):
        return '"held":true' in self.world.ask_superctl("--json", "list", service).stdout

    def linked(self):
        return sorted(os.path.join(kind, file) for kind in os.listdir(self.links)
                      for file in os.listdir(os.path.join(self.links, kind)))

    def is_marked(self, component):
        return os.path.exists(self.world.path("state/activated/superd-service", os.path.basename(component)))


def component(world, version, name, file, text):
    """A folder as a package manager makes it: versions of a component are folders of one name."""
    world.write(f"{version}/{name}/{file}", text)
    return world.path(version, name)


def cat(world, version, name, port, more="", within=None):
    """A service of this name, in a component of that name where none is said."""
    return component(world, version, within or name, f"etc/superd.d/{name}.conf", f"""service {name} {{
    listen = "127.0.0.1:{port}"
    accept = yes
    exec   = {{ "/bin/sh", "-c", "echo {name} {version}; exec cat" }}
    user   = "{world.user}"
    {more}
}}
""")


def hello(world, version, port):
    server = os.path.join(EXAMPLES, "hello-world-server/hello-world-server")
    if not os.access(server, os.X_OK):
        skip("the examples were not built")
    os.makedirs(world.path(version, "hello-world-server/bin"), exist_ok=True)
    program = shutil.copy(server, world.path(version, "hello-world-server/bin", f"hello-{version}"))
    return component(world, version, "hello-world-server", "etc/superd.d/hello-world-server.conf",
                     f"service hello-world-server {{\n listen = \"127.0.0.1:{port}\"\n"
                     f" exec = {{ \"{program}\", \"-p\", \"1\" }}\n user = \"{world.user}\"\n}}\n")


class Visitors(Load):
    def expect_waiting(self):
        """Nobody is served, and nobody is turned away."""
        before = self.served
        time.sleep(0.3)
        assert self.served == before and not self.failures, f"{self.served - before} served, {self.failures}"
