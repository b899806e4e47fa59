"""Components are deployed and withdrawn, and what must fail fails and leaves things as they were.
"""
import os
import shutil
import socket
import subprocess
import threading

from dysnomia_target import Target, cat, component, hello
from places import PATIENCE, SUPERCTL, ask, free_port, is_refused, skip, wait_until


def activates_as_often_as_it_is_told(world):
    target, port = Target(world), free_port()
    path = cat(world, "v1", "cat", port)
    for form in "environment", "container", "environment":
        target.does("activate", path, form)
        assert target.linked() == ["superd.d/cat.conf"]
        assert ask(port, "hello\n") == "cat v1\nhello\n"
    assert target.is_marked(path)
    for form in "environment", "container":
        target.does("deactivate", path, form)
        assert target.linked() == [] and is_refused(port) and world.services() == []
    assert not target.is_marked(path)


def refuses_a_table_with_an_error_and_changes_nothing(world):
    target, port = Target(world), free_port()
    good, bad = cat(world, "v1", "good", port), cat(world, "v1", "bad", free_port(), "instancs = 5")
    target.does("activate", good)
    said = target.fails("activate", bad, "instancs")
    assert "bad.conf:6" in said, said
    assert target.linked() == ["superd.d/good.conf"] and world.services() == ["good"]
    assert not target.is_marked(bad) and ask(port) == "good v1\n"
    target.fails("activate", cat(world, "v2", "good", port, "instancs = 5"), "instancs")
    assert os.readlink(os.path.join(target.links, "superd.d/good.conf")).startswith(good + "/")


def fails_where_a_socket_cannot_be_bound_and_undoes_only_its_own(world):
    target, port, mine = Target(world), free_port(), free_port()
    first, second = cat(world, "v1", "first", port), cat(world, "v1", "second", mine)
    target.does("activate", first)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", mine))
        holder.listen()
        target.fails("activate", second, "in use")
        assert target.linked() == ["superd.d/first.conf"] and world.services() == ["first"]
        assert ask(port) == "first v1\n"
    target.does("activate", second)
    assert ask(mine) == "second v1\n"


def leaves_what_is_not_its_own(world):
    target = Target(world)
    first = cat(world, "v1", "first", free_port())
    target.does("activate", first)
    other = component(world, "v1", "other", "etc/superd.d/first.conf", "")
    target.fails("activate", other, "deactivate that first")
    target.does("deactivate", other)
    assert target.linked() == ["superd.d/first.conf"] and world.services() == ["first"]
    world.write("target/superd.d/by-hand.conf", "# an administrator's\n")
    target.fails("activate", component(world, "v1", "by-hand", "etc/superd.d/by-hand.conf", ""), "no component's")
    twin = cat(world, "v1", "twin", free_port())
    os.rename(world.path("v1/twin/etc/superd.d/twin.conf"), world.path("v1/twin/etc/superd.d/more.conf"))
    with open(world.path("v1/twin/etc/superd.d/more.conf"), "a", encoding="utf-8") as file:
        file.write(open(world.path("v1/first/etc/superd.d/first.conf"), encoding="utf-8").read())
    target.fails("activate", twin, "first")
    assert target.linked() == ["superd.d/by-hand.conf", "superd.d/first.conf"] and world.services() == ["first"]
    target.fails("activate", world.path("v1"), "nothing in")
    target.fails("activate", component(world, "v1", "odd", "etc/xinetd.d/odd.conf", ""), "would not be read")


def deploys_services_of_xinetd_and_of_systemd(world):
    if os.getuid() != 0:
        skip("services of xinetd name a user")
    target, port, another = Target(world), free_port(), free_port()
    xinetd = component(world, "v1", "of-xinetd", "etc/xinetd.d/kitten", f"""service kitten
{{
    type        = UNLISTED
    socket_type = stream
    protocol    = tcp
    bind        = 127.0.0.1
    port        = {port}
    wait        = no
    user        = root
    server      = /bin/cat
}}
service sleeper
{{
    type        = UNLISTED
    socket_type = stream
    protocol    = tcp
    port        = 1
    wait        = no
    user        = root
    server      = /bin/cat
    disable     = yes
}}
""")
    component(world, "v1", "of-systemd", "etc/systemd/system/tiger.socket",
              f"[Socket]\nListenStream=127.0.0.1:{another}\nAccept=yes\n")
    systemd = component(world, "v1", "of-systemd", "etc/systemd/system/tiger@.service",
                        "[Service]\nExecStart=/bin/cat\nStandardInput=socket\n")
    for path, service in (xinetd, port), (systemd, another):
        target.does("activate", path)
        target.does("activate", path)
        assert ask(service, "meow\n") == "meow\n"
    assert target.linked() == ["units/tiger.socket", "units/tiger@.service", "xinetd.d/kitten"]
    for path, service in (xinetd, port), (systemd, another):
        target.does("lock", path)
        target.does("unlock", path)
        assert ask(service, "meow\n") == "meow\n"
        target.does("deactivate", path)
        assert is_refused(service)
    lonely = component(world, "v1", "lonely", "etc/systemd/system/lonely.service", "[Service]\nExecStart=/bin/true\n")
    target.fails("activate", lonely, "needs its socket")


def stops_a_backend_that_has_the_socket(world):
    target, port = Target(world), free_port()
    path = hello(world, "v1", port)
    target.does("activate", path)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        assert client.recv(100).startswith(b"Hello world")
        target.does("deactivate", path)
        assert is_refused(port) and world.services() == []
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert world.path("v1", "hello-world-server/bin/hello-v1") not in running


def stops_what_an_operator_has_disabled(world):
    """Its clients run on at no socket, until its accounts are to go."""
    target, port = Target(world), free_port()
    path = cat(world, "v1", "cat", port)
    target.does("activate", path)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        assert client.recv(100) == b"cat v1\n"
        world.ask_superctl("disable", "cat")
        client.sendall(b"still here\n")
        assert client.recv(100) == b"still here\n"
        target.does("deactivate", path)
        assert not world.services() and client.recv(100) == b""
    target.does("activate", path)
    assert ask(port) == "cat v1\n"


def goes_on_with_a_stop_that_took_too_long(world):
    target, port = Target(world), free_port()
    path = component(world, "v1", "slow", "etc/superd.d/slow.conf", f"""service slow {{
    listen       = "127.0.0.1:{port}"
    accept       = yes
    exec         = {{ "/bin/sh", "-c", "trap '' TERM; echo slow; exec cat" }}
    user         = "{world.user}"
    timeout_stop = 4s
}}
""")
    target.properties["superdStopTimeout"] = "1"
    target.does("activate", path)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        assert client.recv(100) == b"slow\n"
        target.fails("deactivate", path)
        assert target.is_marked(path) and target.linked() == ["superd.d/slow.conf"]
        target.properties["superdStopTimeout"] = "20"
        target.does("deactivate", path)
        client.settimeout(0.5)
        assert not world.services() and client.recv(100) == b""     # it has ended by then
    assert not target.is_marked(path) and target.linked() == []


def deploys_names_that_have_to_be_quoted(world):
    """A unit's name for a path or an instance has \\x2d in it, and superd's answers quote that."""
    target, port = Target(world), free_port()
    name = "way-to\\x2dcat"
    component(world, "v1", "odd", f"etc/systemd/system/{name}.socket",
              f"[Socket]\nListenStream=127.0.0.1:{port}\nAccept=yes\n")
    path = component(world, "v1", "odd", f"etc/systemd/system/{name}@.service",
                     "[Service]\nExecStart=/bin/sh -c 'echo here; exec cat'\nStandardInput=socket\n")
    target.does("activate", path)
    assert world.services() == [name]
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        assert client.recv(100) == b"here\n"
        target.fails("lock", path, "has clients still")
    target.does("lock", path)
    assert '"held":true' in world.ask_superctl("--json", "list", name).stdout
    target.does("unlock", path)
    assert ask(port) == "here\n"
    target.does("deactivate", path)
    assert is_refused(port) and target.linked() == []
    starry = component(world, "v1", "starry", "etc/superd.d/starry.conf",
                       f'service "st*r" {{\n listen = "127.0.0.1:{port}"\n exec = "/bin/cat"\n'
                       f' user = "{world.user}"\n}}\n')
    target.fails("activate", starry, "told from others")


def is_content_with_busybox(world):
    """Whose grep, ln, mv and sed know less."""
    if not shutil.which("busybox"):
        skip("there is no busybox")
    tools = world.path("tools")
    os.makedirs(tools)
    for name in "cat", "date", "grep", "ln", "mkdir", "mktemp", "mv", "readlink", "rm", "sed", "sleep", "sort":
        os.symlink(shutil.which("busybox"), os.path.join(tools, name))
    os.environ["PATH"] = tools + ":" + os.environ["PATH"]
    fails_where_a_socket_cannot_be_bound_and_undoes_only_its_own(world)
    path = cat(world, "v1", "third", free_port(), '}\nservice not-yet {\n disable = yes\n listen = "1"\n'
               f' exec = "/bin/cat"\n user = "{world.user}"')
    target = world.target
    target.does("activate", path)
    world.ask_superctl("hold", "third")
    target.does("lock", path)
    target.does("unlock", path)
    assert '"held":true' in world.ask_superctl("--json", "list", "third").stdout
    target.does("deactivate", path)


def does_not_deploy_a_part(world):
    """A store that was copied in part has links that lead nowhere."""
    target, port = Target(world), free_port()
    path = cat(world, "v1", "cat", port)
    os.symlink(world.path("nowhere/more.conf"), os.path.join(path, "etc/superd.d/more.conf"))
    target.fails("activate", path, "which is not there")
    assert target.linked() == [] and is_refused(port)


def does_not_take_a_superd_that_is_silent_for_none(world):
    """Its services run: what is withdrawn then would be deployed still, and what is unlocked still be held."""
    target, port = Target(world), free_port()
    path = cat(world, "v1", "cat", port)
    target.does("activate", path)
    target.does("lock", path)
    aside = world.control + ".aside"
    os.rename(world.control, aside)
    silent = threading.Event()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(world.control)
        listener.listen()
        listener.settimeout(0.1)
        ear = threading.Thread(target=hang_up, args=(listener, silent))
        ear.start()
        try:
            for activity in "unlock", "activate", "lock", "deactivate":
                if activity == "deactivate":
                    os.unlink(world.path("state/superd/superd-service/locked/cat"))
                target.fails(activity, path, "can not be asked")
        finally:
            silent.set()
            ear.join()
    os.rename(aside, world.control)
    assert target.linked() == ["superd.d/cat.conf"] and target.is_marked(path)
    target.does("deactivate", path)
    assert is_refused(port) and target.linked() == []


def hang_up(listener, silent):
    while not silent.is_set():
        try:
            listener.accept()[0].close()
        except TimeoutError:
            continue


def notes_what_came_of_an_activation_that_was_to_end(world):
    """A signal for the module alone leaves no component that is deployed and not marked so."""
    target, port = Target(world), free_port()
    path = cat(world, "v1", "cat", port)
    ready, go = world.path("ready"), world.path("go")
    os.mkfifo(go)
    world.write("bin/superctl", f'#!/bin/sh\ncase "$*" in\n*reload*) : >{ready}; read word <{go} ;;\nesac\n'
                f'exec {SUPERCTL} "$@"\n', 0o755)
    target.properties["superdPath"] = world.path("bin")
    with target.begins("activate", path) as module:
        wait_until("it waits for the reload", lambda: os.path.exists(ready))
        module.terminate()
        world.write("go", "on\n")
        status = module.wait(PATIENCE)
    assert target.is_marked(path) == (status == 0) == (target.linked() != []), (status, target.linked())
    assert not [name for name in os.listdir(world.path("state/superd/superd-service")) if name.startswith(".scratch")]


def says_so_where_there_is_no_superd(world):
    target = Target(world, start=False)
    path = cat(world, "v1", "cat", free_port())
    target.fails("activate", path, "no superd")
    assert target.linked() == [] and not target.is_marked(path)
    target.does("lock", path)           # nothing of it is here
    world.start()
    target.does("activate", path)
    world.stop()
    target.fails("lock", path, "no superd")
    target.does("unlock", path)
    target.does("deactivate", path)
    assert target.linked() == []
