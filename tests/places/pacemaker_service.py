"""ocf:superd:superd-service, one service as a resource."""
import os
import socket
import threading
import time

from pacemaker_agents import CONFIGURED, GENERIC, INSTALLED, NOT_RUNNING, UNIMPLEMENTED, Agent, daemon, table
from places import PATIENCE, Load, ask, free_port, is_refused, wait_until


def what_a_silent_superd_runs_is_not_taken_for_stopped(world):
    """Else it would be started on another node beside."""
    table(world, free_port())
    world.start()
    agent = Agent(world, "superd-service", service="cat")
    with socket.socket(socket.AF_UNIX) as silent:
        os.unlink(world.control)
        silent.bind(world.control)
        silent.listen()
        silent.settimeout(0.05)
        ending = threading.Event()
        ear = threading.Thread(target=hang_up, args=(silent, ending))
        ear.start()
        try:
            for action in "monitor", "start", "stop":
                assert "does not tell of cat" in agent.does(action, GENERIC)
        finally:
            ending.set()
            ear.join()
    world.stop()
    agent.does("monitor", NOT_RUNNING)
    agent.parameters["service"] = "dog"
    world.start()
    agent.does("monitor", NOT_RUNNING)
    agent.does("stop")


def hang_up(listener, ending):
    while not ending.is_set():
        try:
            listener.accept()[0].close()
        except TimeoutError:
            continue


def starts_and_stops_a_service_and_loses_nobody(world):
    port = free_port()
    table(world, port)
    agent = Agent(world, "superd-service", service="cat")
    agent.does("monitor", NOT_RUNNING)
    agent.does("stop")
    agent.does("start", GENERIC)
    world.start()
    load = Load(port)
    for _ in range(3):
        agent.does("monitor")
        load.wait_served(10)
        agent.does("stop")
        agent.does("stop")
        agent.does("monitor", NOT_RUNNING)
        agent.does("start")
        agent.does("start")
        load.wait_served(10)
    load.stop()
    before = world.starts("cat")
    agent.does("monitor")
    assert world.starts("cat") == before, "a monitor has woken it"


def begin_stop(agent):
    """It waits for the client."""
    stopping = threading.Thread(target=agent.does, args=("stop",))
    stopping.start()
    return stopping


def finish(client, stopping):
    """Served to the end, and then the stop is over."""
    client.sendall(b"more\n")
    assert client.recv(100) == b"more\n"
    client.close()
    stopping.join()


def lets_a_client_finish_but_not_for_ever(world):
    port = free_port()
    table(world, port)
    world.start()
    agent = Agent(world, "superd-service", service="cat")
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        assert client.recv(100) == b"here\n"
        stopping = begin_stop(agent)
        while '"held":true' not in world.ask_superctl("--json", "list", "cat").stdout:
            time.sleep(0.02)
        finish(client, stopping)
    agent.does("monitor", NOT_RUNNING)
    agent.does("start")
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        assert client.recv(100) == b"here\n"
        agent.does("stop", OCF_RESKEY_CRM_meta_timeout="4000")
        assert client.recv(100) == b""


def ends_in_time_what_does_not_end_by_itself(world):
    """With all it has started, and not in the time that superd would give it; the next start finds no failure."""
    ports = {"each": free_port(), "one": free_port()}
    world.write("stubborn", "#!/bin/sh\ntrap '' TERM\necho here\nwhile :; do sleep 600; done\n", 0o755)
    world.write("superd.conf", "".join(f"""service {name} {{
    listen = "127.0.0.1:{ports[name]}"
    exec   = "{world.path("stubborn")}"
    user   = "{world.user}"
    timeout_stop = 10min
    {more}
}}
""" for name, more in (("each", "accept = yes"), ("one", "start = boot"))))
    world.start()
    with socket.create_connection(("127.0.0.1", ports["each"]), timeout=PATIENCE) as client:
        assert client.recv(100) == b"here\n"
        wait_until("one runs", lambda: '"instances":1' in world.ask_superctl("--json", "list", "one").stdout)
        for name in ports:
            agent = Agent(world, "superd-service", service=name)
            began = time.monotonic()
            agent.does("stop", OCF_RESKEY_CRM_meta_timeout="8000")
            assert time.monotonic() - began < 8
            agent.does("monitor", NOT_RUNNING)
            agent.does("start")
            agent.does("monitor")
        assert client.recv(100) == b"", "some of it has the client still"
    with socket.create_connection(("127.0.0.1", ports["one"]), timeout=PATIENCE):
        wait_until("one runs", lambda: '"instances":1' in world.ask_superctl("--json", "list", "one").stdout)
        agent.does("stop", OCF_RESKEY_CRM_meta_timeout="2000")
        agent.does("monitor", NOT_RUNNING)


def what_an_operator_has_disabled_or_held_is_stopped_when_nothing_of_it_runs(world):
    """Its clients are served on, and so it must not be started on another node."""
    port = free_port()
    table(world, port)
    world.start()
    agent = Agent(world, "superd-service", service="cat")
    for verb in "disable", "hold":
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
            assert client.recv(100) == b"here\n"
            assert world.ask_superctl(verb, "cat").returncode == 0
            assert "has not ended" in agent.does("monitor", GENERIC)
            finish(client, begin_stop(agent))
        agent.does("monitor", NOT_RUNNING)
        agent.does("start")
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
            assert client.recv(100) == b"here\n"
            assert world.ask_superctl(verb, "cat").returncode == 0
            agent.does("stop", OCF_RESKEY_CRM_meta_timeout="4000")
            assert client.recv(100) == b"", "stopped, and serves still"
        agent.does("start")
        agent.does("monitor")


def lets_a_frozen_one_sleep(world):
    boot(world, "cat", '{ "/bin/sleep", "600" }')
    wait_for_state(world, "running")
    assert world.ask_superctl("freeze", "cat").returncode == 0
    agent = Agent(world, "superd-service", service="cat")
    agent.does("monitor")
    agent.does("start")
    wait_for_state(world, "frozen", 0)
    agent.does("stop")
    agent.does("monitor", NOT_RUNNING)


def boot(world, name, command):
    world.write("superd.conf", f'''service {name} {{
    listen = "127.0.0.1:{free_port()}"
    exec   = {command}
    start  = boot
    user   = "{world.user}"
}}
''')
    world.start()


def wait_for_state(world, state, patience=PATIENCE):
    wait_until(f"it is {state}", lambda: f'"state":"{state}"' in world.ask_superctl("--json", "list").stdout, patience)


def closes_the_socket_where_clients_are_to_go_elsewhere(world):
    port = free_port()
    table(world, port)
    daemons = daemon(world, standby="cat")
    daemons.does("start")
    agent = Agent(world, "superd-service", service="cat", stopped="closed")
    agent.does("monitor", NOT_RUNNING)
    assert is_refused(port)
    agent.does("start")
    assert ask(port) == "here\n"
    agent.does("stop")
    assert is_refused(port)
    agent.does("monitor", NOT_RUNNING)
    daemons.does("stop")
    agent.does("monitor", NOT_RUNNING)
    agent.does("stop")


def is_told_what_a_failing_service_fails_of(world):
    boot(world, "ill", '"/bin/false"')
    agent = Agent(world, "superd-service", service="ill")
    wait_for_state(world, "backoff")
    said = ""
    for _ in range(50):                 # between two pauses it is tried
        status, said = agent.act("monitor")
        if status == GENERIC:
            break
    assert status == GENERIC and "ill" in said, said


def says_what_is_wrong_with_a_parameter(world):
    """Such a resource is right on no node; a stop has nothing to do for it, and must not have the node fenced."""
    table(world, free_port())
    world.start()
    for parameters in {"service": "*"}, {"service": ""}, {"service": "cat dog"}, {"service": "cat", "stopped": "gone"}:
        agent = Agent(world, "superd-service", **parameters)
        for action in "validate-all", "start", "monitor":
            agent.does(action, CONFIGURED)
        agent.does("stop")
        agent.does("demote", UNIMPLEMENTED)
    agent = Agent(world, "superd-service", service="cat", superctl=world.path("none"))
    for action in "validate-all", "start", "monitor":
        assert world.path("none") in agent.does(action, INSTALLED)
    assert "does not tell of cat" in agent.does("stop", GENERIC), "nobody knows whether it runs"
