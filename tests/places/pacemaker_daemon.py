"""ocf:superd:superd, superd itself as a resource."""
import fcntl
import os
import shutil
import socket
import subprocess
import threading
import time

from pacemaker_agents import ARGUMENTS, GENERIC, INSTALLED, NOT_RUNNING, daemon, pid_of, table
from places import PATIENCE, ask, free_port, is_refused


def runs_superd(world):
    port = free_port()
    table(world, port)
    agent = daemon(world)
    agent.does("validate-all")
    agent.does("monitor", NOT_RUNNING)
    agent.does("stop")
    agent.does("start")
    agent.does("start")
    for level in "0", "10":
        agent.does("monitor", OCF_CHECK_LEVEL=level)
    assert world.starts("cat") == 0, "a monitor has started the service"
    assert ask(port, "hello\n") == "here\nhello\n"
    before = pid_of(world)
    os.kill(before, 9)
    while os.path.exists(f"/proc/{before}"):
        try:
            os.waitpid(before, 0)
        except ChildProcessError:
            time.sleep(0.01)
    agent.does("monitor", NOT_RUNNING)
    agent.does("start")
    assert pid_of(world) != before and ask(port) == "here\n"
    agent.does("stop")
    agent.does("monitor", NOT_RUNNING)
    assert is_refused(port)


def is_told_of_a_service_only_when_asked_deeply(world):
    port = free_port()
    table(world, free_port(),
          f'}}\nservice late {{\n listen = "127.0.0.1:{port}"\n exec = "/bin/cat"\n user = "{world.user}"')
    agent = daemon(world)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", port))
        holder.listen()
        agent.does("start")
        agent.does("monitor")
        said = agent.does("monitor", GENERIC, OCF_CHECK_LEVEL="10")
        assert "late" in said, said
    agent.does("stop")


def says_what_is_wrong_with_a_table(world):
    table(world, free_port(), "instancs = 5")
    agent = daemon(world)
    for action in "validate-all", "start":
        said = agent.does(action, ARGUMENTS)        # of this node, where OCF_ERR_CONFIGURED would be of all
        assert "instancs" in said, said
    table(world, free_port(), "}\nservice broken {\n instancs = 5")
    agent.parameters["options"] = "--keep-going"
    agent.does("validate-all")
    agent.does("start")
    agent.does("monitor")
    agent.does("stop")
    path = table(world, free_port())
    for program in "superd", "superctl":
        agent = daemon(world)
        agent.parameters[program] = world.path("none")
        agent.does("monitor", NOT_RUNNING)
        for action in "validate-all", "start":
            assert world.path("none") in agent.does(action, INSTALLED)
        agent.does("stop")
    agent = daemon(world)
    agent.parameters["pidfile"] = path
    for action, status in (("stop", 0), ("start", GENERIC), ("stop", 0)):
        agent.does(action, status)
    assert os.path.exists(path), "the table was lost"


def is_stopped_without_what_asks_it(world):
    table(world, free_port())
    agent = daemon(world)
    agent.does("start")
    agent.parameters["superctl"] = world.path("none")
    agent.does("monitor", INSTALLED)
    agent.does("stop")
    agent.does("monitor", NOT_RUNNING)


def takes_a_new_table_and_refuses_a_broken_one(world):
    port = free_port()
    table(world, port)
    agent = daemon(world)
    agent.does("start")
    table(world, port, "umask = 077")
    agent.does("reload")
    table(world, port, "umsak = 077")
    assert "umsak" in agent.does("reload", GENERIC)
    assert ask(port) == "here\n"
    agent.does("stop")


def a_superd_that_hangs_is_a_failure_and_is_killed_in_time(world):
    port = free_port()
    table(world, port)
    agent = daemon(world)
    agent.does("start")
    client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    assert client.recv(100) == b"here\n"
    pid = pid_of(world)
    os.kill(pid, 19)
    agent.does("monitor", GENERIC)
    began = time.monotonic()
    reaper = threading.Thread(target=reap, args=(pid,))
    reaper.start()
    agent.does("stop", OCF_RESKEY_CRM_meta_timeout="7000")
    assert time.monotonic() - began < 7
    reaper.join()
    with client:
        assert client.recv(100) == b"", "what it had started goes on without it"
    agent.does("monitor", NOT_RUNNING)


def knows_its_own_whatever_it_is_called(world):
    port = free_port()
    table(world, port)
    agent = daemon(world, options="--process-name inetd")
    agent.does("start")
    pid = pid_of(world)
    for _ in range(2):
        agent.does("monitor", OCF_CHECK_LEVEL="10")
        agent.does("start")
        assert pid_of(world) == pid
        assert "without a guard" in world.ask_superctl("upgrade").stderr        # that would start it behind Pacemaker's back
    agent.does("stop")
    assert is_refused(port)
    agent.does("monitor", NOT_RUNNING)


def takes_nobody_else_for_it(world):
    """One that has its name, and now the number that is in the file, which a power cut left."""
    port = free_port()
    table(world, port)
    agent = daemon(world)
    program = shutil.copy(shutil.which("sleep"), world.path("superd"))
    with subprocess.Popen([program, "600"]) as other:
        try:
            world.write("pid", f"{other.pid}\n")
            agent.does("monitor", NOT_RUNNING)
            agent.does("stop")
            world.write("pid", f"{other.pid}\n")
            agent.does("start")
            assert pid_of(world) != other.pid and ask(port) == "here\n"
            agent.does("stop")
            assert other.poll() is None, "somebody else was stopped"
        finally:
            other.kill()


def one_that_has_not_opened_its_sockets_is_not_taken_for_stopped(world):
    """As when the start is over its time, and goes on behind the agent's back."""
    table(world, free_port())
    agent = daemon(world)
    with open(world.path("pid"), "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for action in "monitor", "start", "stop":
            agent.does(action, GENERIC, OCF_RESKEY_CRM_meta_timeout="6000")
    agent.does("monitor", NOT_RUNNING)
    agent.does("stop")


def reap(pid):
    """As the init of a machine would, for the test is the parent of what has lost its own."""
    while True:
        try:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
        except ChildProcessError:
            return
        time.sleep(0.05)
