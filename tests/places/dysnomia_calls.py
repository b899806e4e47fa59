"""How dysnomia and the programs beside it call the module, and what the module has them do."""
import os
import pty
import shutil
import subprocess

from dysnomia_target import DYSNOMIA, MODULES, Target, beside_dysnomia, cat
from places import PATIENCE, ask, free_port, is_refused, skip

def takes_every_other_activity(world):
    target = Target(world)
    path = cat(world, "v1", "cat", free_port())
    for activity in "snapshot", "restore", "collect-garbage", "unlock", "lock", "something-new":
        target.does(activity, path)
    target.properties["superdLockTimeout"] = "soon"
    target.fails("activate", path, "number of seconds")


def explains_itself_in_a_shell(world):
    """dysnomia --shell sources the module in a bash, which goes on and has nothing of it."""
    if not shutil.which("bash"):
        skip("there is no bash")
    target = Target(world)
    path = cat(world, "v1", "cat", free_port())
    target.does("activate", path)
    script = (f". '{MODULES}/superd-service' shell '{path}' superd-service; "
              "echo still; type explain refuse; echo $activity")
    said = subprocess.run(["bash", "-c", script], env=target.environment(target.properties), capture_output=True,
                          text=True, timeout=PATIENCE, check=False)
    assert "superctl status" in said.stderr and "superd.d/cat.conf" in said.stderr, said
    assert said.stdout.split() == ["still"], said


def converse(words, environment):
    """All that is said at a terminal of its own."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(words, env=environment, stdin=theirs, stdout=theirs, stderr=theirs,
                          start_new_session=True) as shell:
        os.close(theirs)
        said = b""
        try:
            while True:
                got = os.read(ours, 4096)
                if not got:
                    break
                said += got
        except OSError:                 # the terminal is gone with who was at it
            pass
        os.close(ours)
        shell.wait(PATIENCE)
    return said.decode()


def explains_itself_in_the_shell_of_dysnomia(world):
    if not DYSNOMIA:
        skip("there is no dysnomia")
    target = Target(world)
    path = cat(world, "v1", "cat", free_port())
    target.does("activate", path)
    environment = target.environment({"HOME": world.folder, "TERM": "dumb"})
    command = "type -t explain refuse || echo none-of-it; echo at $superdTargetDir; basename $this_component"
    for words in (["--container", target.container_file()],
                  ["--type", "superd-service", "--container", "superd-service", "--environment"]):
        told = {} if len(words) == 2 else target.properties
        said = converse([DYSNOMIA, "--shell", "--component", path, *words, "--command", command],
                        {**environment, **told})
        assert "superctl status" in said and f"{target.links}/superd.d/cat.conf" in said, said
        assert "none-of-it" in said and f"at {target.links}" in said and "\ncat\r" in said, said


def finds_what_is_named_by_its_mark(world):
    """As dysnomia-containers does, for which it is what is deployed."""
    target, port = Target(world), free_port()
    path = cat(world, "v1", "cat", port)
    target.does("activate", path)
    mark = world.path("state/activated/superd-service/cat")
    target.does("lock", mark)
    assert target.is_held("cat")
    target.does("unlock", mark)
    assert ask(port) == "cat v1\n"
    shutil.rmtree(path)
    target.does("deactivate", mark)
    assert is_refused(port) and target.linked() == [] and not os.path.exists(mark)


def is_deployed_by_dysnomia_containers(world):
    """By names that are looked up: of containers, of components, and of modules, in folders of which one has none."""
    program = beside_dysnomia("dysnomia-containers")
    if not program:
        skip("there is no dysnomia-containers")
    target, port, other = Target(world), free_port(), free_port()
    for folder in "containers", "components/superd-service", "modules":
        os.makedirs(world.path(folder))
    os.rename(target.container_file(), world.path("containers/superd-service"))
    os.symlink(os.path.join(MODULES, "superd-service"), world.path("modules/superd-service"))
    for name, where in ("cat", port), ("dog", other):
        os.symlink(cat(world, "v1", name, where), world.path("components/superd-service", name))
    environment = target.environment({"DYSNOMIA_CONTAINERS_PATH": world.path("containers"),
                                      "DYSNOMIA_COMPONENTS_PATH": world.path("components")})
    environment["DYSNOMIA_MODULES_PATH"] = world.path("nothing") + ":" + world.path("modules")
    environment["PATH"] = os.path.dirname(program) + ":" + environment["PATH"]

    def does(*words):
        result = target.run([program, *words], environment)
        assert result.returncode == 0, result.stdout
        return result.stdout
    does("--deploy")
    assert ask(port) == "cat v1\n" and ask(other) == "dog v1\n"
    assert does("--query-activated-components").split() == ["superd-service/cat", "superd-service/dog"]
    does("--operation", "lock")
    assert target.is_held("cat") and target.is_held("dog")
    does("--operation", "unlock")
    os.unlink(world.path("components/superd-service/dog"))
    does("--deploy")
    assert ask(port) == "cat v1\n" and is_refused(other) and target.linked() == ["superd.d/cat.conf"]
    assert does("--query-activated-components").split() == ["superd-service/cat"]
