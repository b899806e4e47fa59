"""What Disnix and nix-processmgmt build by the expressions of contrib/dysnomia, built by Nix in a store of the claim's
own, without Nixpkgs (nixpkgs.nix is in its place), and deployed."""
import json
import os
import re
import shutil
import subprocess

from dysnomia_target import MODULES, Target
from places import HERE, PATIENCE, SUPERD, ask, free_port, is_refused, skip, wait_until

NIXPROC = os.environ.get("SUPERD_NIX_PROCESSMGMT")


class Nix:
    """Nothing is written but below the claim's folder, and nothing is asked of a daemon."""

    def __init__(self, world, **arguments):
        if not shutil.which("nix-instantiate"):
            skip("there is no nix-instantiate")
        self.world = world
        self.store = world.path("store")
        os.environ["NIX_STORE_DIR"] = self.store        # by which the module knows that there are hashes in names
        self.arguments = {"dysnomia": MODULES, "user": world.user, "folder": world.folder, **arguments}

    def run(self, *words):
        places = {f"NIX_{name}_DIR": self.world.path("nix") for name in ("STATE", "LOG", "LOCALSTATE")}
        environment = self.world.environment(HOME=self.world.folder, NIX_CONF_DIR=self.world.folder, NIX_REMOTE="",
                                             **places)
        told = [word for name, value in self.arguments.items()
                for word in ("--argstr" if isinstance(value, str) else "--arg", name, str(value))]
        result = subprocess.run([*words, "--option", "sandbox", "false", "--option", "build-users-group", "",
                                 "--option", "substitute", "false", *told, os.path.join(HERE, "components.nix")],
                                env=environment, capture_output=True, text=True, timeout=2 * PATIENCE, check=False)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def evaluate(self, attribute):
        return json.loads(self.run("nix-instantiate", "--eval", "--strict", "--json", "-A", attribute))

    def build(self, attribute):
        return self.run("nix-build", "--no-out-link", "-A", attribute).strip()

    def __enter__(self):
        return self

    def __exit__(self, *how):
        """What is in a store can't be written, nor removed by who is not root."""
        subprocess.run(["chmod", "-R", "u+w", self.store], check=False)


def expressions_of_nix_make_components(world):
    """Disnix' example: the proxy, the server, and the client that knows the proxy."""
    if not shutil.which("nc") or not shutil.which("cc"):
        skip("there is no nc, or no cc")
    if os.getuid() != 0:
        skip("the server runs as nobody")
    with Nix(world, port=free_port(), proxy=free_port()) as nix:
        deploy_example(world, nix)


def deploy_example(world, nix):
    port, another = nix.arguments["port"], free_port()
    assert nix.evaluate("types") == ["superd-service", "package", "superd-service"] and nix.evaluate("machines") == 3
    server, between, client = (nix.build(each) for each in ("server", "proxy", "client"))
    target = Target(world)
    for path in server, between:
        target.does("activate", path)
    marks = os.listdir(world.path("state/activated/superd-service"))
    assert sorted(marks) == ["disnix-tcp-proxy", "hello-world-server"], marks
    said = subprocess.run([os.path.join(client, "bin/hello-world-client")], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert said.stdout.startswith("Hello world"), said
    nix.arguments["port"] = another
    newer = nix.build("server")
    assert newer != server and os.path.basename(newer)[33:] == os.path.basename(server)[33:]
    for activity, path in ("lock", server), ("deactivate", server), ("activate", newer), ("unlock", newer):
        target.does(activity, path)
    assert is_refused(port) and ask(another).startswith("Hello world")


def hold_processes(world, nix, port):
    """One folder with all of them, for a superd that runs it as it is."""
    made = nix.build("processes")
    tables = os.path.join(made, "etc/superd.d")
    assert sorted(os.listdir(tables)) == ["booted.conf", "demanded.conf"]
    with open(os.path.join(tables, "demanded.conf"), encoding="utf-8") as file:
        assert file.readline() == "# Cats, on demand\n"
    shown = subprocess.run([SUPERD, "-f", os.path.join(made, "superd.conf"), "--print=json"], capture_output=True,
                           text=True, timeout=PATIENCE, check=False)
    assert shown.returncode == 0, shown.stderr
    booted, demanded = json.loads(shown.stdout)["services"]
    assert demanded["env"][0] == "A=1 2%%" and demanded["env"][1].startswith("PATH=/usr/bin"), demanded["env"]
    assert len(demanded["listen"]) == 2 and "start" not in demanded and demanded["nice"] == 5
    assert booted["start"] == "boot" and booted["type"] == "forking" and booted["pid_file"] == world.path("booted.pid")
    world.start(os.path.join(made, "superd.conf"))
    assert ask(port, "meow\n") == 'a b %{port} 100% "q\\ 1 2% 0027 /\nmeow\n'
    wait_until("the daemon", lambda: '"state":"running"' in world.ask_superctl("--json", "list", "booted").stdout)
    with open(world.path("booted.pid"), encoding="ascii") as file:
        assert f'"pid":{file.read().strip()},' in world.ask_superctl("--json", "status", "booted").stdout
    world.stop()


def expressions_of_nix_make_processes(world):
    port = free_port()
    with Nix(world, port=port, proxy=free_port()) as nix:
        hold_processes(world, nix, port)


def is_a_backend_of_nix_processmgmt(world):
    """In a copy of it, with what README.md says is to be added; SUPERD_NIX_PROCESSMGMT names the original."""
    if not NIXPROC:
        skip("SUPERD_NIX_PROCESSMGMT names no nix-processmgmt")
    nixproc, port = world.path("nixproc"), free_port()
    shutil.copytree(os.path.join(NIXPROC, "nixproc"), nixproc)
    shutil.copytree(os.path.join(MODULES, "nix"), os.path.join(nixproc, "backends/superd"))
    with open(os.path.join(MODULES, "README.md"), encoding="utf-8") as file:
        blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", file.read(), re.M)
    statements, = (block for block in blocks if "createSuperdService =" in block)
    generator, = (block for block in blocks if block.strip() == "superd = generateSuperdService;")
    kind, = (block for block in blocks if "processManager ==" in block)
    put_before(os.path.join(nixproc, "create-managed-process/universal/create-managed-process-universal.nix"),
               ("in\nimport", statements), ("    supervisord = generate", generator))
    put_before(os.path.join(nixproc, "derive-dysnomia-process-type.nix"), ("else throw", kind))
    with Nix(world, port=port, proxy=free_port(), nixproc=nixproc) as nix:
        assert nix.evaluate("process_type") == "superd-service"
        hold_processes(world, nix, port)


def put_before(path, *changes):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for where, what in changes:
        assert text.count(where) == 1, (path, where)
        text = text.replace(where, what + where)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
